//! The bandwidth of one way, that all connections share while it is limited.

use std::num::NonZeroU64;

/// How long one grant keeps the others waiting, if it is no less than a packet.
const TURN_NS: u64 = 5_000_000;
const PACKET_BYTES: u64 = 1_500;
const TURN_BYTES_MAX: u64 = 64 * 1024;

/// A line that is handed out in turns, in the order in which they are asked for.
#[derive(Debug, Default)]
pub struct Band {
    bytes_per_s: Option<NonZeroU64>,
    /// When all that was granted is through.
    free_at_ns: u64,
}

/// Leave to send so many bytes, which are through at that time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    pub bytes: usize,
    pub at_ns: u64,
    /// The limit that it was granted under; void under another.
    pub bytes_per_s: NonZeroU64,
}

impl Band {
    /// Grants a turn to who has so many bytes to send, one at the least.
    pub fn grant(&mut self, bytes: usize, bytes_per_s: NonZeroU64, now_ns: u64) -> Grant {
        if self.bytes_per_s.replace(bytes_per_s) != Some(bytes_per_s) {
            self.free_at_ns = 0;
        }
        let turn = (bytes_per_s.get() / (1_000_000_000 / TURN_NS)).clamp(PACKET_BYTES, TURN_BYTES_MAX);
        let bytes = turn.min(bytes as u64);
        let takes_ns = u128::from(bytes) * 1_000_000_000 / u128::from(bytes_per_s.get());
        let at_ns = self.free_at_ns.max(now_ns).saturating_add(u64::try_from(takes_ns).unwrap_or(u64::MAX));
        self.free_at_ns = at_ns;
        Grant { bytes: bytes as usize, at_ns, bytes_per_s }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEGABYTE_PER_S: NonZeroU64 = NonZeroU64::new(1_000_000).unwrap();

    #[test]
    fn turns_follow_each_other_at_the_limit_and_an_idle_line_saves_nothing_up() {
        let mut band = Band::default();
        let turn = |bytes, at_ns| Grant { bytes, at_ns, bytes_per_s: MEGABYTE_PER_S };
        assert_eq!(band.grant(1_000, MEGABYTE_PER_S, 0), turn(1_000, 1_000_000));
        // Five milliseconds of it, however much there is.
        assert_eq!(band.grant(1 << 20, MEGABYTE_PER_S, 0), turn(5_000, 6_000_000));
        assert_eq!(band.grant(10, MEGABYTE_PER_S, 500), turn(10, 6_010_000));
        assert_eq!(band.grant(10, MEGABYTE_PER_S, 60_000_000), turn(10, 60_010_000));
    }

    #[test]
    fn another_limit_begins_anew_and_the_lowest_still_sends_packets() {
        let mut band = Band::default();
        let slow = NonZeroU64::new(1).unwrap();
        assert_eq!(band.grant(9_000, slow, 0).bytes, 1_500);
        assert_eq!(band.grant(1_000, MEGABYTE_PER_S, 7).at_ns, 1_000_007);
    }
}
