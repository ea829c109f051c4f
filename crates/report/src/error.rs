//! Why a report could not be made or read.

use std::path::PathBuf;

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
    #[error("{}: {source}", path.display())]
    OutOfBounds { path: PathBuf, source: weighbridge_record::result::OutOfBounds },
    #[error(transparent)]
    Histogram(#[from] weighbridge_record::histogram::Damaged),
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
    #[error("{} is still being written by process {pid}; wait for its end, or stop it", path.display())]
    StillRunning { path: PathBuf, pid: u32 },
    #[error("drawing it failed; this is a defect of Weighbridge")]
    Panicked,
    #[error("cannot draw a chart: {detail}")]
    Chart { detail: String },
    #[error("cannot fill the page: {source}")]
    Page { source: askama::Error },
    #[error("environment.started_at `{text}` is not a time: {source}")]
    StartTime { text: String, source: jiff::Error },
}
