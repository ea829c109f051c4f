//! Ratios between the paths of a run, over the repetitions of each point. Pure.
//!
//! The in-process floor is left out: it is the instrument, not a choice.

use crate::own_lateness::vouched;
use crate::places::{Place, at_points};
use crate::result::{Estimate, PairVerdict, PathRatio, Trial};
use crate::stats::{ratio, told_apart};
use crate::terms::{Durability, Promise};

const FIGURES: [&str; 3] =
    ["latency_ns.turnaround.p50", "latency_ns.turnaround.p99", "rates.completed_per_s"];

/// Every pair of paths at every point; nothing for a point in which a trial is invalid, because nothing there
/// is ranked; nothing for a figure that is the instrument's own lateness.
pub fn between_paths(trials: &[Trial]) -> Vec<PathRatio> {
    let sound = |place: &Place<'_>| place.trials.iter().all(|trial| trial.valid);
    let points = at_points(trials).into_iter();
    points.filter(|(_, places)| places.iter().all(sound)).flat_map(|(_, places)| at_point(places)).collect()
}

fn at_point(mut sides: Vec<Place<'_>>) -> Vec<PathRatio> {
    sides.retain(|side| !side.path.is_floor());
    let mut found = Vec::new();
    for (index, a) in sides.iter().enumerate() {
        for b in &sides[index + 1..] {
            found.extend(FIGURES.iter().filter_map(|figure| between(a, b, figure)));
        }
    }
    found
}

fn between(a: &Place<'_>, b: &Place<'_>, figure: &str) -> Option<PathRatio> {
    let (a_values, b_values) = (vouched(&a.trials, figure)?, vouched(&b.trials, figure)?);
    let ratio = ratio(&a_values, &b_values)?;
    Some(PathRatio {
        point: a.point.clone(),
        figure: figure.to_owned(),
        a: a.path,
        b: b.path,
        a_repetitions: a_values.len() as u32,
        b_repetitions: b_values.len() as u32,
        ratio,
        verdict: verdict(ratio, &a_values, &b_values),
        matched: promises(a) == promises(b),
    })
}

/// What the legs of every trial promise, each once.
fn promises(place: &Place<'_>) -> Vec<(Promise, Durability)> {
    let legs = place.trials.iter().flat_map(|trial| &trial.legs);
    let mut promises: Vec<_> = legs.map(|leg| (leg.promise, leg.durability)).collect();
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
    use crate::terms::TransportKind;

    fn fixture(repetitions: u32) -> Vec<Trial> {
        let transports = vec![TransportKind::RedisStreams, TransportKind::NatsCore, TransportKind::InProcess];
        Fixture { transports, repetitions, seconds: 1, ..Fixture::default() }.build().trials
    }

    fn p99(pairs: &[PathRatio]) -> &PathRatio {
        pairs.iter().find(|pair| pair.figure == "latency_ns.turnaround.p99").unwrap()
    }

    #[test]
    fn a_transport_with_a_longer_tail_is_higher_in_p99() {
        let pairs = between_paths(&fixture(3));
        let pair = p99(&pairs);
        assert!(pair.a == TransportKind::RedisStreams && pair.b == TransportKind::NatsCore);
        assert_eq!((pair.verdict, pair.matched), (PairVerdict::AHigher, false));
        assert!(pair.ratio.low.unwrap() > 1.5 && pair.ratio.high.unwrap() < 3.0, "{:?}", pair.ratio);
        assert_eq!(pairs.len(), 3, "the floor is no side of a pair");
    }

    #[test]
    fn equal_figures_show_no_difference() {
        let pairs = between_paths(&fixture(3));
        let rate = pairs.iter().find(|pair| pair.figure == "rates.completed_per_s").unwrap();
        assert_eq!(rate.verdict, PairVerdict::NoDifferenceShown);
    }

    #[test]
    fn two_repetitions_are_too_few() {
        assert_eq!(p99(&between_paths(&fixture(2))).verdict, PairVerdict::TooFewRepetitions);
    }

    #[test]
    fn a_point_with_an_invalid_trial_is_not_compared() {
        let mut trials = fixture(3);
        trials[0].valid = false;
        assert_eq!(between_paths(&trials), []);
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
