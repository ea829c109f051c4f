//! The one monotonic clock of a run, in nanoseconds, and the wall clock for people.
//!
//! `CLOCK_MONOTONIC` is shared by all processes of a machine, so stamps of separate worker processes
//! compare with the generator's. A test in simulated time holds the clock of its own thread and sets it by hand.

use std::cell::Cell;

use rustix::time::{ClockId, clock_gettime};

thread_local! {
    /// Where this thread's clock is held; 0 while it runs. Reading it costs a hundredth of reading the clock.
    static HELD_AT_NS: Cell<u64> = const { Cell::new(0) };
}

/// Holds this thread's clock: it shows `at_ns` until it is set again. At 0 it runs.
pub fn hold_at(at_ns: u64) {
    HELD_AT_NS.set(at_ns);
}

/// Nanoseconds on `CLOCK_MONOTONIC`.
#[inline]
pub fn now_ns() -> u64 {
    let held_at_ns = HELD_AT_NS.get();
    if held_at_ns > 0 {
        return held_at_ns;
    }
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Nanoseconds since 1970 on the wall clock, which may be set at any time.
pub fn wall_ns() -> i64 {
    let now = clock_gettime(ClockId::Realtime);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

/// Seconds since 1970, UTC.
pub fn unix_seconds() -> u64 {
    clock_gettime(ClockId::Realtime).tv_sec as u64
}

/// RFC 3339 in UTC with whole seconds: always 20 bytes, as in the guide's messages.
pub fn rfc3339(unix_seconds: u64) -> String {
    let second = i64::try_from(unix_seconds).unwrap_or(i64::MAX);
    let timestamp = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::MAX);
    timestamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_reads_like_the_guide() {
        assert_eq!(rfc3339(1_751_034_600), "2025-06-27T14:30:00Z");
    }

    #[test]
    fn the_clock_does_not_go_back() {
        let first = now_ns();
        assert!(now_ns() >= first);
    }

    #[test]
    fn a_clock_that_is_held_stands_still_on_its_own_thread_alone() {
        let before_ns = now_ns();
        hold_at(5);
        assert_eq!((now_ns(), now_ns()), (5, 5));
        assert!(std::thread::spawn(now_ns).join().unwrap() >= before_ns);
        hold_at(0);
        assert!(now_ns() >= before_ns);
    }
}
