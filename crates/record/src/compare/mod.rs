//! Two runs held against each other: has anything become worse?
//!
//! ```text
//! result.json, result.json -> setting (may they be compared?) -> figures (ratio, verdict) -> JSON
//! ```
//!
//! Pure: reads two records and returns a document. Knows no files, no clap and no exit codes.

mod document;
mod figures;
mod setting;

use crate::result::{RunResult, Verdict};

pub use document::{
    Difference, FigureComparison, FigureVerdict, RunComparison, RunReference, RunVerdict, SCHEMA_VERSION,
};
pub use setting::load_facts;

/// What a comparison may be told.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Change in the bad direction that is still put up with.
    pub tolerance_percent: f64,
    /// Compare even where scenario, durability or machine differ.
    pub force: bool,
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
        let mut paths: Vec<_> = invalid.iter().map(|trial| trial.path.name()).collect();
        paths.sort_unstable();
        paths.dedup();
        let paths = paths.join(", ");
        return Some(format!("{} of {} trials are invalid ({paths})", invalid.len(), run.trials.len()));
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
