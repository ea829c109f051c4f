//! The two sides of each request that took both legs, held against each other: what the brokers said of it, and what the
//! workers answered.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use weighbridge_plan::route::Leg;
use weighbridge_record::latency::Latency;
use weighbridge_record::result::LatencySummary;

/// What is known of a request that took both legs, until both sides have said all.
#[derive(Clone, Copy)]
struct Pair {
    intended_ns: u64,
    sent_ns: u64,
    /// When each broker confirmed it.
    confirmed_ns: [Option<u64>; 2],
    answers: [Option<Answer>; 2],
}

#[derive(Clone, Copy)]
struct Answer {
    at_ns: u64,
    content: u64,
}

pub(super) struct Twins {
    /// Whether the broker of each leg confirms a publish.
    confirms: [bool; 2],
    open: HashMap<u64, Pair>,
    summary: TwinsSummary,
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
    pub taken: Taken,
}

/// Which brokers took the requests that went to both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub both: u64,
    pub one: [u64; 2],
    pub neither: u64,
    /// Requests that not both, and that neither is known to have taken, and that were answered all the same.
    pub one_answered: u64,
    pub neither_answered: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TwinsSummary {
    pub counts: TwinCounts,
    /// Between the two answers of a pair, whichever came first.
    pub lag: Latency,
    /// Turnaround of the second answer.
    pub second: Latency,
    /// From send to the confirmation of each broker, of the first of them and of the last.
    pub confirmed: [Latency; 2],
    pub confirmed_first: Latency,
    pub confirmed_last: Latency,
}

impl Twins {
    pub fn new(confirms: [bool; 2]) -> Self {
        Self { confirms, open: HashMap::new(), summary: TwinsSummary::new() }
    }

    /// A request goes to both brokers.
    pub fn sent(&mut self, number: u64, intended_ns: u64, sent_ns: u64) {
        let pair = Pair { intended_ns, sent_ns, confirmed_ns: [None; 2], answers: [None; 2] };
        self.open.insert(number, pair);
    }

    /// The broker of a leg has it.
    pub fn confirmed(&mut self, number: u64, leg: Leg, at_ns: u64) {
        let Some(pair) = self.open.get_mut(&number) else { return };
        if pair.confirmed_ns[leg as usize].is_some() {
            return;
        }
        pair.confirmed_ns[leg as usize] = Some(at_ns);
        let took_ns = at_ns.saturating_sub(pair.sent_ns);
        self.summary.confirmed[leg as usize].record(took_ns);
        match pair.confirmed_ns[leg.other() as usize] {
            None => self.summary.confirmed_first.record(took_ns),
            Some(_) => self.summary.confirmed_last.record(took_ns),
        }
        self.let_go(number);
    }

    /// A side answers it for the first time.
    pub fn answered(&mut self, number: u64, leg: Leg, at_ns: u64, content: u64) {
        let Some(pair) = self.open.get_mut(&number) else { return };
        pair.answers[leg as usize] = Some(Answer { at_ns, content });
        let Some(first) = pair.answers[leg.other() as usize] else { return };
        let counts = &mut self.summary.counts;
        counts.compared += 1;
        counts.equal += u64::from(first.content == content);
        counts.different += u64::from(first.content != content);
        counts.first_ahead += u64::from(leg == Leg::Second);
        self.summary.lag.record(at_ns.saturating_sub(first.at_ns));
        self.summary.second.record(at_ns.saturating_sub(pair.intended_ns));
        self.let_go(number);
    }

    /// Forgets a request of which all is known.
    fn let_go(&mut self, number: u64) {
        let said = |pair: &Pair| {
            let confirmed =
                self.confirms.iter().zip(pair.confirmed_ns).all(|(confirms, at)| !confirms || at.is_some());
            confirmed && pair.answers.iter().all(Option::is_some)
        };
        if self.open.get(&number).is_some_and(said) {
            self.open.remove(&number);
            self.summary.counts.taken.both += 1;
        }
    }

    pub fn close(mut self, ledgers: &[Ledger; 2]) -> TwinsSummary {
        let counts = &mut self.summary.counts;
        for (number, pair) in &self.open {
            let answered = pair.answers.map(|answer| answer.is_some());
            counts.missing_first += u64::from(answered == [false, true]);
            counts.missing_second += u64::from(answered == [true, false]);
            let took = [0, 1].map(|leg| match self.confirms[leg] {
                true => pair.confirmed_ns[leg].is_some(),
                false => is_taken(&ledgers[leg], *number),
            });
            counts.taken.count(took, answered.contains(&true));
        }
        self.summary
    }
}

/// Whether a broker that confirms nothing is taken to have the request.
fn is_taken(ledger: &Ledger, number: u64) -> bool {
    ledger.is_completed(number) || (!ledger.is_rejected(number) && ledger.is_under_way(number))
}

impl Taken {
    fn count(&mut self, took: [bool; 2], answered: bool) {
        match took {
            [true, true] => self.both += 1,
            [false, false] => {
                self.neither += 1;
                self.neither_answered += u64::from(answered);
            }
            [first, _] => {
                self.one[usize::from(!first)] += 1;
                self.one_answered += u64::from(answered);
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        self.both += other.both;
        self.one[0] += other.one[0];
        self.one[1] += other.one[1];
        self.neither += other.neither;
        self.one_answered += other.one_answered;
        self.neither_answered += other.neither_answered;
    }
}

impl TwinsSummary {
    fn new() -> Self {
        let none = Latency::new;
        Self {
            counts: TwinCounts::default(),
            lag: none(),
            second: none(),
            confirmed: [none(), none()],
            confirmed_first: none(),
            confirmed_last: none(),
        }
    }

    /// Adds those of another generator.
    pub fn merge(&mut self, other: &Self) {
        let (own, other_counts) = (&mut self.counts, &other.counts);
        own.compared += other_counts.compared;
        own.equal += other_counts.equal;
        own.different += other_counts.different;
        own.missing_first += other_counts.missing_first;
        own.missing_second += other_counts.missing_second;
        own.first_ahead += other_counts.first_ahead;
        own.taken.merge(&other_counts.taken);
        self.lag.merge(&other.lag);
        self.second.merge(&other.second);
        self.confirmed_first.merge(&other.confirmed_first);
        self.confirmed_last.merge(&other.confirmed_last);
        for (own, other) in self.confirmed.iter_mut().zip(&other.confirmed) {
            own.merge(other);
        }
    }

    /// Of each broker's confirmation, of the first of them and of the last; none where not both confirm.
    pub fn waits(&self) -> Option<[LatencySummary; 4]> {
        let [from, to] = &self.confirmed;
        let each = [from, to, &self.confirmed_first, &self.confirmed_last].map(Latency::figures);
        let [Some(from), Some(to), Some(first), Some(last)] = each else { return None };
        Some([from, to, first, last])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four requests that went to both brokers, the first of which confirms.
    fn sent() -> ([Ledger; 2], Twins) {
        let (mut ledgers, mut twins) = ([Ledger::default(), Ledger::default()], Twins::new([true, false]));
        for number in 0..4 {
            for ledger in &mut ledgers {
                ledger.attempt();
                ledger.sent(number);
            }
            twins.sent(number, 5, 10);
        }
        (ledgers, twins)
    }

    fn summary(told: &[(u64, Leg, u64, u64)], confirmed: &[u64], rejected: &[u64]) -> TwinsSummary {
        let (mut ledgers, mut twins) = sent();
        rejected.iter().for_each(|number| _ = ledgers[1].rejected(*number));
        confirmed.iter().for_each(|number| twins.confirmed(*number, Leg::First, 1_000_010));
        for (number, leg, at_ns, content) in told {
            ledgers[*leg as usize].completed(*number);
            twins.answered(*number, *leg, *at_ns, *content);
        }
        twins.close(&ledgers)
    }

    #[test]
    fn answers_are_compared_pair_by_pair() {
        let told = [
            (0, Leg::First, 10, 7),
            (1, Leg::Second, 11, 7),
            (0, Leg::Second, 500_010, 7),
            (1, Leg::First, 1_000_011, 8),
            (2, Leg::First, 20, 7),
        ];
        let summary = summary(&told, &[0, 1, 2, 3], &[]);
        let taken = Taken { both: 4, ..Taken::default() };
        let expected = TwinCounts {
            compared: 2,
            equal: 1,
            different: 1,
            missing_first: 0,
            missing_second: 1,
            first_ahead: 1,
            taken,
        };
        assert_eq!(summary.counts, expected);
        // To three digits.
        let longest_ns = summary.lag.max();
        assert_eq!((summary.lag.count(), summary.second.count(), summary.confirmed[0].count()), (2, 2, 4));
        assert!((1_000_000..1_001_000).contains(&longest_ns), "{longest_ns} ns");
    }

    #[test]
    fn what_one_broker_does_not_take_fails_under_one_policy_and_what_none_takes_under_both() {
        // 0: both; 1: the first alone, which answers; 2: the second alone; 3: neither.
        let summary = summary(&[(1, Leg::First, 90, 7)], &[0, 1], &[1, 3]);
        let expected = Taken { both: 1, one: [1, 1], neither: 1, one_answered: 1, neither_answered: 0 };
        assert_eq!(summary.counts.taken, expected);
        assert_eq!(summary.waits(), None, "one of them confirms nothing");
    }

    #[test]
    fn the_publisher_waits_for_the_first_confirmation_or_for_the_last() {
        let (ledgers, mut twins) = sent();
        twins.confirms = [true, true];
        twins.confirmed(0, Leg::Second, 1_000_010);
        twins.confirmed(0, Leg::First, 4_000_010);
        twins.confirmed(0, Leg::First, 9_000_010);
        let waits = twins.close(&ledgers).waits().expect("both confirm");
        let near_ms = waits.map(|wait| (wait.max.unwrap() as f64 / 1e6).round());
        assert_eq!(near_ms, [4.0, 1.0, 1.0, 4.0]);
    }
}
