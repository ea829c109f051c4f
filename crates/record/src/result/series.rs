//! What happened over time: one row per interval.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::zero::is_zero;

/// One interval of a trial. Counts are events of the interval; `in_flight` is read at its end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesRow {
    /// Start of the interval in seconds; 0 is the start of the measured window, so warm-up is negative.
    pub t_s: f64,
    /// Length of the interval in seconds.
    pub duration_s: f64,
    /// Which part of the trial it belongs to.
    pub phase: Phase,
    /// Requests whose intended time lies in the interval.
    pub offered: u64,
    /// Requests shed.
    pub unsent: u64,
    /// Requests handed to the client library.
    pub sent: u64,
    /// Requests that the broker confirmed.
    pub accepted: u64,
    /// Requests refused.
    pub rejected: u64,
    /// Requests that a worker received for the first time; null where workers are external and don't tell.
    pub delivered: Option<u64>,
    /// Requests completed.
    pub completed: u64,
    /// Requests sent whose end was not known at the end of the interval.
    pub in_flight: u64,
    /// Age of the next request to be completed at the end of the interval, in seconds: how far the workers are behind.
    /// As `behind::seconds_behind` has it; left out where there are no workers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind_s: Option<f64>,
    /// Requests sent in the interval that were lost; left out where there were none, like the counts that follow.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u64,
    /// Requests sent in the interval that were lost although the broker had confirmed them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost_acknowledged: u64,
    /// When the first of these was sent, in seconds since the start of the measured window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_lost_acknowledged_s: Option<f64>,
    /// Results beyond the first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub duplicated: u64,
    /// Deliveries beyond the first; not known where `delivered` is null, like the next count.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub redelivered: u64,
    /// Requests that the broker gave up.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub parked: u64,
    /// Turnaround of the requests *intended* in the interval (delivery where the scenario has no results).
    pub turnaround: Option<IntervalLatency>,
    /// CPU of the harness, workers included, in cores.
    pub generator_cpu_cores: Option<f64>,
    /// Resident memory of the harness at the end of the interval, in bytes.
    pub generator_rss_bytes: Option<u64>,
    /// In the order of the trial's `brokers`.
    pub brokers: Vec<BrokerSample>,
}

impl SeriesRow {
    /// Whether the whole interval lies between two times, in seconds since the window began.
    pub fn lies_within(&self, start_s: f64, end_s: f64) -> bool {
        self.t_s >= start_s && self.t_s + self.duration_s <= end_s
    }
}

/// The parts of a trial, one after the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Warmup,
    #[default]
    Window,
    Cooldown,
    Drain,
}

/// A histogram of one interval, in nanoseconds; percentiles as in `LatencySummary`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IntervalLatency {
    /// Requests behind the figures.
    pub count: u64,
    /// Median in nanoseconds; null with fewer than 10 samples above it, like the other percentiles.
    pub p50: Option<u64>,
    /// 90th percentile in nanoseconds.
    pub p90: Option<u64>,
    /// 99th percentile in nanoseconds.
    pub p99: Option<u64>,
    /// 99.9th percentile in nanoseconds.
    pub p999: Option<u64>,
    /// Longest in nanoseconds.
    pub max: u64,
    /// HdrHistogram V2-deflate, base64.
    pub histogram: String,
}

/// One look at a broker process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BrokerSample {
    /// Cores that it kept busy over the interval; null where it could not be read, like the other figures.
    pub cpu_cores: Option<f64>,
    /// Resident memory, in bytes.
    pub rss_bytes: Option<u64>,
    /// Bytes received per second.
    pub net_in_bytes_per_s: Option<f64>,
    /// Bytes sent per second.
    pub net_out_bytes_per_s: Option<f64>,
    /// Bytes written to disk per second.
    pub disk_write_bytes_per_s: Option<f64>,
    /// Memory that it says it uses, in bytes; left out where it was not asked or does not tell, like all that follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Connections to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<u64>,
    /// Messages in the streams of the trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_messages: Option<u64>,
    /// Messages that the groups or consumers of these streams have still to get.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undelivered_messages: Option<u64>,
    /// Messages that they got and have not acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unacknowledged_messages: Option<u64>,
    /// Bytes that wait in it for clients to read them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffered_bytes: Option<u64>,
    /// Clients that it has cut off because they read too slowly, since it was first asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_consumers: Option<u64>,
    /// Writes that have waited for a sync to the disk, since it was first asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub syncs_delayed: Option<u64>,
    /// Times that it has forked, since it was first asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forks: Option<u64>,
    /// The longest event that its latency monitor has noted since it was last asked, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stall_ms: Option<f64>,
    /// Whether it said that it is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy: Option<bool>,
}
