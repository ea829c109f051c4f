//! How often the judges of this crate are wrong, by simulation with a seed; METHODOLOGY prints what comes out.

mod repetitions;
mod runs;
mod simulated;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use weighbridge_record::change::{BASE, NEW, between_settings, point};
use weighbridge_record::fixture::Fixture;
use weighbridge_record::pairs::between_paths;
use weighbridge_record::result::{ChangeVerdict, PairVerdict};
use weighbridge_record::terms::TransportKind;

use simulated::{blank, run, share};

const METHODOLOGY: &str = include_str!("../../../../METHODOLOGY.md");
const RUNS: usize = 400;

/// The table stands in METHODOLOGY as it comes out here.
fn expect_printed(rows: &[String]) {
    let table = rows.join("\n");
    assert!(METHODOLOGY.contains(&table), "METHODOLOGY must print:\n{table}");
}

/// Shares, in percent, of runs in which any ratio of equal paths is called different, and in which the p50 and
/// the p99 of a path slowed by a fifth are found against a given other one.
fn rates(repetitions: u32, slowed: f64) -> [usize; 3] {
    let empty = blank(5, repetitions);
    let mut random = Pcg64::seed_from_u64(u64::from(repetitions));
    let is_shown = |verdict| matches!(verdict, PairVerdict::AHigher | PairVerdict::BHigher);
    let mut counts = [0; 3];
    for _ in 0..RUNS {
        let equal = between_paths(&run(&empty, 1.0, &mut random));
        counts[0] += usize::from(equal.iter().any(|ratio| is_shown(ratio.verdict)));
        let unequal = between_paths(&run(&empty, slowed, &mut random));
        let found = |figure: &str| {
            let of_figure = unequal.iter().find(|ratio| ratio.figure.ends_with(figure));
            usize::from(of_figure.is_some_and(|ratio| ratio.verdict == PairVerdict::AHigher))
        };
        counts[1] += found("p50");
        counts[2] += found("p99");
    }
    counts.map(|count| share(count, RUNS))
}

#[test]
fn equal_paths_are_seldom_called_different_and_methodology_says_how_often() {
    let mut rows = Vec::new();
    for repetitions in [3, 5, 10] {
        let [false_alarms, p50, p99] = rates(repetitions, 1.2);
        assert!(false_alarms <= 7, "{false_alarms} % of runs of {repetitions} repetitions");
        rows.push(format!("| {repetitions} | {false_alarms} % | {p50} % | {p99} % |"));
    }
    expect_printed(&rows);
}

/// Trials of one setting measured again and again on a busy machine of two cores, by `weighbridge pair` with both
/// sides alike: p50, p99 and completed rate of both sides of each pair.
const RECORDED: &str = include_str!("../data/equal-pairs.json");
const PAIRS: usize = 5;

/// Verdicts on 100 pairs of settings drawn from what was recorded, `new` so much slower. Which of two trials is
/// called new is drawn too, so that nothing but `factor` can favour one.
fn drawn_pairs(factor: f64) -> usize {
    let recorded: Vec<[[f64; 3]; 2]> = serde_json::from_str(RECORDED).expect("recorded pairs");
    let fixture = Fixture {
        transports: vec![TransportKind::NatsCore],
        points: [BASE, NEW].map(point).to_vec(),
        repetitions: PAIRS as u32,
        seconds: 1,
        ..Fixture::default()
    };
    let mut trials = fixture.build().trials;
    let mut random = Pcg64::seed_from_u64(12);
    let differs =
        |verdict| matches!(verdict, ChangeVerdict::Better | ChangeVerdict::Worse | ChangeVerdict::Regression);
    (0..100)
        .filter(|_| {
            for repetition in 1..=PAIRS as u32 {
                let mut sides = recorded[random.random_range(0..recorded.len())];
                if random.random_bool(0.5) {
                    sides.reverse();
                }
                for trial in trials.iter_mut().filter(|trial| trial.repetition == repetition) {
                    let is_new = trial.point == point(NEW);
                    let [p50, p99, rate] = sides[usize::from(is_new)];
                    let factor = if is_new { factor } else { 1.0 };
                    let turnaround = trial.latency_ns.turnaround.as_mut().unwrap();
                    turnaround.p50 = Some((p50 * factor) as u64);
                    turnaround.p99 = Some((p99 * factor) as u64);
                    trial.rates.completed_per_s = rate;
                }
            }
            between_settings(Vec::new(), Vec::new(), 5.0, &trials).verdict.is_some_and(differs)
        })
        .count()
}

#[test]
fn of_equal_settings_few_are_called_different_and_of_slower_ones_nearly_all() {
    let (equal, slower, tenth) = (drawn_pairs(1.0), drawn_pairs(1.2), drawn_pairs(1.1));
    assert!(equal <= 5 && slower >= 90, "{equal} of 100 equal, {slower} of 100 slower by a fifth");
    expect_printed(&[format!("| {PAIRS} | {equal} of 100 | {tenth} of 100 | {slower} of 100 |")]);
}
