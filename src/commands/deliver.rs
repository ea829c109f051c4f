//! What `run` and `search` share: settings from flags, and handing over the record.

use std::fs::OpenOptions;
use std::io::{self, Write};

use super::interrupt::Interrupt;
use super::keeping::Keeping;
use super::onlookers::Onlookers;
use super::output::colored;
use super::{CommandError, Outcome, broker_options, browser, command_line, print};
use crate::cli::{Brokers, Conduct};
use crate::session::{Finished, Settings};
use weighbridge_record::result::RunResult;
use weighbridge_report::{index, markdown, terminal, text_plot};

pub fn settings(brokers: &Brokers, conduct: &Conduct, interrupt: &Interrupt) -> Settings {
    Settings {
        brokers: broker_options(brokers),
        stop: interrupt.heed(),
        remains: interrupt.remains(),
        command: command_line::recorded(std::env::args_os()),
        measure_again: conduct.measure_again,
        ..Settings::default()
    }
}

/// Settles the report, prints what came out, and says how the run ended. What can't be written, drawn or printed
/// keeps nobody from reading the rest, and changes no verdict.
pub fn deliver(
    finished: Finished,
    keeping: Keeping<'_>,
    conduct: &Conduct,
    onlookers: &Onlookers,
) -> Result<Outcome, CommandError> {
    let result = &finished.result;
    let written = keeping.settle(result);
    if let Err(error) = append_to_job_summary(result) {
        tracing::error!("{error}");
    }
    show(tell(result, conduct));
    let written = written?;
    onlookers.reported(&written.shown());
    let listing = index::renew(&conduct.out);
    if let Err(error) = &listing {
        // The run is whole without the list, and `weighbridge report` makes it later.
        tracing::error!("the index of the runs was not renewed: {error}");
    }
    if !conduct.json {
        let word = if written.page().is_some() { "Report" } else { "Record" };
        show(print(&format!("\n{word}: {}\n", written.shown().display())));
        if let Ok(listing) = listing {
            show(print(&format!("All runs: {}\n", listing.display())));
        }
    }
    if conduct.open
        && let Some(page) = written.page()
    {
        browser::open(&page);
    }
    match finished.failure {
        // The report holds what was measured; the exit says why there is no more.
        Some(error) => Err(error.into()),
        None => Ok(result.verdict.into()),
    }
}

/// The record holds all that is printed.
fn show(printed: Result<(), CommandError>) {
    if let Err(error) = printed {
        tracing::error!("{error}");
    }
}

/// Prints what came out, without the report.
fn tell(result: &RunResult, conduct: &Conduct) -> Result<(), CommandError> {
    if conduct.json {
        let document = serde_json::to_string(result);
        let document = document.map_err(|error| CommandError::Io {
            action: "writing result.json",
            source: io::Error::other(error),
        })?;
        return print(&format!("{document}\n"));
    }
    print(&terminal::summary(result, colored(&io::stdout())))?;
    if conduct.plot {
        match text_plot::percentiles(result) {
            Ok(plot) => print(&format!("\n{plot}"))?,
            Err(error) => tracing::error!("the percentile curves can't be drawn: {error}"),
        }
    }
    Ok(())
}

/// Adds the summary to the page of the CI job, where there is one.
fn append_to_job_summary(result: &RunResult) -> Result<(), CommandError> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let failed = |source| CommandError::Io { action: "appending to $GITHUB_STEP_SUMMARY", source };
    let mut page = OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
    page.write_all(markdown::summary(result).as_bytes()).map_err(failed)
}
