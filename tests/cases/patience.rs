//! A broker that stands still for some seconds and goes on: no client of ours gives it up, so nothing is lost on
//! any path, and the stall is in the figures.

use std::time::Duration;

use crate::reconnect::{Broker, start};

/// Longer than clients that ask for a sign of life every two seconds wait.
const STILL: Duration = Duration::from_secs(7);

fn stand_still(transport: &str) {
    let broker = Broker::of(transport);
    // What is sent meanwhile fits the socket's buffer: what the kernel does when it doesn't is not ours.
    let running = start(transport, &broker, &["load.rate=20", "load.drain=10s"]);
    // More than what prepares a path takes.
    broker.wait_until(if transport.starts_with("redis") { 400 } else { 100 });
    broker.stand_still(STILL);
    let ran = running.end();
    ran.expect_code(&[0, 99, 100]);
    let trial = ran.trial();
    let ledger = &trial.ledger;
    assert_eq!((ledger.completed, ledger.lost), (ledger.attempted - ledger.unsent, 0), "{ledger:?}");
    assert_eq!((ledger.duplicated, ledger.redelivered), (0, 0), "{ledger:?}");
    assert!(trial.gaps.is_empty(), "a connection was given up: {:?} {:?}", trial.gaps, trial.errors);
    let longest_ns = trial.latency_ns.turnaround.as_ref().and_then(|latency| latency.max);
    assert!(longest_ns >= Some(6_000_000_000), "the stall does not show: {longest_ns:?}");
}

#[test]
fn redis_pubsub_waits_for_a_broker_that_stands_still() {
    stand_still("redis-pubsub");
}

#[test]
fn redis_streams_waits_for_a_broker_that_stands_still() {
    stand_still("redis-streams");
}

#[test]
fn nats_core_waits_for_a_broker_that_stands_still() {
    stand_still("nats-core");
}

#[test]
fn nats_jetstream_waits_for_a_broker_that_stands_still() {
    stand_still("nats-jetstream");
}

#[test]
fn nats_request_waits_for_a_broker_that_stands_still() {
    stand_still("nats-request");
}
