//! How long a pacer may wait for company: pure arithmetic, fed with what it sees.
//!
//! One wake per request is exact and cheap at low rates, and starves the broker at high ones. So above some
//! thousand requests a second the pacer lets requests gather, and longer still when wakes come late, which
//! is what CPU pressure looks like from here.

/// Up to this rate every request gets a wake of its own.
const SINGLE_MAX_PER_S: f64 = 4_000.0;
/// Shortest and longest gathering above that rate.
const GATHER_MIN_NS: f64 = 250_000.0;
const GATHER_MAX_NS: f64 = 500_000.0;
/// Rate at which gathering is longest.
const GATHER_MAX_PER_S: f64 = 100_000.0;
/// A wake later than this, on average, counts as pressure; one earlier than half of it as none.
const PRESSURE_NS: f64 = 200_000.0;
/// Extra gathering under pressure; with it the longest is 1 ms.
const EXTRA_STEP_NS: f64 = 50_000.0;
const EXTRA_MAX_NS: f64 = 500_000.0;
/// Weight of the newest wake in the averages.
const NEWEST: f64 = 0.02;

#[derive(Debug, Default)]
pub struct Coalescer {
    last_wake_ns: u64,
    lateness_ns: f64,
    per_s: f64,
    extra_ns: f64,
}

impl Coalescer {
    /// When to wake for a request intended at `next_ns`: never before it.
    pub fn wake_at(&self, next_ns: u64) -> u64 {
        next_ns.max(self.last_wake_ns.saturating_add(self.gather_ns() as u64))
    }

    /// Takes note of a wake asked for `due_ns` that came at `now_ns` and found `burst` requests.
    pub fn woke(&mut self, due_ns: u64, now_ns: u64, burst: usize) {
        let late_ns = now_ns.saturating_sub(due_ns) as f64;
        self.lateness_ns += NEWEST * (late_ns - self.lateness_ns);
        let since_ns = now_ns.saturating_sub(self.last_wake_ns).max(1) as f64;
        if self.last_wake_ns > 0 {
            // Weighted by time, so that a burst after a pause does not pass for a rate.
            let weight = (since_ns / 20e6).min(1.0);
            self.per_s += weight * (burst as f64 * 1e9 / since_ns - self.per_s);
        }
        self.last_wake_ns = now_ns;
        if self.lateness_ns > PRESSURE_NS {
            self.extra_ns = (self.extra_ns + EXTRA_STEP_NS).min(EXTRA_MAX_NS);
        } else if self.lateness_ns < PRESSURE_NS / 2.0 {
            self.extra_ns = (self.extra_ns - EXTRA_STEP_NS).max(0.0);
        }
    }

    fn gather_ns(&self) -> f64 {
        if self.per_s <= SINGLE_MAX_PER_S {
            return self.extra_ns;
        }
        let share = (self.per_s / GATHER_MAX_PER_S).min(1.0);
        GATHER_MIN_NS + share * (GATHER_MAX_NS - GATHER_MIN_NS) + self.extra_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a second of wakes at `per_s`, each `late_ns` late, and returns the wakes per second at the end.
    fn wakes_per_s(per_s: f64, late_ns: u64) -> f64 {
        let mut coalescer = Coalescer::default();
        let gap_ns = 1e9 / per_s;
        let (mut sent, mut now, mut wakes) = (0_u64, 1_u64, 0);
        let mut half = 0;
        while now < 1_000_000_000 {
            let due = coalescer.wake_at((sent as f64 * gap_ns) as u64);
            now = due + late_ns;
            let burst = ((now as f64 / gap_ns) as u64 + 1).saturating_sub(sent);
            sent += burst;
            coalescer.woke(due, now, burst as usize);
            wakes += 1;
            if now < 500_000_000 {
                half = wakes;
            }
        }
        f64::from(wakes - half) * 2.0
    }

    #[test]
    fn at_low_rates_every_request_gets_its_own_wake() {
        assert!((990.0..=1010.0).contains(&wakes_per_s(1_000.0, 40_000)));
    }

    #[test]
    fn at_high_rates_requests_gather() {
        let wakes = wakes_per_s(100_000.0, 40_000);
        assert!((1_000.0..3_000.0).contains(&wakes), "{wakes}");
    }

    #[test]
    fn late_wakes_make_it_gather_longer_but_never_over_a_millisecond() {
        let calm = wakes_per_s(20_000.0, 40_000);
        let pressed = wakes_per_s(20_000.0, 400_000);
        assert!(pressed < calm / 1.5, "{pressed} against {calm}");
        assert!(pressed > 600.0, "{pressed}");
    }

    #[test]
    fn a_request_is_never_woken_for_before_it_is_due() {
        let coalescer = Coalescer::default();
        assert_eq!(coalescer.wake_at(123), 123);
    }
}
