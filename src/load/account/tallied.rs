//! The tally for whoever looks on: brought up to date at each look of the generator at its account, and nothing where
//! nobody wants one.

use super::Account;
use weighbridge_record::result::LedgerTotals;
use weighbridge_record::terms::CompletedBy;

impl Account {
    /// An interval has begun: the sum of those before it, which late events may still have changed.
    pub(super) fn count_before(&mut self, interval: usize) {
        if self.live.tally.is_some() {
            self.counted_before = self.recorder.counted_beside(interval);
        }
    }

    #[inline]
    pub(super) fn tell_tally(&self) {
        if let Some(tally) = &self.live.tally {
            tally.tell(&self.so_far(), self.ledger.unknown());
        }
    }

    /// What is known before the books are closed.
    fn so_far(&self) -> LedgerTotals {
        let mut counts = self.counted_before;
        counts.merge(self.recorder.counted_in(self.last_interval));
        // What may yet be recorded together with the next.
        let pending = |by| if self.completed_by == by { self.ending.count } else { 0 };
        LedgerTotals {
            unsent: counts.unsent,
            sent: counts.sent + self.sending.count,
            acknowledged: counts.accepted + pending(CompletedBy::Acknowledgement),
            rejected: counts.rejected,
            delivered: counts.delivered + pending(CompletedBy::Delivery),
            completed: self.completed,
            parked: counts.parked,
            ..self.ledger.running()
        }
    }
}
