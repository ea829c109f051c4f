//! What servers tell of themselves in the middle of a run: ours, and those of others.

use weighbridge_record::result::{BrokerSample, Trial};

use crate::harness::Run;
use crate::harness::brokers::{Nats, Redis};

/// Four workers that need 20 ms each take 200 of 400 requests a second.
const TOO_SLOW: [&str; 6] = [
    "load.rate=400",
    "load.duration=4s",
    "load.timeout=8s",
    "workers.count=4",
    "workers.concurrency=1",
    "workers.service_time=20ms",
];

fn run(transport: &str, set: &[&str], flags: &[&str]) -> Run {
    let run = Run::short(&[transport]).with(flags);
    set.iter().fold(run, |run, change| run.with(&["--set", change]))
}

fn told<T>(trial: &Trial, read: impl Fn(&BrokerSample) -> Option<T>) -> Vec<T> {
    trial.series.iter().flat_map(|row| &row.brokers).filter_map(read).collect()
}

/// The most that was undelivered or unacknowledged: workers take as many as their window has room for. 800 wait in the
/// end; tests ask for half of that, for a machine on which the load began late.
fn waiting(trial: &Trial) -> Option<u64> {
    let both = |broker: &BrokerSample| Some(broker.undelivered_messages? + broker.unacknowledged_messages?);
    told(trial, both).into_iter().max()
}

#[test]
fn a_backlog_is_seen_by_the_broker_that_holds_it_and_told_in_seconds() {
    for transport in ["redis-streams", "nats-jetstream"] {
        let ran = run(transport, &TOO_SLOW, &[]).end();
        ran.expect_code(&[0, 99, 100]);
        let trial = ran.trial();
        assert!(waiting(&trial).is_some_and(|most| most > 400), "{transport}: {:?}", waiting(&trial));
        let behind = trial.series.iter().filter_map(|row| row.behind_s).fold(0.0, f64::max);
        assert!(behind > 1.0 && behind < 8.0, "{transport}: {behind}");
        assert!(told(&trial, |broker| broker.healthy).into_iter().all(|healthy| healthy), "{transport}");
    }
}

#[test]
fn workers_that_keep_up_leave_nothing_waiting() {
    for transport in ["redis-streams", "nats-jetstream"] {
        let ran = run(transport, &["load.rate=100", "load.duration=3s"], &[]).end();
        ran.expect_measured();
        let trial = ran.trial();
        let undelivered = told(&trial, |broker| broker.undelivered_messages);
        assert!(undelivered.len() >= 2 && undelivered.iter().all(|count| *count < 50), "{undelivered:?}");
        let asking = trial.brokers[0].asking.expect("it was asked");
        assert!(asking.answered >= 3 && asking.unanswered == 0, "{asking:?}");
        assert!(asking.answer_seconds_max.is_some_and(|longest| longest <= asking.answer_seconds));
        let own = asking.server_seconds;
        assert_eq!(own.is_some(), transport == "redis-streams", "{own:?}");
        assert!(own.is_none_or(|seconds| seconds > 0.0 && seconds < asking.answer_seconds), "{asking:?}");
    }
}

#[test]
fn a_server_that_stands_still_leaves_holes_and_is_counted() {
    let fault = "faults=[{ action = \"pause-broker\", at = \"500ms\", for = \"2500ms\" }]";
    for transport in ["redis-pubsub", "nats-core"] {
        let ran = run(transport, &["load.rate=100", "load.duration=5s", fault], &[]).end();
        let asking = ran.trial().brokers[0].asking.expect("it was asked");
        assert!(asking.unanswered >= 1 && asking.answered >= 2, "{transport}: {asking:?}");
    }
}

#[test]
fn servers_of_others_are_asked_as_well() {
    let (redis, nats) = (Redis::start(&[]), Nats::start(""));
    let of_redis = run("redis-streams", &TOO_SLOW, &["--redis-url", &redis.url()]).end().trial();
    let named = ["--nats-url", &nats.url(), "--nats-monitoring", &nats.monitoring];
    let of_nats = run("nats-jetstream", &TOO_SLOW, &named).end().trial();
    for trial in [&of_redis, &of_nats] {
        assert!(waiting(trial).is_some_and(|most| most > 400), "{}: {:?}", trial.path, waiting(trial));
        assert!(told(trial, |broker| broker.connections).into_iter().any(|count| count > 0));
        let broker = &trial.brokers[0];
        assert!(!broker.managed && broker.rss_bytes_max.is_some_and(|bytes| bytes > 1 << 20), "{broker:?}");
        assert!(!told(trial, |broker| broker.cpu_cores).is_empty(), "{}", trial.path);
    }
    // Redis counts its CPU time, NATS tells a share of a core.
    assert!(of_redis.brokers[0].cpu_seconds.is_some_and(|seconds| seconds > 0.0));
    assert_eq!(of_nats.brokers[0].cpu_seconds, None);
}

#[test]
fn a_server_whose_monitoring_was_not_named_tells_nothing() {
    let nats = Nats::start("");
    let trial = run("nats-core", &["load.duration=2s"], &["--nats-url", &nats.url()]).end().trial();
    assert!(trial.brokers[0].asking.is_none());
    assert!(told(&trial, |broker| broker.healthy).is_empty());
}

#[test]
fn the_monitoring_of_another_server_and_of_none_is_refused_before_any_load() {
    let (nats, other) = (Nats::start(""), Nats::start(""));
    for (monitoring, why, code) in [
        (other.monitoring.as_str(), "another server", 69),
        ("http://127.0.0.1:1", "does not answer", 69),
        ("https://127.0.0.1:1", "http://HOST:PORT", 69),
        ("http://192.0.2.7:8222", "--allow-host 192.0.2.7", 1),
    ] {
        let flags = ["--nats-url", &nats.url(), "--nats-monitoring", monitoring];
        let ran = run("nats-core", &[], &flags).end();
        ran.expect_code(&[code]).expect_error(&[why]).expect_no_report();
    }
}
