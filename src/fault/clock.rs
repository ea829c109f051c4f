//! The time of a fault: waiting until it is due, and the seconds that stand in the record.

use std::time::Duration;

use tokio::sync::watch;

use crate::clock::now_ns;

/// What every fault goes by.
#[derive(Clone)]
pub struct Clock {
    pub window_start_ns: u64,
    stopped: watch::Receiver<bool>,
}

impl Clock {
    pub fn new(window_start_ns: u64, stopped: watch::Receiver<bool>) -> Self {
        Self { window_start_ns, stopped }
    }

    /// Seconds since the start of the window.
    pub fn since_window_s(&self, at_ns: u64) -> f64 {
        (at_ns as f64 - self.window_start_ns as f64) / 1e9
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
