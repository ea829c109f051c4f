//! Brokers as they would be explained at a blackboard: each keeps what it was told, with the time, and looks through
//! all of it whenever it is asked.

mod at_most_once;
mod entry;
mod log;
mod work_queue;

use bytes::Bytes;

use crate::case::{Case, Path};
use at_most_once::AtMostOnce;
use log::Log;
use work_queue::WorkQueue;

/// Whom a message names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// A request of the trial by its number, whether it was ever sent or not.
    Request(u64),
    /// Somebody else's message, or one that can't be read.
    Nobody,
}

#[derive(Debug, Clone)]
pub struct Message {
    pub named: Named,
    pub body: Bytes,
}

/// What a broker hands to a worker.
pub struct Handed {
    pub receipt: u64,
    pub message: Message,
    /// Given up: reported, not to be scored.
    pub parked: bool,
    /// It was acknowledged once, and that is forgotten.
    pub acknowledged_before: bool,
}

/// What a crash takes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    Nothing,
    /// All that was told since then.
    Tail {
        since_ns: u64,
    },
    /// What was acknowledged since then, and every count of deliveries; the messages are there.
    Counters {
        since_ns: u64,
    },
    Everything,
}

pub trait Model {
    /// Takes a message; `listening` says whether any worker is connected. Returns whether it was new.
    fn publish(&mut self, message: Message, listening: bool, now_ns: u64) -> bool;
    /// What a worker that asks now is given, at most `max`.
    fn take(&mut self, worker: u32, max: usize, now_ns: u64) -> Vec<Handed>;
    fn acknowledge(&mut self, receipt: u64, now_ns: u64);
    /// A worker is back after a break.
    fn is_back(&mut self, _worker: u32) {}
    /// When there is something to take although nobody publishes.
    fn next_ns(&self) -> Option<u64>;
    fn crash(&mut self, loss: Loss);
}

/// The composition root: one arm per path.
pub fn build(case: &Case) -> Box<dyn Model> {
    match case.path {
        Path::AtMostOnce => Box::new(AtMostOnce::default()),
        Path::Log => Box::new(Log::new(case.redelivered_after_ns)),
        Path::WorkQueue => Box::new(WorkQueue::new(case.redelivered_after_ns, case.dedupe_window_ns)),
    }
}
