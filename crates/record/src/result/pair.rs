//! Two settings of one scenario, held against each other in one run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Estimate;
use crate::point::Point;
use crate::terms::Path;

/// What a pair found. Its trials stand at the points `setting = base` and `setting = new`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PairRecord {
    /// What was set on the one side, as it was asked for; empty: the scenario as it is.
    pub base: Vec<String>,
    /// What was set on the other.
    pub new: Vec<String>,
    /// Change for the worse that is put up with.
    pub tolerance_percent: f64,
    /// The weightiest of its changes; null where a trial is invalid, because nothing is judged then.
    pub verdict: Option<ChangeVerdict>,
    pub changes: Vec<Change>,
}

/// What a value of a swept setting costs against the first one, path by path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cost {
    /// The first value.
    pub base: Point,
    /// The value that is held against it.
    pub point: Point,
    /// New is the value, base the first one. No cost counts as a regression.
    pub changes: Vec<Change>,
}

/// One figure of one path, new against base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    pub path: Path,
    /// Path in the trial; `ledger.unanswered` is the sum over the repetitions.
    pub figure: String,
    /// Median over the repetitions.
    pub base: f64,
    /// Median over the repetitions.
    pub new: f64,
    /// New over base, pair by pair: the geometric mean, in `median`. From 5 pairs on with its 95 % interval
    /// (Student's t over the logarithms), with 3 or 4 with their range. Null for a count.
    pub ratio: Option<Estimate>,
    /// The ratio of each pair.
    pub of_repetitions: Vec<f64>,
    /// Chance of such ratios where nothing differs, by the paired t test of their logarithms, corrected for all
    /// figures and paths (Holm) and for all looks (Bonferroni, `scenario.repetitions`); of a count that both sides have,
    /// by the rank-sum test of their shares. Null for another count, and with fewer than 3 pairs.
    pub p_adjusted: Option<f64>,
    pub verdict: ChangeVerdict,
}

/// What a change shows; the weightiest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeVerdict {
    /// Chance may explain it.
    NoDifferenceShown,
    /// Better, by more than chance.
    Better,
    /// Worse, by more than chance, but not wholly beyond the tolerance.
    Worse,
    /// Fewer than 3 pairs: nothing is judged.
    TooFewRepetitions,
    /// Worse, by more than chance, and the whole interval lies beyond the tolerance.
    Regression,
}
