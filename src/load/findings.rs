//! Requests of which something is to be told, as the account comes upon them: the first hundred of each class.

use std::num::NonZeroU16;

use super::in_flight::{Since, Times, Way};
use weighbridge_record::result::{FINDINGS_MAX, Finding, FindingClass};

/// What one generator found.
pub(super) struct Findings {
    window_start_ns: u64,
    kept: Vec<Finding>,
    /// How many of each class are kept.
    counts: [usize; FindingClass::COUNT],
}

/// One request, as far as the account knows it.
#[derive(Clone, Copy, Default)]
pub(super) struct Known {
    pub sequence: Option<u64>,
    pub acknowledged: bool,
    /// None once they are freed.
    pub times: Option<Times>,
    /// What befell it on its way, as far as that is kept.
    pub way: Way,
}

impl Findings {
    pub fn new(window_start_ns: u64) -> Self {
        Self { window_start_ns, kept: Vec::new(), counts: [0; FindingClass::COUNT] }
    }

    /// Whether one more of the class would be kept.
    pub fn has_room(&self, class: FindingClass) -> bool {
        self.counts[class as usize] < FINDINGS_MAX
    }

    pub fn add(&mut self, class: FindingClass, known: Known, at_ns: Option<u64>) {
        if !self.has_room(class) {
            return;
        }
        self.counts[class as usize] += 1;
        let since_window_s = |at_ns: u64| (at_ns as f64 - self.window_start_ns as f64) / 1e9;
        let sent_ns = known.times.map(|times| times.sent_ns).filter(|sent_ns| *sent_ns > 0);
        let after_sending = |since: Since| Some(since_window_s(sent_ns? + since.ns()?));
        self.kept.push(Finding {
            class,
            sequence: known.sequence,
            acknowledged: known.acknowledged,
            intended_s: known.times.map(|times| since_window_s(times.intended_ns)),
            sent_s: sent_ns.map(since_window_s),
            accepted_s: after_sending(known.way.accepted),
            delivered_s: after_sending(known.way.received),
            delivered_to: NonZeroU16::new(known.way.received_by).map(|number| format!("worker.{number}")),
            at_s: at_ns.map(since_window_s),
        });
    }

    pub fn into_kept(self) -> Vec<Finding> {
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_count_from_the_window_and_each_class_has_its_own_room() {
        let mut findings = Findings::new(2_000_000_000);
        let times = Some(Times { intended_ns: 1_000_000_000, sent_ns: 0 });
        let known = Known { sequence: Some(7), acknowledged: true, times, way: Way::default() };
        (0..FINDINGS_MAX + 5)
            .for_each(|_| findings.add(FindingClass::Duplicated, known, Some(4_500_000_000)));
        findings.add(FindingClass::Unexpected, Known::default(), Some(2_000_000_000));
        assert!(!findings.has_room(FindingClass::Duplicated));
        let kept = findings.into_kept();
        assert_eq!(kept.len(), FINDINGS_MAX + 1);
        assert_eq!((kept[0].intended_s, kept[0].sent_s, kept[0].at_s), (Some(-1.0), None, Some(2.5)));
        assert_eq!((kept[FINDINGS_MAX].sequence, kept[FINDINGS_MAX].at_s), (None, Some(0.0)));
    }
}
