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
    /// `a` divided by `b`, each repetition with its own seed's: the geometric mean, in `median`. From 5
    /// repetitions on with its 95 % interval (Student's t over the logarithms), with 3 or 4 with their range. Where the
    /// repetitions were looked at as they came in, the interval is that of all looks together.
    pub ratio: Estimate,
    /// The ratio of each repetition that both have; empty in records that held medians against each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of_repetitions: Vec<f64>,
    /// Chance of such ratios where nothing differs, by the paired t test of their logarithms, corrected for all
    /// ratios of the point (Holm) and for all looks (Bonferroni, `scenario.repetitions`); null with fewer than 3
    /// repetitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_adjusted: Option<f64>,
    pub verdict: PairVerdict,
    /// Whether both promise the same: guarantee and durability tier.
    pub matched: bool,
}

impl PathRatio {
    /// The path that is higher in every repetition; none where they disagree.
    pub fn always_higher(&self) -> Option<Path> {
        let all =
            |above: bool| self.of_repetitions.iter().all(|ratio| *ratio != 1.0 && (*ratio > 1.0) == above);
        match self.of_repetitions.is_empty() {
            true => None,
            false if all(true) => Some(self.a),
            false if all(false) => Some(self.b),
            false => None,
        }
    }
}

/// What a ratio shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PairVerdict {
    /// `a` is higher, by more than chance: `p_adjusted` is at most 0.05.
    AHigher,
    /// `b` is higher, by more than chance: `p_adjusted` is at most 0.05.
    BHigher,
    /// Chance may explain the difference.
    NoDifferenceShown,
    /// Fewer than 3 repetitions that both have: nothing is judged.
    TooFewRepetitions,
}
