//! How late the instrument's threads woke.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LatencySummary;

/// How late threads of the instrument woke that had asked a timer for it, in nanoseconds; null where nobody of a
/// kind waited on a timer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WakeLateness {
    /// A thread of ordinary priority that does nothing but sleep for two milliseconds at a time, over the window.
    pub ordinary: Option<LatencySummary>,
    /// Another, scheduled as generators are: what holds it up is the machine.
    pub prompt: Option<LatencySummary>,
    /// The threads of generators, with pacers and collectors on them, over the whole trial.
    pub generators: Option<LatencySummary>,
    /// The threads of workers, over the whole trial; null where no service time is waited for.
    pub workers: Option<LatencySummary>,
}

/// Where a server of ours stores what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Storage {
    /// Whether the data directory is a file system in memory.
    pub in_memory: bool,
    /// Whether it is a file system of ours that forgets at a power failure what was not synced, for the faults that
    /// need one. Then it lies in memory as well.
    #[serde(default)]
    pub forgets_unsynced: bool,
    /// Median time of writing 4 KiB there and syncing them, in nanoseconds, before the trial.
    pub fsync_ns_p50: u64,
}
