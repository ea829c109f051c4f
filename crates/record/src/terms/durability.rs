//! Durability tiers. What a tier sets on a server stands with the servers.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

impl Durability {
    pub const ALL: [Self; 5] = [Self::None, Self::Memory, Self::Lazy, Self::Os, Self::Sync];

    /// Whether data is written to files.
    pub fn reaches_disk(self) -> bool {
        matches!(self, Self::Lazy | Self::Os | Self::Sync)
    }

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

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
