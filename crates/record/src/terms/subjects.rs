//! Which subjects requests are published on.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which subjects and channels requests are published on, and their results.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Subjects {
    /// `prioritization.request.{category}`, as the guide's schema says and its streams take.
    #[default]
    ByCategory,
    /// `prioritization.request` itself, as the publisher of the guide's first phase; workers listen there. The streams of
    /// nats-jetstream don't take it.
    Bare,
}

impl Subjects {
    pub fn name(self) -> &'static str {
        match self {
            Self::ByCategory => "by-category",
            Self::Bare => "bare",
        }
    }

    /// The form that is not this one.
    pub fn other(self) -> Self {
        match self {
            Self::ByCategory => Self::Bare,
            Self::Bare => Self::ByCategory,
        }
    }
}

impl fmt::Display for Subjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
