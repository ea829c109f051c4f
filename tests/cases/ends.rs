//! Requests that end before a result: at the broker's acknowledgement, or when a worker has them.

use std::time::Duration;

use weighbridge_record::result::{LedgerTotals, Trial};
use weighbridge_record::terms::{CompletedBy, Stage, TransportKind};

use crate::harness::Run;
use crate::harness::brokers::Nats;

const STORED_OR_NOT: [&str; 4] = ["redis-pubsub", "redis-streams", "nats-core", "nats-jetstream"];

/// Trials of a short run in which nothing may go wrong.
fn sound(transports: &[&str], flags: &[&str]) -> Vec<Trial> {
    let ran = Run::short(transports).with(flags).end();
    ran.expect_measured();
    let trials = ran.result().trials;
    assert_eq!(trials.len(), transports.len());
    for trial in &trials {
        let LedgerTotals { attempted, completed, unexpected, duplicated, .. } = trial.ledger;
        assert!(attempted > 0 && completed == attempted, "{}: {:?}", trial.path, trial.ledger);
        assert_eq!((unexpected, duplicated, trial.ledger.indeterminate), (0, 0, 0), "{}", trial.path);
        assert_eq!(trial.errors, [], "{}", trial.path);
    }
    trials
}

/// The stage that ends a request says the same as its turnaround.
fn expect_ended_by(trial: &Trial, stage: Stage, against: Stage) {
    let summary = |stage: Stage| trial.latency_ns.get(stage).unwrap_or_else(|| panic!("no {}", stage.name()));
    assert_eq!(summary(stage), summary(against), "{}", trial.path);
}

#[test]
fn without_results_a_request_ends_when_a_worker_has_it() {
    let transports = ["in-process", "redis-pubsub", "redis-streams", "nats-core", "nats-jetstream"];
    for service_time in ["0s", "1ms"] {
        let service_time = format!("workers.service_time={service_time}");
        for trial in sound(&transports, &["--set", "workers.results=false", "--set", &service_time]) {
            assert_eq!(
                (trial.completed_by, trial.ledger.delivered),
                (CompletedBy::Delivery, trial.ledger.attempted)
            );
            expect_ended_by(&trial, Stage::Delivery, Stage::Turnaround);
        }
    }
}

#[test]
fn without_workers_a_request_ends_with_the_brokers_acknowledgement() {
    let spread = ["--set", "load.generators=2", "--set", "load.connections=3"];
    for more in [&spread[..0], &spread[..]] {
        let flags = [&["--set", "workers.count=0"], more].concat();
        for trial in sound(&STORED_OR_NOT, &flags) {
            let LedgerTotals { attempted, acknowledged, delivered, .. } = trial.ledger;
            assert_eq!(
                (trial.completed_by, acknowledged, delivered),
                (CompletedBy::Acknowledgement, attempted, 0)
            );
            expect_ended_by(&trial, Stage::Publish, Stage::TurnaroundUncorrected);
        }
    }
}

/// METHODOLOGY, section 8: at most one for a request, and about four to a window where the window is full.
#[test]
fn markers_are_counted_where_nobody_answers_a_publish_and_stay_within_their_bound() {
    let ends = ["--set", "workers.count=0"];
    for trial in sound(&STORED_OR_NOT, &ends) {
        let (markers, sent) = (trial.generator.markers, trial.ledger.sent);
        let marked = trial.path == TransportKind::NatsCore;
        assert!(markers <= sent && (markers > 0) == marked, "{}: {markers} beside {sent}", trial.path);
    }
    for trial in sound(&["nats-core"], &[]) {
        assert_eq!(trial.generator.markers, 0, "workers answer");
    }
    let unpaced =
        "load={ executor = \"saturate\", max_in_flight = 1024, warmup = \"100ms\", duration = \"300ms\" }";
    for trial in sound(&["nats-core"], &[&ends[..], &["--set", unpaced]].concat()) {
        let (markers, windows) = (trial.generator.markers, trial.ledger.sent as f64 / 1_024.0);
        // Now and then a look for timeouts sends a few requests, and marks them.
        assert!(markers as f64 <= 1.5 * 4.0 * windows + 50.0, "{markers} markers in {windows} windows");
    }
}

#[test]
fn an_unpaced_load_goes_on_when_its_requests_end() {
    let unpaced = ["--set", "load={ executor = \"saturate\", warmup = \"100ms\", duration = \"300ms\" }"];
    for end in [["--set", "workers.count=0"], ["--set", "workers.results=false"]] {
        for trial in sound(&STORED_OR_NOT, &[unpaced, end].concat()) {
            // Were it not woken, it would send a window every 10 ms at most: 40 windows of 1 024.
            assert!(trial.ledger.attempted > 1_024, "{}: {:?}", trial.path, trial.ledger);
        }
    }
}

#[test]
fn what_a_dead_server_never_confirmed_does_not_count_as_done() {
    let nats = Nats::start("");
    let url = nats.url();
    let flags =
        ["--nats-url", &url, "--set", "workers.count=0", "--duration", "5s", "--set", "load.drain=1s"];
    let run = Run::short(&["nats-core"]).with(&flags).start();
    // Well within the five seconds of load, however long the start takes.
    std::thread::sleep(Duration::from_secs(3));
    drop(nats);
    let ran = run.end();
    let ledger = ran.trial().ledger;
    assert!(ledger.completed > 0, "the server died before it had anything: {ledger:?}");
    assert!(ledger.lost > 0 && ledger.completed + ledger.lost == ledger.attempted, "{ledger:?}");
    assert_eq!(ledger.check(), Ok(()));
}

#[test]
fn paths_that_nobody_but_a_worker_ends_need_workers() {
    for transport in ["nats-request", "in-process"] {
        let ran = Run::short(&[transport]).with(&["--set", "workers.count=0"]).end();
        ran.expect_code(&[104]).expect_error(&["workers.count", transport, "needs workers"]);
    }
    let ran = Run::short(&["nats-request"]).with(&["--set", "workers.results=false"]).end();
    ran.expect_code(&[104]).expect_error(&["workers.results", "needs results"]);
}
