//! Counters of a running generator, written by its thread and read by another.

use std::sync::atomic::AtomicU64;

use super::recent::Recent;

/// Counters that the control thread reads while a trial runs.
#[derive(Debug, Default)]
pub struct Live {
    pub attempted: AtomicU64,
    pub completed: AtomicU64,
    pub in_flight: AtomicU64,
    pub recent: Recent,
}
