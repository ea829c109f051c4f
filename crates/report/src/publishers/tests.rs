use super::*;
use crate::groups::groups;
use weighbridge_record::fixture::{Fixture, with_publishing};
use weighbridge_record::result::RunResult;
use weighbridge_record::terms::TransportKind;

fn run(repetitions: u32) -> RunResult {
    let transports = vec![TransportKind::RedisStreams, TransportKind::NatsCore];
    Fixture { transports, repetitions, seconds: 2, rate_per_s: 500, ..Fixture::default() }.build()
}

fn told(result: &RunResult) -> String {
    let groups = groups(result);
    sentences(&groups[0])
        .into_iter()
        .map(|claim| claim.text.replace('\u{a0}', " "))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn what_the_guides_pool_and_batch_did_is_told_path_by_path() {
    let result = with_publishing(run(1), Pool::Guide, Flush::OneByOne);
    insta::assert_snapshot!(told(&result), @r"
    redis-streams: a pool of 10 opened 50 connections, of which at most 17 were out at a time; the longest wait for a connection was 40.0 ms; a request waited up to 50.0 ms for its turn in a batch; 301 publishes were repeats of earlier ones after flushes that failed.
    nats-core: a pool of 10 opened 50 connections, of which at most 17 were out at a time; the longest wait for a connection was 40.0 ms; a request waited up to 50.0 ms for its turn in a batch; 301 publishes were repeats of earlier ones after flushes that failed.
    ");
    let rows = rows(&groups(&result)[0]);
    assert_eq!(rows.len(), 2);
    let Row { pool, opened, waited, flush, reasons, republished, .. } = &rows[0];
    let row = [pool, opened, waited, flush, reasons, republished].map(String::as_str).join(" | ");
    assert_eq!(
        row.replace('\u{a0}', " "),
        "guide | 50 of 10 | 21 of 1 000 | one-by-one | 9 full, 1 waited, 1 at the end | 301"
    );
}

#[test]
fn of_several_repetitions_the_worst_is_told() {
    let told = told(&with_publishing(run(3), Pool::Guide, Flush::Guide));
    assert!(told.contains("in the worst repetition"), "{told}");
}

#[test]
fn a_pool_that_kept_its_size_and_a_batch_that_was_sent_once_stand_out_by_their_waits_alone() {
    let mut result = with_publishing(run(1), Pool::Checkout, Flush::Together);
    insta::assert_snapshot!(told(&result), @r"
    redis-streams: the longest wait for a connection was 40.0 ms; a request waited up to 50.0 ms for its turn in a batch.
    nats-core: the longest wait for a connection was 40.0 ms; a request waited up to 50.0 ms for its turn in a batch.
    ");
    for trial in &mut result.trials {
        let publishing = trial.generator.publishing.as_mut().unwrap();
        publishing.pool.as_mut().unwrap().waited = 0;
        publishing.batches.linger_limit_ns = Some(0);
    }
    assert_eq!(told(&result), "");
}

#[test]
fn without_a_policy_nothing_is_told() {
    let result = run(1);
    assert!(rows(&groups(&result)[0]).is_empty() && told(&result).is_empty());
}
