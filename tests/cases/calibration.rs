//! Calibration notices errors that other load generators are known for.

use assert_cmd::Command;
use serde_json::Value;

/// Checks of a stall in memory, by name, with the exit code; brokers are kept out of it.
fn stall_checks(defect: Option<&str>) -> (Option<i32>, Vec<(String, bool)>) {
    let mut command = Command::cargo_bin("weighbridge").expect("the binary is built");
    command.args(["calibrate", "--only", "stall", "--json", "--quiet"]);
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
    let (_, checks) = stall_checks(None);
    // The tolerance of 50 ms is wide beside what a busy machine adds.
    assert!(sees_the_stall(&checks), "{checks:?}");
    let closed = checks.iter().find(|(name, _)| name.starts_with("closed loop")).expect("the check is there");
    assert!(closed.1, "{checks:?}");
}

#[test]
fn measuring_from_the_actual_send_fails_calibration() {
    let (code, checks) = stall_checks(Some("measure-from-send"));
    assert_eq!(code, Some(100));
    assert!(!sees_the_stall(&checks), "{checks:?}");
}

#[test]
fn skipping_late_requests_fails_calibration() {
    let (code, checks) = stall_checks(Some("skip-late"));
    assert_eq!(code, Some(100));
    assert!(!sees_the_stall(&checks), "{checks:?}");
}
