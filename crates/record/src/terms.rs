//! The words that every other module shares: transports, durability tiers, stages of a request.
//!
//! Names only. What a transport does stands in `transport/`, what a tier sets stands in `broker/`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One messaging path under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TransportKind {
    /// Redis `PUBLISH` both ways; stores nothing, at most once.
    RedisPubsub,
    /// Redis `XADD` both ways, a consumer group; stores requests, at least once.
    RedisStreams,
    /// NATS publish both ways, a queue group; stores nothing, at most once.
    NatsCore,
    /// A JetStream work queue and a stream of results; stores requests, at least once.
    NatsJetstream,
    /// NATS request and reply; stores nothing, at most once, and the requester sees a loss.
    NatsRequest,
    /// Channels in memory: the floor of the instrument itself.
    InProcess,
}

/// The server a transport needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BrokerKind {
    RedisServer,
    NatsServer,
}

/// How much of a request survives the broker's death.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// Nothing is stored: Pub/Sub, core, request/reply.
    None,
    /// Stored in the broker's memory.
    Memory,
    /// On disk, synced once a second.
    Lazy,
    /// On disk, synced when the operating system likes.
    Os,
    /// On disk, synced before the reply.
    Sync,
}

/// What ends a request, and so what `completed` and `turnaround` mean in a scenario.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum End {
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
    /// Intended to completed (see [`End`]): what the user of the engine feels.
    Turnaround,
    /// Sent to completed: what a tool blind to coordinated omission would print.
    TurnaroundUncorrected,
}

impl TransportKind {
    pub const ALL: [Self; 6] = [
        Self::RedisPubsub,
        Self::RedisStreams,
        Self::NatsCore,
        Self::NatsJetstream,
        Self::NatsRequest,
        Self::InProcess,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::RedisPubsub => "redis-pubsub",
            Self::RedisStreams => "redis-streams",
            Self::NatsCore => "nats-core",
            Self::NatsJetstream => "nats-jetstream",
            Self::NatsRequest => "nats-request",
            Self::InProcess => "in-process",
        }
    }

    /// The server it runs on; none for channels in memory.
    pub fn broker(self) -> Option<BrokerKind> {
        match self {
            Self::RedisPubsub | Self::RedisStreams => Some(BrokerKind::RedisServer),
            Self::NatsCore | Self::NatsJetstream | Self::NatsRequest => Some(BrokerKind::NatsServer),
            Self::InProcess => None,
        }
    }

    /// Whether the broker stores requests, so that the scenario's durability tier applies.
    pub fn stores(self) -> bool {
        matches!(self, Self::RedisStreams | Self::NatsJetstream)
    }

    /// The tier a trial really has: paths that store nothing are `none` whatever the scenario says.
    pub fn durability(self, asked: Durability) -> Durability {
        if self.stores() { asked } else { Durability::None }
    }

    /// What the path promises about a request, in the words of TRAPS section 2.
    pub fn guarantee(self) -> &'static str {
        match self {
            Self::RedisPubsub | Self::NatsCore | Self::InProcess => "at most once",
            Self::NatsRequest => "at most once, loss seen by the requester",
            Self::RedisStreams | Self::NatsJetstream => "at least once",
        }
    }
}

impl BrokerKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::RedisServer => "redis-server",
            Self::NatsServer => "nats-server",
        }
    }
}

impl Durability {
    pub const ALL: [Self; 5] = [Self::None, Self::Memory, Self::Lazy, Self::Os, Self::Sync];

    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Memory => "memory",
            Self::Lazy => "lazy",
            Self::Os => "os",
            Self::Sync => "sync",
        }
    }
}

impl End {
    pub fn name(self) -> &'static str {
        match self {
            Self::Acknowledgement => "acknowledgement",
            Self::Delivery => "delivery",
            Self::Result => "result",
        }
    }
}

impl Stage {
    pub const ALL: [Self; 6] = [
        Self::SendLag,
        Self::Publish,
        Self::Delivery,
        Self::Service,
        Self::Turnaround,
        Self::TurnaroundUncorrected,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::SendLag => "send_lag",
            Self::Publish => "publish",
            Self::Delivery => "delivery",
            Self::Service => "service",
            Self::Turnaround => "turnaround",
            Self::TurnaroundUncorrected => "turnaround_uncorrected",
        }
    }
}

impl fmt::Display for TransportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for BrokerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for TransportKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|kind| kind.name()).collect();
            format!("unknown transport `{text}`; known: {}", known.join(", "))
        })
    }
}
