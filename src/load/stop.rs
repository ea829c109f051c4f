//! The stop signal of a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Whether the run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}
