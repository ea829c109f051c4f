//! How often `compare` is wrong about two runs.

use rand::SeedableRng;
use rand_distr::{Distribution, LogNormal};
use rand_pcg::Pcg64;
use weighbridge_record::compare::{FigureVerdict, Options, RunComparison, compare};
use weighbridge_record::fixture::Fixture;
use weighbridge_record::result::{RunResult, Trial};
use weighbridge_record::terms::TransportKind;

use crate::simulated::{blank, share};
use crate::{RUNS, expect_printed};

const OPTIONS: Options = Options { tolerance_percent: 5.0, force: false };

/// Noise of a figure from repetition to repetition, as standard deviations of logarithms: the worst that runs of one
/// scenario showed among themselves.
const P50: f64 = 0.04;
const P99: f64 = 0.08;
const RATE: f64 = 0.005;

/// A run on these trials, whose first path takes `factor` as long as the others.
fn run(empty: &[Trial], factor: f64, random: &mut Pcg64) -> Vec<Trial> {
    let mut around = |deviation: f64| LogNormal::new(0.0, deviation).unwrap().sample(random);
    let mut trials = empty.to_vec();
    let slowed = trials[0].path;
    for trial in &mut trials {
        let own = if trial.path == slowed { factor } else { 1.0 };
        let turnaround = trial.latency_ns.turnaround.as_mut().unwrap();
        turnaround.p50 = Some((2e6 * own * around(P50)) as u64);
        turnaround.p99 = Some((9e6 * own * around(P99)) as u64);
        trial.rates.completed_per_s = 2_000.0 * around(RATE);
    }
    trials
}

/// Shares, in percent, of pairs of equal runs in which any figure is called a regression, or a regression or an
/// improvement, and of those in which p50 and p99 of a path that became slower by a fifth are called a regression.
fn rates(repetitions: u32) -> [usize; 4] {
    let empty = blank(5, repetitions);
    let mut random = Pcg64::seed_from_u64(u64::from(repetitions));
    let record =
        Fixture { transports: TransportKind::ALL[..5].to_vec(), seconds: 1, ..Fixture::default() }.build();
    let held = |new: Vec<Trial>, base: Vec<Trial>| {
        let of = |trials| RunResult { trials, ..record.clone() };
        compare(&of(base), &of(new), OPTIONS).expect("runs of one kind")
    };
    let is = |found: &RunComparison, verdict| found.figures.iter().any(|figure| figure.verdict == verdict);
    let mut counts = [0; 4];
    for _ in 0..RUNS {
        let equal = held(run(&empty, 1.0, &mut random), run(&empty, 1.0, &mut random));
        let worse = is(&equal, FigureVerdict::Regression);
        counts[0] += usize::from(worse);
        counts[1] += usize::from(worse || is(&equal, FigureVerdict::Improvement));
        let slower = held(run(&empty, 1.2, &mut random), run(&empty, 1.0, &mut random));
        for (count, figure) in [(2, "p50"), (3, "p99")] {
            let found = slower.figures.iter().find(|found| found.figure.ends_with(figure));
            counts[count] +=
                usize::from(found.is_some_and(|found| found.verdict == FigureVerdict::Regression));
        }
    }
    counts.map(|count| share(count, RUNS))
}

#[test]
fn equal_runs_are_seldom_called_different_and_methodology_says_how_often() {
    let mut rows = Vec::new();
    for repetitions in [3, 5, 10] {
        let [regression, either, p50, p99] = rates(repetitions);
        assert!(either <= 5, "{either} % of pairs of runs of {repetitions} repetitions");
        assert!(
            repetitions < 5 || p50 >= 90,
            "{p50} % of raised medians are found by {repetitions} repetitions"
        );
        rows.push(format!("| {repetitions} | {regression} % | {either} % | {p50} % | {p99} % |"));
    }
    expect_printed(&rows);
}
