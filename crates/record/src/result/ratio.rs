//! Ratios between two paths of one run. What was compared stands here; how it is worded does not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Estimate;
use crate::point::Point;
use crate::terms::Path;

/// One figure of one path against the same figure of another, over the repetitions of one point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PathRatio {
    pub point: Point,
    /// Path in the trial: `latency_ns.turnaround.p50`, `latency_ns.turnaround.p99` or
    /// `rates.completed_per_s`.
    pub figure: String,
    pub a: Path,
    pub b: Path,
    /// Repetitions behind `a`.
    pub a_repetitions: u32,
    /// Repetitions behind `b`.
    pub b_repetitions: u32,
    /// Median of `a` divided by the median of `b`, with its 95 % interval.
    pub ratio: Estimate,
    pub verdict: PairVerdict,
    /// Whether both promise the same: guarantee and durability tier.
    pub matched: bool,
}

/// What a ratio shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PairVerdict {
    /// The interval lies above 1 and the repetitions of the two differ by more than chance.
    AHigher,
    /// The interval lies below 1 and the repetitions of the two differ by more than chance.
    BHigher,
    /// The interval holds 1, or chance explains the difference.
    NoDifferenceShown,
    /// Fewer than 3 repetitions of one of them: there is no interval.
    TooFewRepetitions,
}
