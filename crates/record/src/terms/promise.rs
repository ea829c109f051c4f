//! What a transport promises about requests, as facts; the prose follows from them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a transport promises about a request that was sent once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Promise {
    pub loss: Loss,
    pub duplicates: Duplicates,
    pub order: Order,
}

/// What may become of a request when a server or a connection fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// It may be lost, and nobody is told.
    Silent,
    /// It may be lost, and the requester sees that no reply came.
    Seen,
    /// Once acknowledged it is lost only as far as the durability tier allows.
    ByTier,
}

/// Whether a request may be worked on more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Duplicates {
    /// It is delivered once or not at all.
    None,
    /// A delivery that was not acknowledged in time is repeated.
    ByRedelivery,
    /// A delivery that was not acknowledged in time is repeated, and a second result is dropped.
    Dropped,
}

/// Which requests reach workers in the order in which they were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// None in particular: each is answered for itself.
    None,
    /// Those of one publishing connection.
    PerConnection,
    /// All, as they were stored, until one is delivered again.
    UntilRedelivery,
}

impl Promise {
    /// `at least once`: the usual words for the promise about loss and duplicates.
    pub fn guarantee(self) -> &'static str {
        match (self.loss, self.duplicates) {
            (Loss::Seen, _) => "at most once, loss seen by the requester",
            (Loss::Silent, _) => "at most once",
            (Loss::ByTier, Duplicates::ByRedelivery) => "at least once",
            (Loss::ByTier, Duplicates::None | Duplicates::Dropped) => "exactly once",
        }
    }
}
