//! The totals as they stand in `result.json`, where what was not measured is left out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of every request of the trial, warm-up and cool-down included. What only workers tell is left out where
/// they are somebody else's and tell nothing.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LedgerTotals")]
pub struct Written {
    /// Requests that the schedule asked for.
    pub attempted: u64,
    /// Shed before sending, because `max_in_flight` were outstanding or the run was stopped.
    pub unsent: u64,
    /// Handed to the client library.
    pub sent: u64,
    /// Confirmed by the broker.
    pub acknowledged: u64,
    /// Refused for certain: an error reply, no responders, out of memory.
    pub rejected: u64,
    /// Sends whose outcome was unknown at some time (timeout, lost connection); reconciled at the end.
    pub indeterminate: u64,
    /// Requests that a worker received at least once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<u64>,
    /// Requests whose result reached the collector.
    pub completed: u64,
    /// Requests that were sent and neither completed, rejected nor parked.
    pub lost: u64,
    /// Lost before any worker had them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_requests: Option<u64>,
    /// Received by a worker, but the result never arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_results: Option<u64>,
    /// Lost although the broker had confirmed them.
    pub lost_acknowledged: u64,
    /// Results beyond the first for the same request.
    pub duplicated: u64,
    /// Deliveries to a worker beyond the first for the same request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redelivered: Option<u64>,
    /// First deliveries that reached a consumer after a later request of the same ordering key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reordered: Option<u64>,
    /// Given up by the broker after its last delivery, but still stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<u64>,
    /// Messages that belong to no request of this trial: foreign, corrupt or stale.
    pub unexpected: u64,
}
