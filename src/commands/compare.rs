//! `weighbridge compare`: hold a run against an earlier one, print what came out, write its page.

use super::{CommandError, Outcome, browser, print};
use crate::cli::Compare;
use weighbridge_record::compare;
use weighbridge_record::compare::{Options, RunVerdict};
use weighbridge_report::{ReportError, compare_page, compare_text, folder};

const MEND_HTML: &str = "name a file that you may write with --html";

pub fn run(arguments: &Compare) -> Result<Outcome, CommandError> {
    let (base, new) = (folder::read(&arguments.base)?, folder::read(&arguments.new)?);
    let path = arguments.html.clone().unwrap_or_else(|| folder::beside(&arguments.new, "comparison.html"));
    if [&arguments.base, &arguments.new].into_iter().any(|run| folder::is_record_of(&path, run)) {
        return Err(CommandError::OverwritesRecord { path });
    }
    let options = Options { tolerance_percent: arguments.tolerance, force: arguments.force };
    let comparison = compare::compare(&base, &new, options)?;
    let page = compare_page::render(&comparison, &base, &new)
        .and_then(|page| folder::replace(&path, page.as_bytes(), MEND_HTML));
    // Printed also where the page could not be written: the verdict must not be lost with it.
    let mut printed = if arguments.json {
        let document = serde_json::to_string_pretty(&comparison);
        print(&format!("{}\n", document.map_err(|source| ReportError::Json { source })?))
    } else {
        print(&compare_text::text(&comparison))
    };
    if page.is_ok() && !arguments.json {
        printed = printed.and(print(&format!("\nPage: {}\n", path.display())));
    }
    if page.is_ok() && arguments.open {
        browser::open(&path);
    }
    let outcome = match comparison.verdict {
        RunVerdict::Regression => Outcome::ThresholdFailed,
        RunVerdict::Inconclusive | RunVerdict::NoRegression => Outcome::Good,
    };
    // A regression stays one without its page.
    outcome.unless_unprinted(page.map_err(CommandError::from).and(printed))
}
