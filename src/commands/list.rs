//! `weighbridge list`: the scenarios with their questions.

use std::fmt::Write;
use std::path::Path;

use super::{CommandError, Outcome, print};
use crate::cli::List;
use weighbridge_plan::scenario;
use weighbridge_report::printable::printable_lines;

pub fn run(arguments: &List) -> Result<Outcome, CommandError> {
    print(&text(&arguments.folder.path))?;
    Ok(Outcome::Good)
}

/// One paragraph a scenario: name and question, then transports and load.
pub(super) fn text(folder: &Path) -> String {
    let listed = scenario::list(folder);
    let width = listed.iter().map(|scenario| scenario.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for scenario in listed {
        let line = match &scenario.summary {
            Ok(summary) => {
                let paths: Vec<_> = summary.paths.iter().map(|path| path.name()).collect();
                let points =
                    if summary.points > 1 { format!(", {} points", summary.points) } else { String::new() };
                let indent = " ".repeat(width + 2);
                format!(
                    "{}\n{indent}{}{points}\n{indent}{}",
                    summary.question,
                    summary.load,
                    paths.join(", ")
                )
            }
            Err(error) => format!("cannot be run: {error}"),
        };
        // Writing into a String does not fail.
        let _ = writeln!(text, "{:width$}  {line}", scenario.name);
    }
    printable_lines(&text)
}
