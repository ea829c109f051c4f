//! Figures over the repetitions of one transport at one point, and the thresholds held against them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::point::Point;
use crate::terms::Path;

/// Median and interval of every rate and percentile over the valid repetitions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SummaryRow {
    pub path: Path,
    pub point: Point,
    /// Trials of this path at this point.
    pub repetitions: u32,
    /// Those that are valid; the figures rest on them.
    pub valid_repetitions: u32,
    /// By path in the trial: `rates.completed_per_s`, `latency_ns.turnaround.p99`, ...
    pub figures: BTreeMap<String, Estimate>,
}

/// A median over repetitions with its 95 % interval; from 3 to 5 repetitions with their range, from fewer with
/// neither.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// Median over the repetitions, in the unit of the figure.
    pub median: f64,
    /// Lower end of the interval or range; null with fewer than 3 repetitions.
    pub low: Option<f64>,
    /// Upper end of the interval or range; null with fewer than 3 repetitions.
    pub high: Option<f64>,
}

/// One threshold held against one transport at one point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ThresholdOutcome {
    /// The threshold as it was written.
    pub expression: String,
    pub path: Path,
    pub point: Point,
    /// In nanoseconds, per second or as a count; null where it could not be observed.
    pub observed: Option<f64>,
    /// A figure that could not be observed does not pass.
    pub passed: bool,
    /// Why nothing was observed, where that is not for want of samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unobserved: Option<String>,
    /// Samples behind the observed figure.
    pub samples: u64,
}
