//! `weighbridge compare` as scripts see it: exit codes and messages. Needs no broker.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::{Value, json};
use weighbridge_report::folder;

/// A record as the first layout wrote it, without the fields that were added since.
const MINIMAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/result-minimal.json");

/// Writes a run of 5 repetitions whose latencies are `factor` times those of the minimal record.
fn write_run(dir: &Path, name: &str, factor: f64, change: impl Fn(&mut Value)) -> PathBuf {
    let text = std::fs::read_to_string(MINIMAL).unwrap();
    let mut run: Value = serde_json::from_str(&text).unwrap();
    let trial = run["trials"][0].clone();
    let repeated = [0.99, 1.0, 1.01, 0.995, 1.005].iter().enumerate().map(|(index, noise)| {
        let mut trial = trial.clone();
        trial["repetition"] = json!(index + 1);
        trial["order"] = json!(index + 1);
        let turnaround = &mut trial["latency_ns"]["turnaround"];
        for statistic in ["p50", "p99"] {
            let ns = turnaround[statistic].as_f64().unwrap() * noise * factor;
            turnaround[statistic] = json!(ns as u64);
        }
        trial
    });
    run["trials"] = Value::Array(repeated.collect());
    change(&mut run);
    let path = dir.join(name);
    std::fs::write(&path, run.to_string()).unwrap();
    path
}

fn compare(base: &Path, new: &Path, flags: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weighbridge"));
    command.arg("compare").arg(base).arg(new).args(flags).assert()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_run_against_itself_exits_0() {
    let dir = tempfile::tempdir().unwrap();
    let run = write_run(dir.path(), "base.json", 1.0, |_| {});
    let ended = compare(&run, &run, &[]).code(0);
    let printed = text(&ended.get_output().stdout);
    assert!(printed.starts_with("No regression: all 4 figures"), "{printed}");
}

#[test]
fn a_slower_run_exits_99_and_a_wider_tolerance_lets_it_pass() {
    let dir = tempfile::tempdir().unwrap();
    let base = write_run(dir.path(), "base.json", 1.0, |_| {});
    let slower = write_run(dir.path(), "slower.json", 1.2, |_| {});
    let ended = compare(&base, &slower, &[]).code(99);
    assert!(text(&ended.get_output().stdout).contains("REGRESSION"));
    compare(&base, &slower, &["--tolerance", "30"]).code(0);
    let printed = compare(&base, &slower, &["--json"]).code(99).get_output().stdout.clone();
    let document: Value = serde_json::from_slice(&printed).unwrap();
    assert_eq!(
        (&document["verdict"], &document["figures"][0]["verdict"]),
        (&json!("regression"), &json!("regression"))
    );
}

/// The first line of the page.
fn headline(page: &Path) -> String {
    let page = std::fs::read_to_string(page).unwrap();
    page.split_once("<h1>").unwrap().1.split_once("</h1>").unwrap().0.to_owned()
}

#[test]
fn page_and_exit_code_agree_on_a_regression() {
    let dir = tempfile::tempdir().unwrap();
    let base = write_run(dir.path(), "base.json", 1.0, |_| {});
    let slower = write_run(dir.path(), "slower.json", 1.2, |_| {});
    let ended = compare(&base, &slower, &[]).code(99);
    let printed = text(&ended.get_output().stdout);
    let page = dir.path().join("comparison.html");
    assert!(printed.ends_with(&format!("\nPage: {}\n", page.display())), "{printed}");
    assert_eq!(headline(&page), "Regression: 2 of 4 figures are worse by more than 5 %.");
    assert!(printed.starts_with(&headline(&page)), "{printed}");
}

#[test]
fn page_and_exit_code_agree_where_there_is_no_regression() {
    let dir = tempfile::tempdir().unwrap();
    let run = write_run(dir.path(), "base.json", 1.0, |_| {});
    let page = dir.path().join("page.html");
    compare(&run, &run, &["--html", page.to_str().unwrap()]).code(0);
    let bound = "No regression: all 4 figures are within 5 % or better; none is worse by more than 1.2 %.";
    assert_eq!(headline(&page), bound);
    assert!(!dir.path().join("comparison.html").exists(), "--html takes its place");
    // A second one replaces the first.
    let slower = write_run(dir.path(), "slower.json", 1.2, |_| {});
    compare(&run, &slower, &["--html", page.to_str().unwrap()]).code(99);
    assert!(headline(&page).starts_with("Regression"));
}

#[test]
fn a_page_that_cannot_be_written_is_an_error_that_names_path_and_flag() {
    let dir = tempfile::tempdir().unwrap();
    let run = write_run(dir.path(), "base.json", 1.0, |_| {});
    std::fs::create_dir(dir.path().join("comparison.html")).unwrap();
    let ended = compare(&run, &run, &[]).code(1);
    let complaint = text(&ended.get_output().stderr);
    assert!(complaint.contains("comparison.html") && complaint.contains("--html"), "{complaint}");
    assert!(
        text(&ended.get_output().stdout).starts_with("No regression"),
        "the verdict is printed all the same"
    );
    let slower = write_run(dir.path(), "slower.json", 1.2, |_| {});
    let ended = compare(&run, &slower, &[]).code(99);
    let complaint = text(&ended.get_output().stderr);
    assert!(complaint.contains("comparison.html") && complaint.contains("--html"), "{complaint}");
    assert!(!text(&ended.get_output().stdout).contains("Page: "), "there is none");
}

#[test]
fn json_is_alone_on_standard_output_and_the_page_is_written_too() {
    let dir = tempfile::tempdir().unwrap();
    let run = write_run(dir.path(), "base.json", 1.0, |_| {});
    let printed = compare(&run, &run, &["--json"]).code(0).get_output().stdout.clone();
    assert!(serde_json::from_slice::<Value>(&printed).is_ok());
    assert!(dir.path().join("comparison.html").exists());
}

#[test]
fn a_refused_comparison_writes_no_page() {
    let dir = tempfile::tempdir().unwrap();
    let base = write_run(dir.path(), "base.json", 1.0, |_| {});
    let invalid = write_run(dir.path(), "invalid.json", 1.0, |run| run["trials"][0]["valid"] = json!(false));
    let elsewhere = write_run(dir.path(), "other.json", 1.0, |run| run["environment"]["cores"] = json!(16));
    compare(&base, &invalid, &[]).code(100);
    compare(&base, &elsewhere, &[]).code(1);
    assert!(!dir.path().join("comparison.html").exists());
}

#[test]
fn the_browser_gets_the_page_only_when_asked_and_its_absence_changes_no_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let run = write_run(dir.path(), "base.json", 1.0, |_| {});
    let opened = dir.path().join("opened");
    let launcher = dir.path().join("xdg-open");
    std::fs::write(&launcher, format!("#!/bin/sh\necho \"$1\" > {}\n", opened.display())).unwrap();
    std::fs::set_permissions(&launcher, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let compare = |path: &Path, flags: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weighbridge"));
        command.env("PATH", path).arg("compare").arg(&run).arg(&run).args(flags).assert().code(0)
    };
    compare(dir.path(), &[]);
    assert!(!opened.exists());
    compare(dir.path(), &["--open"]);
    let page = dir.path().join("comparison.html").canonicalize().unwrap();
    assert_eq!(std::fs::read_to_string(&opened).unwrap().trim(), page.display().to_string());
    let empty = tempfile::tempdir().unwrap();
    let ended = compare(empty.path(), &["--open"]);
    assert!(text(&ended.get_output().stderr).contains("open it by hand"));
}

#[test]
fn an_invalid_run_exits_100() {
    let dir = tempfile::tempdir().unwrap();
    let base = write_run(dir.path(), "base.json", 1.0, |_| {});
    let invalid = write_run(dir.path(), "invalid.json", 1.0, |run| run["trials"][3]["valid"] = json!(false));
    let ended = compare(&base, &invalid, &[]).code(100);
    assert!(text(&ended.get_output().stderr).contains("new run is invalid"));
}

#[test]
fn another_machine_is_refused_unless_forced() {
    let dir = tempfile::tempdir().unwrap();
    let base = write_run(dir.path(), "base.json", 1.0, |_| {});
    let elsewhere =
        write_run(dir.path(), "elsewhere.json", 1.0, |run| run["environment"]["cores"] = json!(16));
    let ended = compare(&base, &elsewhere, &[]).code(1);
    let complaint = text(&ended.get_output().stderr);
    assert!(complaint.contains("environment.cores: base 2, new 16"), "{complaint}");
    let forced = compare(&base, &elsewhere, &["--force"]).code(0);
    assert!(text(&forced.get_output().stdout).contains("environment.cores: 2 -> 16 (forced)"));
}

#[test]
fn what_is_no_result_exits_1() {
    let dir = tempfile::tempdir().unwrap();
    let base = write_run(dir.path(), "base.json", 1.0, |_| {});
    let ended = compare(&base, &dir.path().join("missing"), &[]).code(1);
    assert!(text(&ended.get_output().stderr).contains("missing"));
    compare(&base, &base, &["--tolerance", "-3"]).code(2);
}

#[test]
fn a_record_with_nothing_but_what_must_be_there_reads() {
    let result = folder::read(Path::new(MINIMAL)).unwrap();
    assert_eq!((result.trials.len(), result.ratios.len()), (1, 0));
    assert_eq!(result.trials[0].generator.scheduling, "");
    assert!(weighbridge_report::html::render(&result).unwrap().contains("</html>"));
}
