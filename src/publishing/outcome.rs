//! What a generator's pool and batches came to. It can be sent between processes, and two of them merge into one.

use serde::{Deserialize, Serialize};

use crate::metrics::Bursts;
use weighbridge_plan::Publishing;
use weighbridge_record::latency::Latency;
use weighbridge_record::result::{BatchesRecord, PoolRecord, PublishingRecord};
use weighbridge_record::terms::Pool;

/// Why a batch was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// It was full.
    Size,
    /// Its first request had waited for long enough.
    Linger,
    /// Nothing more was to come.
    End,
}

/// Over the whole trial.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PublishingOutcome {
    /// Connections that were opened in all.
    pub opened: u64,
    /// Most that were out at a time.
    pub out_max: u64,
    /// Checkouts that found no connection free, and those that got none.
    pub waited: u64,
    pub refused: u64,
    pub checkout: Latency,
    pub sizes: Bursts,
    /// Flushes by [`Reason`].
    pub reasons: [u64; 3],
    pub linger: Latency,
    pub flush: Latency,
    /// Flushes that ended at an error.
    pub failed: u64,
    /// Publishes of a request beyond its first.
    pub republished: u64,
    /// Requests that were cleared before anybody had published them.
    pub forgotten: u64,
}

impl PublishingOutcome {
    pub(super) fn flushed(&mut self, size: usize, reason: Reason) {
        self.sizes.record(size as u64);
        self.reasons[reason as usize] += 1;
    }

    /// Adds that of another generator.
    pub fn merge(&mut self, other: &Self) {
        self.opened += other.opened;
        self.out_max += other.out_max;
        self.waited += other.waited;
        self.refused += other.refused;
        self.checkout.merge(&other.checkout);
        self.sizes.merge(&other.sizes);
        self.reasons.iter_mut().zip(&other.reasons).for_each(|(own, other)| *own += other);
        self.linger.merge(&other.linger);
        self.flush.merge(&other.flush);
        self.failed += other.failed;
        self.republished += other.republished;
        self.forgotten += other.forgotten;
    }

    /// The record of generators that were to have so many connections together.
    pub fn record(&self, plan: &Publishing, connections: u32) -> PublishingRecord {
        let [by_size, by_linger, by_end] = self.reasons;
        PublishingRecord {
            pool: (plan.pool != Pool::Shared).then(|| PoolRecord {
                policy: plan.pool,
                size: connections,
                opened: self.opened,
                out_max: self.out_max,
                checkouts: self.checkout.count() + self.refused,
                waited: self.waited,
                refused: self.refused,
                checkout_ns: self.checkout.figures(),
            }),
            batches: BatchesRecord {
                flush: plan.flush,
                size: plan.batch,
                linger_limit_ns: plan.linger_ns,
                sizes: self.sizes.sizes(),
                by_size,
                by_linger,
                by_end,
                linger_ns: self.linger.figures(),
                flush_ns: self.flush.figures(),
                failed: self.failed,
                republished: self.republished,
                forgotten: self.forgotten,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::terms::Flush;

    fn outcome(times: u64) -> PublishingOutcome {
        let mut outcome = PublishingOutcome { opened: 10, out_max: 3, refused: 1, ..Default::default() };
        for time in 1..=times {
            outcome.checkout.record(time * 1_000);
            outcome.linger.record(time * 2_000);
            outcome.flushed(time as usize, Reason::Size);
        }
        outcome.flushed(7, Reason::End);
        outcome.republished = times;
        outcome
    }

    #[test]
    fn two_generators_merge_into_the_sum_of_both() {
        let mut merged = outcome(100);
        merged.merge(&outcome(50));
        let plan = Publishing { pool: Pool::Checkout, flush: Flush::Together, batch: 9, linger_ns: Some(5) };
        let PublishingRecord { pool, batches } = merged.record(&plan, 20);
        let pool = pool.expect("a pool");
        assert_eq!((pool.size, pool.opened, pool.out_max, pool.checkouts), (20, 20, 6, 152));
        assert_eq!(pool.checkout_ns.unwrap().count, 150);
        assert_eq!((batches.by_size, batches.by_linger, batches.by_end), (150, 0, 2));
        assert_eq!((batches.sizes.wakes, batches.sizes.max, batches.republished), (152, 100, 150));
        assert_eq!((batches.linger_limit_ns, batches.flush_ns), (Some(5), None));
    }

    #[test]
    fn shared_connections_are_no_pool() {
        let plan = Publishing { pool: Pool::Shared, flush: Flush::OneByOne, batch: 9, linger_ns: None };
        let record = outcome(1).record(&plan, 1);
        assert_eq!((record.pool, record.batches.linger_limit_ns), (None, None));
    }
}
