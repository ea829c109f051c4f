//! What happened over time: one row per interval.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One interval of a trial. Counts are events of the interval; `in_flight` is read at its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesRow {
    /// Start of the interval in seconds; 0 is the start of the measured window, so warm-up is negative.
    pub t_s: f64,
    pub duration_s: f64,
    pub phase: Phase,
    /// Requests whose intended time lies in the interval.
    pub offered: u64,
    pub unsent: u64,
    pub sent: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub delivered: u64,
    pub completed: u64,
    pub in_flight: u64,
    /// Turnaround of the requests *intended* in the interval (delivery where the scenario has no results).
    pub turnaround: Option<IntervalLatency>,
    /// CPU of the harness, workers included, in cores.
    pub generator_cpu_cores: Option<f64>,
    pub generator_rss_bytes: Option<u64>,
    /// In the order of the trial's `brokers`.
    pub brokers: Vec<BrokerSample>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Warmup,
    Window,
    Cooldown,
    Drain,
}

/// A histogram of one interval, in nanoseconds; percentiles as in `LatencySummary`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IntervalLatency {
    pub count: u64,
    pub p50: Option<u64>,
    pub p90: Option<u64>,
    pub p99: Option<u64>,
    pub p999: Option<u64>,
    pub max: u64,
    /// HdrHistogram V2-deflate, base64.
    pub histogram: String,
}

/// One look at a broker process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BrokerSample {
    pub cpu_cores: Option<f64>,
    pub rss_bytes: Option<u64>,
    pub net_in_bytes_per_s: Option<f64>,
    pub net_out_bytes_per_s: Option<f64>,
    pub disk_write_bytes_per_s: Option<f64>,
}
