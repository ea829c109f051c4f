//! How often figures are scraped, and when that is due next.

use std::sync::atomic::{AtomicU64, Ordering};

/// Longest that anybody waits for a scrape.
const PATIENCE_NS: u64 = 15_000_000_000;

/// The scrapes of a run. Written by one thread, read by any.
#[derive(Debug, Default)]
pub struct Scrapes {
    count: AtomicU64,
    last_ns: AtomicU64,
    /// Between the last two.
    apart_ns: AtomicU64,
}

impl Scrapes {
    pub fn note(&self, at_ns: u64) {
        let before_ns = self.last_ns.swap(at_ns, Ordering::Relaxed);
        if self.count() > 0 {
            self.apart_ns.store(at_ns.saturating_sub(before_ns), Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Release);
    }

    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    /// Until when the next is to be expected, a while after it is due; the past where there were less than two.
    pub fn due_ns(&self, now_ns: u64) -> u64 {
        let apart_ns = self.apart_ns.load(Ordering::Relaxed);
        let due_ns = self.last_ns.load(Ordering::Relaxed).saturating_add(2 * apart_ns);
        if self.count() < 2 { 0 } else { due_ns.min(now_ns + PATIENCE_NS) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;

    #[test]
    fn the_next_scrape_is_due_as_long_after_the_last_as_that_was_after_the_one_before() {
        let scrapes = Scrapes::default();
        assert_eq!(scrapes.due_ns(0), 0);
        scrapes.note(10 * SECOND_NS);
        assert_eq!(scrapes.due_ns(11 * SECOND_NS), 0, "one alone does not say when the next comes");
        scrapes.note(12 * SECOND_NS);
        assert_eq!(scrapes.due_ns(13 * SECOND_NS), 16 * SECOND_NS);
        // Whoever scraped an hour ago is gone.
        assert!(scrapes.due_ns(3_600 * SECOND_NS) < 3_600 * SECOND_NS);
    }

    #[test]
    fn nobody_waits_longer_than_a_quarter_of_a_minute() {
        let scrapes = Scrapes::default();
        scrapes.note(0);
        scrapes.note(60 * SECOND_NS);
        assert_eq!(scrapes.due_ns(61 * SECOND_NS), 76 * SECOND_NS);
    }
}
