//! Two runs held against each other: has anything become worse?
//!
//! ```text
//! result.json, result.json -> setting (may they be compared?) -> figures (ratio, verdict) -> text or JSON
//! ```
//!
//! Pure: reads two records and returns a document. Knows no files, no clap and no exit codes.

mod figures;
mod setting;
mod text;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::Point;
use crate::result::{Estimate, RunResult, Verdict};
use crate::terms::TransportKind;

pub use setting::load_facts;
pub use text::{figure_name, headline, printed, ratio_text, text};

/// Version of the layout of the comparison document.
pub const SCHEMA_VERSION: u32 = 1;

/// What a comparison may be told.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Change in the bad direction that is still put up with.
    pub tolerance_percent: f64,
    /// Compare even where scenario, durability or machine differ.
    pub force: bool,
}

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
    /// A transport and point that only one of the runs has, in words.
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

/// One figure of one transport at one point, new against base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FigureComparison {
    pub transport: TransportKind,
    pub point: Point,
    /// Path in the trial; `ledger.lost` is the sum over the repetitions.
    pub figure: String,
    /// Median over the repetitions; null where a repetition had too few samples.
    pub base: Option<f64>,
    pub new: Option<f64>,
    pub base_repetitions: u32,
    pub new_repetitions: u32,
    /// New over base, with its 95 % interval; null for a count.
    pub ratio: Option<Estimate>,
    pub verdict: FigureVerdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FigureVerdict {
    /// Worse by more than the tolerance, chance excluded.
    Regression,
    /// Better by more than the tolerance, chance excluded.
    Improvement,
    /// The whole interval is within the tolerance or better.
    NoRegression,
    /// The interval holds the limit, or there are fewer than 3 repetitions of a run.
    Inconclusive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunVerdict {
    Regression,
    Inconclusive,
    NoRegression,
}

/// Why two runs were not compared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CompareError {
    #[error("the {side} run is invalid: {reason}; measure it again")]
    Invalid { side: &'static str, reason: String },
    #[error(
        "the {side} run is a search, whose rates it chose itself; run both at one rate, with \
         `weighbridge run --rate`, and compare those"
    )]
    Search { side: &'static str },
    #[error("the runs did not measure the same thing:\n{}\n--force compares them all the same", lines(.0))]
    Differ(Vec<Difference>),
    #[error("the runs have no transport and point in common, so nothing can be compared")]
    NothingInCommon,
}

fn lines(differences: &[Difference]) -> String {
    let line = |difference: &Difference| {
        format!("  {}: base {}, new {}", difference.field, difference.base, difference.new)
    };
    differences.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Holds `new` against `base`.
pub fn compare(base: &RunResult, new: &RunResult, options: Options) -> Result<RunComparison, CompareError> {
    for (side, run) in [("base", base), ("new", new)] {
        if !run.searches.is_empty() {
            return Err(CompareError::Search { side });
        }
        if let Some(reason) = invalid(run) {
            return Err(CompareError::Invalid { side, reason });
        }
    }
    let differences = setting::differences(base, new);
    let refusing: Vec<_> = differences.iter().filter(|difference| difference.refuses).cloned().collect();
    if !refusing.is_empty() && !options.force {
        return Err(CompareError::Differ(refusing));
    }
    let (figures, left_out) = figures::compare(base, new, options.tolerance_percent / 100.0);
    if figures.is_empty() {
        return Err(CompareError::NothingInCommon);
    }
    Ok(RunComparison {
        schema_version: SCHEMA_VERSION,
        verdict: overall(&figures),
        tolerance_percent: options.tolerance_percent,
        base: reference(base),
        new: reference(new),
        differences,
        left_out,
        figures,
    })
}

/// Why a run can't be trusted; none where it can.
fn invalid(run: &RunResult) -> Option<String> {
    let invalid: Vec<_> = run.trials.iter().filter(|trial| !trial.valid).collect();
    if !invalid.is_empty() {
        let mut transports: Vec<_> = invalid.iter().map(|trial| trial.transport.name()).collect();
        transports.sort_unstable();
        transports.dedup();
        let transports = transports.join(", ");
        return Some(format!("{} of {} trials are invalid ({transports})", invalid.len(), run.trials.len()));
    }
    (run.trials.is_empty() || run.verdict == Verdict::Invalid).then(|| "it has no valid trial".to_owned())
}

fn overall(figures: &[FigureComparison]) -> RunVerdict {
    let any = |verdict| figures.iter().any(|figure| figure.verdict == verdict);
    if any(FigureVerdict::Regression) {
        RunVerdict::Regression
    } else if any(FigureVerdict::Inconclusive) {
        RunVerdict::Inconclusive
    } else {
        RunVerdict::NoRegression
    }
}

fn reference(run: &RunResult) -> RunReference {
    RunReference {
        run_id: run.run_id.clone(),
        scenario: run.scenario.name.clone(),
        started_at: run.environment.started_at.clone(),
        weighbridge_version: run.environment.weighbridge_version.clone(),
        git_commit: run.environment.git_commit.clone(),
    }
}

#[cfg(test)]
mod tests;
