//! The transports, and what tells them apart, in one table.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::broker::BrokerKind;
use super::delivery_mode::DeliveryMode;
use super::durability::Durability;
use super::promise::{Duplicates, Loss, Order, Promise};

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

/// Who reads the results of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collects {
    /// The first generator, for all.
    First,
    /// Each generator its own.
    Each,
}

/// What tells a transport from others.
struct Row {
    name: &'static str,
    broker: Option<BrokerKind>,
    /// Whether the broker stores requests, so that the durability tier applies.
    stores: bool,
    /// Whether the broker answers a publish.
    answers_publish: bool,
    collects: Collects,
    promise: Promise,
}

const fn promise(loss: Loss, duplicates: Duplicates, order: Order) -> Promise {
    Promise { loss, duplicates, order }
}

/// In the order of [`TransportKind`].
const TABLE: [Row; 6] = [
    Row {
        name: "redis-pubsub",
        broker: Some(BrokerKind::RedisServer),
        stores: false,
        answers_publish: true,
        collects: Collects::First,
        promise: promise(Loss::Silent, Duplicates::None, Order::PerConnection),
    },
    Row {
        name: "redis-streams",
        broker: Some(BrokerKind::RedisServer),
        stores: true,
        answers_publish: true,
        collects: Collects::First,
        promise: promise(Loss::ByTier, Duplicates::ByRedelivery, Order::UntilRedelivery),
    },
    Row {
        name: "nats-core",
        broker: Some(BrokerKind::NatsServer),
        stores: false,
        answers_publish: false,
        collects: Collects::First,
        promise: promise(Loss::Silent, Duplicates::None, Order::PerConnection),
    },
    Row {
        name: "nats-jetstream",
        broker: Some(BrokerKind::NatsServer),
        stores: true,
        answers_publish: true,
        collects: Collects::First,
        promise: promise(Loss::ByTier, Duplicates::ByRedelivery, Order::UntilRedelivery),
    },
    Row {
        name: "nats-request",
        broker: Some(BrokerKind::NatsServer),
        stores: false,
        answers_publish: false,
        collects: Collects::Each,
        promise: promise(Loss::Seen, Duplicates::None, Order::None),
    },
    Row {
        name: "in-process",
        broker: None,
        stores: false,
        answers_publish: false,
        collects: Collects::First,
        promise: promise(Loss::Silent, Duplicates::None, Order::PerConnection),
    },
];

impl TransportKind {
    pub const ALL: [Self; 6] = [
        Self::RedisPubsub,
        Self::RedisStreams,
        Self::NatsCore,
        Self::NatsJetstream,
        Self::NatsRequest,
        Self::InProcess,
    ];

    fn row(self) -> &'static Row {
        // A unit test holds the table to the order of the transports.
        &TABLE[self as usize]
    }

    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The server it runs on; none for channels in memory.
    pub fn broker(self) -> Option<BrokerKind> {
        self.row().broker
    }

    /// Whether the broker stores requests, so that the scenario's durability tier applies.
    pub fn stores(self) -> bool {
        self.row().stores
    }

    /// Whether the broker answers a publish, so that requests are `accepted`.
    pub fn answers_publish(self) -> bool {
        self.row().answers_publish
    }

    pub fn collects(self) -> Collects {
        self.row().collects
    }

    /// What is promised in a delivery mode, which means nothing to transports that store nothing.
    pub fn promise(self, mode: DeliveryMode) -> Promise {
        let usual = self.row().promise;
        match mode {
            DeliveryMode::ExactlyOnce if self.stores() => {
                Promise { duplicates: Duplicates::Dropped, ..usual }
            }
            DeliveryMode::ExactlyOnce | DeliveryMode::AtLeastOnce => usual,
        }
    }

    /// The tier that a trial really has: transports that store nothing are `none` whatever the scenario says.
    pub fn durability(self, asked: Durability) -> Durability {
        if self.stores() { asked } else { Durability::None }
    }
}

impl fmt::Display for TransportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for TransportKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|kind| kind.name()).collect();
            format!("no such transport; known: {}", known.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_transport_in_its_place_under_its_name() {
        for (transport, row) in TransportKind::ALL.into_iter().zip(&TABLE) {
            let written = serde_json::to_value(transport).unwrap();
            assert_eq!(written, row.name, "records and people use one name");
        }
    }

    #[test]
    fn what_is_stored_is_promised_by_tier_and_nothing_else_is() {
        for row in &TABLE {
            assert_eq!(row.stores, row.promise.loss == Loss::ByTier, "{}", row.name);
        }
    }

    #[test]
    fn the_words_follow_from_the_facts() {
        let words = |mode| TransportKind::ALL.map(|transport| transport.promise(mode).guarantee());
        let (most, least, seen) =
            ("at most once", "at least once", "at most once, loss seen by the requester");
        assert_eq!(words(DeliveryMode::AtLeastOnce), [most, least, most, least, seen, most]);
        let once = "exactly once";
        assert_eq!(words(DeliveryMode::ExactlyOnce), [most, once, most, once, seen, most]);
    }
}
