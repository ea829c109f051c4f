//! Sentences of a comparison and of a list of runs that don't follow, beside those that do.

use weighbridge_record::compare::{Options, RunVerdict, compare};
use weighbridge_record::fixture::Fixture;
use weighbridge_record::histogram::{decode, merge};
use weighbridge_record::point::Point;
use weighbridge_record::result::{RunResult, Verdict};
use weighbridge_record::terms::{Path, TransportKind};
use weighbridge_report::claim::{At, Claim, Fact, MovedPart, PairPart, RatioPart, Side, What, of, of_all};
use weighbridge_report::comparison_claims;

use crate::check::{self, Source};
use crate::runs::Runs;
use crate::two_runs::TwoRuns;
use crate::{json, listed};

const P99: &str = "latency_ns.turnaround.p99";

fn refused(source: &impl Source, claim: &Claim) -> String {
    check::wrong(source, claim).unwrap_or_else(|| panic!("nothing is wrong with: {}", claim.text))
}

fn holds(source: &impl Source, claim: &Claim) {
    assert_eq!(check::wrong(source, claim), None, "{}", claim.text);
}

fn nats() -> Path {
    TransportKind::NatsCore.into()
}

fn redis() -> Path {
    TransportKind::RedisStreams.into()
}

fn two(repetitions: u32) -> RunResult {
    let transports = vec![TransportKind::NatsCore, TransportKind::RedisStreams];
    Fixture { transports, repetitions, seconds: 2, ..Fixture::default() }.build()
}

/// The p99 of `redis-streams` times a factor.
fn slower(mut result: RunResult, factor: f64) -> RunResult {
    for trial in result.trials.iter_mut().filter(|trial| trial.path == TransportKind::RedisStreams) {
        let turnaround = trial.latency_ns.turnaround.as_mut().unwrap();
        turnaround.p99 = turnaround.p99.map(|ns| (ns as f64 * factor) as u64);
    }
    result
}

/// A run that is slower than its base, held against it.
fn regressed() -> (TwoRuns, Vec<(String, Claim)>) {
    let (base, new) = (two(5), slower(two(5), 1.5));
    let comparison = compare(&base, &new, Options { tolerance_percent: 5.0, force: false }).unwrap();
    let placed = comparison_claims(&comparison, &base, &new).unwrap();
    (TwoRuns::of(json(&base), json(&new), 5.0), placed)
}

fn between() -> At {
    At::Between(Point::new())
}

/// The sentence at a place, which holds.
fn said(source: &impl Source, placed: &[(String, Claim)], place: &str) -> Claim {
    let (_, claim) = placed.iter().find(|(known, _)| known == place).unwrap();
    holds(source, claim);
    claim.clone()
}

#[test]
fn a_regression_is_not_called_none_and_no_figure_more_is_counted() {
    let (runs, placed) = regressed();
    let claim = said(&runs, &placed, "headline");
    assert_eq!(claim.text, "Regression: 1 of 8 figures are worse by more than 5 %.");
    let count = |count: usize| {
        let all = of_all(&At::Run, What::Compared(None));
        Claim::words("No regression: all ").figure(count.to_string(), count as f64, all).say(" are kept.")
    };
    holds(&runs, &count(8));
    assert!(refused(&runs, &count(9)).contains("is 8"));
    let none = count(8).resting_on(Fact::Compared(RunVerdict::NoRegression));
    assert!(refused(&runs, &none).contains("the verdict is Regression"));
    let digits =
        Claim::words("Regression: 1 of 8 figures.").resting_on(Fact::Compared(RunVerdict::Regression));
    assert!(refused(&runs, &digits).starts_with("a figure rests on nothing"));
}

#[test]
fn what_chance_explains_is_not_counted_beside_what_is_shown() {
    let mut new = two(3);
    let mut of_redis = new.trials.iter_mut().filter(|trial| trial.path == TransportKind::RedisStreams);
    for factor in [1.13, 1.2, 1.22] {
        let turnaround = of_redis.next().unwrap().latency_ns.turnaround.as_mut().unwrap();
        turnaround.p50 = turnaround.p50.map(|ns| (ns as f64 * factor) as u64);
    }
    let comparison = compare(&two(3), &new, Options { tolerance_percent: 0.0, force: false }).unwrap();
    let placed = comparison_claims(&comparison, &two(3), &new).unwrap();
    let runs = TwoRuns::of(json(&two(3)), json(&new), 0.0);
    assert!(said(&runs, &placed, "headline").text.contains("1 of them lies wholly beyond it, which 3 rep"));
    let beyond = of_all(&At::Run, What::BeyondByChance);
    refused(&runs, &Claim::default().figure("2".to_owned(), 2.0, beyond).say(" of them lie beyond it."));
}

#[test]
fn a_ratio_is_not_turned_round_and_not_called_open_where_it_is_shown() {
    let (runs, placed) = regressed();
    let claim = said(&runs, &placed, "ratios");
    assert!(claim.text.contains("redis-streams p99 1.50 ("), "{}", claim.text);
    let middle = What::Pair { figure: P99.to_owned(), part: PairPart::Ratio(RatioPart::Middle) };
    let turned = Claim::words("redis-streams p99 ").figure(
        "0.67".to_owned(),
        1.0 / 1.5,
        of(&between(), redis(), middle),
    );
    refused(&runs, &turned);
    let verdict = weighbridge_record::compare::FigureVerdict::Inconclusive;
    let open = Fact::Judged { at: between(), path: redis(), figure: P99.to_owned(), verdict };
    assert!(refused(&runs, &Claim::words("It could be.").resting_on(open)).contains("Regression"));
}

#[test]
fn what_merged_repetitions_have_is_not_the_percentile_of_a_run() {
    let base = two(3);
    let mut new = base.clone();
    // One repetition of the three is that of the slower path.
    let slow = base.trials[1].latency_ns.turnaround.as_ref().unwrap().histogram.clone();
    new.trials[0].latency_ns.turnaround.as_mut().unwrap().histogram = slow;
    let texts = new.trials.iter().filter(|trial| trial.path == TransportKind::NatsCore);
    let texts = texts.map(|trial| trial.latency_ns.turnaround.as_ref().unwrap().histogram.as_str());
    let merged = merge(texts.clone(), "test").unwrap().unwrap().value_at_quantile(0.99);
    let mut each: Vec<u64> =
        texts.map(|text| decode(text, "test").unwrap().value_at_quantile(0.99)).collect();
    each.sort_unstable();
    let runs = TwoRuns::of(json(&base), json(&new), 5.0);
    let claim = |ns: u64| {
        let at = At::Of(Side::New, Point::new());
        let said = weighbridge_record::format::latency_ns(ns);
        Claim::words("p99 of nats-core is ").figure(said, ns as f64, of(&at, nats(), What::Quantile(0.99)))
    };
    assert!(merged > each[1]);
    holds(&runs, &claim(each[1]));
    refused(&runs, &claim(merged));
    let farthest = |path: Path| {
        let what = What::Apart;
        Claim::words("They lie farthest apart there.").resting_on(Fact::Most { at: between(), path, what })
    };
    let apart = TwoRuns::of(json(&base), json(&swapped(&base)), 5.0);
    holds(&apart, &farthest(redis()));
    assert!(refused(&apart, &farthest(nats())).starts_with("nats-core has 1"));
}

/// The latencies of `redis-streams` in one of the repetitions go for all of them.
fn swapped(base: &RunResult) -> RunResult {
    let mut new = base.clone();
    let fast = base.trials[0].latency_ns.turnaround.as_ref().unwrap().histogram.clone();
    for trial in new.trials.iter_mut().filter(|trial| trial.path == TransportKind::RedisStreams) {
        trial.latency_ns.turnaround.as_mut().unwrap().histogram.clone_from(&fast);
    }
    new
}

/// Three runs of one load: `redis-streams` becomes slower from one to the next; the last has another load.
fn folder() -> (Runs, Vec<(String, Claim)>) {
    let run = |day: u32, factor: f64| {
        let mut run = slower(two(1), factor);
        run.run_id = format!("RUN{day}");
        run.environment.started_at = format!("2026-01-0{day}T00:00:00Z");
        run
    };
    let mut other = run(4, 1.0);
    other.scenario.source = other.scenario.source.replace("2000", "500");
    other.verdict = Verdict::Failed;
    listed(&[Some(run(1, 1.0)), Some(run(2, 3.0)), Some(run(3, 2.0)), Some(other), None])
}

fn line() -> At {
    At::Line { newest: "RUN3".to_owned(), point: Point::new() }
}

#[test]
fn a_run_is_counted_once_and_by_its_own_verdict() {
    let (runs, placed) = folder();
    let claim = said(&runs, &placed, "summary");
    assert_eq!(claim.text, "5 runs of 1 scenario: 3 passed, 1 failed, 1 unreadable.");
    let passed = of_all(&At::Run, What::Runs(Some("passed")));
    assert!(refused(&runs, &Claim::default().figure("4".to_owned(), 4.0, passed)).contains("is 3"));
    let note = said(&runs, &placed, "note");
    assert!(note.text.starts_with("1 run of quickstart put a load"), "{}", note.text);
    let alone = of_all(&At::Run, What::RunsAlone);
    refused(&runs, &Claim::default().figure("2".to_owned(), 2.0, alone).say(" runs are in no trend."));
    refused(&runs, &Claim::words("1 run is in no trend."));
    refused(&runs, &Claim::words("Of ").name("spike".to_owned()).say(" no other run has the load."));
}

#[test]
fn the_widest_move_and_the_newest_run_are_those_of_the_line() {
    let (runs, placed) = folder();
    let claim = said(&runs, &placed, "trend-p99-0");
    assert!(claim.text.starts_with("The p99 turnaround of redis-streams moved most: "), "{}", claim.text);
    let moved = |part: MovedPart| What::Moved { figure: P99.to_owned(), part };
    let most = |path: Path| Fact::Most { at: line(), path, what: moved(MovedPart::Ratio) };
    holds(&runs, &Claim::words("It moved most.").resting_on(most(redis())));
    assert!(
        refused(&runs, &Claim::words("It moved most.").resting_on(most(nats()))).contains("redis-streams")
    );
    let highest = runs.value(&line(), Some(redis()), &moved(MovedPart::Highest)).unwrap();
    let newest = |part: MovedPart| {
        let said = weighbridge_record::format::latency(highest);
        Claim::default().figure(said, highest, of(&line(), redis(), moved(part))).say(" in the newest")
    };
    holds(&runs, &newest(MovedPart::Highest));
    refused(&runs, &newest(MovedPart::Newest));
    // The run of another load is none of the line's.
    let line = line();
    let four = of_all(&line, What::RunsOfLine { drawn: false });
    assert!(refused(&runs, &Claim::default().figure("4".to_owned(), 4.0, four)).contains("is 3"));
    let nothing = Fact::Nowhere { at: line.clone(), what: moved(MovedPart::Runs) };
    refused(&runs, &Claim::words("Nothing can be said.").resting_on(nothing));
}
