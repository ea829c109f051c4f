//! Messages of others in the middle of a run: counted, survived, and nothing lost over them.

use std::time::Duration;

use weighbridge_record::result::{DoubtKind, LedgerTotals};

use crate::harness::brokers::{Nats, Redis};
use crate::harness::{Ran, Run, wait_for};

/// Foreign, stale, corrupt and empty: a request of another engine, a result of an earlier run, garbage.
const STRANGERS: [&[u8]; 6] = [
    br#"{"id":"task_001","title":"System failure","description":"","category":"INFRASTRUCTURE",
        "requester_role":"IT_ADMIN","requester_name":"","timestamp":"2025-06-27T14:30:00Z",
        "correlation_id":"req_123456"}"#,
    br#"{"request_id":"task_1","correlation_id":"req_00000000_000000000001","urgency_level":"LOW",
        "priority_score":1.5,"processing_time_ms":0,"timestamp":"2025-06-27T14:30:01Z"}"#,
    b"{\"id\":",
    b"[[[[[[",
    b"\xff\xfe\x00\x01",
    b"",
];

const PREFIX: [&str; 4] = ["--duration", "3s", "--set", "brokers.prefix=own"];

fn expect_counted(ran: &Ran, strangers: usize) {
    ran.expect_measured();
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    let trial = ran.trial();
    let doubted = trial.doubts.iter().find(|doubt| doubt.kind == DoubtKind::Unexpected);
    assert!(doubted.is_some_and(|doubt| doubt.detail.contains("`own`")), "{:?}", trial.doubts);
    let ledger = trial.ledger;
    let sound = LedgerTotals {
        // What a path confirms differs, and is not asked about here.
        acknowledged: ledger.acknowledged,
        attempted: ledger.attempted,
        sent: ledger.attempted,
        delivered: ledger.attempted,
        completed: ledger.attempted,
        unexpected: strangers as u64,
        // Several workers overtake each other.
        reordered: ledger.reordered,
        ..LedgerTotals::default()
    };
    assert_eq!(ledger, sound);
}

#[test]
fn strangers_on_redis_channels_are_unexpected() {
    let server = Redis::start(&[]);
    let run = Run::short(&["redis-pubsub"]).with(&PREFIX).with(&["--redis-url", &server.url()]).start();
    let mut connection = server.connect();
    let channels = ["own.prioritization.request.INFRASTRUCTURE", "own.prioritization.result.INFRASTRUCTURE"];
    // The preflight subscribes for a moment; what stays is the run.
    wait_for("subscriptions that stay", || {
        let mut listened = || -> bool {
            let mut command = redis::cmd("PUBSUB");
            let counts: Vec<(String, u32)> =
                command.arg("NUMSUB").arg(&channels).query(&mut connection).expect("PUBSUB NUMSUB");
            counts.iter().all(|(_, count)| *count == 1)
        };
        let first = listened();
        std::thread::sleep(Duration::from_millis(200));
        (first && listened()).then_some(())
    });
    for body in STRANGERS {
        for channel in channels {
            let heard: u32 =
                redis::cmd("PUBLISH").arg(channel).arg(body).query(&mut connection).expect("PUBLISH");
            assert_eq!(heard, 1, "{channel}");
        }
    }
    expect_counted(&run.end(), 2 * STRANGERS.len());
}

#[test]
fn strangers_in_redis_streams_are_unexpected() {
    let server = Redis::start(&[]);
    let run = Run::short(&["redis-streams"]).with(&PREFIX).with(&["--redis-url", &server.url()]).start();
    let mut connection = server.connect();
    // Results flow, so the stream is there and read.
    wait_for("the first results", || {
        let results: u32 =
            redis::cmd("XLEN").arg("own.prioritization.result").query(&mut connection).expect("XLEN");
        (results > 0).then_some(())
    });
    for stream in ["own.prioritization.request", "own.prioritization.result"] {
        for body in STRANGERS {
            let mut add = redis::cmd("XADD");
            add.arg(stream).arg("*").arg("subject").arg("theirs").arg("data").arg(body);
            add.exec(&mut connection).expect("XADD");
        }
        let other = redis::cmd("XADD").arg(stream).arg(&["*", "colour", "blue"]).exec(&mut connection);
        other.expect("XADD of other fields");
    }
    expect_counted(&run.end(), 2 * (STRANGERS.len() + 1));
}

/// Advisories that anybody may publish, and what they say to be parked: nothing that can be read, nothing, a message
/// that the stream never had, one of somebody else's.
#[tokio::test]
async fn forged_advisories_are_unexpected_and_no_worker_ends_over_them() {
    let server = Nats::start("");
    let client = server.connect().await;
    let mut results = client.subscribe("own.prioritization.result.>").await.expect("subscribing");
    client.flush().await.expect("flushing");
    let run = Run::short(&["nats-jetstream"]).with(&PREFIX).with(&["--nats-url", &server.url()]).start();
    while futures::StreamExt::next(&mut results).await.expect("a result").payload.is_empty() {}
    drop(results);
    let context = async_nats::jetstream::new(client.clone());
    let stored = context.publish("own.prioritization.request.THEIRS", STRANGERS[0].into());
    let stored = stored.await.expect("publishing").await.expect("storing").sequence;
    let subject = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.own_PRIORITY_REQUESTS.priority-workers";
    let named = |number: u64| format!("{{\"stream_seq\":{number}}}");
    let forged = ["{\"stream_seq\":".to_owned(), String::new(), named(0), named(1 << 40), named(stored)];
    for advisory in &forged {
        client.publish(subject, advisory.clone().into()).await.expect("publishing");
    }
    client.flush().await.expect("flushing");
    let ran = tokio::task::spawn_blocking(move || run.end()).await.expect("the run");
    let trial = ran.trial();
    assert!(trial.valid || !trial.doubts.iter().any(|doubt| doubt.kind == DoubtKind::EndedEarly));
    // The stranger's message is delivered as well; once it is acknowledged, its advisory names nothing.
    expect_counted(&ran, forged.len() + 1);
    assert!(trial.errors.is_empty(), "{:?}", trial.errors);
}

#[tokio::test]
async fn strangers_on_nats_are_unexpected() {
    let server = Nats::start("");
    let client = server.connect().await;
    for (transport, subjects) in [
        ("nats-core", &["own.prioritization.request.THEIRS", "own.prioritization.result.THEIRS"][..]),
        ("nats-jetstream", &["own.prioritization.request.THEIRS", "own.prioritization.result.THEIRS"]),
        // Results go to inboxes whose names nobody knows.
        ("nats-request", &["own.prioritization.sync"]),
    ] {
        let mut requests = client.subscribe("own.prioritization.>").await.expect("subscribing");
        client.flush().await.expect("flushing");
        let run = Run::short(&[transport]).with(&PREFIX).with(&["--nats-url", &server.url()]).start();
        // The canaries of the preflight are empty; a request is the sign that the run is on.
        while futures::StreamExt::next(&mut requests).await.expect("a request").payload.is_empty() {}
        drop(requests);
        for body in STRANGERS {
            for subject in subjects {
                client.publish(*subject, body.into()).await.expect("publishing");
            }
        }
        client.flush().await.expect("flushing");
        let ran = tokio::task::spawn_blocking(move || run.end()).await.expect("the run");
        expect_counted(&ran, subjects.len() * STRANGERS.len());
    }
}
