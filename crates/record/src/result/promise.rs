//! What became of the promises of a path in a trial.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Finding;
use crate::terms::TransportKind;

/// One promise of a path, and whether it was kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PromiseVerdict {
    /// Of a route: the leg that promises it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leg: Option<TransportKind>,
    pub promise: Promised,
    pub verdict: Kept,
    /// Requests that speak against it; 0 where it is not broken.
    pub count: u64,
    /// Why it was not exercised, or what it was exercised by.
    pub reason: String,
    /// The earliest of the requests that speak against it, at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Finding>,
}

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Promised {
    /// What the broker has confirmed is not lost, as far as its durability tier goes.
    AcknowledgedSurvives,
    /// No request is delivered, and no result comes, more than once.
    AtMostOnce,
    /// No second result comes of a request that is delivered again.
    AnsweredOnce,
    /// Who sent a request that is lost learns that no reply came.
    LossSeen,
    /// Requests of one publishing connection reach a worker in the order in which they were sent; on paths that
    /// redeliver, until one is delivered again.
    Order,
}

/// Whether a promise was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// Something was done that it covers, and nothing speaks against it.
    Kept,
    /// Some requests speak against it.
    Broken,
    /// Nothing happened that could have broken it.
    NotExercised,
}

/// Something that looks wrong and that the path never promised not to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LegalAnomaly {
    /// Of a route: the leg over which it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leg: Option<TransportKind>,
    /// The count of the ledger: `lost`, `lost_acknowledged`, `duplicated`, `redelivered`, `reordered` or `parked`.
    pub field: String,
    /// How many there were.
    pub count: u64,
    /// Why it may happen.
    pub reason: String,
}

impl Promised {
    /// The promise in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::AcknowledgedSurvives => "what was confirmed is not lost",
            Self::AtMostOnce => "nothing comes twice",
            Self::AnsweredOnce => "nothing is answered twice",
            Self::LossSeen => "who lost a request is told",
            Self::Order => "order is kept",
        }
    }
}

impl Kept {
    /// The worst of some verdicts: broken before kept, and not exercised only where nothing was.
    pub fn worst(verdicts: impl IntoIterator<Item = Self>) -> Self {
        let rank = |kept: &Self| match kept {
            Self::Broken => 2,
            Self::Kept => 1,
            Self::NotExercised => 0,
        };
        verdicts.into_iter().max_by_key(rank).unwrap_or(Self::NotExercised)
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Broken => "broken",
            Self::NotExercised => "not exercised",
        }
    }
}
