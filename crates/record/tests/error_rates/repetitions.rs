//! How often `--repeat auto` is wrong, and how long it goes on.

use rand::SeedableRng;
use rand_pcg::Pcg64;
use weighbridge_record::enough::{look_at_paths, looks};
use weighbridge_record::pairs::{between_paths, between_paths_at_look};
use weighbridge_record::result::{PairVerdict, PathRatio, Trial};

use crate::simulated::{blank, run, share};
use crate::{RUNS, expect_printed};

const MOST: u32 = 20;
const MARGIN: f64 = 0.05;

fn shown(ratio: &PathRatio) -> bool {
    matches!(ratio.verdict, PairVerdict::AHigher | PairVerdict::BHigher)
}

/// The first repetitions of a run.
fn first(trials: &[Trial], repetitions: u32) -> Vec<Trial> {
    trials.iter().filter(|trial| trial.repetition <= repetitions).cloned().collect()
}

/// The repetitions after which the rule ends a run, and the ratios as they are told then.
fn ended(trials: &[Trial]) -> (u32, Vec<PathRatio>) {
    let planned = looks(MOST);
    let count = planned.len() as u32;
    let enough = |look: &u32| look_at_paths(&first(trials, *look), count, MARGIN).is_enough();
    let end = planned.iter().copied().find(enough).unwrap_or(MOST);
    (end, between_paths_at_look(&first(trials, end), count))
}

/// Whether who looks as often and takes each look for the only one is shown a difference at any.
fn shown_at_any_look(trials: &[Trial]) -> bool {
    looks(MOST).into_iter().any(|look| between_paths(&first(trials, look)).iter().any(shown))
}

/// What came of runs in which the first path takes `factor` as long as the others.
#[derive(Default)]
struct Ended {
    /// In which any ratio is shown to differ.
    any: usize,
    /// In which p50 and p99 of the first path are shown to be higher than another's.
    p50: usize,
    p99: usize,
    /// In which the interval of that p50 does not hold the truth.
    missed: usize,
    at_any_look: usize,
    repetitions: Vec<u32>,
}

fn simulate(paths: usize, factor: f64) -> Ended {
    let empty = blank(paths, MOST);
    let mut random = Pcg64::seed_from_u64(paths as u64);
    let mut found = Ended::default();
    for _ in 0..RUNS {
        let trials = run(&empty, factor, &mut random);
        let (repetitions, ratios) = ended(&trials);
        let of = |figure: &str| ratios.iter().find(|ratio| ratio.figure.ends_with(figure));
        let higher = |figure: &str| of(figure).is_some_and(|ratio| ratio.verdict == PairVerdict::AHigher);
        let holds = |ratio: &PathRatio| {
            ratio.ratio.low.is_some_and(|low| low <= factor)
                && ratio.ratio.high.is_some_and(|high| high >= factor)
        };
        found.any += usize::from(ratios.iter().any(shown));
        found.p50 += usize::from(higher("p50"));
        found.p99 += usize::from(higher("p99"));
        found.missed += usize::from(!of("p50").is_some_and(holds));
        found.at_any_look += usize::from(shown_at_any_look(&trials));
        found.repetitions.push(repetitions);
    }
    found.repetitions.sort_unstable();
    found
}

#[test]
fn repeating_until_it_is_narrow_enough_raises_few_false_alarms_and_methodology_says_how_few() {
    let mut rows = Vec::new();
    for paths in [2, 5] {
        let (equal, slower) = (simulate(paths, 1.0), simulate(paths, 1.2));
        let percent = |count: usize| share(count, RUNS);
        let missed = percent(equal.missed.max(slower.missed));
        assert!(percent(equal.any) <= 5, "{} % of runs of {paths} equal paths", percent(equal.any));
        assert!(missed <= 5, "{missed} % of intervals do not hold the ratio");
        assert!(equal.at_any_look > equal.any, "nothing is gained by the correction");
        let halfway = |found: &Ended| found.repetitions[RUNS / 2];
        rows.push(format!(
            "| {paths} | {} % | {} % | {} % | {} % | {missed} % | {} | {} |",
            percent(equal.any),
            percent(equal.at_any_look),
            percent(slower.p50),
            percent(slower.p99),
            halfway(&equal),
            halfway(&slower)
        ));
    }
    expect_printed(&rows);
}
