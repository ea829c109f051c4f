//! Tests of whole comparisons: false alarms, detection, refusals.

use rand::SeedableRng;
use rand_distr::{Distribution, LogNormal};
use rand_pcg::Pcg64;

use super::figures::{Worse, verdict};
use super::*;
use crate::fixture::Fixture;
use crate::terms::TransportKind;

const OPTIONS: Options = Options { tolerance_percent: 5.0, force: false };

fn run(repetitions: u32) -> RunResult {
    let transports = vec![TransportKind::RedisStreams, TransportKind::NatsJetstream];
    Fixture { transports, repetitions, seconds: 1, ..Fixture::default() }.build()
}

fn slowed(mut run: RunResult, factor: f64) -> RunResult {
    for trial in &mut run.trials {
        let turnaround = trial.latency_ns.turnaround.as_mut().unwrap();
        for ns in [&mut turnaround.p50, &mut turnaround.p99].into_iter().flatten() {
            *ns = (*ns as f64 * factor) as u64;
        }
    }
    run
}

#[test]
fn a_search_is_not_compared() {
    let mut search = run(1);
    search.searches = vec![crate::result::SearchRecord {
        path: TransportKind::NatsJetstream.into(),
        objective: crate::terms::Objective::HighestSustainedRate,
        outcome: crate::result::SearchOutcome::None,
        rate_per_s: None,
        low_per_s: None,
        high_per_s: None,
        precision: 0.1,
        from_per_s: 1.0,
        to_per_s: 2.0,
        probes: Vec::new(),
    }];
    assert_eq!(compare(&run(1), &search, OPTIONS), Err(CompareError::Search { side: "new" }));
    assert!(compare(&run(1), &run(1), OPTIONS).is_ok());
}

/// Figures of one made-up run: 5 repetitions of 5 transports, p50 with 4 % and p99 with 8 % of noise from
/// repetition to repetition, the worst that runs of one scenario showed among themselves.
struct Synthetic {
    p50: Vec<Vec<f64>>,
    p99: Vec<Vec<f64>>,
    rate: Vec<Vec<f64>>,
}

impl Synthetic {
    fn measure(random: &mut Pcg64, p50_factor: f64) -> Self {
        let mut figure = |median: f64, noise: f64| -> Vec<Vec<f64>> {
            let around = LogNormal::new(median.ln(), noise).unwrap();
            (0..5).map(|_| (0..5).map(|_| around.sample(random)).collect()).collect()
        };
        Self { p50: figure(2e6 * p50_factor, 0.04), p99: figure(9e6, 0.08), rate: figure(2000.0, 0.005) }
    }

    /// Whether any figure of any transport is called a regression.
    fn regressed(new: &Self, base: &Self) -> bool {
        let any = |new: &[Vec<f64>], base: &[Vec<f64>], worse| {
            new.iter()
                .zip(base)
                .any(|(new, base)| verdict(new, base, worse, 0.05) == FigureVerdict::Regression)
        };
        any(&new.p50, &base.p50, Worse::Higher)
            || any(&new.p99, &base.p99, Worse::Higher)
            || any(&new.rate, &base.rate, Worse::Lower)
    }

    /// Whether the p50 of one transport is called a regression.
    fn p50_regressed(new: &Self, base: &Self) -> bool {
        verdict(&new.p50[0], &base.p50[0], Worse::Higher, 0.05) == FigureVerdict::Regression
    }
}

const PAIRS: usize = 200;

#[test]
fn runs_of_one_kind_seldom_look_like_a_regression() {
    let mut random = Pcg64::seed_from_u64(1);
    let alarms = (0..PAIRS).filter(|_| {
        let (new, base) = (Synthetic::measure(&mut random, 1.0), Synthetic::measure(&mut random, 1.0));
        Synthetic::regressed(&new, &base)
    });
    let alarms = alarms.count();
    println!("{alarms} false alarms in {PAIRS} pairs of runs");
    assert!(alarms * 20 < PAIRS, "{alarms} of {PAIRS}");
}

#[test]
fn a_median_raised_by_a_fifth_is_found() {
    let mut random = Pcg64::seed_from_u64(2);
    let found = (0..PAIRS).filter(|_| {
        let (new, base) = (Synthetic::measure(&mut random, 1.2), Synthetic::measure(&mut random, 1.0));
        Synthetic::p50_regressed(&new, &base)
    });
    let found = found.count();
    println!("{found} found in {PAIRS} pairs of runs");
    assert!(found * 10 > PAIRS * 9, "{found} of {PAIRS}");
}

#[test]
fn a_run_is_no_regression_of_itself() {
    let compared = compare(&run(5), &run(5), OPTIONS).unwrap();
    assert_ne!(compared.verdict, RunVerdict::Regression);
    assert_eq!((compared.differences, compared.left_out), (vec![], vec![]));
    assert_eq!(compared.figures.len(), 2 * 4);
}

#[test]
fn two_repetitions_are_inconclusive() {
    let compared = compare(&run(2), &slowed(run(2), 2.0), OPTIONS).unwrap();
    assert_eq!(compared.verdict, RunVerdict::Inconclusive);
}

#[test]
fn runs_of_different_load_or_machine_are_refused_by_field_and_value() {
    let (base, mut new) = (run(3), run(3));
    new.scenario.source = "duration = 1\n[load]\nduration = \"10s\"\nrate = 3000.0\n".to_owned();
    new.environment.cores = 8;
    new.trials[0].legs[0].durability = crate::terms::Durability::Os;
    let refused = compare(&base, &new, OPTIONS).unwrap_err().to_string();
    insta::assert_snapshot!(refused, @r"
    the runs did not measure the same thing:
      scenario.duration: base not set, new 1
      scenario.load.rate: base 2000, new 3000
      redis-streams.durability: base memory, new os and memory
      environment.cores: base 2, new 8
    --force compares them all the same
    ");
    assert!(compare(&base, &new, Options { force: true, ..OPTIONS }).is_ok());
}

#[test]
fn words_thresholds_and_spacing_of_a_scenario_do_not_matter() {
    let (base, mut new) = (run(3), run(3));
    let source =
        "name = \"other\"\nreading = \"x\"\nrepeat = 9\nload = { duration = '10s', rate = 2000.0 }\n";
    new.scenario.source = format!("{source}[thresholds]\n\"ledger.lost\" = \"== 0\"\n");
    assert!(compare(&base, &new, OPTIONS).is_ok());
}

#[test]
fn an_invalid_run_is_named() {
    let (base, mut new) = (run(3), run(3));
    new.trials[1].valid = false;
    let error = compare(&base, &new, Options { force: true, ..OPTIONS }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the new run is invalid: 1 of 6 trials are invalid (nats-jetstream); measure it again"
    );
}
