//! The one monotonic clock of a run, in nanoseconds, and the wall clock for people.
//!
//! `CLOCK_MONOTONIC` is shared by all processes of a machine, so stamps of separate worker processes
//! compare with the generator's.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds on `CLOCK_MONOTONIC`.
#[inline]
pub fn now_ns() -> u64 {
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
}
