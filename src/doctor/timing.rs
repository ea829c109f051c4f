//! How finely time can be read here, and how late a sleeper wakes.

use std::io;
use std::time::Duration;

use crate::clock::now_ns;
use crate::timer::Timer;

pub const SLEEPS: usize = 500;
pub const SLEEP_NS: u64 = 1_000_000;

#[derive(Debug)]
pub struct Timing {
    /// Of one reading of the clock.
    pub clock_cost_ns: u64,
    /// Smallest step seen between two readings.
    pub clock_step_ns: u64,
    /// The timer that paces requests and service times; what went wrong, where it can't be had.
    pub timer: Result<Lateness, String>,
    /// tokio's own, for comparison.
    pub tokio: Lateness,
}

/// Time between a deadline and the wake that was asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lateness {
    pub p50_ns: u64,
    pub p99_ns: u64,
}

pub async fn measure() -> Timing {
    let (clock_cost_ns, clock_step_ns) = clock();
    // tokio's first: our timer changes how the kernel rounds this thread's waits.
    let tokio = sleeps(async |ns| tokio::time::sleep(Duration::from_nanos(ns)).await).await;
    let timer = match Timer::start() {
        Ok(timer) => Ok(sleeps(async |ns| timer.sleep_ns(ns).await).await),
        Err(error) => Err(no_timer(&error)),
    };
    Timing { clock_cost_ns, clock_step_ns, timer, tokio }
}

fn no_timer(error: &io::Error) -> String {
    format!("the high-resolution timer can't be had: {error}")
}

/// Cost and smallest step of the clock.
fn clock() -> (u64, u64) {
    const BATCHES: usize = 1_000;
    const READINGS: u64 = 100;
    let mut costs_ns = Vec::with_capacity(BATCHES);
    let mut step_ns = u64::MAX;
    for _ in 0..BATCHES {
        let start = now_ns();
        let mut last = start;
        for _ in 0..READINGS {
            let now = now_ns();
            if now > last {
                step_ns = step_ns.min(now - last);
            }
            last = now;
        }
        costs_ns.push((last - start) / READINGS);
    }
    (median(&mut costs_ns), step_ns)
}

async fn sleeps(sleep: impl AsyncFn(u64)) -> Lateness {
    let mut late_ns = Vec::with_capacity(SLEEPS);
    for _ in 0..SLEEPS {
        let deadline_ns = now_ns() + SLEEP_NS;
        sleep(SLEEP_NS).await;
        late_ns.push(now_ns().saturating_sub(deadline_ns));
    }
    late_ns.sort_unstable();
    Lateness { p50_ns: rank(&late_ns, 50), p99_ns: rank(&late_ns, 99) }
}

/// Sorts, and takes the median; 0 of nothing.
pub fn median(values: &mut [u64]) -> u64 {
    values.sort_unstable();
    rank(values, 50)
}

/// Nearest-rank percentile of sorted values; 0 of nothing.
fn rank(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let sorted: Vec<u64> = (1..=500).collect();
        assert_eq!((rank(&sorted, 50), rank(&sorted, 99)), (250, 495));
        assert_eq!((rank(&[7], 99), rank(&[], 99)), (7, 0));
        assert_eq!(median(&mut [9, 1, 5]), 5);
    }

    #[test]
    fn the_clock_steps_and_costs_something() {
        let (cost_ns, step_ns) = clock();
        assert!((1..1_000_000).contains(&cost_ns), "{cost_ns}");
        assert!(step_ns < 20_000_000, "{step_ns}");
    }
}
