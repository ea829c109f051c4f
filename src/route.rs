//! Which leg of a route a request takes: a pure function of its number and of the time at which it is due.

use crate::payload::mix;
use weighbridge_plan::route::{Asked, Leg, RoutePlan, Stage, Takes};
use weighbridge_record::terms::{Draw, OnFailure, Path, Seam, TransportKind};

/// How the requests of a trial are shared out.
#[derive(Debug, Clone)]
pub struct Route {
    plan: RoutePlan,
    stages: Vec<Stage>,
    /// Of what is drawn by chance.
    seed: u64,
    /// Each leg has as many; those of the second follow those of the first.
    workers: u32,
    /// Whether the broker of each leg confirms a publish.
    confirms: [bool; 2],
}

impl Route {
    pub fn new(plan: RoutePlan, seed: u64, workers: u32) -> Self {
        let stages = plan.stages();
        Self { plan, stages, seed, workers, confirms: [false; 2] }
    }

    /// The same over a path.
    pub fn over(self, path: Path) -> Self {
        Self { confirms: [path.first(), path.last()].map(TransportKind::answers_publish), ..self }
    }

    pub fn confirms(&self) -> [bool; 2] {
        self.confirms
    }

    /// The legs of request `sequence`, due that long after the window began; before it the first stage holds.
    pub fn takes(&self, sequence: u64, since_window_ns: i64) -> Takes {
        let percent = match self.stages[self.stage(since_window_ns)].asked {
            Asked::Both => return Takes::Both,
            Asked::Percent(percent) => percent,
        };
        let second = match &self.plan {
            RoutePlan::Shares { draw: Draw::Random, .. } => self.drawn(sequence) < u64::from(percent),
            RoutePlan::Shares { .. } | RoutePlan::Dual { .. } | RoutePlan::Cutover { .. } => {
                is_of_share(sequence, percent)
            }
        };
        Takes::One(if second { Leg::Second } else { Leg::First })
    }

    /// The stage that holds then.
    pub fn stage(&self, since_window_ns: i64) -> usize {
        let begun = |stage: &Stage| since_window_ns >= 0 && stage.start_ns <= since_window_ns.unsigned_abs();
        self.stages.iter().rposition(begun).unwrap_or(0)
    }

    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The leg that a worker serves.
    pub fn leg_of_worker(&self, worker: u32) -> Leg {
        if worker < self.workers { Leg::First } else { Leg::Second }
    }

    /// Where some requests take both legs: which of them must take it.
    pub fn on_failure(&self) -> Option<OnFailure> {
        self.plan.on_failure()
    }

    /// Whether requests of one leg wait until the other has answered all that it has.
    pub fn drains_first(&self) -> bool {
        matches!(self.plan, RoutePlan::Cutover { seam: Seam::DrainFirst, .. })
    }

    /// From 0 to 99, as `random.randint(1, 100)` of the guide, one less.
    fn drawn(&self, sequence: u64) -> u64 {
        mix(mix(self.seed ^ 0x726f_7574_6500_0001).wrapping_add(sequence)) % 100
    }
}

/// Whether a request is one of the `percent` of each hundred that are spread evenly over it.
fn is_of_share(sequence: u64, percent: u32) -> bool {
    let (place, percent) = (sequence % 100, u64::from(percent));
    (place + 1) * percent / 100 > place * percent / 100
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use weighbridge_plan::route::Share;
    use weighbridge_record::terms::RouteKind;

    fn split(percent: u32, draw: Draw) -> Route {
        let stages = vec![Share { asked: Asked::Percent(percent), lasting_ns: 1 }];
        let (kind, on_failure) = (RouteKind::Split, OnFailure::Both);
        Route::new(RoutePlan::Shares { kind, draw, on_failure, stages }, 7, 2)
    }

    fn second(route: &Route, sequences: std::ops::Range<u64>) -> u64 {
        sequences.filter(|sequence| route.takes(*sequence, 5) == Takes::One(Leg::Second)).count() as u64
    }

    proptest! {
        #[test]
        fn a_split_is_exact_over_any_hundred_that_follow_each_other(percent in 0_u32..=100, from in 0_u64..1 << 40) {
            prop_assert_eq!(second(&split(percent, Draw::Exact), from..from + 100), u64::from(percent));
        }

        #[test]
        fn a_request_takes_the_same_leg_whenever_it_is_asked(sequence: u64, since_ns: i64, percent in 0_u32..=100) {
            for draw in [Draw::Exact, Draw::Random] {
                let route = split(percent, draw);
                prop_assert_eq!(route.takes(sequence, since_ns), route.clone().takes(sequence, since_ns));
            }
        }

        #[test]
        fn every_request_of_a_pair_takes_both(sequence: u64, since_ns: i64) {
            let dual = Route::new(RoutePlan::Dual { on_failure: OnFailure::Both }, 1, 1);
            let takes = dual.takes(sequence, since_ns);
            prop_assert!(Leg::ALL.iter().all(|leg| takes.takes(*leg)));
        }

        #[test]
        fn a_cutover_has_one_leg_at_a_time(sequence: u64, since_ns in -1_000_i64..1_000) {
            let plan = RoutePlan::Cutover { at_ns: 100, back_at_ns: Some(500), seam: Seam::DrainFirst };
            let expected = if (100..500).contains(&since_ns) { Leg::Second } else { Leg::First };
            prop_assert_eq!(Route::new(plan, 1, 1).takes(sequence, since_ns), Takes::One(expected));
        }
    }

    #[test]
    fn what_is_drawn_by_chance_comes_near_its_share() {
        // The standard error of a share of a quarter over 100 000 is 0.14 %.
        let drawn = second(&split(25, Draw::Random), 0..100_000);
        assert!((24_300..25_700).contains(&drawn), "{drawn}");
        let (none, all) = (split(0, Draw::Random), split(100, Draw::Random));
        assert_eq!((second(&none, 0..1_000), second(&all, 0..1_000)), (0, 1_000));
    }

    #[test]
    fn stages_hold_from_their_start() {
        let share = |asked| Share { asked, lasting_ns: 10 };
        let stages = [Asked::Percent(0), Asked::Both, Asked::Percent(100)].map(share).into();
        let (kind, draw, on_failure) = (RouteKind::Shift, Draw::Exact, OnFailure::Both);
        let route = Route::new(RoutePlan::Shares { kind, draw, on_failure, stages }, 1, 3);
        let taken = [0, 10, 20].map(|since_ns| route.takes(7, since_ns));
        assert_eq!(taken, [Takes::One(Leg::First), Takes::Both, Takes::One(Leg::Second)]);
        let found = [-5, 0, 9, 10, 19, 20, 99].map(|since_ns| route.stage(since_ns));
        assert_eq!(found, [0, 0, 0, 1, 1, 2, 2]);
        assert_eq!(
            [0, 2, 3].map(|worker| route.leg_of_worker(worker)),
            [Leg::First, Leg::First, Leg::Second]
        );
    }
}
