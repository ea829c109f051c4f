//! Ratios between the transports of a run, over the repetitions of each point. Pure.
//!
//! The in-process floor is left out: it is the instrument, not a choice.

use crate::point::Point;
use crate::result::{Estimate, PairVerdict, TransportComparison, Trial};
use crate::stats::{ratio, told_apart};
use crate::terms::TransportKind;

const FIGURES: [&str; 3] =
    ["latency_ns.turnaround.p50", "latency_ns.turnaround.p99", "rates.completed_per_s"];

/// Every pair of transports at every point; nothing for a point in which a trial is invalid, because
/// nothing there is ranked.
pub fn between_transports(trials: &[Trial]) -> Vec<TransportComparison> {
    let mut points: Vec<&Point> = Vec::new();
    for trial in trials {
        if !points.contains(&&trial.point) {
            points.push(&trial.point);
        }
    }
    let mut found = Vec::new();
    for point in points {
        let here: Vec<&Trial> = trials.iter().filter(|trial| &trial.point == point).collect();
        if here.iter().all(|trial| trial.valid) {
            found.extend(at_point(point, &here));
        }
    }
    found
}

fn at_point(point: &Point, trials: &[&Trial]) -> Vec<TransportComparison> {
    let of = |kind: TransportKind| -> Vec<&Trial> {
        trials.iter().copied().filter(|trial| trial.transport == kind).collect()
    };
    let sides: Vec<(TransportKind, Vec<&Trial>)> = TransportKind::ALL
        .into_iter()
        .filter(|kind| *kind != TransportKind::InProcess)
        .map(|kind| (kind, of(kind)))
        .filter(|(_, trials)| !trials.is_empty())
        .collect();
    let mut found = Vec::new();
    for (index, (a, a_trials)) in sides.iter().enumerate() {
        for (b, b_trials) in &sides[index + 1..] {
            for figure in FIGURES {
                let (Some(a_values), Some(b_values)) = (values(a_trials, figure), values(b_trials, figure))
                else {
                    continue;
                };
                let Some(ratio) = ratio(&a_values, &b_values) else { continue };
                found.push(TransportComparison {
                    point: point.clone(),
                    figure: figure.to_owned(),
                    a: *a,
                    b: *b,
                    a_repetitions: a_values.len() as u32,
                    b_repetitions: b_values.len() as u32,
                    ratio,
                    verdict: verdict(ratio, &a_values, &b_values),
                    matched: promise(a_trials) == promise(b_trials),
                });
            }
        }
    }
    found
}

/// The figure of every trial; none unless all have it.
fn values(trials: &[&Trial], figure: &str) -> Option<Vec<f64>> {
    trials.iter().map(|trial| trial.figure(figure)).collect()
}

fn promise<'a>(trials: &[&'a Trial]) -> Vec<(&'a str, crate::terms::Durability)> {
    let mut promises: Vec<_> =
        trials.iter().map(|trial| (trial.guarantee.as_str(), trial.durability)).collect();
    promises.sort_unstable();
    promises.dedup();
    promises
}

fn verdict(ratio: Estimate, a: &[f64], b: &[f64]) -> PairVerdict {
    let (Some(low), Some(high)) = (ratio.low, ratio.high) else { return PairVerdict::TooFewRepetitions };
    if low > 1.0 && told_apart(a, b) {
        PairVerdict::AHigher
    } else if high < 1.0 && told_apart(a, b) {
        PairVerdict::BHigher
    } else {
        PairVerdict::NoDifferenceShown
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_distr::{Distribution, LogNormal};
    use rand_pcg::Pcg64;

    use super::*;
    use crate::fixture::Fixture;

    fn fixture(repetitions: u32) -> Vec<Trial> {
        let transports = vec![TransportKind::RedisStreams, TransportKind::NatsCore, TransportKind::InProcess];
        Fixture { transports, repetitions, seconds: 1, ..Fixture::default() }.build().trials
    }

    fn p99(pairs: &[TransportComparison]) -> &TransportComparison {
        pairs.iter().find(|pair| pair.figure == "latency_ns.turnaround.p99").unwrap()
    }

    #[test]
    fn a_transport_with_a_longer_tail_is_higher_in_p99() {
        let pairs = between_transports(&fixture(3));
        let pair = p99(&pairs);
        assert_eq!((pair.a, pair.b), (TransportKind::RedisStreams, TransportKind::NatsCore));
        assert_eq!((pair.verdict, pair.matched), (PairVerdict::AHigher, false));
        assert!(pair.ratio.low.unwrap() > 1.5 && pair.ratio.high.unwrap() < 3.0, "{:?}", pair.ratio);
        assert_eq!(pairs.len(), 3, "the floor is no side of a pair");
    }

    #[test]
    fn equal_figures_show_no_difference() {
        let pairs = between_transports(&fixture(3));
        let rate = pairs.iter().find(|pair| pair.figure == "rates.completed_per_s").unwrap();
        assert_eq!(rate.verdict, PairVerdict::NoDifferenceShown);
    }

    #[test]
    fn two_repetitions_are_too_few() {
        assert_eq!(p99(&between_transports(&fixture(2))).verdict, PairVerdict::TooFewRepetitions);
    }

    #[test]
    fn a_point_with_an_invalid_trial_is_not_compared() {
        let mut trials = fixture(3);
        trials[0].valid = false;
        assert_eq!(between_transports(&trials), []);
    }

    #[test]
    fn sides_of_one_kind_are_seldom_told_apart() {
        let mut random = Pcg64::seed_from_u64(7);
        let noise = LogNormal::new(0.0, 0.05).unwrap();
        let mut side = || -> Vec<f64> { (0..5).map(|_| noise.sample(&mut random)).collect() };
        let told = (0..200).filter(|_| {
            let (a, b) = (side(), side());
            let ratio = ratio(&a, &b).unwrap();
            verdict(ratio, &a, &b) != PairVerdict::NoDifferenceShown
        });
        let told = told.count();
        assert!(told <= 10, "{told} of 200");
    }
}
