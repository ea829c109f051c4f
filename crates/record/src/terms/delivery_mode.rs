//! How often a request may be answered.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How often a request that is stored may be answered.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryMode {
    /// Each delivery is answered, and a request may be delivered again.
    #[default]
    AtLeastOnce,
    /// Once: nats-jetstream drops a second result by its `Nats-Msg-Id`, and workers have their acknowledgements
    /// confirmed; on redis-streams a script answers and acknowledges in one step, and only who was not answered yet.
    ExactlyOnce,
}

impl DeliveryMode {
    pub fn name(self) -> &'static str {
        match self {
            Self::AtLeastOnce => "at-least-once",
            Self::ExactlyOnce => "exactly-once",
        }
    }
}

impl fmt::Display for DeliveryMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
