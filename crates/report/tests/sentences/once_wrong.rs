//! Sentences that a page once made, with what they rested on: none follows from its record.

use weighbridge_record::fixture::Fixture;
use weighbridge_record::pairs::between_paths;
use weighbridge_record::point::Point;
use weighbridge_record::result::{PairVerdict, Probe, RunResult, SearchOutcome, SearchRecord};
use weighbridge_record::summary::summarize;
use weighbridge_record::terms::{Objective, Path, TransportKind};
use weighbridge_report::claim::{At, Claim, Fact, Of, What, of};
use weighbridge_report::claims;

use crate::check;
use crate::oracle::Record;

const P99: &str = "latency_ns.turnaround.p99";

fn refused(result: &RunResult, claim: &Claim) -> String {
    let record = Record { json: serde_json::to_value(result).unwrap() };
    check::wrong(&record, claim).unwrap_or_else(|| panic!("nothing is wrong with: {}", claim.text))
}

fn said(result: &RunResult, place: &str) -> String {
    let claims = claims(result).unwrap();
    let (_, claim) = claims.iter().find(|(known, _)| known == place).unwrap();
    claim.text.replace('\u{a0}', " ")
}

fn two(repetitions: u32) -> RunResult {
    let transports = vec![TransportKind::NatsCore, TransportKind::RedisStreams];
    Fixture { transports, repetitions, seconds: 2, ..Fixture::default() }.build()
}

fn again(result: &mut RunResult) {
    result.summary = summarize(&result.trials);
    result.ratios = between_paths(&result.trials);
}

fn median(at: &At, path: TransportKind) -> Of<'_> {
    of(at, path.into(), What::Median(P99.to_owned()))
}

fn here() -> At {
    At::Point(Point::new())
}

/// A search of two paths, each with two confirmations, at rates of their own.
fn searched() -> RunResult {
    let mut result = two(2);
    for (trial, p99_ms) in result.trials.iter_mut().zip([20, 43, 30, 6]) {
        trial.latency_ns.turnaround.as_mut().unwrap().p99 = Some(p99_ms * 1_000_000);
        trial.rates.offered_per_s = Some(1_000.0);
    }
    let search = |path: TransportKind, rate_per_s: f64, trials: [usize; 2]| {
        let probe = |trial: usize| Probe {
            rate_per_s,
            confirmation: true,
            asked: 1,
            passed: true,
            reasons: Vec::new(),
            trial,
        };
        SearchRecord {
            path: path.into(),
            objective: Objective::HighestSustainedRate,
            outcome: SearchOutcome::Found,
            rate_per_s: Some(rate_per_s),
            low_per_s: Some(rate_per_s),
            high_per_s: None,
            precision: 0.1,
            from_per_s: 500.0,
            to_per_s: 1e6,
            probes: trials.map(probe).to_vec(),
        }
    };
    result.searches = vec![
        search(TransportKind::NatsCore, 64_000.0, [0, 2]),
        search(TransportKind::RedisStreams, 22_600.0, [1, 3]),
    ];
    result
}

#[test]
fn the_last_confirmation_is_not_the_p99_of_a_rate() {
    let result = searched();
    let last = Claim::words("redis-streams sustains its rate (p99 turnaround ").figure(
        "6.00 ms".to_owned(),
        6e6,
        median(&At::Confirmed, TransportKind::RedisStreams),
    );
    assert!(refused(&result, &last).contains("is 24500000"));
    insta::assert_snapshot!(said(&result, "answer"), @"nats-core sustains 64 000/s (p99 turnaround 25.0 ms, 20.0 ms to 30.0 ms over its confirmations); redis-streams sustains 22 600/s (p99 turnaround 24.5 ms, 6.00 ms to 43.0 ms over its confirmations).");
}

#[test]
fn rates_that_differ_are_not_held_against_each_other() {
    let result = searched();
    let what = What::Times { figure: P99.to_owned(), other: TransportKind::RedisStreams.into() };
    let times = Claim::words("p99 of nats-core is ")
        .figure("1.0×".to_owned(), 25.0 / 24.5, of(&At::Confirmed, TransportKind::NatsCore.into(), what))
        .say(" that of redis-streams");
    refused(&result, &times);
    assert!(said(&result, "percentiles").contains("no percentile is held against another"));
}

#[test]
fn a_rate_that_was_not_confirmed_is_not_ringed() {
    let result = searched();
    let path = TransportKind::RedisStreams.into();
    let knee = Claim::words("Knee of p99: redis-streams at ").figure(
        "32 000/s".to_owned(),
        32_000.0,
        of(&At::Run, path, What::Searched("rate_per_s")),
    );
    refused(&result, &knee);
}

#[test]
fn a_tail_that_outgrows_that_of_the_idle_path_is_not_passed_over() {
    let rates = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000];
    let points = rates.map(|rate| [("load.rate".to_owned(), rate.into())].into()).to_vec();
    let transports = vec![TransportKind::NatsCore];
    let mut result = Fixture { transports, points, seconds: 2, ..Fixture::default() }.build();
    let p99_us = [920, 950, 1_000, 1_400, 2_500, 6_000, 15_900];
    for ((trial, rate), p99_us) in result.trials.iter_mut().zip(rates).zip(p99_us) {
        trial.rates.offered_per_s = Some(f64::from(rate));
        trial.rates.completed_per_s = f64::from(rate);
        trial.latency_ns.turnaround.as_mut().unwrap().p99 = Some(p99_us * 1_000);
    }
    again(&mut result);
    insta::assert_snapshot!(said(&result, "hockey-stick"), @"As fast as at the lowest rate, p99 within twice that: nats-core to 4 000/s; no knee: nats-core to 32 000/s.");
    let path = TransportKind::NatsCore.into();
    let to_the_end = Claim::words("no bend: nats-core to ").figure(
        "32 000/s".to_owned(),
        32_000.0,
        of(&here(), path, What::AsIdle),
    );
    refused(&result, &to_the_end);
}

#[test]
fn a_span_of_nothing_and_a_change_of_nothing_are_not_said() {
    let result = two(3);
    let at = here();
    let value = result.summary[0].figures[P99].median;
    let print = || weighbridge_record::format::latency(value);
    let span = Claim::words("p99 moves from ")
        .figure(print(), value, median(&at, TransportKind::NatsCore))
        .say(" to ")
        .figure(print(), value, median(&at, TransportKind::NatsCore));
    assert!(refused(&result, &span).starts_with("a span of nothing"));

    let points = [1, 2].map(|count| [("workers.count".to_owned(), count.into())].into()).to_vec();
    let transports = vec![TransportKind::NatsCore];
    let mut level = Fixture { transports, points, seconds: 2, ..Fixture::default() }.build();
    let first = level.trials[0].latency_ns.clone();
    level.trials.iter_mut().for_each(|trial| trial.latency_ns = first.clone());
    again(&mut level);
    let change = of(&at, TransportKind::NatsCore.into(), What::Change(P99.to_owned()));
    let change =
        Claim::words("Changes most: p99 of nats-core (").figure("1.0×".to_owned(), 1.0, change).say(")");
    assert!(refused(&level, &change).contains("is no change"));
    assert_eq!(said(&level, "sweep"), "no p99 turnaround changes by a twentieth over the sweep.");
}

#[test]
fn nobody_is_called_fastest_whom_the_record_calls_level() {
    let mut result = two(3);
    let value = result.summary[0].figures[P99].median;
    let wins = Fact::Wins { at: here(), path: TransportKind::NatsCore.into(), figure: P99.to_owned() };
    let headline = Claim::words("nats-core p99 ")
        .figure(weighbridge_record::format::latency(value), value, median(&here(), TransportKind::NatsCore))
        .resting_on(wins);
    let record = Record { json: serde_json::to_value(&result).unwrap() };
    assert_eq!(check::wrong(&record, &headline), None, "it is true while the record shows it");
    result.ratios.iter_mut().for_each(|pair| pair.verdict = PairVerdict::NoDifferenceShown);
    assert!(refused(&result, &headline).starts_with("the winner is None"));
    assert!(said(&result, "badge").starts_with("no winner"));
}

#[test]
fn a_figure_that_one_repetition_lacks_or_that_is_ours_is_not_said() {
    let mut result = two(3);
    let value = result.summary[0].figures[P99].median;
    let claim = Claim::words("nats-core has p99 ").figure(
        weighbridge_record::format::latency(value),
        value,
        median(&here(), TransportKind::NatsCore),
    );
    let whole = result.clone();
    result.trials[0].latency_ns.turnaround.as_mut().unwrap().p99 = None;
    again(&mut result);
    assert!(refused(&result, &claim).contains("is not in the record"));
    let mut late = whole;
    late.trials[0].latency_ns.send_lag.as_mut().unwrap().p99 = Some(value as u64 * 2 / 5);
    assert!(refused(&late, &claim).contains("is not in the record"));
}

#[test]
fn what_the_first_repetition_had_is_not_the_most_of_all() {
    let mut result = two(3);
    for (place, trial) in result.trials.iter_mut().enumerate() {
        trial.series.iter_mut().for_each(|row| row.in_flight = 5 + place as u64);
    }
    let path: Path = TransportKind::NatsCore.into();
    let first = Claim::words("The backlog was highest with ").figure(
        "5".to_owned(),
        5.0,
        of(&here(), path, What::Backlog),
    );
    refused(&result, &first);
    assert!(
        said(&result, "backlog")
            .starts_with("The backlog was highest with 10 requests in flight (redis-streams, repetition 3"),
        "{}",
        said(&result, "backlog")
    );
}

#[test]
fn less_than_half_is_not_most() {
    let result = two(1);
    let claims = claims(&result).unwrap();
    let (_, stages) = claims.iter().find(|(place, _)| place == "stages").unwrap();
    assert!(stages.text.starts_with("The largest part of requests around p99: "), "{}", stages.text);
    let record = Record { json: serde_json::to_value(&result).unwrap() };
    let (path, what) = (TransportKind::NatsCore.into(), What::Part { statistic: "p99", part: "service" });
    let share = record.value(&here(), Some(path), &what).unwrap();
    assert!(share < 50.0, "{share}");
    let print = || format!("{share:.0} %");
    let most = Claim::words("Requests spend most of their time: ").figure(
        print(),
        share,
        of(&here(), path, what.clone()),
    );
    assert!(refused(&result, &most).contains("is not most"));
    let part = Claim::words("Service: ").figure(print(), share, of(&here(), path, what));
    assert_eq!(check::wrong(&record, &part), None);
}
