//! The folder of a run that goes on: opened aside when it begins, grown trial by trial, settled at its end.

use std::fs;
use std::path::{Path, PathBuf};

use super::files::{MEND_OPEN, MEND_WRITE, failed, plain_file_name, replace};
use super::journal::{JOURNAL, Journal, Line};
use super::left::clear;
use super::name::{folder_name, partial_name};
use super::settle::{Written, settle};
use crate::ReportError;
use weighbridge_record::result::{RunResult, SearchRecord, Trial};
use weighbridge_record::unfinished::RunHead;

/// A run's folder under its hidden name. Dropped before a trial is kept, it leaves nothing.
pub struct Draft {
    out_dir: PathBuf,
    name: String,
    partial: PathBuf,
    journal: Journal,
    /// Trials on disk.
    kept: usize,
    /// Whether there is nothing in it that anybody would miss.
    is_empty: bool,
}

impl Draft {
    /// Opens the folder of a run that begins, in `out_dir`.
    pub fn open(out_dir: &Path, head: &RunHead) -> Result<Self, ReportError> {
        fs::create_dir_all(out_dir)
            .map_err(|source| failed("create the folder", out_dir, MEND_OPEN, source))?;
        clear(out_dir);
        let name = folder_name(&head.scenario.name, &head.environment.started_at)?;
        let partial = free(out_dir, &name);
        fs::create_dir(&partial)
            .map_err(|source| failed("create the folder", &partial, MEND_OPEN, source))?;
        let path = partial.join(JOURNAL);
        let begun = Journal::create(&path).and_then(|mut journal| {
            journal.add(&Line::Head(head))?;
            Ok(journal)
        });
        let journal = begun.map_err(|source| {
            let _ = fs::remove_dir_all(&partial);
            failed("write", &path, MEND_WRITE, source)
        })?;
        Ok(Self { out_dir: out_dir.to_owned(), name, partial, journal, kept: 0, is_empty: true })
    }

    /// Where what is kept stands until the run is settled.
    pub fn path(&self) -> &Path {
        &self.partial
    }

    /// Trials that are on disk.
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// Puts a trial on disk, then the logs of its servers, by name.
    pub fn keep(&mut self, trial: &Trial, logs: &[(String, Vec<u8>)]) -> Result<(), ReportError> {
        // Whatever goes wrong here: what is in the folder now is not for anyone to delete.
        self.is_empty = false;
        self.add(&Line::Trial(trial))?;
        self.kept += 1;
        for (name, log) in logs {
            replace(&self.partial.join(plain_file_name(name)?), log, MEND_WRITE)?;
        }
        Ok(())
    }

    /// Puts on disk what a search has found so far.
    pub fn keep_search(&mut self, search: &SearchRecord) -> Result<(), ReportError> {
        self.add(&Line::Search(search))
    }

    fn add(&mut self, line: &Line<'_>) -> Result<(), ReportError> {
        self.journal
            .add(line)
            .map_err(|source| failed("write", &self.partial.join(JOURNAL), MEND_WRITE, source))
    }

    /// Writes the record and what is drawn from it, and gives the folder its name.
    pub fn settle(mut self, result: &RunResult) -> Result<Written, ReportError> {
        self.is_empty = false;
        settle(result, &self.partial, &self.out_dir, &self.name)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.is_empty {
            // What can't be removed now is removed as stale later.
            let _ = fs::remove_dir_all(&self.partial);
        }
    }
}

/// A hidden name that is free: of two runs of a process in one second, the first may not have been settled.
fn free(out_dir: &Path, name: &str) -> PathBuf {
    let numbered = (2..).map(|number| partial_name(&format!("{name}-{number}")));
    let mut names = std::iter::once(partial_name(name)).chain(numbered).map(|name| out_dir.join(name));
    // The numbers do not end.
    names.find(|path| path.symlink_metadata().is_err()).unwrap_or_else(|| out_dir.join(partial_name(name)))
}

/// The folder of a record that is whole already.
pub fn write(result: &RunResult, out_dir: &Path) -> Result<Written, ReportError> {
    Draft::open(out_dir, &RunHead::of(result))?.settle(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::read::read;
    use weighbridge_record::fixture::Fixture;

    fn result() -> RunResult {
        Fixture { seconds: 1, ..Fixture::default() }.build()
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_grows_aside_and_holds_everything_in_the_end() {
        let (out, result) = (tempfile::tempdir().unwrap(), result());
        let mut draft = Draft::open(out.path(), &RunHead::of(&result)).unwrap();
        for trial in &result.trials {
            let logs = [(format!("{:02}-nats.log", trial.order), b"ready".to_vec())];
            draft.keep(trial, &logs[..usize::from(trial.order == 3)]).unwrap();
        }
        let hidden = format!(".20260102T030405Z-quickstart.partial-{}", std::process::id());
        assert_eq!(names(out.path()), [hidden]);
        assert_eq!(names(draft.path()), ["03-nats.log", JOURNAL]);
        let written = draft.settle(&result).unwrap();
        assert!(written.undrawn.is_empty() && written.unlinked.is_none());
        insta::assert_snapshot!(names(&written.folder).join("\n"), @r"
        01-redis-pubsub-r1.hgrm
        01-redis-pubsub-r1.hlog
        02-redis-streams-r1.hgrm
        02-redis-streams-r1.hlog
        03-nats-core-r1.hgrm
        03-nats-core-r1.hlog
        03-nats.log
        04-nats-jetstream-r1.hgrm
        04-nats-jetstream-r1.hlog
        05-nats-request-r1.hgrm
        05-nats-request-r1.hlog
        badge.svg
        junit.xml
        report.html
        result.json
        scenario.toml
        summary.md
        trials.csv
        ");
        assert_eq!(names(out.path()), ["20260102T030405Z-quickstart", "latest"]);
        let latest = fs::read_link(out.path().join("latest")).unwrap();
        assert_eq!(latest, Path::new("20260102T030405Z-quickstart"));
        assert_eq!(read(&out.path().join("latest")).unwrap(), result);
    }

    #[test]
    fn a_taken_name_gets_a_number_and_latest_moves_on() {
        let (out, result) = (tempfile::tempdir().unwrap(), result());
        let head = RunHead::of(&result);
        let drafts = [Draft::open(out.path(), &head).unwrap(), Draft::open(out.path(), &head).unwrap()];
        let folders = drafts.map(|draft| draft.settle(&result).unwrap().folder);
        assert!(folders[1].ends_with("20260102T030405Z-quickstart-2"));
        let latest = fs::read_link(out.path().join("latest")).unwrap();
        assert_eq!(latest, Path::new("20260102T030405Z-quickstart-2"));
    }

    #[test]
    fn a_run_without_a_trial_leaves_nothing() {
        let (out, result) = (tempfile::tempdir().unwrap(), result());
        drop(Draft::open(out.path(), &RunHead::of(&result)).unwrap());
        assert_eq!(names(out.path()), Vec::<String>::new());
        let mut draft = Draft::open(out.path(), &RunHead::of(&result)).unwrap();
        draft.keep(&result.trials[0], &[]).unwrap();
        drop(draft);
        assert_eq!(names(out.path()).len(), 1, "a trial was kept");
    }

    #[test]
    fn a_record_that_cannot_be_written_leaves_the_trials_where_they_are() {
        let (out, result) = (tempfile::tempdir().unwrap(), result());
        let mut draft = Draft::open(out.path(), &RunHead::of(&result)).unwrap();
        draft.keep(&result.trials[0], &[]).unwrap();
        let path = draft.path().to_owned();
        fs::create_dir_all(path.join("result.json/taken")).unwrap();
        let error = draft.settle(&result).unwrap_err().to_string();
        assert!(error.contains("result.json") && error.contains("--out"), "{error}");
        assert_eq!(crate::folder::journal::count_trials(&path.join(JOURNAL)), 1);
    }

    #[test]
    fn a_log_that_cannot_be_written_costs_no_trial() {
        let (out, result) = (tempfile::tempdir().unwrap(), result());
        let mut draft = Draft::open(out.path(), &RunHead::of(&result)).unwrap();
        assert!(draft.keep(&result.trials[0], &[("../x".to_owned(), Vec::new())]).is_err());
        assert_eq!(crate::folder::journal::count_trials(&draft.path().join(JOURNAL)), 1);
    }

    #[test]
    fn a_path_that_is_no_folder_is_named_before_anything_is_measured() {
        let out = tempfile::tempdir().unwrap();
        let file = out.path().join("reports");
        fs::write(&file, "a file").unwrap();
        let opened = Draft::open(&file, &RunHead::of(&result()));
        let error = opened.err().unwrap().to_string();
        assert!(error.contains("reports") && error.contains("--out"), "{error}");
    }

    #[test]
    fn a_folder_at_latest_is_not_overwritten_and_costs_no_report() {
        let out = tempfile::tempdir().unwrap();
        fs::create_dir_all(out.path().join("latest/kept")).unwrap();
        let written = write(&result(), out.path()).unwrap();
        assert!(written.unlinked.unwrap().to_string().contains("latest"));
        assert!(out.path().join("latest/kept").exists() && written.folder.join("report.html").exists());
    }
}
