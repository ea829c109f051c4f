//! Calibration notices errors that other load generators are known for.

use assert_cmd::Command;
use serde_json::Value;

/// Checks of a group in memory, by name, with the exit code; brokers are kept out of it.
fn checks(group: &str, defect: Option<&str>) -> (Option<i32>, Vec<(String, bool)>) {
    let mut command = Command::cargo_bin("weighbridge").expect("the binary is built");
    command.args(["calibrate", "--only", group, "--json", "--quiet"]);
    command.args(["--nats-server", "/nonexistent", "--redis-server", "/nonexistent"]);
    if let Some(defect) = defect {
        command.args(["--defect", defect]);
    }
    let output = command.output().expect("the command runs");
    let checks: Vec<Value> = serde_json::from_slice(&output.stdout).expect("the checks are JSON");
    let named = |check: &Value| {
        let name = check["name"].as_str().expect("a name").to_string();
        (name, check["passed"].as_bool().expect("a verdict"))
    };
    (output.status.code(), checks.iter().map(named).collect())
}

/// Whether p99 of the stall at the sends passed: the one that a blind tool misses.
fn sees_the_stall(checks: &[(String, bool)]) -> bool {
    let p99 = checks.iter().find(|(name, _)| name == "in-process, sends held up: p99");
    p99.expect("the check is there").1
}

#[test]
fn a_sound_instrument_sees_the_stall_and_a_closed_loop_does_not() {
    let (_, checks) = checks("stall", None);
    // The tolerance of 50 ms is wide beside what a busy machine adds.
    assert!(sees_the_stall(&checks), "{checks:?}");
    let closed = checks.iter().find(|(name, _)| name.starts_with("closed loop")).expect("the check is there");
    assert!(closed.1, "{checks:?}");
}

#[test]
fn measuring_from_the_actual_send_fails_calibration() {
    let (code, checks) = checks("stall", Some("measure-from-send"));
    assert_eq!(code, Some(100));
    assert!(!sees_the_stall(&checks), "{checks:?}");
}

#[test]
fn skipping_late_requests_fails_calibration() {
    let (code, checks) = checks("stall", Some("skip-late"));
    assert_eq!(code, Some(100));
    assert!(!sees_the_stall(&checks), "{checks:?}");
}

/// The checks that a planted error makes fail, in a group in which a sound instrument has none that fail always.
fn failed(group: &str, defect: &str) -> Vec<String> {
    let (code, checks) = checks(group, Some(defect));
    assert_eq!(code, Some(100), "{defect}: {checks:?}");
    checks.into_iter().filter(|(_, passed)| !passed).map(|(name, _)| name).collect()
}

#[test]
fn every_kind_of_wrong_is_told_and_three_generators_add_up() {
    let (code, checks) = checks("ledger", None);
    let failed: Vec<_> = checks.iter().filter(|(_, passed)| !passed).collect();
    assert!(code == Some(0) && failed.is_empty(), "{failed:?}");
}

#[test]
fn a_merge_that_forgets_a_generator_fails_calibration() {
    let failed = failed("ledger", "broken-merge");
    assert!(failed.iter().any(|name| name == "attempted, of three generators"), "{failed:?}");
    assert!(failed.iter().any(|name| name.starts_with("samples of turnaround")), "{failed:?}");
}

#[test]
fn service_a_fifth_too_short_fails_calibration() {
    let failed = failed("service", "short-service");
    assert!(failed.iter().any(|name| name.starts_with("in-process: shortest service")), "{failed:?}");
}

#[test]
fn completions_that_are_stamped_or_read_late_fail_calibration() {
    for defect in ["add-millisecond", "late-collector"] {
        let failed = failed("pacing", defect);
        let known = |name: &String| {
            name.starts_with("from sending to reading the result") && name.contains("at most")
        };
        assert!(failed.iter().any(known), "{defect}: {failed:?}");
    }
}
