//! Totals of the ledger of one trial, and the equations they must satisfy.

mod written;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use written::Written;

/// What became of every request of the trial, warm-up and cool-down included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Written", into = "Written")]
pub struct LedgerTotals {
    /// Requests that the schedule asked for.
    pub attempted: u64,
    /// Shed before sending, because `max_in_flight` were outstanding or the run was stopped.
    pub unsent: u64,
    /// Handed to the client library.
    pub sent: u64,
    /// Confirmed by the broker.
    pub acknowledged: u64,
    /// Refused for certain: an error reply, no responders, out of memory.
    pub rejected: u64,
    /// Sends whose outcome was unknown at some time (timeout, lost connection); reconciled at the end.
    pub indeterminate: u64,
    /// Requests that a worker received at least once.
    pub delivered: u64,
    /// Requests whose result reached the collector.
    pub completed: u64,
    /// Requests that were sent and neither completed, rejected nor parked.
    pub lost: u64,
    /// Lost before any worker had them.
    pub lost_requests: u64,
    /// Received by a worker, but the result never arrived.
    pub lost_results: u64,
    /// Lost although the broker had confirmed them.
    pub lost_acknowledged: u64,
    /// Results beyond the first for the same request.
    pub duplicated: u64,
    /// Deliveries to a worker beyond the first for the same request.
    pub redelivered: u64,
    /// First deliveries that reached a consumer after a later request of the same ordering key.
    pub reordered: u64,
    /// Given up by the broker after its last delivery, but still stored.
    pub parked: u64,
    /// Messages that belong to no request of this trial: foreign, corrupt or stale.
    pub unexpected: u64,
    /// Whether nobody told what workers receive, as they are somebody else's: counts of [`LedgerTotals::TOLD`] are then
    /// not known, and 0 here.
    pub untold: bool,
}

/// An equation of the ledger that does not hold: a defect of the instrument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ledger does not balance: {equation}: {left} against {right}")]
pub struct LedgerUnbalanced {
    pub equation: &'static str,
    pub left: u64,
    pub right: u64,
}

impl LedgerTotals {
    /// Name of [`LedgerTotals::unanswered`] among the counts.
    pub const UNANSWERED: &str = "unanswered";

    /// What only workers tell, and what follows from it.
    pub const TOLD: [&str; 6] =
        ["delivered", "lost_requests", "lost_results", "redelivered", "reordered", "parked"];

    /// Every field with its name in `result.json`, in the order of a request's life; none where it was not measured.
    pub fn fields(&self) -> [(&'static str, Option<u64>); 17] {
        let known = |(name, count): (&'static str, u64)| {
            (name, (!self.untold || !Self::TOLD.contains(&name)).then_some(count))
        };
        [
            ("attempted", self.attempted),
            ("unsent", self.unsent),
            ("sent", self.sent),
            ("acknowledged", self.acknowledged),
            ("rejected", self.rejected),
            ("indeterminate", self.indeterminate),
            ("delivered", self.delivered),
            ("completed", self.completed),
            ("lost", self.lost),
            ("lost_requests", self.lost_requests),
            ("lost_results", self.lost_results),
            ("lost_acknowledged", self.lost_acknowledged),
            ("duplicated", self.duplicated),
            ("redelivered", self.redelivered),
            ("reordered", self.reordered),
            ("parked", self.parked),
            ("unexpected", self.unexpected),
        ]
        .map(known)
    }

    /// The same where nobody told what workers receive: what was parked is lost as far as anybody knows.
    pub fn without_told(self) -> Self {
        Self {
            lost: self.lost + self.parked,
            delivered: 0,
            lost_requests: 0,
            lost_results: 0,
            redelivered: 0,
            reordered: 0,
            parked: 0,
            untold: true,
            ..self
        }
    }

    /// Requests that got no answer: shed, refused, lost or parked.
    pub fn unanswered(&self) -> u64 {
        self.attempted.saturating_sub(self.completed)
    }

    /// Every count that a threshold may name: the fields, and what follows from them.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, Option<u64>)> + use<> {
        self.fields().into_iter().chain([(Self::UNANSWERED, Some(self.unanswered()))])
    }

    /// A count by its name; none also where it was not measured.
    pub fn count(&self, name: &str) -> Option<u64> {
        self.counts().find(|(count, _)| *count == name).and_then(|(_, value)| value)
    }

    /// Adds the totals of another segment of the same trial.
    pub fn merge(&mut self, other: &Self) {
        self.attempted += other.attempted;
        self.unsent += other.unsent;
        self.sent += other.sent;
        self.acknowledged += other.acknowledged;
        self.rejected += other.rejected;
        self.indeterminate += other.indeterminate;
        self.delivered += other.delivered;
        self.completed += other.completed;
        self.lost += other.lost;
        self.lost_requests += other.lost_requests;
        self.lost_results += other.lost_results;
        self.lost_acknowledged += other.lost_acknowledged;
        self.duplicated += other.duplicated;
        self.redelivered += other.redelivered;
        self.reordered += other.reordered;
        self.parked += other.parked;
        self.unexpected += other.unexpected;
        self.untold |= other.untold;
    }

    /// Checks the equations that every trial must satisfy.
    pub fn check(&self) -> Result<(), LedgerUnbalanced> {
        let equal = |equation, left, right| {
            if left == right { Ok(()) } else { Err(LedgerUnbalanced { equation, left, right }) }
        };
        equal(
            "attempted = unsent + rejected + completed + lost + parked",
            self.attempted,
            self.unsent + self.rejected + self.completed + self.lost + self.parked,
        )?;
        equal("attempted = unsent + sent", self.attempted, self.unsent + self.sent)?;
        if !self.untold {
            equal("lost = lost_requests + lost_results", self.lost, self.lost_requests + self.lost_results)?;
        }
        if self.lost_acknowledged > self.lost {
            return Err(LedgerUnbalanced {
                equation: "lost_acknowledged <= lost",
                left: self.lost_acknowledged,
                right: self.lost,
            });
        }
        Ok(())
    }
}

impl From<Written> for LedgerTotals {
    fn from(written: Written) -> Self {
        Self {
            attempted: written.attempted,
            unsent: written.unsent,
            sent: written.sent,
            acknowledged: written.acknowledged,
            rejected: written.rejected,
            indeterminate: written.indeterminate,
            delivered: written.delivered.unwrap_or(0),
            completed: written.completed,
            lost: written.lost,
            lost_requests: written.lost_requests.unwrap_or(0),
            lost_results: written.lost_results.unwrap_or(0),
            lost_acknowledged: written.lost_acknowledged,
            duplicated: written.duplicated,
            redelivered: written.redelivered.unwrap_or(0),
            reordered: written.reordered.unwrap_or(0),
            parked: written.parked.unwrap_or(0),
            unexpected: written.unexpected,
            untold: written.delivered.is_none(),
        }
    }
}

impl From<LedgerTotals> for Written {
    fn from(totals: LedgerTotals) -> Self {
        let told = |count| (!totals.untold).then_some(count);
        Self {
            attempted: totals.attempted,
            unsent: totals.unsent,
            sent: totals.sent,
            acknowledged: totals.acknowledged,
            rejected: totals.rejected,
            indeterminate: totals.indeterminate,
            delivered: told(totals.delivered),
            completed: totals.completed,
            lost: totals.lost,
            lost_requests: told(totals.lost_requests),
            lost_results: told(totals.lost_results),
            lost_acknowledged: totals.lost_acknowledged,
            duplicated: totals.duplicated,
            redelivered: told(totals.redelivered),
            reordered: told(totals.reordered),
            parked: told(totals.parked),
            unexpected: totals.unexpected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals() -> LedgerTotals {
        LedgerTotals {
            attempted: 10,
            unsent: 1,
            sent: 9,
            rejected: 1,
            completed: 5,
            lost: 2,
            lost_requests: 1,
            lost_results: 1,
            lost_acknowledged: 1,
            parked: 1,
            ..LedgerTotals::default()
        }
    }

    #[test]
    fn a_balanced_ledger_passes() {
        assert_eq!(totals().check(), Ok(()));
    }

    #[test]
    fn a_request_that_vanished_is_noticed() {
        let unbalanced = LedgerTotals { completed: 4, ..totals() };
        let error = unbalanced.check().unwrap_err();
        assert_eq!((error.left, error.right), (10, 9));
    }

    #[test]
    fn unanswered_is_whatever_did_not_complete_and_stands_among_the_counts() {
        assert_eq!(totals().unanswered(), 1 + 1 + 2 + 1);
        assert_eq!(totals().count("unanswered"), Some(5));
        assert_eq!(totals().count("lost"), Some(2));
        assert_eq!(totals().count("answered"), None);
    }

    #[test]
    fn merging_two_segments_adds_every_field() {
        let mut merged = totals();
        merged.merge(&totals());
        for ((name, one), (_, two)) in totals().fields().into_iter().zip(merged.fields()) {
            assert_eq!(two, one.map(|one| 2 * one), "{name}");
        }
        assert_eq!(merged.check(), Ok(()));
    }
    #[test]
    fn what_nobody_told_is_left_out_and_read_back_as_not_measured() {
        let untold = totals().without_told();
        assert_eq!(untold.check(), Ok(()), "how the lost were lost is not known");
        let written = serde_json::to_value(untold).unwrap();
        for name in LedgerTotals::TOLD {
            assert_eq!((written.get(name), untold.count(name)), (None, None), "{name}");
        }
        assert_eq!(written["lost"], 3, "the parked one too");
        assert_eq!(serde_json::from_value::<LedgerTotals>(written).unwrap(), untold);
        let mut merged = totals();
        merged.merge(&untold);
        assert!(merged.untold, "a sum of which a part is not known");
    }

    #[test]
    fn what_workers_told_is_written_as_it_was() {
        let written = serde_json::to_value(totals()).unwrap();
        assert_eq!((&written["delivered"], &written["parked"]), (&0.into(), &1.into()));
        assert_eq!(serde_json::from_value::<LedgerTotals>(written).unwrap(), totals());
    }
}
