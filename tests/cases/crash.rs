//! Worker processes that are ended in the middle of a request, slowed down, and stopped.

use std::time::Duration;

use futures::StreamExt;
use rustix::process::Signal;
use serde_json::json;
use weighbridge_record::result::{FindingClass, Kept, Promised, Trial};
use weighbridge_record::terms::{Moment, TransportKind};

use crate::harness::brokers::Nats;
use crate::harness::{Run, wait_for};

const PROCESSES: [&str; 4] =
    ["workers.kind=processes", "workers.count=2", "load.duration=5s", "brokers.ack_wait=1s"];

/// A run of two worker processes with one fault.
fn crashed(transport: &str, fault: &str) -> Trial {
    crashed_with(transport, fault, &[])
}

fn crashed_with(transport: &str, fault: &str, set: &[&str]) -> Trial {
    let fault = format!("faults=[{{ {fault} }}]");
    let mut run = Run::short(&[transport]).with(&["--set", &fault, "--set", "load.timeout=2s"]);
    for change in PROCESSES.iter().chain(set) {
        run = run.with(&["--set", change]);
    }
    let ran = run.end();
    // 99 where something was lost, 100 where the machine was too busy.
    ran.expect_code(&[0, 99, 100]);
    let trial = ran.trial();
    assert!(trial.complete && trial.ledger.check() == Ok(()), "{transport}: {:?}", trial.ledger);
    assert_eq!(trial.faults.len(), 1, "{transport}: {:?}", trial.errors);
    let broken = trial.promises.iter().filter(|promise| promise.verdict == Kept::Broken);
    assert_eq!(broken.count(), 0, "{transport}: {:?}", trial.promises);
    trial
}

fn killed_at(transport: &str, moment: Moment) -> Trial {
    let fault = format!("action = \"kill-worker\", moment = \"{moment}\", at = \"1s\", down_for = \"300ms\"");
    let trial = crashed(transport, &fault);
    assert_eq!(trial.faults[0].moment, Some(moment));
    assert!(trial.faults[0].end_s.is_some(), "{transport}: it is not back: {:?}", trial.errors);
    trial
}

#[test]
fn what_a_dead_worker_held_comes_again_on_the_paths_that_store() {
    for transport in ["redis-streams", "nats-jetstream"] {
        for moment in [Moment::BeforeReply, Moment::BeforeAck, Moment::AfterAck] {
            let trial = killed_at(transport, moment);
            let ledger = &trial.ledger;
            assert_eq!(
                (ledger.completed, ledger.lost),
                (ledger.attempted, 0),
                "{transport} {moment}: {ledger:?}"
            );
            // Ended between its result and its acknowledgement, the request is answered by the next worker, too.
            let twice = moment == Moment::BeforeAck;
            if twice {
                assert!(ledger.redelivered > 0 && ledger.duplicated > 0, "{transport} {moment}: {ledger:?}");
            } else if moment == Moment::BeforeReply {
                assert!(ledger.redelivered > 0, "{transport} {moment}: {ledger:?}");
                assert_eq!(ledger.duplicated, 0, "{transport} {moment}: {ledger:?}");
            }
        }
    }
}

#[test]
fn what_comes_again_is_answered_once_where_that_is_asked_for() {
    for transport in ["redis-streams", "nats-jetstream"] {
        for moment in [Moment::BeforeAck, Moment::AfterAck] {
            let fault =
                format!("action = \"kill-worker\", moment = \"{moment}\", at = \"1s\", down_for = \"300ms\"");
            let trial = crashed_with(transport, &fault, &["brokers.delivery=exactly-once"]);
            let ledger = &trial.ledger;
            assert_eq!(
                (ledger.completed, ledger.lost),
                (ledger.attempted, 0),
                "{transport} {moment}: {ledger:?}"
            );
            assert_eq!(ledger.duplicated, 0, "{transport} {moment}: {ledger:?}");
            let once = trial.promises.iter().find(|promise| promise.promise == Promised::AnsweredOnce);
            let once = once.expect("a promise").verdict;
            if moment == Moment::BeforeAck {
                assert!(ledger.redelivered > 0 && once == Kept::Kept, "{transport}: {ledger:?} {once:?}");
            }
        }
    }
}

#[test]
fn what_a_dead_worker_held_is_lost_on_the_other_paths_and_counted() {
    for transport in ["redis-pubsub", "nats-core", "nats-request"] {
        let trial = killed_at(transport, Moment::BeforeReply);
        let ledger = &trial.ledger;
        assert!(ledger.lost_results > 0, "{transport}: {ledger:?}");
        let held: Vec<_> =
            trial.findings.iter().filter(|one| one.class == FindingClass::LostResult).collect();
        assert!(
            held.iter().any(|one| one.delivered_to.as_deref() == Some("worker.1")),
            "{transport}: {held:?}"
        );
        assert_eq!((ledger.redelivered, ledger.duplicated), (0, 0), "{transport}: {ledger:?}");
        assert_eq!(trial.faults[0].lost, Some(ledger.lost), "{transport}: {:?}", trial.faults);
        // Redis shares no work: what is published to a dead worker's channel reaches nobody.
        let spreads = transport == "redis-pubsub";
        assert_eq!(ledger.lost_requests > 5, spreads, "{transport}: {ledger:?}");
    }
}

#[test]
fn a_worker_that_does_not_read_loses_nothing_where_work_is_asked_for() {
    let trial = crashed("nats-jetstream", "action = \"stop-reading\", at = \"1s\", for = \"1s\"");
    assert_eq!(trial.ledger.lost, 0, "{:?}", trial.ledger);
    assert!(trial.faults[0].end_s.is_some_and(|end_s| end_s >= 2.0), "{:?}", trial.faults);
}

#[test]
fn a_worker_that_is_slow_for_a_while_shows_in_the_service_times() {
    let fault = "action = \"slow-worker\", factor = 100, at = \"1s\", for = \"1500ms\", target = \"worker\"";
    let slow = "workers.service_time=1ms";
    let fault = format!("faults=[{{ {fault} }}]");
    let mut run = Run::short(&["nats-core"]).with(&["--set", &fault, "--set", slow]);
    for change in PROCESSES {
        run = run.with(&["--set", change]);
    }
    let ran = run.end();
    ran.expect_code(&[0, 99, 100]);
    let trial = ran.trial();
    assert_eq!(trial.path, TransportKind::NatsCore);
    assert_eq!(trial.faults.len(), 2, "both workers: {:?}", trial.errors);
    let service = trial.latency_ns.service.as_ref().expect("service times");
    let (median, longest) = (service.p50.expect("a median"), service.max.expect("a longest"));
    // A hundred milliseconds as long as it lasted, one millisecond before and after.
    assert!(median < 50_000_000 && longest >= 100_000_000, "{median} {longest}");
}

#[test]
fn a_worker_alone_answers_who_publishes_elsewhere() {
    let broker = Nats::start("");
    let url = broker.url();
    let worker = Run::command(&["worker", "--transport", "nats-core", "--nats-url", &url]).start();
    let body = r#"{"id":"1","title":"t","description":"d","category":"NETWORK","requester_role":"IT_ADMIN","#
        .to_owned()
        + r#""requester_name":"n","timestamp":"2025-06-27T14:30:00Z","correlation_id":"req_anything"}"#;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    // Until its subscription stands, nobody answers.
    let answer = wait_for("an answer", || {
        runtime.block_on(async {
            let client = async_nats::connect(&url).await.ok()?;
            let mut results = client.subscribe("prioritization.result.*").await.ok()?;
            client.publish("prioritization.request.NETWORK", body.clone().into()).await.ok()?;
            tokio::time::timeout(Duration::from_millis(300), results.next()).await.ok()?
        })
    });
    let answer: serde_json::Value = serde_json::from_slice(&answer.payload).expect("JSON");
    assert_eq!((&answer["correlation_id"], &answer["request_id"]), (&json!("req_anything"), &json!("1")));
    worker.signal(Signal::INT);
    worker.end().expect_code(&[0]).expect_error(&["requests scored"]);
}

#[test]
fn a_worker_without_a_server_is_told_how_to_name_one() {
    let ran = Run::command(&["worker", "--transport", "nats-core"]).end();
    ran.expect_code(&[2]).expect_error(&["--nats-url"]);
}
