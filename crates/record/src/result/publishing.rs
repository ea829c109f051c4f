//! What a pool of connections and batches came to, where the scenario asks for either.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BurstSizes, LatencySummary};
use crate::terms::{Flush, Pool};

/// How the publishers of a trial used their connections, over the whole trial and all generators. What requests wait for
/// here is the policy's: it is in `publish` and `turnaround`, and not in `send_lag`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PublishingRecord {
    /// The pool; null where connections were shared.
    pub pool: Option<PoolRecord>,
    /// The batches that requests were gathered in.
    pub batches: BatchesRecord,
}

/// A pool of connections, from which each batch had one for itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PoolRecord {
    /// Which pool it was.
    pub policy: Pool,
    /// Connections that it was to have, over all generators.
    pub size: u32,
    /// Connections that were opened in all.
    pub opened: u64,
    /// Most connections that were out at a time; of several generators, the sum.
    pub out_max: u64,
    /// Times that a connection was asked for.
    pub checkouts: u64,
    /// Those that found none free.
    pub waited: u64,
    /// Those that got none, because none could be opened.
    pub refused: u64,
    /// From asking for a connection until having it, in nanoseconds; null without checkouts.
    pub checkout_ns: Option<LatencySummary>,
}

/// Batches of requests, each sent when it was full, or when its first request had waited for long enough.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BatchesRecord {
    /// How their requests were sent.
    pub flush: Flush,
    /// Requests that make a batch full.
    pub size: u32,
    /// How long the first of a batch waits for others, in nanoseconds; null where it waits until the batch is full.
    pub linger_limit_ns: Option<u64>,
    /// Requests of a batch when its flush began, and how many flushes there were.
    pub sizes: BurstSizes,
    /// Flushes because the batch was full.
    pub by_size: u64,
    /// Flushes because its first request had waited for long enough.
    pub by_linger: u64,
    /// Flushes because nothing more was to come.
    pub by_end: u64,
    /// From a request's arrival in its batch until its publish begins, the wait for a connection left out, in
    /// nanoseconds: for others to come, and where requests are sent one by one for those before it.
    pub linger_ns: Option<LatencySummary>,
    /// How long a flush took whose publishes were awaited, in nanoseconds; null where none was.
    pub flush_ns: Option<LatencySummary>,
    /// Flushes that ended at an error.
    pub failed: u64,
    /// Publishes of a request beyond its first.
    pub republished: u64,
    /// Requests that were cleared from the list of pending ones before anybody had published them.
    pub forgotten: u64,
}

impl PublishingRecord {
    /// Whether requests that were sent in their order can be expected to be stored in it.
    pub fn keeps_order(&self) -> bool {
        self.pool.is_none() && self.batches.flush != Flush::Guide
    }
}
