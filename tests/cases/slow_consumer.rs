//! A worker that does not read while the broker holds little for it: the broker cuts it off, what that cost is counted,
//! and nobody's memory grows over it.

use weighbridge_record::result::{DoubtKind, Gap, GapKind, Kept, Side, Trial};

use crate::harness::Run;
use crate::harness::brokers::{Nats, Redis};

/// Some 10 MB/s in large messages to each of two workers, of which one stands still for four seconds. What the kernel
/// takes for a connection is full long before that.
const SET: [&str; 7] = [
    "load.rate=300",
    "load.duration=8s",
    "load.timeout=2s",
    "payload.description_bytes=60000",
    "workers.kind=processes",
    "workers.count=2",
    "faults=[{ action = \"stop-reading\", at = \"500ms\", for = \"4s\" }]",
];
/// Twice what such a run takes, and less than if all bodies that it sends were kept besides: those are some 150 MB.
const RSS_BYTES_MAX: u64 = 150_000_000;

fn cut_off(transport: &str, flags: &[&str]) -> Trial {
    let mut run = Run::short(&[transport]).with(flags);
    for change in SET {
        run = run.with(&["--set", change]);
    }
    let ran = run.end();
    ran.expect_code(&[0, 99, 100]);
    let trial = ran.trial();
    assert_eq!(trial.faults.len(), 1, "{transport}: {:?}", trial.errors);
    let doubts: Vec<_> = trial.doubts.iter().map(|doubt| doubt.kind).collect();
    assert!(doubts.contains(&DoubtKind::Disconnected), "{transport}: {doubts:?} {:?}", trial.errors);
    let cut =
        |gap: &Gap| (gap.side, gap.kind) == (Side::Worker, GapKind::Disconnected) && gap.end_s.is_some();
    assert!(trial.gaps.iter().any(cut), "{transport}: {:?}", trial.gaps);
    assert!(trial.ledger.lost > 0, "{transport}: {:?}", trial.ledger);
    let broken = trial.promises.iter().filter(|promise| promise.verdict == Kept::Broken);
    assert_eq!(broken.count(), 0, "{transport}: {:?}", trial.promises);
    assert!(trial.generator.rss_bytes_max < RSS_BYTES_MAX, "{transport}: {}", trial.generator.rss_bytes_max);
    trial
}

#[test]
fn redis_cuts_off_a_subscriber_that_does_not_read() {
    let server = Redis::start(&["--client-output-buffer-limit", "pubsub 1mb 0 0"]);
    cut_off("redis-pubsub", &["--redis-url", &server.url()]);
}

#[test]
fn nats_cuts_off_a_subscriber_that_does_not_read() {
    let server = Nats::start("max_pending: 1048576\nwrite_deadline: \"500ms\"");
    let trial = cut_off("nats-core", &["--nats-url", &server.url(), "--nats-monitoring", &server.monitoring]);
    let samples = trial.series.iter().flat_map(|row| &row.brokers);
    assert!(samples.filter_map(|broker| broker.slow_consumers).max().is_some_and(|most| most >= 1));
}
