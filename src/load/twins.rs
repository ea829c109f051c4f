//! The two answers to each request that took both legs, held against each other.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use weighbridge_plan::route::Leg;
use weighbridge_record::latency::Latency;

/// The first answer to a request, until the second comes.
#[derive(Clone, Copy)]
struct Answer {
    leg: Leg,
    at_ns: u64,
    content: u64,
}

pub(super) struct Twins {
    alone: HashMap<u64, Answer>,
    counts: TwinCounts,
    lag: Latency,
}

/// How the pairs of answers compare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwinCounts {
    /// Requests that both sides answered.
    pub compared: u64,
    pub equal: u64,
    pub different: u64,
    /// Requests that only one side answered.
    pub missing_first: u64,
    pub missing_second: u64,
    /// Pairs of which the first leg's answer came first.
    pub first_ahead: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TwinsSummary {
    pub counts: TwinCounts,
    /// Between the two answers of a pair, whichever came first.
    pub lag: Latency,
}

impl Twins {
    pub fn new() -> Self {
        Self { alone: HashMap::new(), counts: TwinCounts::default(), lag: Latency::new() }
    }

    /// An answer came; `second` if the other side has answered before.
    pub fn answered(&mut self, number: u64, leg: Leg, at_ns: u64, content: u64, second: bool) {
        if !second {
            self.alone.entry(number).or_insert(Answer { leg, at_ns, content });
            return;
        }
        let Some(first) = self.alone.remove(&number) else { return };
        self.counts.compared += 1;
        self.counts.equal += u64::from(first.content == content);
        self.counts.different += u64::from(first.content != content);
        self.counts.first_ahead += u64::from(first.leg == Leg::First);
        self.lag.record(at_ns.saturating_sub(first.at_ns));
    }

    pub fn close(mut self, [first, second]: &[Ledger; 2]) -> TwinsSummary {
        for number in self.alone.keys() {
            let answered = (first.is_completed(*number), second.is_completed(*number));
            self.counts.missing_first += u64::from(answered == (false, true));
            self.counts.missing_second += u64::from(answered == (true, false));
        }
        TwinsSummary { counts: self.counts, lag: self.lag }
    }
}

impl TwinsSummary {
    /// Adds those of another generator.
    pub fn merge(&mut self, other: &Self) {
        let (own, other_counts) = (&mut self.counts, &other.counts);
        own.compared += other_counts.compared;
        own.equal += other_counts.equal;
        own.different += other_counts.different;
        own.missing_first += other_counts.missing_first;
        own.missing_second += other_counts.missing_second;
        own.first_ahead += other_counts.first_ahead;
        self.lag.merge(&other.lag);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_compared_pair_by_pair() {
        let mut ledgers = [Ledger::default(), Ledger::default()];
        for ledger in &mut ledgers {
            (0..4).for_each(|_| _ = ledger.attempt());
            (0..4).for_each(|number| _ = ledger.sent(number));
        }
        let mut twins = Twins::new();
        for (number, leg, at_ns, content, second) in [
            (0, Leg::First, 10, 7, false),
            (1, Leg::Second, 11, 7, false),
            (0, Leg::Second, 500_010, 7, true),
            (1, Leg::First, 1_000_011, 8, true),
            (2, Leg::First, 20, 7, false),
        ] {
            ledgers[leg as usize].completed(number);
            twins.answered(number, leg, at_ns, content, second);
        }
        let summary = twins.close(&ledgers);
        let expected = TwinCounts {
            compared: 2,
            equal: 1,
            different: 1,
            missing_first: 0,
            missing_second: 1,
            first_ahead: 1,
        };
        assert_eq!(summary.counts, expected);
        // To three digits.
        let longest_ns = summary.lag.max();
        assert_eq!(summary.lag.count(), 2);
        assert!((1_000_000..1_001_000).contains(&longest_ns), "{longest_ns} ns");
    }
}
