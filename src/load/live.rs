//! Counters of a running generator, written by its thread and read by another.

use std::sync::atomic::AtomicU64;

use super::recent::Recent;
use super::tally::Tally;

/// Counters that other threads read while a trial runs.
#[derive(Debug, Default)]
pub struct Live {
    pub attempted: AtomicU64,
    pub completed: AtomicU64,
    pub in_flight: AtomicU64,
    pub recent: Recent,
    /// All counts and all turnarounds, where somebody looks on who wants them.
    pub tally: Option<Box<Tally>>,
}

impl Live {
    /// With a tally, if one is wanted.
    pub fn tallied(wanted: bool) -> Self {
        Self { tally: wanted.then(Box::default), ..Self::default() }
    }
}
