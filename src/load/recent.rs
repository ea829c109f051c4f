//! The latest turnarounds, for whoever watches a trial: written by one thread, read by another, without a lock.
//!
//! Only for the live line. What stands in the record comes from histograms.

use std::sync::atomic::{AtomicU64, Ordering};

/// Enough for a p99 with 10 samples above it.
const KEPT: usize = 1024;

/// A ring of the last turnarounds in nanoseconds. A place not yet written holds 0.
#[derive(Debug)]
pub struct Recent {
    ring: Box<[AtomicU64]>,
    written: AtomicU64,
}

impl Default for Recent {
    fn default() -> Self {
        Self { ring: (0..KEPT).map(|_| AtomicU64::new(0)).collect(), written: AtomicU64::new(0) }
    }
}

impl Recent {
    /// Must be called by one thread only.
    #[inline]
    pub fn push(&self, turnaround_ns: u64) {
        let written = self.written.load(Ordering::Relaxed);
        self.ring[written as usize % KEPT].store(turnaround_ns.max(1), Ordering::Relaxed);
        self.written.store(written + 1, Ordering::Relaxed);
    }

    /// Adds what it holds to `values`, in no order.
    pub fn collect(&self, values: &mut Vec<u64>) {
        let read = self.ring.iter().map(|place| place.load(Ordering::Relaxed));
        values.extend(read.filter(|ns| *ns > 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_kept_and_the_oldest_make_room() {
        let recent = Recent::default();
        let mut values = Vec::new();
        recent.collect(&mut values);
        assert!(values.is_empty());
        (1..=KEPT as u64 + 10).for_each(|ns| recent.push(ns));
        recent.collect(&mut values);
        values.sort_unstable();
        assert_eq!((values.len(), values[0], values[KEPT - 1]), (KEPT, 11, KEPT as u64 + 10));
    }
}
