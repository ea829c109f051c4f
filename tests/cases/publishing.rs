//! Pools of connections and batches on real brokers: what waits is seen, and what the guide's own versions do wrong.

use weighbridge_record::result::{Kept, PoolRecord, Promised, PublishingRecord, Trial};
use weighbridge_record::terms::TransportKind;

use crate::harness::library::{self, planned};

const MS: u64 = 1_000_000;

fn scenario(load: &str, rest: &str) -> String {
    format!(
        r#"
name = "publishing"
question = "What do a pool and a batch do?"
transports = ["redis-pubsub", "redis-streams", "nats-core", "nats-jetstream", "nats-request"]
[load]
executor = "constant-arrival-rate"
warmup = "0s"
cooldown = "0s"
drain = "10s"
{load}
[brokers]
durability = "memory"
[workers]
count = 2
{rest}
"#
    )
}

fn measured(transport: TransportKind, load: &str, rest: &str) -> (Trial, PublishingRecord) {
    let trial = library::trial(&planned(&scenario(load, rest)), transport);
    let publishing = trial.generator.publishing.clone().expect("a policy was asked for");
    (trial, publishing)
}

fn pool(transport: TransportKind, load: &str, rest: &str) -> (Trial, PoolRecord) {
    let (trial, publishing) = measured(transport, load, rest);
    (trial, publishing.pool.expect("a pool was asked for"))
}

fn assert_all_answered_once(trial: &Trial) {
    let ledger = &trial.ledger;
    let told = (ledger.completed, ledger.lost, ledger.duplicated);
    assert_eq!(told, (ledger.attempted, 0, 0), "{}: {ledger:?} {:?}", trial.path, trial.errors);
}

#[test]
fn every_path_publishes_over_a_bounded_pool_and_never_over_more() {
    let load = "rate = 400\nduration = \"500ms\"\npool = \"checkout\"\nconnections = 3";
    for transport in planned(&scenario(load, "")).transports() {
        let (trial, pool) = pool(transport, load, "");
        assert_all_answered_once(&trial);
        assert_eq!((pool.size, pool.opened, pool.checkouts), (3, 3, trial.ledger.attempted), "{transport}");
        assert!((1..=3).contains(&pool.out_max), "{transport}: {pool:?}");
    }
}

#[test]
fn every_path_opens_a_connection_for_each_request_and_closes_it_again() {
    for tls in ["off", "mutual"] {
        let load = "rate = 150\nduration = \"1s\"\npool = \"fresh\"\nconnections = 8";
        let scenario = scenario(load, "").replace("[brokers]", &format!("[brokers]\ntls = \"{tls}\""));
        for transport in planned(&scenario).transports() {
            let trial = library::trial(&planned(&scenario), transport);
            assert_all_answered_once(&trial);
            assert!(trial.gaps.is_empty() && trial.errors.is_empty(), "{transport}: {:?}", trial.gaps);
            let pool = trial.generator.publishing.as_ref().and_then(|publishing| publishing.pool.as_ref());
            let pool = pool.expect("a pool was asked for");
            let attempted = trial.ledger.attempted;
            assert_eq!((pool.opened, pool.checkouts, pool.waited), (attempted, attempted, attempted));
            assert!((1..=8).contains(&pool.out_max), "{transport}: {pool:?}");
            // The last look is taken when all are done. Those of workers, collector and probe are a dozen.
            let seen = trial.series.iter().flat_map(|row| &row.brokers);
            let most = seen.filter_map(|broker| broker.connections).max().expect("the server was asked");
            assert!(most < 50, "{transport} with TLS {tls}: {most} connections of {attempted}");
        }
    }
}

/// A requester has its connection until the reply is there, 8 ms and more.
const HELD: &str = "concurrency = 64\nservice_time = \"8ms\"";

#[test]
fn who_finds_no_connection_free_waits_and_the_wait_is_not_our_lateness() {
    let load = |connections: u32| {
        format!("rate = 80\nduration = \"2s\"\npool = \"checkout\"\nconnections = {connections}")
    };
    let (trial, contended) = pool(TransportKind::NatsRequest, &load(1), HELD);
    assert_all_answered_once(&trial);
    assert!(contended.waited * 4 > contended.checkouts, "most arrive while one is out: {contended:?}");
    let waited_ns = contended.checkout_ns.and_then(|latency| latency.max).unwrap();
    let turnaround = trial.latency_ns.turnaround.as_ref().unwrap();
    assert!(waited_ns > 5 * MS && turnaround.max.unwrap() > waited_ns, "{waited_ns} {turnaround:?}");
    let send_lag = trial.latency_ns.send_lag.as_ref().and_then(|latency| latency.p50).unwrap();
    assert!(send_lag < 5 * MS, "{send_lag}");

    let (_, free) = pool(TransportKind::NatsRequest, &load(50), HELD);
    assert_eq!((free.waited, free.opened), (0, 50), "{free:?}");
}

#[test]
fn the_guides_pool_grows_beyond_its_size_where_publishers_overlap_and_only_there() {
    let load = |rate: u32| {
        format!(
            "rate = {rate}\narrivals = \"uniform\"\nduration = \"1s\"\npool = \"guide\"\nconnections = 10"
        )
    };
    let slow = "concurrency = 64\nservice_time = \"60ms\"";
    let (trial, grown) = pool(TransportKind::NatsRequest, &load(400), slow);
    assert_all_answered_once(&trial);
    assert!(grown.opened > 20 && grown.out_max > 10, "{grown:?}");
    assert_eq!((grown.size, grown.refused), (10, 0));
    let order = trial.promises.iter().find(|promise| promise.promise == Promised::Order);
    assert!(order.is_none_or(|order| order.verdict == Kept::NotExercised), "{:?}", trial.promises);

    // One publisher after the other: the first opens ten, and nobody ever needs an eleventh.
    let (trial, lone) = pool(TransportKind::RedisStreams, &load(10), "");
    assert_all_answered_once(&trial);
    assert_eq!((lone.opened, lone.out_max, lone.waited), (10, 1, 1), "{lone:?}");
}

#[test]
fn the_guides_pool_is_stopped_before_it_takes_all_files() {
    let load = "rate = 400\nduration = \"2s\"\npool = \"guide\"\nconnections = 100";
    let (trial, pool) = pool(TransportKind::NatsRequest, load, "concurrency = 1\nservice_time = \"1s\"");
    assert_eq!(pool.opened, u64::from(weighbridge_plan::POOL_MAX), "{pool:?}");
    assert!(pool.refused > 0 && trial.ledger.rejected > 0, "{pool:?} {:?}", trial.ledger);
    assert_eq!(trial.ledger.check(), Ok(()));
}

#[test]
fn a_batch_is_sent_when_it_is_full_or_when_its_first_request_has_waited() {
    let load = |batch: u32, linger: &str| {
        format!(
            "rate = 1000\narrivals = \"uniform\"\nduration = \"1s\"\nbatch = {batch}\nlinger = \"{linger}\""
        )
    };
    for transport in [TransportKind::RedisPubsub, TransportKind::NatsJetstream, TransportKind::NatsCore] {
        let (trial, PublishingRecord { batches, .. }) = measured(transport, &load(10, "2s"), "");
        assert_all_answered_once(&trial);
        let flushes = (batches.by_size, batches.by_linger, batches.by_end);
        assert_eq!((flushes, batches.sizes.max), ((100, 0, 0), 10), "{transport}: {batches:?}");

        let (trial, PublishingRecord { batches, .. }) = measured(transport, &load(10_000, "20ms"), "");
        assert_all_answered_once(&trial);
        assert!(batches.by_linger > 20 && batches.by_size == 0, "{transport}: {batches:?}");
        let linger = batches.linger_ns.expect("requests waited");
        let longest_ns = linger.max.unwrap();
        assert!(longest_ns >= 20 * MS && linger.p50.unwrap() < longest_ns, "{transport}: {longest_ns}");
    }
}

#[test]
fn one_by_one_what_falls_due_meanwhile_waits_and_the_last_batch_goes_out_at_the_end() {
    let load =
        "rate = 500\narrivals = \"uniform\"\nduration = \"900ms\"\nflush = \"one-by-one\"\nbatch = 100";
    for transport in planned(&scenario(load, "")).transports() {
        let (trial, PublishingRecord { batches, pool }) = measured(transport, load, "");
        assert_all_answered_once(&trial);
        let flushes = (batches.by_size, batches.by_linger, batches.by_end);
        assert_eq!((flushes, pool), ((4, 0, 1), None), "{transport}: {batches:?}");
        assert_eq!((batches.republished, batches.failed, batches.forgotten), (0, 0, 0), "{transport}");
        let waited_ns = batches.linger_ns.and_then(|linger| linger.max).unwrap();
        assert!(waited_ns > 190 * MS, "{transport}: the first of a hundred waits for the last: {waited_ns}");
    }
}

/// All connections break in the middle of a flush, which begins when a batch is full, after 1 s, and takes more than 200
/// ms with the delay.
const RESET: &str = r#"
[[faults]]
action = "delay"
at = "200ms"
for = "1800ms"
delay = "2ms"
[[faults]]
action = "reset"
at = "1100ms"
"#;

fn reset(publishing: &str, brokers: &str) -> (Trial, PublishingRecord) {
    let load = format!("rate = 150\narrivals = \"uniform\"\nduration = \"2s\"\nbatch = 50\n{publishing}");
    let all = "[\"redis-pubsub\", \"redis-streams\", \"nats-core\", \"nats-jetstream\", \"nats-request\"]";
    let text = scenario(&load, RESET).replace(all, "[\"nats-jetstream\"]");
    let text = text.replace("[brokers]", &format!("[brokers]\n{brokers}"));
    let trial = library::trial(&planned(&text), TransportKind::NatsJetstream);
    let publishing = trial.generator.publishing.clone().expect("a policy was asked for");
    (trial, publishing)
}

#[test]
fn one_by_one_after_an_error_stores_again_what_was_stored_and_together_does_not() {
    let (trial, PublishingRecord { batches, .. }) = reset("flush = \"one-by-one\"", "");
    assert!(batches.failed > 0 && batches.republished > 1, "{batches:?}");
    assert!(trial.ledger.duplicated > 0, "{:?}", trial.ledger);
    let doubled = trial.legal.iter().find(|anomaly| anomaly.field == "duplicated").expect("it is legal");
    assert!(doubled.reason.contains("publisher repeated"), "the publisher did it: {doubled:?}");

    let (trial, PublishingRecord { batches, .. }) = reset("linger = \"20ms\"", "");
    assert_eq!((batches.republished, batches.failed), (0, 0), "{batches:?}");
    // What a worker had in hand when its own connection broke may come again.
    assert!(trial.ledger.duplicated <= trial.ledger.redelivered, "{:?}", trial.ledger);
}

#[test]
fn with_a_message_id_what_is_published_again_is_stored_once() {
    let (trial, PublishingRecord { batches, .. }) =
        reset("flush = \"one-by-one\"", "delivery = \"exactly-once\"");
    assert!(batches.failed > 0 && batches.republished > 1, "{batches:?}");
    assert_eq!(trial.ledger.duplicated, 0, "{:?}", trial.ledger);
}

#[test]
fn called_by_handlers_side_by_side_the_guides_flush_publishes_again_without_any_error() {
    let load = |flush: &str| {
        format!("rate = 400\narrivals = \"uniform\"\nduration = \"1s\"\nbatch = 100\nflush = \"{flush}\"")
    };
    for transport in [TransportKind::RedisStreams, TransportKind::NatsJetstream] {
        let (trial, PublishingRecord { batches, .. }) = measured(transport, &load("guide"), "");
        assert!(batches.republished > 0 && batches.failed == 0, "{transport}: {batches:?}");
        assert_eq!(trial.ledger.duplicated, batches.republished, "{transport}: {:?}", trial.ledger);
        assert_eq!(trial.ledger.lost, batches.forgotten, "{transport}: {:?}", trial.ledger);

        let (trial, PublishingRecord { batches, .. }) = measured(transport, &load("one-by-one"), "");
        assert_all_answered_once(&trial);
        assert_eq!(batches.republished, 0, "{transport}");
    }
}
