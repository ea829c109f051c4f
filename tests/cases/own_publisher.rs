//! Publishers of somebody else's: processes that are handed requests when they are due, publish them by the clients from PyPI
//! and tell what came of them.

use weighbridge_record::result::{DoubtKind, Trial};
use weighbridge_record::terms::{Stage, TransportKind};

use crate::harness::{Ran, Run, entries};

const OWN: &str = "examples/python/own-publisher.toml";
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn run(transports: &[&str], set: &[&str]) -> Ran {
    let packages = format!("{ROOT}/target/witness");
    assert!(std::fs::exists(&packages).unwrap(), "this test needs nats-py and redis: `make witness`");
    let mut run = Run::scenario(OWN).variable("PYTHONPATH", &packages);
    for transport in transports {
        run = run.with(&["--transport", transport]);
    }
    for change in ["load.warmup=500ms", "load.duration=2s"].iter().chain(set) {
        run = run.with(&["--set", change]);
    }
    run.end()
}

fn of_shell(script: &str) -> String {
    format!("load.command={}", serde_json::json!(["sh", "-c", script]))
}

fn errors(trial: &Trial) -> String {
    trial.errors.iter().map(|error| format!("{}\n", error.message)).collect()
}

#[test]
fn a_python_publisher_loses_nothing_and_tells_what_was_confirmed_on_every_path() {
    let ran = run(&[], &["load.generators=2"]);
    ran.expect_measured();
    let trials = ran.result().trials;
    assert_eq!(trials.len(), 5);
    for trial in &trials {
        let (ledger, path) = (&trial.ledger, trial.path);
        assert!(ledger.attempted > 1_000, "{path}: {ledger:?}");
        assert_eq!((ledger.completed, ledger.duplicated), (ledger.attempted, 0), "{path}: {}", errors(trial));
        let confirms = ![TransportKind::NatsCore, TransportKind::NatsRequest].contains(&path.last());
        assert_eq!(ledger.acknowledged, if confirms { ledger.attempted } else { 0 }, "{path}");
        assert_eq!(trial.latency_ns.get(Stage::Publish).is_some(), confirms, "{path}");
        let publishers = trial.generator.publishers.as_ref().expect("who published");
        assert_eq!((publishers.started, &publishers.command[0][..]), (2, "python3"));
        assert!(publishers.cpu_seconds.is_some_and(|seconds| seconds > 0.0), "{publishers:?}");
        let ended = trial.doubts.iter().any(|doubt| doubt.kind == DoubtKind::EndedEarly);
        assert!(!ended, "{path}: they end when they are let go: {:?}", trial.doubts);
    }
}

#[test]
fn a_command_that_cannot_be_started_ends_the_run_before_any_load() {
    let missing = run(&["nats-core"], &["load.command=[\"./no-such-publisher\"]"]);
    missing.expect_code(&[69]).expect_error(&["`./no-such-publisher` (load.command) can't be started"]);
    missing.expect_no_report();
    let failing = run(&["nats-core"], &[&of_shell("echo no client here >&2; exit 3")]);
    failing.expect_code(&[69]).expect_error(&[
        "publisher.1 ended before it was ready",
        "exit status: 3",
        "no client here",
    ]);
    failing.expect_no_report();
}

#[test]
fn one_that_ends_in_the_trial_makes_it_invalid_and_leaves_its_log() {
    let script = "echo ready; sleep 1; echo out of memory >&2; exit 9";
    let ran = run(&["redis-streams"], &[&of_shell(script), "load.drain=500ms", "load.timeout=5s"]);
    ran.expect_code(&[100]);
    let trial = ran.trial();
    assert!(trial.doubts.iter().any(|doubt| doubt.kind == DoubtKind::EndedEarly), "{:?}", trial.doubts);
    assert!(errors(&trial).contains("publisher.1 ended: it ended with exit status: 9"), "{}", errors(&trial));
    let ledger = &trial.ledger;
    assert_eq!(
        (ledger.completed, ledger.lost, ledger.indeterminate),
        (0, ledger.attempted, ledger.attempted)
    );
    let log = entries(&ran.latest()).into_iter().find(|name| name.ends_with("publisher.1.log"));
    let log = std::fs::read_to_string(ran.latest().join(log.expect("its log"))).unwrap();
    assert_eq!(log, "out of memory\n");
}

#[test]
fn what_it_refuses_and_what_it_keeps_to_itself_is_accounted_for() {
    // Of four requests one is refused, one is unknown, one is confirmed and was never published, one is never told of.
    let script = "echo ready; n=0; while read -r number subject body; do n=$((n+1)); case $((n % 4)) in \
                  0) echo rejected $number no quota;; 1) echo unknown $number timed out;; 2) echo confirmed $number;; \
                  esac; done";
    let set = ["load.drain=500ms", "load.arrivals=uniform", "load.rate=100"];
    let ran = run(&["redis-streams"], &[&[&of_shell(script)[..]], &set[..]].concat());
    let trial = ran.trial();
    let ledger = &trial.ledger;
    let quarter = ledger.attempted / 4;
    for (what, count) in [
        ("rejected", ledger.rejected),
        ("indeterminate", ledger.indeterminate),
        ("confirmed", ledger.acknowledged),
    ] {
        assert!(count.abs_diff(quarter) <= 1, "{what}: {ledger:?} {}", errors(&trial));
    }
    assert_eq!((ledger.completed, ledger.lost + ledger.rejected), (0, ledger.attempted), "{ledger:?}");
    assert_eq!(ledger.lost_acknowledged, ledger.acknowledged, "confirmed, and never answered");
    assert!(errors(&trial).contains("publisher: no quota"), "{}", errors(&trial));
}

#[test]
fn one_that_reads_nothing_does_not_make_the_instrument_late() {
    let set = ["load.warmup=0s", "load.drain=300ms", "load.rate=2000", "load.max_in_flight=500"];
    let ran = run(&["nats-core"], &[&[&of_shell("echo ready; exec sleep 60")[..]], &set[..]].concat());
    let trial = ran.trial();
    assert_eq!(trial.ledger.completed, 0);
    assert_eq!(trial.ledger.lost, 500, "what it was handed; the rest is shed: {:?}", trial.ledger);
    // In a pipe of 64 KiB some 120 requests fit: who waited for the reader would be late by seconds.
    let lag = trial.latency_ns.get(Stage::SendLag).expect("some were sent");
    assert!(lag.max.is_some_and(|ns| ns < 1_000_000_000), "{lag:?}");
}

#[test]
fn what_can_not_be_understood_is_told() {
    let script = "echo ready; echo hello there; echo answered 0 nothing; exec cat >/dev/null";
    let ran = run(&["nats-core"], &[&of_shell(script), "load.drain=300ms", "load.rate=10"]);
    let told = errors(&ran.trial());
    assert!(told.contains("the publisher wrote what can't be understood: hello there"), "{told}");
    assert!(told.contains("the publisher told an answer, which comes over the path here"), "{told}");
}
