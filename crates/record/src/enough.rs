//! Whether repetitions suffice: what is judged is shown to differ, or its interval is narrow. Pure.
//!
//! Who looks again and again finds a difference in the end (P. Armitage, C. K. McPherson and B. C. Rowe, Repeated
//! Significance Tests on Accumulating Data, Journal of the Royal Statistical Society A 132, 1969). So the rule is
//! group-sequential: it looks after numbers of repetitions that are fixed before the first, and each look has its
//! share of the error (Bonferroni; O. J. Dunn, Multiple Comparisons Among Means, Journal of the American Statistical
//! Association 56, 1961). Intervals that hold at all looks hold at the one at which it stops, whatever stops it
//! (C. Jennison and B. W. Turnbull, Repeated Confidence Intervals for Group Sequential Clinical Trials, Controlled
//! Clinical Trials 5, 1984).

use crate::own_lateness::vouched;
use crate::paired::{INTERVAL_PAIRS_MIN, paired_at_look};
use crate::pairs::between_paths_at_look;
use crate::places::{at_points, competing};
use crate::result::{ChangeVerdict, Estimate, PairRecord, PairVerdict, Trial};

/// Repetitions before the first look: from there on a ratio has an interval.
const FIRST_LOOK: u32 = INTERVAL_PAIRS_MIN as u32;
/// A look comes when there is half as much again.
const GROWTH: f64 = 1.5;
/// A look so near to the last would cost its share of the error for nothing.
const NEAR_LAST: f64 = 1.25;

/// Figures of a path that stands alone; of p99 and p90 the first that all its trials have.
const FIGURES: [&[&str]; 3] = [
    &["latency_ns.turnaround.p50"],
    &["latency_ns.turnaround.p99", "latency_ns.turnaround.p90"],
    &["rates.completed_per_s"],
];

/// Repetitions after which it is looked, where there are at most so many: 5, 8, 12, 20 of 20.
pub fn looks(repetitions_max: u32) -> Vec<u32> {
    let mut looks = Vec::new();
    let mut look = FIRST_LOOK;
    while f64::from(look) * NEAR_LAST < f64::from(repetitions_max) {
        looks.push(look);
        look = (f64::from(look) * GROWTH).ceil() as u32;
    }
    looks.push(repetitions_max);
    looks
}

/// What a look has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// What was judged: ratios, or figures of single paths.
    pub judged: u32,
    /// What of it is neither shown to differ nor narrow enough.
    pub open: u32,
    /// Points at which nothing could be judged.
    pub points_unjudged: u32,
}

impl Looked {
    /// Whether there is nothing more to find out.
    pub fn is_enough(self) -> bool {
        self.judged > 0 && self.open == 0 && self.points_unjudged == 0
    }

    fn add(&mut self, is_open: bool) {
        self.judged += 1;
        self.open += u32::from(is_open);
    }
}

/// Looks at the ratios between the paths of a run; at a point with a single path, at its own figures.
pub fn look_at_paths(trials: &[Trial], looks: u32, margin: f64) -> Looked {
    let mut found = Looked::default();
    let ratios = between_paths_at_look(trials, looks);
    for (point, places) in at_points(trials) {
        let judged_before = found.judged;
        for ratio in ratios.iter().filter(|ratio| ratio.point == *point) {
            let is_shown = matches!(ratio.verdict, PairVerdict::AHigher | PairVerdict::BHigher);
            found.add(!is_shown && !is_narrow(ratio.ratio, ratio.of_repetitions.len(), margin));
        }
        if let [alone] = competing(&places, |place| place.path)[..]
            && alone.trials.iter().all(|trial| trial.valid)
        {
            let first = |of: &&[&str]| of.iter().find_map(|figure| vouched(&alone.trials, figure));
            for values in FIGURES.iter().filter_map(first) {
                let own = paired_at_look(&values, &vec![1.0; values.len()], looks);
                found.add(!own.is_some_and(|own| is_narrow(own.ratio, values.len(), margin)));
            }
        }
        found.points_unjudged += u32::from(found.judged == judged_before);
    }
    found
}

/// Looks at the ratios between two settings. Worse, but not wholly beyond the tolerance, is no answer yet.
pub fn look_at_settings(pair: &PairRecord, margin: f64) -> Looked {
    let mut found = Looked::default();
    for change in &pair.changes {
        let Some(ratio) = change.ratio else { continue };
        let is_shown = matches!(change.verdict, ChangeVerdict::Better | ChangeVerdict::Regression);
        found.add(!is_shown && !is_narrow(ratio, change.of_repetitions.len(), margin));
    }
    found.points_unjudged = u32::from(found.judged == 0);
    found
}

/// Whether the interval ends within the margin of the ratio, a share of it; a range is no interval.
fn is_narrow(ratio: Estimate, pairs: usize, margin: f64) -> bool {
    pairs >= INTERVAL_PAIRS_MIN && ratio.high.is_some_and(|high| high / ratio.median - 1.0 <= margin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{BASE, NEW, between_settings, point};
    use crate::fixture::Fixture;
    use crate::terms::TransportKind::{self, InProcess, NatsCore, RedisStreams};

    /// Five repetitions in which the first path takes these factors of the others, by p50 and p99.
    fn run(transports: &[TransportKind], factors: [f64; 5]) -> Vec<Trial> {
        let fixture =
            Fixture { transports: transports.to_vec(), repetitions: 5, seconds: 1, ..Fixture::default() };
        let mut trials = fixture.build().trials;
        for trial in &mut trials {
            let factor =
                if trial.path == transports[0] { factors[trial.repetition as usize - 1] } else { 1.0 };
            let turnaround = trial.latency_ns.turnaround.as_mut().unwrap();
            (turnaround.p50, turnaround.p99) = (Some((1e6 * factor) as u64), Some((5e6 * factor) as u64));
            trial.rates.completed_per_s = 2_000.0;
        }
        trials
    }

    const ALIKE: [f64; 5] = [1.01, 0.99, 1.0, 1.005, 0.995];
    const APART: [f64; 5] = [2.0, 2.4, 2.2, 1.9, 2.1];
    const WIDE: [f64; 5] = [1.4, 0.8, 1.1, 0.9, 1.2];

    #[test]
    fn looks_come_half_as_many_repetitions_later_each_time_and_none_just_before_the_last() {
        assert_eq!(looks(20), [5, 8, 12, 20]);
        assert_eq!((looks(13), looks(7), looks(6)), (vec![5, 8, 13], vec![5, 7], vec![6]));
        assert_eq!((looks(5), looks(3), looks(1)), (vec![5], vec![3], vec![1]));
        assert_eq!(looks(1_000).len(), 14);
    }

    #[test]
    fn paths_that_are_alike_or_clearly_apart_are_enough_and_wide_intervals_are_not() {
        let paths = [RedisStreams, NatsCore, InProcess];
        let found = |factors| look_at_paths(&run(&paths, factors), 4, 0.05);
        assert_eq!(found(ALIKE), Looked { judged: 3, open: 0, points_unjudged: 0 });
        assert!(found(APART).is_enough(), "shown to differ, however wide: {:?}", found(APART));
        assert_eq!(found(WIDE), Looked { judged: 3, open: 2, points_unjudged: 0 });
        assert!(!found(WIDE).is_enough());
    }

    #[test]
    fn a_margin_that_is_smaller_than_the_scatter_is_not_met() {
        let trials = run(&[RedisStreams, NatsCore], ALIKE);
        assert!(look_at_paths(&trials, 4, 0.05).is_enough() && !look_at_paths(&trials, 4, 0.005).is_enough());
    }

    #[test]
    fn three_repetitions_have_no_interval_that_could_be_narrow() {
        let mut trials = run(&[RedisStreams, NatsCore], ALIKE);
        trials.retain(|trial| trial.repetition <= 3);
        assert_eq!(look_at_paths(&trials, 1, 0.05).open, 3);
    }

    #[test]
    fn a_path_that_stands_alone_is_judged_by_its_own_figures() {
        for alone in [NatsCore, InProcess] {
            assert_eq!(
                look_at_paths(&run(&[alone], ALIKE), 1, 0.05),
                Looked { judged: 3, ..Looked::default() }
            );
            assert_eq!(look_at_paths(&run(&[alone], APART), 1, 0.05).open, 2);
        }
    }

    #[test]
    fn a_point_with_an_invalid_trial_settles_nothing() {
        for transports in [&[RedisStreams, NatsCore][..], &[NatsCore]] {
            let mut trials = run(transports, ALIKE);
            trials[1].valid = false;
            let found = look_at_paths(&trials, 1, 0.05);
            assert_eq!(found, Looked { points_unjudged: 1, ..Looked::default() });
            assert!(!found.is_enough());
        }
        assert!(!look_at_paths(&[], 1, 0.05).is_enough());
    }

    #[test]
    fn a_pair_of_settings_is_settled_by_a_regression_and_not_by_worse_alone() {
        let pair = |factors: [f64; 5]| {
            let mut trials = run(&[NatsCore], factors);
            trials.iter_mut().for_each(|trial| trial.point = point(NEW));
            let mut base = run(&[NatsCore], [1.0; 5]);
            base.iter_mut().for_each(|trial| trial.point = point(BASE));
            trials.append(&mut base);
            look_at_settings(&between_settings(Vec::new(), Vec::new(), 40.0, &trials), 0.05)
        };
        assert!(pair(APART).is_enough(), "a regression");
        assert!(pair(ALIKE).is_enough(), "narrow");
        let worse = pair([1.5, 1.2, 1.3, 1.4, 1.25]);
        assert_eq!((worse.judged, worse.open), (3, 2), "shown to be worse, beyond the tolerance or not");
        assert!(!look_at_settings(&between_settings(Vec::new(), Vec::new(), 5.0, &[]), 0.05).is_enough());
    }
}
