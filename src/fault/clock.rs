//! The time of a fault: what it goes by, and waiting unless everything is stopped.

use std::time::Duration;

use tokio::sync::watch;

use crate::clock::now_ns;
use crate::metrics::Timeline;

/// What every fault goes by.
pub struct Clock {
    pub timeline: Timeline,
    stopped: watch::Receiver<bool>,
}

impl Clock {
    pub fn new(timeline: Timeline, stopped: watch::Receiver<bool>) -> Self {
        Self { timeline, stopped }
    }

    /// False if everything was stopped before that.
    pub async fn sleep_until(&mut self, at_ns: u64) -> bool {
        let left = Duration::from_nanos(at_ns.saturating_sub(now_ns()));
        // An error means that nobody is left to say so: stop as well.
        let told = self.stopped.wait_for(|stop| *stop);
        tokio::time::timeout(left, told).await.is_err()
    }

    /// What a future gives, unless everything is stopped before that.
    pub async fn unless_stopped<T>(&mut self, future: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            given = future => Some(given),
            _ = self.stopped.wait_for(|stop| *stop) => None,
        }
    }
}
