//! The kinds of server that a path may run on.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The server a transport needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BrokerKind {
    RedisServer,
    NatsServer,
}

impl BrokerKind {
    pub const ALL: [Self; 2] = [Self::RedisServer, Self::NatsServer];

    pub fn name(self) -> &'static str {
        match self {
            Self::RedisServer => "redis-server",
            Self::NatsServer => "nats-server",
        }
    }
}

impl fmt::Display for BrokerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
