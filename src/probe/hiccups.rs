//! A thread that only sleeps and looks at the clock: what holds it up holds up whoever is scheduled alike.
//!
//! In the manner of jHiccup (G. Tene, 2012): it asks to be woken at every step of a fixed grid, so that a long
//! hiccup counts for each step that fell into it.

use std::io;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock::now_ns;
use crate::metrics::Timeline;
use crate::scheduling::keep_time;
use crate::start_line::Place;
use weighbridge_record::latency::Latency;

/// A wake costs 6 to 10 us of CPU time, so a thread that takes this step has 0.3 to 0.5 % of a core.
const STEP_NS: u64 = 2_000_000;

/// How the thread is scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheduled {
    Ordinary,
    /// As generators are; `paced` if theirs have a schedule.
    Prompt {
        paced: bool,
    },
}

/// A thread at work.
pub struct HiccupMeter {
    thread: JoinHandle<Latency>,
    stopped: Arc<AtomicBool>,
}

impl HiccupMeter {
    /// Reports ready, and sleeps from the start of the timeline to the end of the window.
    pub fn start(scheduled: Scheduled, place: Place) -> io::Result<Self> {
        let stopped = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stopped);
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let body = move || {
            prepare(scheduled);
            let mut place = place;
            place.ready(Ok(()));
            match runtime.block_on(place.started()) {
                Some(timeline) => sleep_through(&timeline, &told),
                None => Latency::new(),
            }
        };
        let thread = std::thread::Builder::new().name("hiccups".to_owned()).spawn(body)?;
        Ok(Self { thread, stopped })
    }

    /// How late it woke within the window; nothing if the thread failed.
    pub fn stop(self) -> Latency {
        self.stopped.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

fn prepare(scheduled: Scheduled) {
    if let Scheduled::Prompt { paced } = scheduled {
        keep_time(paced);
    }
    if let Err(error) = rustix::thread::set_current_timer_slack(NonZeroU64::new(1)) {
        tracing::warn!("hiccups are measured with the kernel's usual slack of 50 us: {error}");
    }
}

fn sleep_through(timeline: &Timeline, stopped: &AtomicBool) -> Latency {
    let mut late = Latency::new();
    let mut due_ns = timeline.start_ns();
    while due_ns < timeline.window_end_ns() && !stopped.load(Ordering::Relaxed) {
        let now = now_ns();
        if now < due_ns {
            std::thread::sleep(Duration::from_nanos(due_ns - now));
        }
        if timeline.in_window(due_ns) {
            late.record(now_ns().saturating_sub(due_ns));
        }
        due_ns += STEP_NS;
    }
    late
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::start_line::StartLine;

    #[tokio::test]
    async fn every_step_of_the_window_is_a_sample_and_none_is_early() {
        let mut line = StartLine::new();
        let meters = [Scheduled::Ordinary, Scheduled::Prompt { paced: true }]
            .map(|scheduled| HiccupMeter::start(scheduled, line.place()).unwrap());
        line.ready(2).await.unwrap();
        line.start(Timeline::new(now_ns(), 20_000_000, 200_000_000, 0));
        tokio::time::sleep(Duration::from_millis(600)).await;
        for meter in meters {
            let late = meter.stop().summary();
            // On a machine that stands still the last steps are missing.
            assert!((1..=100).contains(&late.count), "{}", late.count);
            assert!(late.min.unwrap() < 100_000_000);
        }
    }

    #[test]
    fn a_long_hiccup_counts_for_every_step_that_fell_into_it() {
        // A window that is over when the thread first runs.
        let timeline = Timeline::new(now_ns() - 300_000_000, 0, 100_000_000, 0);
        let late = sleep_through(&timeline, &AtomicBool::new(false)).summary();
        assert_eq!(late.count, 50);
        assert!(late.min.unwrap() >= 200_000_000, "{:?}", late.min);
    }

    #[tokio::test]
    async fn a_trial_given_up_before_its_start_ends_it() {
        let mut line = StartLine::new();
        let meter = HiccupMeter::start(Scheduled::Ordinary, line.place()).unwrap();
        line.ready(1).await.unwrap();
        drop(line);
        assert_eq!(meter.stop().count(), 0);
    }
}
