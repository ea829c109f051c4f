//! What scripts rely on: exit codes, and what goes to which stream.

use crate::harness::{Run, entries};

#[test]
fn a_usage_error_exits_with_2() {
    for arguments in [&["run", "quickstart", "--no-such-flag"][..], &["weigh"], &["schema", "poem"]] {
        let ran = Run::command(arguments).end();
        ran.expect_code(&[2]);
        assert!(ran.stdout.is_empty() && ran.stderr.contains("--help"), "{}", ran.stderr);
    }
}

#[test]
fn a_word_alone_is_a_usage_error_that_shows_the_verbs() {
    let ran = Run::command(&[]).end();
    ran.expect_code(&[2]);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    assert!(ran.stderr.contains("Usage: weighbridge") && ran.stderr.contains("search"), "{}", ran.stderr);
}

#[test]
fn a_filter_of_logs_that_is_none_is_told_and_changes_nothing() {
    let ran = Run::command(&["validate", "quickstart"]).variable("WEIGHBRIDGE_LOG", "weighbridge=loud").end();
    ran.expect_code(&[0]);
    assert!(ran.stderr.contains("WEIGHBRIDGE_LOG is not understood"), "{}", ran.stderr);
    let ran = Run::command(&["validate", "quickstart"]).variable("WEIGHBRIDGE_LOG", "weighbridge=warn").end();
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_reference_that_is_not_made_is_a_usage_error_with_a_mend() {
    let ran = Run::command(&["schema", "result", "--markdown"]).end();
    ran.expect_code(&[2]);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("leave"), "{}", ran.stderr);
    let ran = Run::command(&["schema", "scenario", "--markdown"]).end();
    ran.expect_code(&[0]);
    assert!(ran.stdout.contains("# Write a scenario") && ran.stdout.contains("`max_in_flight`"));
}

#[test]
fn a_threshold_that_fails_exits_with_99() {
    let threshold = ["--set", "thresholds.\"turnaround.p50\"=\"< 1us\""];
    let ran = Run::short(&["in-process"]).with(&threshold).end();
    // 100 where the machine was too busy: what can't be trusted has neither passed nor failed.
    ran.expect_code(&[99, 100]);
    let outcome = &ran.result().thresholds;
    let failed = outcome.iter().find(|outcome| outcome.expression == "turnaround.p50 < 1us");
    assert!(failed.is_some_and(|outcome| !outcome.passed), "{outcome:?}");
}

#[test]
fn several_scenarios_end_with_the_worst_of_their_codes() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = |name: &str, rate: u32, threshold: &str| {
        let path = folder.path().join(format!("{name}.toml"));
        let text = format!(
            "name = \"{name}\"\nquestion = \"How does it end?\"\ntransports = [\"in-process\"]\n\
             [load]\nexecutor = \"constant-arrival-rate\"\nrate = {rate}\nwarmup = \"0s\"\n\
             duration = \"300ms\"\nmax_in_flight = 1\n[workers]\ncount = 1\nservice_time = \"1ms\"\n\
             [thresholds]\n\"ledger.attempted\" = \"{threshold}\"\n"
        );
        std::fs::write(&path, text).expect("writing a scenario");
        path.display().to_string()
    };
    // One is sent at a time, so that most of the second's requests are shed, and it is invalid.
    let failed = scenario("failed", 20, "== 0");
    let invalid = scenario("invalid", 5_000, ">= 0");
    for order in [[&failed, &invalid], [&invalid, &failed]] {
        let ran = Run::scenario(order[0]).with(&[order[1]]).end();
        ran.expect_code(&[100]);
        assert_eq!(ran.stdout.matches("Report: ").count(), 2, "{}", ran.stdout);
    }
}

#[test]
fn results_go_to_stdout_and_progress_to_stderr() {
    let ran = Run::short(&["in-process"]).end();
    ran.expect_measured();
    assert!(ran.stdout.contains("Report: "), "{}", ran.stdout);
    assert!(ran.stderr.contains("1/1 in-process") && !ran.stdout.contains("1/1 in-process"));
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains('\u{1b}'), "colours where there is no terminal: {text}");
    }
}

#[test]
fn quiet_leaves_stderr_empty_and_json_leaves_nothing_but_the_record_on_stdout() {
    let run = Run::short(&["in-process"]).with(&["--json", "--quiet"]).variable("NO_COLOR", "1");
    let ran = run.end();
    ran.expect_measured();
    assert_eq!(ran.stderr, "");
    assert_eq!(
        ran.json(),
        serde_json::to_value(ran.result()).expect("a record"),
        "the same as in the folder"
    );
}

#[test]
fn a_run_leaves_its_folder_the_latest_link_the_index_and_nothing_hidden() {
    let run = Run::short(&["in-process"]);
    let out = run.out().to_owned();
    let ran = run.end();
    ran.expect_measured();
    let names = entries(&out);
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.contains(&"index.html".to_string()), "{names:?}");
    assert!(names.contains(&"latest".to_string()) && !names.iter().any(|name| name.starts_with('.')));
    let report = entries(&out.join("latest"));
    for file in ["report.html", "result.json", "scenario.toml"] {
        assert!(report.contains(&file.to_string()), "{file} of {report:?}");
    }
}
