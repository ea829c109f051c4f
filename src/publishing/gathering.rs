//! When a batch is sent: pure arithmetic on how many there are and how long the first has waited.

use super::outcome::Reason;
use weighbridge_plan::Publishing;

/// The rule, and since when the first of the batch has waited.
pub(super) struct Gathering {
    size: usize,
    linger_ns: Option<u64>,
    /// A batch that is still pending waits anew from its last flush.
    flushed_ns: u64,
}

impl Gathering {
    pub fn new(plan: &Publishing) -> Self {
        Self { size: plan.batch as usize, linger_ns: plan.linger_ns, flushed_ns: 0 }
    }

    pub fn is_full(&self, pending: usize) -> bool {
        pending >= self.size
    }

    /// When a batch whose first request came at `first_ns` has waited for long enough; none: never.
    pub fn due_ns(&self, first_ns: u64) -> Option<u64> {
        self.linger_ns.map(|linger_ns| first_ns.max(self.flushed_ns).saturating_add(linger_ns))
    }

    /// Why a batch that is not full is sent now, if it is.
    pub fn is_due(&self, first_ns: u64, now_ns: u64, ended: bool) -> Option<Reason> {
        if self.due_ns(first_ns).is_some_and(|due_ns| due_ns <= now_ns) {
            return Some(Reason::Linger);
        }
        ended.then_some(Reason::End)
    }

    /// A flush has begun, or has failed.
    pub fn flushed(&mut self, now_ns: u64) {
        self.flushed_ns = now_ns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::terms::{Flush, Pool};

    fn gathering(linger_ns: Option<u64>) -> Gathering {
        Gathering::new(&Publishing { pool: Pool::Shared, flush: Flush::Together, batch: 3, linger_ns })
    }

    #[test]
    fn a_batch_is_full_at_its_size_and_due_when_its_first_request_has_waited() {
        let gathering = gathering(Some(500));
        assert!(!gathering.is_full(2) && gathering.is_full(3) && gathering.is_full(4));
        assert_eq!(gathering.due_ns(1_000), Some(1_500));
        assert_eq!(gathering.is_due(1_000, 1_499, false), None);
        assert_eq!(gathering.is_due(1_000, 1_500, false), Some(Reason::Linger));
        assert_eq!(gathering.is_due(1_000, 1_200, true), Some(Reason::End));
    }

    #[test]
    fn without_a_limit_a_batch_waits_until_it_is_full_or_nothing_more_comes() {
        let gathering = gathering(None);
        assert_eq!((gathering.due_ns(1), gathering.is_due(1, u64::MAX, false)), (None, None));
        assert_eq!(gathering.is_due(1, 2, true), Some(Reason::End));
    }

    #[test]
    fn without_linger_what_is_due_at_once_is_a_batch() {
        assert_eq!(gathering(Some(0)).is_due(1_000, 1_000, false), Some(Reason::Linger));
    }

    #[test]
    fn what_is_pending_after_a_flush_waits_anew() {
        let mut gathering = gathering(Some(500));
        gathering.flushed(2_000);
        assert_eq!(gathering.due_ns(1_000), Some(2_500));
        assert_eq!(gathering.due_ns(2_100), Some(2_600));
    }
}
