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
}
