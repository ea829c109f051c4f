//! What a run left that was killed: its trials are made into a report, and what holds none is removed.

use std::fs;
use std::path::{Path, PathBuf};

use super::journal::{self, JOURNAL, count_trials};
use super::name::Partial;
use super::read::{RECORD, read};
use super::settle::{Written, settle};
use crate::ReportError;

/// The folder of a run that did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub path: PathBuf,
    /// Trials that it holds; none where their number is not known without reading the record.
    pub trials: Option<usize>,
}

/// Runs that a process, which is no more, has left in a folder of runs with something to tell.
pub fn left(out_dir: &Path) -> Vec<Left> {
    let stale = stale(out_dir).into_iter();
    let mut left: Vec<Left> = stale.filter_map(holding).collect();
    left.sort_by(|a, b| a.path.cmp(&b.path));
    left
}

/// Whether a path is the folder of a run that did not come to its end.
pub fn is_unfinished(path: &Path) -> bool {
    partial_of(path).is_some() && holding(path.to_owned()).is_some()
}

/// Makes what a run left into a whole folder, under the name that it was to have: of the trials that are there.
pub fn make_whole(path: &Path) -> Result<Written, ReportError> {
    let (Some(partial), Some(out_dir)) = (partial_of(path), path.parent()) else {
        return Err(ReportError::NoRuns { path: path.to_owned() });
    };
    if partial.is_at_work() {
        return Err(ReportError::StillRunning { path: path.to_owned(), pid: partial.pid });
    }
    // The record is written whole or not at all, and says more than the journal.
    let has_record = path.join(RECORD).exists();
    let result = if has_record { read(path)? } else { journal::read(&path.join(JOURNAL))? };
    settle(&result, path, out_dir, partial.name)
}

/// Removes what dead processes left that holds no trial. Failing to is no reason to lose a report.
pub fn clear(out_dir: &Path) {
    for path in stale(out_dir) {
        let is_dir = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
        if !is_dir {
            let _ = fs::remove_file(path);
        } else if holding(path.clone()).is_none() {
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// What processes that are no more were building.
fn stale(out_dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(out_dir) else { return Vec::new() };
    let is_stale = |path: &PathBuf| partial_of(path).is_some_and(|partial| !partial.is_at_work());
    entries.flatten().map(|entry| entry.path()).filter(is_stale).collect()
}

fn partial_of(path: &Path) -> Option<Partial<'_>> {
    Partial::parse(path.file_name()?.to_str()?)
}

fn holding(path: PathBuf) -> Option<Left> {
    let trials = count_trials(&path.join(JOURNAL));
    if trials > 0 {
        return Some(Left { path, trials: Some(trials) });
    }
    path.join(RECORD).exists().then_some(Left { path, trials: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::draft::{Draft, write};
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::result::{RunResult, Verdict};
    use weighbridge_record::unfinished::RunHead;

    /// Above the kernel's largest pid (2^22), so never alive.
    const DEAD: &str = "4194999";

    fn result(day: u32) -> RunResult {
        let mut result = Fixture { seconds: 1, ..Fixture::default() }.build();
        result.environment.started_at = format!("2026-01-{day:02}T03:04:05Z");
        result
    }

    /// What a run of that day left that was killed after so many trials.
    fn killed(out: &Path, day: u32, trials: usize) -> PathBuf {
        let result = result(day);
        let mut draft = Draft::open(out, &RunHead::of(&result)).unwrap();
        for trial in &result.trials[..trials] {
            draft.keep(trial, &[(format!("{:02}-nats.log", trial.order), b"ready".to_vec())]).unwrap();
        }
        let path = draft.path().to_owned();
        std::mem::forget(draft);
        let dead = path.with_file_name(format!(".{}.partial-{DEAD}", partial_of(&path).unwrap().name));
        fs::rename(path, &dead).unwrap();
        dead
    }

    #[test]
    fn what_a_killed_run_measured_is_found_and_made_whole() {
        let out = tempfile::tempdir().unwrap();
        let path = killed(out.path(), 2, 2);
        assert_eq!(left(out.path()), [Left { path: path.clone(), trials: Some(2) }]);
        assert!(is_unfinished(&path) && !is_unfinished(out.path()));
        let written = make_whole(&path).unwrap();
        assert!(written.undrawn.is_empty() && written.unlinked.is_none());
        assert_eq!(written.folder, out.path().join("20260102T030405Z-quickstart"));
        let read = read(&written.folder).unwrap();
        assert_eq!((read.verdict, &read.trials[..]), (Verdict::Aborted, &result(2).trials[..2]));
        for file in ["report.html", "01-nats.log", "02-nats.log", "scenario.toml"] {
            assert!(written.folder.join(file).exists(), "{file}");
        }
        assert!(!written.folder.join(JOURNAL).exists() && left(out.path()).is_empty());
        assert!(out.path().join("latest/report.html").exists());
    }

    #[test]
    fn a_run_killed_while_its_pages_were_drawn_keeps_its_verdict() {
        let out = tempfile::tempdir().unwrap();
        let path = killed(out.path(), 2, 5);
        fs::write(path.join(RECORD), serde_json::to_vec(&result(2)).unwrap()).unwrap();
        let written = make_whole(&path).unwrap();
        assert_eq!(read(&written.folder).unwrap(), result(2));
    }

    #[test]
    fn what_is_made_whole_later_does_not_become_the_latest() {
        let out = tempfile::tempdir().unwrap();
        let path = killed(out.path(), 2, 1);
        let later = write(&result(3), out.path()).unwrap().folder;
        make_whole(&path).unwrap();
        assert_eq!(out.path().join("latest").canonicalize().unwrap(), later.canonicalize().unwrap());
    }

    #[test]
    fn of_what_dead_processes_left_only_that_without_a_trial_is_removed() {
        let out = tempfile::tempdir().unwrap();
        let (empty, full) = (killed(out.path(), 1, 0), killed(out.path(), 2, 1));
        let link = out.path().join(format!(".latest.partial-{DEAD}"));
        fs::write(&link, "").unwrap();
        let living = out.path().join(format!(".20260101T000000Z-b.partial-{}", std::process::id()));
        fs::create_dir_all(&living).unwrap();
        clear(out.path());
        assert!(!empty.exists() && !link.exists());
        assert!(full.exists() && living.exists());
    }

    #[test]
    fn a_run_that_goes_on_is_left_alone() {
        let out = tempfile::tempdir().unwrap();
        let result = result(2);
        let mut draft = Draft::open(out.path(), &RunHead::of(&result)).unwrap();
        draft.keep(&result.trials[0], &[]).unwrap();
        let error = make_whole(draft.path()).unwrap_err().to_string();
        assert!(error.contains("still") && error.contains(&std::process::id().to_string()), "{error}");
        assert!(left(out.path()).is_empty());
        assert!(matches!(make_whole(out.path()), Err(ReportError::NoRuns { .. })));
    }
}
