//! `weighbridge validate`: parse, plan and explain; run nothing.

use super::{CommandError, Outcome, overrides, print};
use crate::cli::Validate;
use weighbridge_plan::scenario;
use weighbridge_report::printable::printable_lines;

pub fn run(arguments: &Validate) -> Result<Outcome, CommandError> {
    let overrides = overrides(&arguments.changes, None)?;
    let mut outcome = Outcome::Good;
    for reference in &arguments.scenarios {
        match scenario::load(reference, &arguments.folder.path, &overrides) {
            Ok(plan) => print(&printable_lines(&scenario::explain(&plan)))?,
            // Go on: the others' mistakes are wanted too.
            Err(error) => outcome = Outcome::report(error.into()),
        }
    }
    Ok(outcome)
}
