//! Latency figures of one trial.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::zero::is_zero;

use crate::ranked::is_unanswered;
use crate::terms::Stage;

/// Figures of one histogram, in nanoseconds. A percentile with fewer than 10 samples above it is null.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LatencySummary {
    /// Requests behind the figures.
    pub count: u64,
    /// Further requests intended in the window that never got so far. Percentiles are over them too, and rank them
    /// behind all others: one whose rank falls among them is null.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unanswered: u64,
    /// Shortest in nanoseconds; null without samples, like mean and maximum.
    pub min: Option<u64>,
    /// Mean in nanoseconds.
    pub mean: Option<f64>,
    /// Median in nanoseconds; null with fewer than 10 samples above it, like the other percentiles.
    pub p50: Option<u64>,
    /// 90th percentile in nanoseconds.
    pub p90: Option<u64>,
    /// 99th percentile in nanoseconds.
    pub p99: Option<u64>,
    /// 99.9th percentile in nanoseconds.
    pub p999: Option<u64>,
    /// 99.99th percentile in nanoseconds.
    pub p9999: Option<u64>,
    /// Longest of those measured, in nanoseconds.
    pub max: Option<u64>,
    /// HdrHistogram V2-deflate, base64.
    pub histogram: String,
}

impl LatencySummary {
    /// The names of its figures.
    pub const STATISTICS: [&str; 8] = ["min", "mean", "p50", "p90", "p99", "p999", "p9999", "max"];

    /// Whether a percentile has no figure because its request was never answered.
    pub fn is_unanswered_at(&self, quantile: f64) -> bool {
        is_unanswered(self.count, self.unanswered, quantile)
    }

    /// A figure by its name in `result.json`, in nanoseconds.
    pub fn statistic(&self, name: &str) -> Option<f64> {
        let ns = match name {
            "min" => self.min,
            "mean" => return self.mean,
            "p50" => self.p50,
            "p90" => self.p90,
            "p99" => self.p99,
            "p999" => self.p999,
            "p9999" => self.p9999,
            "max" => self.max,
            _ => None,
        };
        ns.map(|ns| ns as f64)
    }
}

/// One summary for each stage; a stage that the path does not have is null.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageLatencies {
    pub send_lag: Option<LatencySummary>,
    pub publish: Option<LatencySummary>,
    pub delivery: Option<LatencySummary>,
    pub service: Option<LatencySummary>,
    /// Turnaround less service, request by request: what the path added. Null where no result ends a request, and
    /// in older records.
    #[serde(default)]
    pub transit: Option<LatencySummary>,
    pub turnaround: Option<LatencySummary>,
    pub turnaround_uncorrected: Option<LatencySummary>,
}

impl StageLatencies {
    pub fn get(&self, stage: Stage) -> Option<&LatencySummary> {
        match stage {
            Stage::SendLag => self.send_lag.as_ref(),
            Stage::Publish => self.publish.as_ref(),
            Stage::Delivery => self.delivery.as_ref(),
            Stage::Service => self.service.as_ref(),
            Stage::Transit => self.transit.as_ref(),
            Stage::Turnaround => self.turnaround.as_ref(),
            Stage::TurnaroundUncorrected => self.turnaround_uncorrected.as_ref(),
        }
    }

    pub fn set(&mut self, stage: Stage, summary: Option<LatencySummary>) {
        *match stage {
            Stage::SendLag => &mut self.send_lag,
            Stage::Publish => &mut self.publish,
            Stage::Delivery => &mut self.delivery,
            Stage::Service => &mut self.service,
            Stage::Transit => &mut self.transit,
            Stage::Turnaround => &mut self.turnaround,
            Stage::TurnaroundUncorrected => &mut self.turnaround_uncorrected,
        } = summary;
    }
}

/// Requests of about the same turnaround, and what they spent on each part of it, summed over them. The parts
/// add up to their turnarounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BreakdownRow {
    /// Shortest turnaround of the row in nanoseconds.
    pub turnaround_ns_min: u64,
    /// Longest turnaround of the row in nanoseconds.
    pub turnaround_ns_max: u64,
    /// Requests of the row.
    pub count: u64,
    /// Intended -> sent.
    pub send_lag_ns_sum: u64,
    /// Sent -> acknowledged by the broker, or received by a worker where that came first; null where the
    /// broker never answers.
    pub publish_ns_sum: Option<u64>,
    /// From there (from sending, where `publish_ns_sum` is null) -> received by a worker.
    pub queue_ns_sum: u64,
    /// Received -> scored.
    pub service_ns_sum: u64,
    /// Scored -> completed.
    pub return_ns_sum: u64,
}
