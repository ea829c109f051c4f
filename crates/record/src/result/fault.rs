//! What was done on purpose, and how a path came back from it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::terms::{Action, Moment};

/// Something done to a server or a worker on purpose. Its counts are of the time from its start to the start of the
/// next one on the same trial, in whole intervals of the series; what was lost counts by when it was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// What was done.
    pub action: Action,
    /// The server by its name in the trial, `nats-server` or `nats-server.2`, or the worker: `worker.1`.
    pub target: String,
    /// Where in the life of a request a worker was ended; left out for other actions, and where it was ended from
    /// outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moment: Option<Moment>,
    /// Seconds since the start of the measured window.
    pub start_s: f64,
    /// When the target went on or answered again; null if it did not before the trial ended.
    pub end_s: Option<f64>,
    /// Requests under way when it struck, as the generators had last counted them; null where nobody counted, like
    /// all that follows.
    #[serde(default)]
    pub in_flight: Option<u64>,
    /// Requests lost.
    pub lost: Option<u64>,
    /// Requests lost although the broker had confirmed them.
    #[serde(default)]
    pub lost_acknowledged: Option<u64>,
    /// Age of the oldest of these when the fault struck, in seconds since it was sent; null also where there is none
    /// that was sent before.
    #[serde(default)]
    pub oldest_lost_s: Option<f64>,
    /// Results that came twice.
    pub duplicated: Option<u64>,
    /// Deliveries beyond the first.
    #[serde(default)]
    pub redelivered: Option<u64>,
    /// Requests that the broker gave up after their last delivery.
    #[serde(default)]
    pub parked: Option<u64>,
    /// Seconds from the end of the fault to the end of the interval with the first completion.
    #[serde(default)]
    pub first_completion_s: Option<f64>,
    /// Seconds from the end of the fault to the end of the first interval after it that completed 95 % of what was
    /// asked for: what was offered in it, or, where nothing is scheduled, what was completed on average before.
    #[serde(default)]
    pub recovered_s: Option<f64>,
    /// Seconds from the end of the fault to the end of the first interval after it with no more requests in flight
    /// than before the fault: the backlog is gone.
    #[serde(default)]
    pub drained_s: Option<f64>,
    /// The same by the theory of queues: a stop of T at arrival rate l and service rate m drains in T l / (m - l).
    /// Null where workers take no time, or no more than arrives.
    #[serde(default)]
    pub drained_expected_s: Option<f64>,
    /// Turnaround of the requests intended before the fault, from its start until the path had recovered, and after
    /// that until the next fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turnaround: Option<AroundFault>,
}

/// Turnaround before, during and after a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AroundFault {
    pub before: Option<Stretch>,
    pub during: Option<Stretch>,
    pub after: Option<Stretch>,
}

/// Turnaround of the completed requests of a stretch of time, in nanoseconds; a percentile with fewer than 10 samples
/// above it is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stretch {
    /// Requests behind the figures.
    pub count: u64,
    /// Median in nanoseconds.
    pub p50_ns: Option<u64>,
    /// 99th percentile in nanoseconds.
    pub p99_ns: Option<u64>,
    /// 99.9th percentile in nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p999_ns: Option<u64>,
    /// Longest in nanoseconds.
    pub max_ns: u64,
}

/// Reads a field.
type Read = fn(&Fault) -> Option<f64>;

impl Fault {
    /// What a threshold may be put on, with its name: of several faults the worst.
    pub const FIELDS: [(&'static str, Read); 8] = [
        ("first_completion_s", |fault| fault.first_completion_s),
        ("recovered_s", |fault| fault.recovered_s),
        ("drained_s", |fault| fault.drained_s),
        ("lost", |fault| fault.lost.map(|count| count as f64)),
        ("lost_acknowledged", |fault| fault.lost_acknowledged.map(|count| count as f64)),
        ("duplicated", |fault| fault.duplicated.map(|count| count as f64)),
        ("redelivered", |fault| fault.redelivered.map(|count| count as f64)),
        ("parked", |fault| fault.parked.map(|count| count as f64)),
    ];

    /// One of [`Fault::FIELDS`] by its name.
    pub fn field(&self, name: &str) -> Option<f64> {
        Self::FIELDS.iter().find(|(field, _)| *field == name).and_then(|(_, read)| read(self))
    }

    /// One of which nothing is known yet but when it began.
    pub fn begun(action: Action, target: &str, start_s: f64) -> Self {
        Self {
            action,
            target: target.to_owned(),
            moment: None,
            start_s,
            end_s: None,
            in_flight: None,
            lost: None,
            lost_acknowledged: None,
            oldest_lost_s: None,
            duplicated: None,
            redelivered: None,
            parked: None,
            first_completion_s: None,
            recovered_s: None,
            drained_s: None,
            drained_expected_s: None,
            turnaround: None,
        }
    }
}
