//! The words of a route: how requests are shared out between its legs.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a route shares requests out between its legs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RouteKind {
    /// Every request takes both legs at once.
    Dual,
    /// A share of the requests takes the second leg.
    Split,
    /// That share moves through stages, and may go down again.
    Shift,
    /// All take the first leg, then all the second, and perhaps the first again.
    Cutover,
}

/// How the requests of a share are chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Draw {
    /// Evenly spread, and exact over any hundred that follow each other.
    #[default]
    Exact,
    /// Each by chance, from the seed, as the guide draws.
    Random,
}

/// What is done at the seam of a cutover.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Seam {
    /// Requests wait until the leg that is left has answered all that it has.
    #[default]
    DrainFirst,
    /// They go out at once, while the workers of the leg that is left finish.
    SwitchFirst,
}

/// What becomes of a request that one of two brokers does not take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// It has failed, as the guide's `gather` raises; the other broker may have it.
    #[default]
    Both,
    /// It is sent if one of them has it.
    Any,
}

impl RouteKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Dual => "dual",
            Self::Split => "split",
            Self::Shift => "shift",
            Self::Cutover => "cutover",
        }
    }
}

impl fmt::Display for RouteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
