//! `weighbridge compare`: hold a run against an earlier one.

use super::{CommandError, Outcome, print};
use crate::cli::Compare;
use crate::compare::{self, Options, RunVerdict};
use crate::report::{ReportError, folder};

pub fn run(arguments: &Compare) -> Result<Outcome, CommandError> {
    let (base, new) = (folder::read(&arguments.base)?, folder::read(&arguments.new)?);
    let options = Options { tolerance_percent: arguments.tolerance, force: arguments.force };
    let comparison = compare::compare(&base, &new, options)?;
    if arguments.json {
        let document = serde_json::to_string_pretty(&comparison);
        print(&document.map_err(|source| ReportError::Json { source })?)?;
        print("\n")?;
    } else {
        print(&compare::text(&comparison))?;
    }
    Ok(match comparison.verdict {
        RunVerdict::Regression => Outcome::ThresholdFailed,
        RunVerdict::Inconclusive | RunVerdict::NoRegression => Outcome::Good,
    })
}
