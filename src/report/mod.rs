//! What people read: made only from `RunResult`, never from live state.
//!
//! ```text
//! RunResult -> searches                   -> capacity                                     -> html, terminal
//!           -> groups (one per sweep point) -> answer, comparison, ratios, charts, fairness -> html
//!                                           -> answer, comparison, ratios                   -> terminal
//!                  -> sweeps (along one swept key) -> rate curves with knees -> charts, answer
//!           -> series                                                                       -> hlog
//!           -> histograms                                                                   -> hgrm
//!           -> trials                                                                       -> csv
//!           -> groups, thresholds                                                 -> junit, markdown
//!           -> answer                                                             -> badge
//!              everything above                                                             -> folder
//!
//! RunComparison, both records -> charts over two runs -> compare_page
//! folder of runs, read leanly -> rows, trends         -> index
//! ```
//!
//! Nothing here measures, judges thresholds or computes intervals: that is done before the record is
//! written. What is computed here is only how recorded figures are merged, worded and drawn.

mod answer;
mod badge;
mod breakdown;
pub mod capacity;
mod charts;
pub mod checks;
pub mod compare_page;
mod comparison;
pub mod csv;
#[cfg(test)]
mod documented;
mod errors;
mod fairness;
mod faults;
mod figure_view;
#[cfg(test)]
pub(crate) mod fixture;
pub mod folder;
pub mod format;
mod groups;
pub mod hgrm;
mod histogram;
pub mod hlog;
pub mod html;
pub mod index;
mod interval_latency;
pub mod junit;
mod knee;
pub mod markdown;
mod page;
mod ranking;
mod rate_curve;
mod ratios;
mod sweeps;
pub mod terminal;
mod terminal_table;
pub mod text_plot;

use std::path::PathBuf;

pub use answer::{Answer, answer};
pub use groups::point_label;

/// Why a report could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("cannot {action} {}: {source}; {mend}", path.display())]
    File { action: &'static str, path: PathBuf, mend: &'static str, source: std::io::Error },
    #[error("{} is not a result of Weighbridge: {source}; give a result.json or the folder that holds one", path.display())]
    NotAResult { path: PathBuf, source: serde_json::Error },
    #[error(
        "{} has schema_version {found}, this build reads {known}; read it with the Weighbridge that wrote it",
        path.display()
    )]
    SchemaVersion { path: PathBuf, found: String, known: u32 },
    #[error("cannot write the result as JSON: {source}")]
    Json { source: serde_json::Error },
    #[error("the histogram of {place} cannot be read: {detail}; the record is damaged")]
    Histogram { place: String, detail: String },
    #[error("`{name}` cannot be the name of a file in the report folder; use a plain file name")]
    FileName { name: String },
    #[error("cannot write the trials as CSV: {detail}")]
    Csv { detail: String },
    #[error("cannot write the thresholds as JUnit XML: {detail}")]
    Junit { detail: String },
    #[error("{} was not made by Weighbridge and is left alone; move it away to have an index of the runs there", path.display())]
    ForeignIndex { path: PathBuf },
    #[error("{} holds neither a result.json nor runs; give the folder of a run, its result.json, or a folder of runs", path.display())]
    NoRuns { path: PathBuf },
    #[error("cannot draw a chart: {detail}")]
    Chart { detail: String },
    #[error("cannot fill the page: {source}")]
    Page { source: askama::Error },
    #[error("environment.started_at `{text}` is not a time: {source}")]
    StartTime { text: String, source: jiff::Error },
}
