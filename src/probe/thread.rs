//! The thread of a probe.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::latest::Latest;
use super::series::{Row, Series};
use crate::clock::now_ns;
use crate::start_line::Place;

/// Something that can be looked at.
#[async_trait(?Send)]
pub trait Watched: Send {
    /// What is to be seen now. What does not answer soon is left out; connections may be opened here, in the
    /// runtime that will go on using them.
    async fn look(&mut self) -> Row;

    /// The last look, which may take what others leave out for the sake of their cost.
    async fn last_look(&mut self) -> Row {
        self.look().await
    }
}

/// A probe at work.
pub struct Probe {
    thread: JoinHandle<Series>,
    stop: watch::Sender<bool>,
    latest: Arc<Latest>,
}

impl Probe {
    /// Takes a first look, reports ready, looks again at the end of each interval, and once more when it is
    /// told to stop.
    pub fn start(name: &str, watched: Box<dyn Watched>, place: Place) -> io::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let latest = Arc::<Latest>::default();
        let noted = Arc::clone(&latest);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new()
            .name(format!("probe-{name}"))
            .spawn(move || runtime.block_on(watch(watched, place, stopped, &noted)))?;
        Ok(Self { thread, stop, latest })
    }

    /// What it saw last; to be looked at while it is at work.
    pub fn latest(&self) -> &Arc<Latest> {
        &self.latest
    }

    /// What was seen; nothing if the probe failed.
    pub fn stop(self) -> Series {
        // No receiver left means that the thread has ended.
        let _ = self.stop.send(true);
        self.thread.join().unwrap_or_default()
    }
}

async fn watch(
    mut watched: Box<dyn Watched>,
    mut place: Place,
    mut stopped: watch::Receiver<bool>,
    latest: &Latest,
) -> Series {
    let mut series = Series::default();
    let mut note = |at_ns, row| {
        latest.note(at_ns, &row);
        series.push(at_ns, row);
    };
    let at_ns = now_ns();
    note(at_ns, watched.look().await);
    place.ready(Ok(()));
    let Some(timeline) = place.started().await else { return series };
    loop {
        let left_ns = timeline.boundary_after(now_ns()).saturating_sub(now_ns());
        // An error means that the probe was dropped: stop as well.
        let told = stopped.wait_for(|stop| *stop);
        let ended = tokio::time::timeout(Duration::from_nanos(left_ns), told).await.is_ok();
        let at_ns = now_ns();
        if ended {
            note(at_ns, watched.last_look().await);
            return series;
        }
        note(at_ns, watched.look().await);
    }
}

#[cfg(test)]
mod tests {
    use super::super::series::column;
    use super::*;
    use crate::metrics::Timeline;
    use crate::start_line::StartLine;

    /// Counts its looks, and stands still at the second.
    struct Slow(u32);

    #[async_trait(?Send)]
    impl Watched for Slow {
        async fn look(&mut self) -> Row {
            self.0 += 1;
            if self.0 == 2 {
                tokio::time::sleep(Duration::from_millis(350)).await;
                return Row::new();
            }
            vec![(column::RSS_BYTES, f64::from(self.0))]
        }
    }

    #[tokio::test]
    async fn what_stands_still_leaves_a_hole_and_holds_nobody_up() {
        let mut line = StartLine::new();
        let probe = Probe::start("slow", Box::new(Slow(0)), line.place()).unwrap();
        line.ready(1).await.unwrap();
        // Intervals of a tenth of a second.
        line.start(Timeline::new(now_ns(), 0, 1_000_000_000, 0));
        tokio::time::sleep(Duration::from_millis(900)).await;
        let latest = Arc::clone(probe.latest());
        let series = probe.stop();
        let told = latest.figures()[column::RSS_BYTES];
        let looks = series.at_ns().len();
        // Before the start, a hole for three intervals and a half, and about five more.
        assert!((3..=8).contains(&looks), "{looks}");
        assert_eq!(series.value(column::RSS_BYTES, 0), Some(1.0));
        assert_eq!(series.value(column::RSS_BYTES, 1), None);
        assert_eq!(series.value(column::RSS_BYTES, looks - 1), Some(looks as f64));
        assert_eq!((told.first, told.last), (1.0, looks as f64));
    }

    #[tokio::test]
    async fn a_trial_given_up_before_its_start_ends_its_probes() {
        let mut line = StartLine::new();
        let probe = Probe::start("early", Box::new(Slow(2)), line.place()).unwrap();
        line.ready(1).await.unwrap();
        drop(line);
        assert_eq!(probe.stop().at_ns().len(), 1);
    }
}
