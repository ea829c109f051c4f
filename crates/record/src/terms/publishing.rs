//! The words of publishing: whose connection a request goes out on, and how a batch is sent.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose connection a request goes out on.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Pool {
    /// Each connection carries many publishes at a time, and requests are spread over the connections by their number.
    #[default]
    Shared,
    /// A batch checks a connection out, has it for itself until its publishes have returned, and gives it back. Where
    /// none is free it waits for its turn.
    Checkout,
    /// A batch has a connection of its own, opened for it and closed when its publishes have returned; at most
    /// `connections` are open at a time, and who finds as many waits for its turn.
    Fresh,
    /// The integration guide's pool: nothing is opened before it is needed, and whoever finds it empty opens another
    /// `connections`, one after the other, however many are out. The harness stops at 500 over all generators.
    Guide,
}

/// How the requests of a batch are sent.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Flush {
    /// Handed over at once; their confirmations are read as they come.
    #[default]
    Together,
    /// The guide's `flush_batch`, with one caller: each publish is awaited before the next, what falls due meanwhile
    /// waits, and after an error the whole batch is still pending, so that the next flush begins at its first request
    /// again.
    OneByOne,
    /// The guide's `flush_batch` as handlers of a web server call it: whoever adds a request to a full batch flushes it,
    /// whether others are at it or not, and whoever comes to the end of the list clears it.
    Guide,
}

impl Pool {
    pub fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Checkout => "checkout",
            Self::Fresh => "fresh",
            Self::Guide => "guide",
        }
    }
}

impl Flush {
    pub fn name(self) -> &'static str {
        match self {
            Self::Together => "together",
            Self::OneByOne => "one-by-one",
            Self::Guide => "guide",
        }
    }
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Flush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
