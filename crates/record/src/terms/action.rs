//! What can be done on purpose to a server of ours.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that can be done on purpose to a server of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Stopped where it stands, then let go on.
    PauseBroker,
    /// Ended without warning, then started again on the same port with what it had stored.
    KillBroker,
    /// The same, but started again without its data.
    DropData,
}

impl Action {
    pub fn name(self) -> &'static str {
        match self {
            Self::PauseBroker => "pause-broker",
            Self::KillBroker => "kill-broker",
            Self::DropData => "drop-data",
        }
    }

    /// What is done to its target, as a verb.
    pub fn verb(self) -> &'static str {
        match self {
            Self::PauseBroker => "pause",
            Self::KillBroker => "kill",
            Self::DropData => "kill and empty",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
