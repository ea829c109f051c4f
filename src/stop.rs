//! Whether a run goes on, as all its threads see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// Whether the run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    No,
    /// Send no more; account for what is out.
    Drain,
    /// Close the books at once.
    Now,
}

/// The stop signal, shared by all threads of a run. It only ever becomes more urgent.
#[derive(Debug, Clone, Default)]
pub struct StopSignal(Arc<AtomicU8>);

impl StopSignal {
    pub fn get(&self) -> Stop {
        match self.0.load(Ordering::Relaxed) {
            0 => Stop::No,
            1 => Stop::Drain,
            _ => Stop::Now,
        }
    }

    pub fn set(&self, stop: Stop) {
        self.0.fetch_max(stop as u8, Ordering::Relaxed);
    }

    /// Waits until it is as urgent as `stop`. Looks now and then, so that asking stays as cheap as reading a
    /// number.
    pub async fn reaches(&self, stop: Stop) {
        const LOOK: Duration = Duration::from_millis(20);
        while self.get() < stop {
            tokio::time::sleep(LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_only_becomes_more_urgent_and_is_waited_for() {
        let signal = StopSignal::default();
        let waiting = signal.clone();
        let waiting = tokio::spawn(async move { waiting.reaches(Stop::Now).await });
        signal.set(Stop::Drain);
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert!(!waiting.is_finished());
        signal.set(Stop::Now);
        waiting.await.unwrap();
        signal.set(Stop::Drain);
        assert_eq!(signal.get(), Stop::Now);
    }
}
