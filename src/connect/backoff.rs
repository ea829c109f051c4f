//! How long to wait before a lost connection is tried again: alike for all clients, so that no broker looks
//! slower to recover because its library is more patient.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(20);
pub(crate) const LONGEST: Duration = Duration::from_millis(500);

/// Before attempt `number`, from 0: the first at once, then doubling up to half a second.
pub(crate) fn delay(number: u32) -> Duration {
    match number {
        0 => Duration::ZERO,
        _ => FIRST.saturating_mul(1 << (number - 1).min(10)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_follow_each_other_ever_more_slowly_but_for_ever() {
        let delays: Vec<_> = (0..8).map(|number| delay(number).as_millis()).collect();
        assert_eq!(delays, [0, 20, 40, 80, 160, 320, 500, 500]);
        assert_eq!(delay(u32::MAX), LONGEST);
    }
}
