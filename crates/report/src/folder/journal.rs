//! The run as it grows: a line of JSON for what is known at its beginning, then one for each trial as it ends.
//!
//! A line is on disk before the next trial begins. One that could not be written whole is taken back, and one
//! that a kill cut off is passed over by the reader.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::files::failed;
use crate::ReportError;
use weighbridge_record::result::{RunResult, SCHEMA_VERSION, SearchRecord, Trial, bounds};
use weighbridge_record::unfinished::RunHead;

/// Its name in a run's folder, until the record takes its place.
pub const JOURNAL: &str = "journal.jsonl";

const MEND_READ: &str = "give the folder of a run, its result.json, or a folder of runs";

/// What is added.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Line<'a> {
    Head(&'a RunHead),
    Trial(&'a Trial),
    /// Takes the place of an earlier one of the same path.
    Search(&'a SearchRecord),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Read {
    Head(Box<RunHead>),
    Trial(Box<Trial>),
    Search(SearchRecord),
}

/// A journal that is being written.
pub struct Journal {
    file: File,
    /// Length of its whole lines.
    bytes: u64,
}

impl Journal {
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create_new(true).open(path)?;
        Ok(Self { file, bytes: 0 })
    }

    /// Adds a line, and waits until it is on disk.
    pub fn add(&mut self, line: &Line<'_>) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let written = self.file.write_all(&text).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => self.bytes += text.len() as u64,
            // The next line must not stand in the same row as half of this one.
            Err(_) => self.file.set_len(self.bytes)?,
        }
        written
    }
}

/// Trials in a journal; none where there is no journal.
pub fn count_trials(path: &Path) -> usize {
    let text = fs::read(path).unwrap_or_default();
    whole_lines(&text).filter(|line| line.starts_with(b"{\"trial\":")).count()
}

/// The record of what a journal holds: of a run that ended with its last line.
pub fn read(path: &Path) -> Result<RunResult, ReportError> {
    let file_failed = |source| failed("read", path, MEND_READ, source);
    let text = fs::read(path).map_err(file_failed)?;
    let mut head = None;
    let (mut trials, mut searches) = (Vec::new(), Vec::<SearchRecord>::new());
    for line in whole_lines(&text) {
        let not_a_result = |source| ReportError::NotAResult { path: path.to_owned(), source };
        let json: serde_json::Value = serde_json::from_slice(line).map_err(not_a_result)?;
        for part in ["trial", "search"] {
            json.get(part)
                .map_or(Ok(()), |value| bounds::check_part(part, value))
                .map_err(|source| ReportError::OutOfBounds { path: path.to_owned(), source })?;
        }
        match serde_json::from_value(json).map_err(not_a_result)? {
            Read::Head(found) => head = Some(*found),
            Read::Trial(trial) => trials.push(*trial),
            Read::Search(search) => {
                searches.retain(|known| known.path != search.path);
                searches.push(search);
            }
        }
    }
    let headless = || file_failed(io::Error::other("it does not say which run it is of"));
    let mut head = head.ok_or_else(headless)?;
    if head.schema_version != SCHEMA_VERSION {
        let found = head.schema_version.to_string();
        return Err(ReportError::SchemaVersion { path: path.to_owned(), found, known: SCHEMA_VERSION });
    }
    let written = fs::metadata(path).and_then(|metadata| metadata.modified()).map_err(file_failed)?;
    if let Ok(written) = jiff::Timestamp::try_from(written) {
        head.environment.finished_at = written.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    }
    Ok(head.cut_short(trials, searches))
}

/// Lines that end as lines do: the last may have been cut off.
fn whole_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::result::Verdict;

    fn whole() -> RunResult {
        Fixture { seconds: 1, ..Fixture::default() }.build()
    }

    /// A journal of so many trials.
    fn written(path: &Path, result: &RunResult, trials: usize) -> Journal {
        let mut journal = Journal::create(path).unwrap();
        journal.add(&Line::Head(&RunHead::of(result))).unwrap();
        for trial in &result.trials[..trials] {
            journal.add(&Line::Trial(trial)).unwrap();
        }
        journal
    }

    #[test]
    fn what_was_added_is_read_back_to_the_last_digit() {
        let (dir, result) = (tempfile::tempdir().unwrap(), whole());
        let path = dir.path().join(JOURNAL);
        written(&path, &result, 2);
        let read = read(&path).unwrap();
        assert_eq!((read.verdict, count_trials(&path)), (Verdict::Aborted, 2));
        assert_eq!((&read.run_id, &read.scenario), (&result.run_id, &result.scenario));
        assert_eq!(read.trials, result.trials[..2]);
        assert!(read.environment.finished_at > result.environment.finished_at, "when it was written last");
    }

    #[test]
    fn a_line_that_was_cut_off_costs_no_other() {
        let (dir, result) = (tempfile::tempdir().unwrap(), whole());
        let path = dir.path().join(JOURNAL);
        written(&path, &result, 3);
        let text = fs::read(&path).unwrap();
        fs::write(&path, &text[..text.len() - 100]).unwrap();
        assert_eq!(count_trials(&path), 2);
        assert_eq!(read(&path).unwrap().trials, result.trials[..2]);
    }

    #[test]
    fn of_a_search_the_latest_of_each_path_counts() {
        use weighbridge_record::result::SearchOutcome;
        use weighbridge_record::terms::Objective;
        let (dir, result) = (tempfile::tempdir().unwrap(), whole());
        let path = dir.path().join(JOURNAL);
        let mut journal = written(&path, &result, 2);
        let search = |trial: usize, rate_per_s| SearchRecord {
            path: result.trials[trial].path,
            objective: Objective::HighestSustainedRate,
            outcome: SearchOutcome::Stopped,
            rate_per_s: None,
            low_per_s: rate_per_s,
            high_per_s: None,
            precision: 0.1,
            from_per_s: 1.0,
            to_per_s: 2.0,
            probes: Vec::new(),
        };
        for search in [search(0, None), search(1, None), search(0, Some(1.0))] {
            journal.add(&Line::Search(&search)).unwrap();
        }
        assert_eq!(read(&path).unwrap().searches, [search(1, None), search(0, Some(1.0))]);
    }

    #[test]
    fn what_is_no_journal_or_another_versions_is_refused() {
        let (dir, result) = (tempfile::tempdir().unwrap(), whole());
        let path = dir.path().join(JOURNAL);
        fs::write(&path, "{\"poem\":1}\n").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("not a result"));
        fs::write(&path, "{\"head\":").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("which run"));
        fs::remove_file(&path).unwrap();
        written(&path, &RunResult { schema_version: 99, ..result }, 0);
        assert!(read(&path).unwrap_err().to_string().contains("schema_version 99"));
        assert_eq!(count_trials(&dir.path().join("none")), 0);
    }
}
