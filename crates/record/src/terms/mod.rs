//! The words that every other module shares: transports and what they promise, paths, durability tiers, stages
//! of a request.

mod action;
mod broker;
mod delivery_mode;
mod durability;
mod path;
mod promise;
mod publishing;
mod route;
mod security;
mod subjects;
mod transport;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use action::{Action, Aim, Moment};
pub use broker::BrokerKind;
pub use delivery_mode::DeliveryMode;
pub use durability::Durability;
pub use path::Path;
pub use promise::{Duplicates, Loss, Order, Promise};
pub use publishing::{Flush, Pool};
pub use route::{Draw, OnFailure, RouteKind, Seam};
pub use security::{AuthMode, TlsMode};
pub use subjects::Subjects;
pub use transport::{Collects, TransportKind};

/// What ends a request, and so what `completed` and `turnaround` mean in a scenario.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum CompletedBy {
    /// There are no workers: the broker has it. Where the broker answers no publish, it has handled a message
    /// that was sent after it on the same connection.
    Acknowledgement,
    /// Workers answer nothing: a worker has received it.
    Delivery,
    /// Its result is back at the collector.
    #[default]
    Result,
}

/// What a search looks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// The highest rate at which every threshold holds, nothing is lost and no backlog grows.
    #[default]
    HighestSustainedRate,
}

/// A stretch of a request's life; each has its own histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Intended to sent: the instrument's own lateness.
    SendLag,
    /// Sent to accepted by the broker; absent where the broker never answers.
    Publish,
    /// Intended to received by a worker.
    Delivery,
    /// Received to scored.
    Service,
    /// Turnaround less service, request by request: what the path adds to the work itself.
    Transit,
    /// Intended to completed (see [`CompletedBy`]): what the user of the engine feels.
    Turnaround,
    /// Sent to completed: what a tool blind to coordinated omission would print.
    TurnaroundUncorrected,
}

impl CompletedBy {
    pub fn name(self) -> &'static str {
        match self {
            Self::Acknowledgement => "acknowledgement",
            Self::Delivery => "delivery",
            Self::Result => "result",
        }
    }
}

impl Stage {
    /// The latency that answers a question: what ends a request ends its turnaround.
    pub const ANSWER: Self = Self::Turnaround;

    pub const ALL: [Self; 7] = [
        Self::SendLag,
        Self::Publish,
        Self::Delivery,
        Self::Service,
        Self::Transit,
        Self::Turnaround,
        Self::TurnaroundUncorrected,
    ];

    /// Whether it begins when a request was meant to be sent, so that our send lag is a part of it.
    pub fn has_send_lag(self) -> bool {
        matches!(self, Self::Delivery | Self::Transit | Self::Turnaround)
    }

    /// The path of a statistic in a trial of `result.json`: `latency_ns.turnaround.p99`.
    pub fn figure(self, statistic: &str) -> String {
        format!("latency_ns.{}.{statistic}", self.name())
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::SendLag => "send_lag",
            Self::Publish => "publish",
            Self::Delivery => "delivery",
            Self::Service => "service",
            Self::Transit => "transit",
            Self::Turnaround => "turnaround",
            Self::TurnaroundUncorrected => "turnaround_uncorrected",
        }
    }
}
