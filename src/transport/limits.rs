//! Sizes that hold for every transport of a comparison.

use serde::{Deserialize, Serialize};

use weighbridge_record::terms::CompletedBy;

/// Sizes that all transports of a comparison share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub max_in_flight: u32,
    /// Publishing connections of a generator.
    pub connections: u32,
    pub generators: u32,
    /// Requests that one worker scores at a time.
    pub worker_concurrency: u32,
    /// Mean time that scoring one request takes.
    pub service_ns_mean: u64,
    pub completed_by: CompletedBy,
}

impl Limits {
    /// Whether generator `index` collects the results, where one does so for all.
    pub(super) fn collects(&self, index: u32) -> bool {
        index == 0 && self.completed_by == CompletedBy::Result
    }
}
