//! What a probe saw last, for whoever looks on while it goes on looking.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::series::Row;

/// A figure that was not had for so long is not of now: some are asked for once a second, and an answer may take half
/// as long again.
const FRESH_NS: u64 = 5_000_000_000;

/// The latest figure of each column, written by the probe's thread at each look.
#[derive(Debug, Default)]
pub struct Latest(Mutex<BTreeMap<&'static str, Figure>>);

/// A column as it was seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// By the first look that had it.
    pub first: f64,
    /// By the latest look that had it.
    pub last: f64,
    at_ns: u64,
}

impl Figure {
    /// By how much a counter rose since it was first seen.
    pub fn rise(&self) -> f64 {
        (self.last - self.first).max(0.0)
    }

    /// Whether it was seen a short time before `now_ns`, on the monotonic clock.
    pub fn is_fresh(&self, now_ns: u64) -> bool {
        now_ns.saturating_sub(self.at_ns) <= FRESH_NS
    }
}

impl Latest {
    /// Takes a look; columns that it does not name keep what they had.
    pub fn note(&self, at_ns: u64, row: &Row) {
        let mut columns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, last) in row {
            let first = columns.get(name).map_or(*last, |figure| figure.first);
            columns.insert(name, Figure { first, last: *last, at_ns });
        }
    }

    /// All columns that were ever seen, by name.
    pub fn figures(&self) -> BTreeMap<&'static str, Figure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::series::column;
    use super::*;

    #[test]
    fn a_look_without_a_figure_leaves_what_was_seen_before_until_it_is_stale() {
        let latest = Latest::default();
        latest.note(1_000, &vec![(column::CPU_SECONDS, 2.0), (column::RSS_BYTES, 7.0)]);
        latest.note(2_000, &vec![(column::CPU_SECONDS, 2.5)]);
        let figures = latest.figures();
        assert_eq!((figures[column::CPU_SECONDS].rise(), figures[column::RSS_BYTES].last), (0.5, 7.0));
        let rss = figures[column::RSS_BYTES];
        assert!(rss.is_fresh(1_000 + FRESH_NS) && !rss.is_fresh(1_001 + FRESH_NS));
    }

    #[test]
    fn a_counter_that_falls_has_not_risen() {
        let latest = Latest::default();
        latest.note(1, &vec![(column::NET_IN_BYTES, 9.0)]);
        latest.note(2, &vec![(column::NET_IN_BYTES, 4.0)]);
        assert_eq!(latest.figures()[column::NET_IN_BYTES].rise(), 0.0);
    }
}
