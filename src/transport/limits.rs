//! Sizes that hold for every transport of a comparison.

use serde::{Deserialize, Serialize};

use weighbridge_record::terms::{CompletedBy, DeliveryMode};

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
    /// Requests that a worker's client may take ahead; none: as many as it can be sure to score in time.
    pub prefetch: Option<u32>,
    /// How long a delivery may go unacknowledged before it is repeated, on paths that acknowledge.
    pub ack_wait_ns: u64,
    /// Deliveries of a request in all; then it is parked.
    pub max_deliver: u32,
    /// How often a request may be answered, on paths that store.
    pub delivery: DeliveryMode,
    /// Workers for each of which the publisher of redis-pubsub has channels of their own; 0: one subscription feeds
    /// all.
    pub worker_channels: u32,
}

/// Which publishing connections of a generator are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connections {
    /// As many as it has.
    All,
    /// One more, by itself.
    One,
}

impl Limits {
    /// Those of so many publishing connections of a generator.
    pub(super) fn over(self, connections: Connections) -> Self {
        match connections {
            Connections::All => self,
            Connections::One => Self { connections: 1, ..self },
        }
    }

    /// Whether generator `index` collects the results, where one does so for all.
    pub(super) fn collects(&self, index: u32) -> bool {
        index == 0 && self.completed_by == CompletedBy::Result
    }
}
