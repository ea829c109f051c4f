//! The document of a comparison: what `weighbridge compare --json` prints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::point::Point;
use crate::result::Estimate;
use crate::terms::Path;

/// Version of the layout of the comparison document.
pub const SCHEMA_VERSION: u32 = 1;

/// Two runs, figure by figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunComparison {
    pub schema_version: u32,
    pub verdict: RunVerdict,
    pub tolerance_percent: f64,
    pub base: RunReference,
    pub new: RunReference,
    /// Where the runs differ in what they were and where they ran.
    pub differences: Vec<Difference>,
    /// What is not compared, in words: a path and point that only one of the runs has, a figure that is the
    /// instrument's own lateness.
    pub left_out: Vec<String>,
    pub figures: Vec<FigureComparison>,
}

impl RunComparison {
    /// The points of its figures, in their order.
    pub fn points(&self) -> Vec<&Point> {
        let mut points: Vec<&Point> = Vec::new();
        for figure in &self.figures {
            if !points.contains(&&figure.point) {
                points.push(&figure.point);
            }
        }
        points
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunReference {
    pub run_id: String,
    pub scenario: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    pub weighbridge_version: String,
    pub git_commit: Option<String>,
}

/// One thing in which the runs differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// `scenario.load.rate`, `environment.cpu_model`, ...
    pub field: String,
    pub base: String,
    pub new: String,
    /// Whether the runs are not compared because of it, unless forced.
    pub refuses: bool,
}

/// One figure of one path at one point, new against base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FigureComparison {
    pub path: Path,
    pub point: Point,
    /// Path in the trial; `ledger.lost` is the sum over the repetitions.
    pub figure: String,
    /// Median over the repetitions; null where a repetition had too few samples.
    pub base: Option<f64>,
    pub new: Option<f64>,
    pub base_repetitions: u32,
    pub new_repetitions: u32,
    /// New over base, of the geometric means, with the 95 % interval of Welch's t over the logarithms; null for a
    /// count.
    pub ratio: Option<Estimate>,
    /// Chance of such a ratio where nothing differs, by Welch's t test of the logarithms, corrected for all figures and
    /// paths of the point (Holm); of a loss in both runs, by the rank-sum test of the shares. Null for another count,
    /// and with fewer than 3 repetitions of a run.
    pub p_adjusted: Option<f64>,
    pub verdict: FigureVerdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FigureVerdict {
    /// Worse by more than the tolerance: the whole interval lies beyond it, and `p_adjusted` is at most 0.05.
    Regression,
    /// Better by more than the tolerance, in the same way.
    Improvement,
    /// The whole interval is within the tolerance or better.
    NoRegression,
    /// The interval holds the limit, chance is not excluded, or there are fewer than 3 repetitions of a run.
    Inconclusive,
}

impl FigureComparison {
    /// Whether the whole interval lies to the bad side of the tolerance, in percent, and chance is not excluded.
    pub fn is_worse_by_chance(&self, tolerance_percent: f64) -> bool {
        let tolerance = tolerance_percent / 100.0;
        let beyond = self.ratio.is_some_and(|ratio| match self.figure.starts_with("rates.") {
            true => ratio.high.is_some_and(|high| high < 1.0 - tolerance),
            false => ratio.low.is_some_and(|low| low > 1.0 + tolerance),
        });
        beyond && self.verdict == FigureVerdict::Inconclusive
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunVerdict {
    Regression,
    Inconclusive,
    NoRegression,
}
