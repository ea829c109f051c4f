//! Waits for the end of a service, never early and hardly late.
//!
//! A timer wakes some tens of microseconds late. Were that added to every service, a busy worker would be slower
//! than the scenario says, and a queue near saturation far longer. So a wait aims early by what wakes were late
//! on average, and looks at the clock again and again for the rest, while the thread's other tasks run.

use std::cell::Cell;

use crate::clock::now_ns;
use crate::timer::Timer;

/// Aims early by this much at most, so that a loaded machine is not loaded further by looking at the clock.
const EARLY_NS_MAX: u64 = 100_000;
/// And by this share of the wait, so that short waits don't become nothing but looking at the clock.
const EARLY_SHARE: u64 = 8;
/// A wake counts for this share in the average, so that it follows the machine within some tens of wakes.
const WAKE_SHARE: u64 = 8;

pub(super) struct Punctual {
    timer: Timer,
    /// How late wakes were on average.
    late_ns: Cell<u64>,
}

impl Punctual {
    pub fn new(timer: Timer) -> Self {
        Self { timer, late_ns: Cell::new(0) }
    }

    /// Waits until `due_ns` and returns when that was: not before `due_ns`.
    pub async fn wait_until(&self, due_ns: u64) -> u64 {
        let wait_ns = due_ns.saturating_sub(now_ns());
        let aim_ns = due_ns - self.late_ns.get().min(wait_ns / EARLY_SHARE).min(due_ns);
        self.timer.sleep_until(aim_ns).await;
        if wait_ns > 0 {
            self.learn(now_ns().saturating_sub(aim_ns));
        }
        loop {
            let now = now_ns();
            if now >= due_ns {
                return now;
            }
            tokio::task::yield_now().await;
        }
    }

    /// A stall is no property of the timer, so it counts as the most that is aimed early.
    fn learn(&self, late_ns: u64) {
        let kept = self.late_ns.get() * (WAKE_SHARE - 1);
        self.late_ns.set((kept + late_ns.min(EARLY_NS_MAX)) / WAKE_SHARE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_local<F: Future>(work: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, work)
    }

    #[test]
    fn a_wait_never_ends_early() {
        run_local(async {
            let punctual = Punctual::new(Timer::start().unwrap());
            for step in 0..100 {
                let due_ns = now_ns() + step * 10_000;
                let ended_ns = punctual.wait_until(due_ns).await;
                assert!(ended_ns >= due_ns && now_ns() >= ended_ns, "{step}");
            }
            assert!(punctual.wait_until(0).await > 0, "what is past is not waited for");
        });
    }

    #[test]
    fn a_stall_is_not_taken_for_the_timers_lateness() {
        run_local(async {
            let punctual = Punctual::new(Timer::start().unwrap());
            (0..1000).for_each(|_| punctual.learn(5_000_000_000));
            assert!(punctual.late_ns.get() <= EARLY_NS_MAX);
            (0..1000).for_each(|_| punctual.learn(20_000));
            assert!((19_000..=20_000).contains(&punctual.late_ns.get()), "{}", punctual.late_ns.get());
        });
    }
}
