//! Ratios between the paths of a run, repetition by repetition of each point. Pure.
//!
//! The in-process floor is left out: it is the instrument, not a choice; alone it has nobody beside it.

use crate::own_lateness::vouched;
use crate::paired::{Paired, SIGNIFICANCE, correct, paired_at_look};
use crate::places::{Place, at_points, competing};
use crate::result::{PairVerdict, PathRatio, RunResult, Trial};
use crate::terms::{Durability, Promise};

const MEDIAN: &str = "latency_ns.turnaround.p50";
const TAIL: &str = "latency_ns.turnaround.p99";
const LOWER_TAIL: &str = "latency_ns.turnaround.p90";
const COMPLETED: &str = "rates.completed_per_s";

/// Every pair of paths at every point; nothing for a point in which a trial is invalid, because nothing there
/// is ranked; nothing for a figure that is the instrument's own lateness.
pub fn between_paths(trials: &[Trial]) -> Vec<PathRatio> {
    between_paths_at_look(trials, 1)
}

/// As [`between_paths`], where the trials are looked at up to `looks` times as they come in.
pub fn between_paths_at_look(trials: &[Trial], looks: u32) -> Vec<PathRatio> {
    let sound = |place: &Place<'_>| place.trials.iter().all(|trial| trial.valid);
    let points = at_points(trials).into_iter().filter(|(_, places)| places.iter().all(sound));
    points.flat_map(|(_, places)| at_point(&places, looks)).collect()
}

/// Judges the ratios of a record anew that were not judged pair by pair; a search and a pair of settings have none.
pub fn renew(result: &mut RunResult) {
    let judged = result.ratios.iter().any(|ratio| !ratio.of_repetitions.is_empty());
    if result.searches.is_empty() && result.pair.is_none() && !judged {
        result.ratios = between_paths_at_look(&result.trials, result.scenario.looks());
    }
}

fn at_point(places: &[Place<'_>], looks: u32) -> Vec<PathRatio> {
    let sides = competing(places, |place| place.path);
    // Where a path has no p99, or one that is not its own, all are held against each other by p90 too.
    let tail_of_all = sides.iter().all(|side| vouched(&side.trials, TAIL).is_some());
    let lower_tail = (!tail_of_all).then_some(LOWER_TAIL);
    let mut found = Vec::new();
    for (index, a) in sides.iter().enumerate() {
        for b in &sides[index + 1..] {
            let figures = [Some(MEDIAN), Some(TAIL), lower_tail, Some(COMPLETED)].into_iter().flatten();
            found.extend(figures.filter_map(|figure| between(a, b, figure, looks)));
        }
    }
    judge(&mut found);
    found
}

/// Both paths' figure in the repetitions that both have; none where one of them lacks it.
fn between(a: &Place<'_>, b: &Place<'_>, figure: &str, looks: u32) -> Option<PathRatio> {
    let (of_a, of_b): (Vec<&Trial>, Vec<&Trial>) = a.beside(b).into_iter().unzip();
    let (a_values, b_values) = (vouched(&of_a, figure)?, vouched(&of_b, figure)?);
    let Paired { ratios, ratio, p } = paired_at_look(&a_values, &b_values, looks)?;
    Some(PathRatio {
        point: a.point.clone(),
        figure: figure.to_owned(),
        a: a.path,
        b: b.path,
        a_repetitions: a_values.len() as u32,
        b_repetitions: b_values.len() as u32,
        ratio,
        of_repetitions: ratios,
        p_adjusted: p,
        verdict: PairVerdict::TooFewRepetitions,
        matched: promises(a) == promises(b),
    })
}

/// Corrects the chances for each other and gives the verdicts.
fn judge(ratios: &mut [PathRatio]) {
    correct(ratios.iter_mut().filter_map(|ratio| ratio.p_adjusted.as_mut()));
    for ratio in ratios {
        let Some(p) = ratio.p_adjusted else { continue };
        ratio.verdict = if p > SIGNIFICANCE {
            PairVerdict::NoDifferenceShown
        } else if ratio.ratio.median > 1.0 {
            PairVerdict::AHigher
        } else {
            PairVerdict::BHigher
        };
    }
}

/// What the legs of every trial promise, each once.
fn promises(place: &Place<'_>) -> Vec<(Promise, Durability)> {
    let legs = place.trials.iter().flat_map(|trial| &trial.legs);
    let mut promises: Vec<_> = legs.map(|leg| (leg.promise, leg.durability)).collect();
    promises.sort_unstable();
    promises.dedup();
    promises
}

#[cfg(test)]
mod tests {
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

    /// Trials of two paths whose p99 is in these ratios to each other, and whose repetitions are far apart.
    fn in_ratios(ratios: &[f64]) -> Vec<Trial> {
        let mut trials = fixture(ratios.len() as u32);
        for trial in &mut trials {
            let repetition = trial.repetition as usize - 1;
            let base = 2e6 * (1.0 + 0.3 * repetition as f64);
            let factor = if trial.path == TransportKind::RedisStreams { ratios[repetition] } else { 1.0 };
            trial.latency_ns.turnaround.as_mut().unwrap().p99 = Some((base * factor) as u64);
        }
        trials
    }

    #[test]
    fn paths_are_told_apart_where_repetitions_differ_more_than_they_do() {
        let pairs = between_paths(&in_ratios(&[1.02, 1.05, 1.07]));
        let pair = p99(&pairs);
        assert_eq!((pair.ratio.low, pair.of_repetitions.len()), (Some(pair.of_repetitions[0]), 3));
        assert!(pair.always_higher().is_some_and(|path| path == TransportKind::RedisStreams), "{pair:?}");
        assert_eq!(pair.verdict, PairVerdict::NoDifferenceShown, "three pairs do not exclude chance");
        let pairs = between_paths(&in_ratios(&[1.02, 1.05, 1.07, 1.04, 1.05]));
        assert_eq!(p99(&pairs).verdict, PairVerdict::AHigher, "{:?}", p99(&pairs));
        let pairs = between_paths(&in_ratios(&[1.02, 0.95, 1.07, 0.99, 1.05]));
        assert_eq!(
            (p99(&pairs).verdict, p99(&pairs).always_higher()),
            (PairVerdict::NoDifferenceShown, None)
        );
    }

    #[test]
    fn repetitions_of_one_path_alone_are_left_out() {
        let mut trials = fixture(4);
        trials.retain(|trial| trial.repetition != 2 || trial.path != TransportKind::NatsCore);
        assert_eq!(p99(&between_paths(&trials)).a_repetitions, 3);
    }

    #[test]
    fn where_p99_has_too_few_samples_p90_tells_the_tail() {
        let mut trials = fixture(3);
        trials[0].latency_ns.turnaround.as_mut().unwrap().p99 = None;
        let figures: Vec<_> = between_paths(&trials).into_iter().map(|pair| pair.figure).collect();
        assert_eq!(figures, [MEDIAN, LOWER_TAIL, COMPLETED]);
    }

    #[test]
    fn a_record_whose_ratios_were_not_paired_is_judged_anew() {
        let mut result = Fixture { repetitions: 3, seconds: 1, ..Fixture::default() }.build();
        let judged = result.ratios.clone();
        for ratio in &mut result.ratios {
            (ratio.of_repetitions, ratio.p_adjusted) = (Vec::new(), None);
            ratio.verdict = PairVerdict::AHigher;
        }
        renew(&mut result);
        assert_eq!(result.ratios, judged);
        result.ratios[0].verdict = PairVerdict::TooFewRepetitions;
        renew(&mut result);
        assert_eq!(result.ratios[0].verdict, PairVerdict::TooFewRepetitions, "what was judged stands");
    }
}
