//! `weighbridge report`: render report.html again from result.json.

use super::{CommandError, Outcome, print};
use crate::cli::Report;
use crate::report::folder;

pub fn run(arguments: &Report) -> Result<Outcome, CommandError> {
    for path in &arguments.folders {
        let page = folder::rerender(path)?;
        print(&format!("{}\n", page.display()))?;
    }
    Ok(Outcome::Good)
}
