//! What a generator has counted so far, for whoever looks on: written by its thread, read by others, without a lock.
//!
//! Only where somebody does. What stands in the record comes from the ledger and the recorder.

use std::sync::atomic::{AtomicU64, Ordering};

use weighbridge_record::result::LedgerTotals;

/// Upper bounds of the buckets of turnarounds, in nanoseconds: from 10 us to 60 s, so close to each other that a
/// quantile told between two of them is off by a quarter at most.
pub const BOUNDS_NS: [u64; 39] = bounds_ns();

const fn bounds_ns() -> [u64; 39] {
    const STEPS: [u64; 6] = [10, 15, 20, 30, 50, 70];
    // What only a stall takes stands behind the decades from 10 us to 10 s.
    let mut bounds = [0; 39];
    (bounds[36], bounds[37], bounds[38]) = (10_000_000_000, 30_000_000_000, 60_000_000_000);
    let (mut place, mut unit_ns) = (0, 1_000);
    while place < 36 {
        bounds[place] = STEPS[place % 6] * unit_ns;
        place += 1;
        if place % 6 == 0 {
            unit_ns *= 10;
        }
    }
    bounds
}

/// Turnarounds by bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turnarounds {
    /// How many were no longer than the bound of the same place and longer than the one before; the last were longer
    /// than all bounds.
    pub buckets: [u64; BOUNDS_NS.len() + 1],
    pub sum_ns: u64,
}

impl Default for Turnarounds {
    fn default() -> Self {
        Self { buckets: [0; BOUNDS_NS.len() + 1], sum_ns: 0 }
    }
}

impl Turnarounds {
    pub fn merge(&mut self, other: &Self) {
        self.buckets.iter_mut().zip(other.buckets).for_each(|(mine, theirs)| *mine += theirs);
        self.sum_ns += other.sum_ns;
    }

    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }
}

/// Counts of one generator.
#[derive(Debug)]
pub struct Tally {
    /// In the order of [`told`].
    counts: [AtomicU64; 11],
    buckets: [AtomicU64; BOUNDS_NS.len() + 1],
    sum_ns: AtomicU64,
    unknown: AtomicU64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            counts: Default::default(),
            buckets: std::array::from_fn(|_| AtomicU64::new(0)),
            sum_ns: AtomicU64::new(0),
            unknown: AtomicU64::new(0),
        }
    }
}

impl Tally {
    /// So many requests ended after this time. Must be called by one thread only.
    #[inline]
    pub fn ended(&self, turnaround_ns: u64, count: u64) {
        let bucket = BOUNDS_NS.partition_point(|bound_ns| *bound_ns < turnaround_ns);
        raise(&self.buckets[bucket], count);
        raise(&self.sum_ns, turnaround_ns.saturating_mul(count));
    }

    /// Tells what is known of `totals` while requests are open, and how many of these nobody knows the outcome of.
    pub fn tell(&self, totals: &LedgerTotals, unknown: u64) {
        let counts = told(totals);
        self.counts.iter().zip(counts).for_each(|(place, count)| place.store(count, Ordering::Relaxed));
        self.unknown.store(unknown, Ordering::Relaxed);
    }

    /// What was told last; what is known only when the books are closed is 0.
    pub fn totals(&self) -> LedgerTotals {
        of(self.counts.each_ref().map(|count| count.load(Ordering::Relaxed)))
    }

    pub fn turnarounds(&self) -> Turnarounds {
        Turnarounds {
            buckets: self.buckets.each_ref().map(|count| count.load(Ordering::Relaxed)),
            sum_ns: self.sum_ns.load(Ordering::Relaxed),
        }
    }

    /// Open requests whose outcome is unknown.
    pub fn unknown(&self) -> u64 {
        self.unknown.load(Ordering::Relaxed)
    }
}

/// A counter that only this thread writes.
#[inline]
fn raise(counter: &AtomicU64, by: u64) {
    counter.store(counter.load(Ordering::Relaxed) + by, Ordering::Relaxed);
}

fn told(totals: &LedgerTotals) -> [u64; 11] {
    [
        totals.attempted,
        totals.unsent,
        totals.sent,
        totals.acknowledged,
        totals.rejected,
        totals.delivered,
        totals.completed,
        totals.duplicated,
        totals.redelivered,
        totals.parked,
        totals.unexpected,
    ]
}

/// The inverse of [`told`].
fn of(counts: [u64; 11]) -> LedgerTotals {
    let [
        attempted,
        unsent,
        sent,
        acknowledged,
        rejected,
        delivered,
        completed,
        duplicated,
        redelivered,
        parked,
        unexpected,
    ] = counts;
    LedgerTotals {
        attempted,
        unsent,
        sent,
        acknowledged,
        rejected,
        delivered,
        completed,
        duplicated,
        redelivered,
        parked,
        unexpected,
        ..LedgerTotals::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_rise_and_none_is_far_from_the_next() {
        assert!(BOUNDS_NS.is_sorted() && BOUNDS_NS[0] == 10_000 && BOUNDS_NS[38] == 60_000_000_000);
        for pair in BOUNDS_NS[..37].windows(2) {
            assert!(pair[1] as f64 / pair[0] as f64 <= 1.67, "{pair:?}");
        }
    }

    #[test]
    fn a_turnaround_of_just_a_bound_belongs_below_it_and_one_beyond_all_to_the_last() {
        let tally = Tally::default();
        for (ns, count) in [(1, 1), (10_000, 2), (10_001, 4), (60_000_000_001, 8)] {
            tally.ended(ns, count);
        }
        let told = tally.turnarounds();
        assert_eq!((told.buckets[0], told.buckets[1], told.buckets[39], told.count()), (3, 4, 8, 15));
        assert_eq!(told.sum_ns, 1 + 2 * 10_000 + 4 * 10_001 + 8 * 60_000_000_001);
        let mut twice = told;
        twice.merge(&told);
        assert_eq!((twice.count(), twice.sum_ns), (30, 2 * told.sum_ns));
    }

    #[test]
    fn what_was_told_is_read_and_what_is_not_known_yet_is_none_of_it() {
        let counts = std::array::from_fn(|place| place as u64 + 1);
        let totals = LedgerTotals { lost: 9, indeterminate: 9, ..of(counts) };
        let tally = Tally::default();
        tally.tell(&totals, 7);
        assert_eq!((tally.totals(), tally.unknown()), (of(counts), 7));
    }
}
