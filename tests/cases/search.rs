//! `weighbridge search` from the outside: a real one, ends of each kind, and what it leaves.

use weighbridge_record::result::{Reason, RunResult, SearchOutcome, Verdict};
use weighbridge_record::terms::TransportKind;

use crate::harness::{Run, entries};

/// What holds for every search, however busy the machine was.
fn expect_sound(result: &RunResult) {
    for search in &result.searches {
        assert_eq!((search.from_per_s, search.to_per_s), (100.0, 300.0));
        for probe in &search.probes {
            let trial = &result.trials[probe.trial];
            assert_eq!(trial.path, search.path);
            assert_eq!(trial.point["load.rate"].as_f64(), Some(probe.rate_per_s));
            assert_eq!(trial.window_s, if probe.confirmation { 0.6 } else { 0.3 });
            assert_eq!(probe.passed, probe.reasons.is_empty());
        }
        if search.rate_per_s.is_some() {
            let confirming = search.confirming().expect("a confirmation");
            assert_eq!(Some(confirming.rate_per_s), search.rate_per_s);
        }
    }
    let probes: usize = result.searches.iter().map(|search| search.probes.len()).sum();
    assert_eq!(probes, result.trials.len(), "every trial is a probe");
}

#[test]
fn a_rate_far_below_the_capacity_is_sustained_on_every_path() {
    let run = Run::search(&["in-process", "nats-core", "redis-streams"]);
    let out = run.out().to_owned();
    let ran = run.end();
    // 100 where a busy machine kept the generator from showing even the lowest rate.
    ran.expect_measured();
    let result = ran.result();
    expect_sound(&result);
    let searched: Vec<_> = result.searches.iter().map(|search| search.path).collect();
    assert_eq!(searched, [TransportKind::InProcess, TransportKind::NatsCore, TransportKind::RedisStreams]);
    if result.verdict == Verdict::Passed {
        assert!(result.searches.iter().all(|search| search.rate_per_s.is_some()));
        assert!(ran.stdout.contains("sustains at least"), "{}", ran.stdout);
        assert!(ran.stderr.contains("nats-core") && ran.stderr.contains("confirmed"), "{}", ran.stderr);
    }
    let report = entries(&out.join("latest"));
    for file in ["report.html", "result.json", "scenario.toml", "trials.csv"] {
        assert!(report.contains(&file.to_string()), "{file} of {report:?}");
    }
    let logs = report.iter().filter(|name| name.ends_with(".hlog")).count();
    assert_eq!(logs, result.trials.len());
    let page = std::fs::read_to_string(out.join("latest/report.html")).expect("the report");
    assert!(page.contains("id=\"capacity\""));
    let scenario = std::fs::read_to_string(out.join("latest/scenario.toml")).expect("the scenario");
    assert!(scenario.contains("[search]"), "{scenario}");
}

#[test]
fn a_search_keeps_the_schema_of_the_record() {
    let ran = Run::search(&["in-process"]).with(&["--json", "--quiet"]).end();
    ran.expect_measured();
    assert_eq!(ran.stderr, "");
    let schema = Run::command(&["schema", "result"]).end().json();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(&ran.json()).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert!(ran.json()["searches"][0]["outcome"].is_string());
}

#[test]
fn an_objective_that_nothing_meets_exits_with_99() {
    let threshold = ["--set", "thresholds.\"turnaround.p50\"=\"< 1us\""];
    let ran = Run::search(&["in-process"]).with(&threshold).end();
    ran.expect_code(&[99, 100]);
    let result = ran.result();
    expect_sound(&result);
    let search = &result.searches[0];
    assert_eq!((search.rate_per_s, search.high_per_s, search.probes.len()), (None, Some(100.0), 2));
    assert!(search.probes.iter().map(|probe| probe.asked).eq([1, 2]), "asked again before it counts");
    if ran.code == 99 {
        assert_eq!(search.outcome, SearchOutcome::None);
        assert!(matches!(search.probes[0].reasons[..], [Reason::Threshold { .. }]), "{search:?}");
        assert!(result.thresholds.iter().any(|outcome| !outcome.passed));
        assert!(ran.stdout.contains("does not sustain even 100/s"), "{}", ran.stdout);
    }
}

#[test]
fn a_scenario_without_a_rate_is_not_run_but_pointed_at_the_search() {
    let ran = Run::scenario("capacity").end();
    ran.expect_code(&[104]).expect_no_report().expect_error(&["weighbridge search capacity", "--rate"]);
}

#[test]
fn a_search_that_makes_no_sense_exits_with_104() {
    for flags in [&["--high", "50"][..], &["--precision", "1"], &["--set", "load.executor=closed-loop"]] {
        Run::search(&["in-process"]).with(flags).end().expect_code(&[104]).expect_no_report();
    }
}
