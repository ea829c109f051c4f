//! What a plain NATS client sees of a run: the guide's subjects, bodies, streams and consumer.

use std::time::Duration;

use async_nats::Subscriber;
use async_nats::jetstream::{self, consumer, stream};
use futures::StreamExt;

use crate::harness::brokers::Nats;
use crate::harness::guide::Seen;
use crate::harness::{Ran, Run};

fn run(transport: &str, server: &Nats) -> Run {
    let own = ["--set", "brokers.prefix=own", "--nats-url", &server.url()];
    Run::short(&[transport]).with(&own)
}

/// Runs to the end, then reads what the subscription has caught: subject and body of each message.
async fn overheard(run: Run, mut all: Subscriber) -> (Ran, Vec<(String, Vec<u8>)>) {
    let ran = tokio::task::spawn_blocking(move || run.end()).await.expect("the run");
    ran.expect_measured();
    let mut messages = Vec::new();
    while let Ok(Some(message)) = tokio::time::timeout(Duration::from_millis(200), all.next()).await {
        messages.push((message.subject.to_string(), message.payload.to_vec()));
    }
    (ran, messages)
}

#[tokio::test]
async fn core_speaks_on_the_guides_subjects_in_the_guides_words() {
    let server = Nats::start("");
    let client = server.connect().await;
    let all = client.subscribe("own.>").await.expect("subscribing");
    client.flush().await.expect("flushing");
    let (ran, messages) = overheard(run("nats-core", &server), all).await;
    let mut seen = Seen::default();
    for (subject, body) in &messages {
        // The canaries of the preflight.
        if subject.ends_with(".preflight") {
            continue;
        }
        if let Some(category) = subject.strip_prefix("own.prioritization.request.") {
            seen.request(Some(category), body);
        } else if let Some(category) = subject.strip_prefix("own.prioritization.result.") {
            seen.result(Some(category), body);
        } else {
            panic!("{subject} is none of the guide's");
        }
    }
    let completed = ran.trial().ledger.completed as usize;
    assert!(completed > 0);
    assert_eq!(seen.matched(), (completed, completed), "the wire and the ledger");
}

#[tokio::test]
async fn request_reply_asks_on_the_sync_subject_and_gets_its_answer_in_an_inbox() {
    let server = Nats::start("");
    let client = server.connect().await;
    let all = client.subscribe(">").await.expect("subscribing");
    client.flush().await.expect("flushing");
    let (ran, messages) = overheard(run("nats-request", &server), all).await;
    let mut seen = Seen::default();
    for (subject, body) in messages.iter().filter(|(_, body)| !body.is_empty()) {
        match subject.as_str() {
            "own.prioritization.sync" => seen.request(None, body),
            inbox if inbox.starts_with("_INBOX.") && !body.starts_with(b"{\"type\":\"io.nats") => {
                seen.result(None, body);
            }
            api if api.starts_with("$JS.") || api.starts_with("_INBOX.") => {}
            other => panic!("{other} is none of the guide's"),
        }
    }
    let completed = ran.trial().ledger.completed as usize;
    assert!(completed > 0);
    assert_eq!(seen.matched(), (completed, completed), "the wire and the ledger");
}

/// Stream and consumer settings, read back while the run is on.
struct Settings {
    requests: stream::Config,
    results: stream::Config,
    consumer: consumer::Config,
}

async fn settings_during(run: Run, context: &jetstream::Context) -> (Ran, Settings) {
    let running = tokio::task::spawn_blocking(move || run.end());
    let mut found = None;
    while found.is_none() && !running.is_finished() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        found = settings(context).await;
    }
    let ran = running.await.expect("the run");
    let found = found.unwrap_or_else(|| panic!("the streams were never there\n{}", ran.stderr));
    (ran, found)
}

/// None while the run has not created them all.
async fn settings(context: &jetstream::Context) -> Option<Settings> {
    let requests = context.get_stream("own_PRIORITY_REQUESTS").await.ok()?;
    let results = context.get_stream("own_PRIORITY_RESULTS").await.ok()?;
    let consumer = requests.consumer_info("priority-workers").await.ok()?;
    Some(Settings {
        requests: requests.cached_info().config.clone(),
        results: results.cached_info().config.clone(),
        consumer: consumer.config,
    })
}

#[tokio::test]
async fn jetstream_has_the_guides_streams_and_consumer_and_the_tiers_storage() {
    let server = Nats::start("");
    let context = jetstream::new(server.connect().await);
    for (tier, storage) in [("memory", stream::StorageType::Memory), ("os", stream::StorageType::File)] {
        let tier = format!("brokers.durability={tier}");
        let run = run("nats-jetstream", &server).with(&["--set", &tier]);
        let (ran, Settings { requests, results, consumer }) = settings_during(run, &context).await;
        ran.expect_measured();
        assert_eq!(requests.subjects, ["own.prioritization.request.*"]);
        assert_eq!(requests.retention, stream::RetentionPolicy::WorkQueue);
        assert_eq!(requests.max_age, Duration::from_secs(86_400));
        assert_eq!(results.subjects, ["own.prioritization.result.*"]);
        assert_eq!(results.retention, stream::RetentionPolicy::Limits);
        assert_eq!(results.max_age, Duration::from_secs(604_800));
        assert_eq!((requests.storage, results.storage), (storage, storage));
        assert_eq!((requests.num_replicas, results.num_replicas), (1, 1));
        assert_eq!(consumer.durable_name.as_deref(), Some("priority-workers"));
        assert_eq!(consumer.deliver_subject, None, "a pull consumer");
        assert_eq!(consumer.deliver_policy, consumer::DeliverPolicy::All);
        assert_eq!(consumer.ack_policy, consumer::AckPolicy::Explicit);
        assert_eq!(consumer.ack_wait, Duration::from_secs(30));
        assert_eq!(consumer.max_deliver, 3);
    }
}

#[tokio::test]
async fn jetstream_carries_the_guides_bodies() {
    let server = Nats::start("");
    let client = server.connect().await;
    let all = client.subscribe("own.prioritization.>").await.expect("subscribing");
    client.flush().await.expect("flushing");
    let (ran, messages) = overheard(run("nats-jetstream", &server), all).await;
    let mut seen = Seen::default();
    for (subject, body) in messages.iter().filter(|(subject, _)| !subject.ends_with(".preflight")) {
        match subject.strip_prefix("own.prioritization.").and_then(|rest| rest.split_once('.')) {
            Some(("request", category)) => seen.request(Some(category), body),
            Some(("result", category)) => seen.result(Some(category), body),
            _ => panic!("{subject} is none of the guide's"),
        }
    }
    let completed = ran.trial().ledger.completed as usize;
    assert!(completed > 0);
    assert_eq!(seen.matched(), (completed, completed), "the wire and the ledger");
}
