//! Decides after each repetition whether another is measured.

use weighbridge_plan::Sequential;
use weighbridge_record::enough::{self, Looked};
use weighbridge_record::result::{RepetitionRule, Stopped};

/// A rule at work: what it looked at, and when.
pub(super) struct Looking {
    rule: Sequential,
    /// The most that are measured.
    most: u32,
    planned: Vec<u32>,
    looks: Vec<u32>,
    last: Looked,
    stopped: Option<Stopped>,
    began_ns: u64,
    /// When the repetition began that is being measured.
    repetition_ns: u64,
    longest_ns: u64,
}

impl Looking {
    /// Before the first repetition, whose load is on for so long.
    pub fn begin(rule: Sequential, load_ns: u64, now_ns: u64) -> Self {
        let most = rule.most(load_ns);
        Self {
            rule,
            most,
            planned: enough::looks(most),
            looks: Vec::new(),
            last: Looked::default(),
            stopped: None,
            began_ns: now_ns,
            repetition_ns: now_ns,
            longest_ns: 0,
        }
    }

    pub fn most(&self) -> u32 {
        self.most
    }

    /// How many looks share the error.
    pub fn looks_max(&self) -> u32 {
        self.planned.len() as u32
    }

    /// How far an interval may reach from its ratio, as a share of it.
    pub fn margin(&self) -> f64 {
        self.rule.margin_percent / 100.0
    }

    /// Whether another repetition is measured after this one; `look` is asked where it is time to. Where a trial is
    /// invalid none is.
    pub fn goes_on(
        &mut self,
        repetition: u32,
        now_ns: u64,
        any_invalid: bool,
        look: impl FnOnce() -> Looked,
    ) -> bool {
        self.longest_ns = self.longest_ns.max(now_ns.saturating_sub(self.repetition_ns));
        self.repetition_ns = now_ns;
        let spent_ns = now_ns.saturating_sub(self.began_ns);
        let is_spent = spent_ns.saturating_add(self.longest_ns) > self.rule.budget_ns;
        let is_last = repetition >= self.most;
        if !(any_invalid || is_last || is_spent || self.planned.contains(&repetition)) {
            return true;
        }
        self.last = look();
        self.looks.push(repetition);
        self.stopped = if any_invalid {
            Some(Stopped::Invalid)
        } else if self.last.is_enough() {
            Some(Stopped::NarrowEnough)
        } else if is_last && self.most == self.rule.repetitions_max {
            Some(Stopped::RepetitionsMax)
        } else if is_last || is_spent {
            Some(Stopped::Budget)
        } else {
            None
        };
        self.stopped.is_none()
    }

    /// What stands in the record.
    pub fn record(&self) -> RepetitionRule {
        RepetitionRule {
            margin_percent: self.rule.margin_percent,
            budget_s: self.rule.budget_ns as f64 / 1e9,
            looks_planned: self.planned.clone(),
            looks: self.looks.clone(),
            stopped: self.stopped,
            judged: self.last.judged,
            open: self.last.open,
            points_unjudged: self.last.points_unjudged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Looked = Looked { judged: 3, open: 1, points_unjudged: 0 };
    const SETTLED: Looked = Looked { judged: 3, open: 0, points_unjudged: 0 };
    const UNJUDGED: Looked = Looked { judged: 3, open: 0, points_unjudged: 1 };

    fn rule(budget_ns: u64, repetitions_max: u32) -> Sequential {
        Sequential { margin_percent: 5.0, budget_ns, repetitions_max }
    }

    /// Repetitions of 10 ns until it stops; what a look finds by the repetition.
    fn carried_out(rule: Sequential, load_ns: u64, found: impl Fn(u32) -> Looked) -> (u32, RepetitionRule) {
        let mut looking = Looking::begin(rule, load_ns, 1_000);
        let last = (1..=looking.most())
            .find(|n| !looking.goes_on(*n, 1_000 + 10 * u64::from(*n), false, || found(*n)))
            .expect("it stops at the latest after the most");
        (last, looking.record())
    }

    #[test]
    fn it_looks_only_when_planned_and_stops_when_all_is_settled() {
        let settled_from_6 = |n: u32| if n >= 6 { SETTLED } else { OPEN };
        let (last, record) = carried_out(rule(10_000, 20), 10, settled_from_6);
        assert_eq!((last, record.looks, record.looks_planned), (8, vec![5, 8], vec![5, 8, 12, 20]));
        assert_eq!((record.stopped, record.open), (Some(Stopped::NarrowEnough), 0));
    }

    #[test]
    fn what_stays_open_goes_on_to_the_most() {
        for found in [OPEN, UNJUDGED] {
            let (last, record) = carried_out(rule(10_000, 12), 10, |_| found);
            assert_eq!((last, record.looks.as_slice()), (12, &[5, 8, 12][..]));
            assert_eq!(record.stopped, Some(Stopped::RepetitionsMax));
        }
    }

    #[test]
    fn a_repetition_that_would_not_end_in_time_is_not_begun_and_it_looks_a_last_time() {
        // The load alone would leave time for 20; with all that belongs to a repetition it is 9.
        let (last, record) = carried_out(rule(99, 20), 1, |_| OPEN);
        assert_eq!((last, record.looks.as_slice()), (9, &[5, 8, 9][..]));
        assert!(record.looks.len() <= record.looks_planned.len());
        assert_eq!((record.stopped, record.open), (Some(Stopped::Budget), 1));
        // Where only so many fit, the most is what there is time for.
        let (last, record) = carried_out(rule(70, 20), 10, |_| OPEN);
        assert_eq!((last, record.looks, record.stopped), (7, vec![5, 7], Some(Stopped::Budget)));
    }

    #[test]
    fn one_repetition_is_always_measured() {
        let (last, record) = carried_out(rule(1, 20), 10, |_| OPEN);
        assert_eq!((last, record.looks, record.stopped), (1, vec![1], Some(Stopped::Budget)));
    }

    #[test]
    fn an_invalid_trial_ends_it_at_once_and_it_looks_a_last_time() {
        let mut looking = Looking::begin(rule(10_000, 20), 10, 0);
        assert!((1..=6).all(|n| looking.goes_on(n, 10 * u64::from(n), false, || OPEN)));
        assert!(!looking.goes_on(7, 70, true, || UNJUDGED));
        let record = looking.record();
        assert_eq!((record.stopped, record.looks), (Some(Stopped::Invalid), vec![5, 7]));
        assert_eq!((record.judged, record.points_unjudged), (3, 1));
        // It is the reason also where there are others.
        let mut looking = Looking::begin(rule(1, 1), 10, 0);
        assert!(!looking.goes_on(1, 10, true, || SETTLED));
        assert_eq!(looking.record().stopped, Some(Stopped::Invalid));
    }

    #[test]
    fn a_run_that_was_stopped_has_no_reason_of_its_own() {
        let mut looking = Looking::begin(rule(10_000, 20), 10, 0);
        assert!(looking.goes_on(1, 10, false, || OPEN));
        assert_eq!((looking.record().stopped, looking.record().looks), (None, Vec::new()));
    }
}
