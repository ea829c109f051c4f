//! Keeps a run in the folder of its report while it goes on, and settles it there at its end.

use std::error::Error;
use std::path::Path;

use crate::session::Keeper;
use weighbridge_record::result::{Check, RunResult, SearchRecord, Trial};
use weighbridge_record::unfinished::RunHead;
use weighbridge_report::ReportError;
use weighbridge_report::folder::{self, Draft, Written};

/// The folder of a run, from its first trial on.
pub struct Keeping<'a> {
    out_dir: &'a Path,
    /// The checks that were made before the run.
    calibration: &'a [Check],
    draft: Option<Draft>,
}

impl<'a> Keeping<'a> {
    pub fn new(out_dir: &'a Path, calibration: &'a [Check]) -> Self {
        Self { out_dir, calibration, draft: None }
    }

    /// Writes the record and what is drawn from it. Says what is missing, and where what was measured stands
    /// if the record could not be written.
    pub fn settle(self, result: &RunResult) -> Result<Written, ReportError> {
        let head = RunHead::of(result);
        let draft = self.draft.map_or_else(|| Draft::open(self.out_dir, &head), Ok)?;
        let (aside, kept) = (draft.path().to_owned(), draft.kept());
        let written = draft.settle(result);
        match &written {
            Ok(written) => tell_missing(written),
            Err(_) if kept > 0 => {
                let (of, path) = (result.trials.len(), aside.display());
                tracing::error!(
                    "{kept} of {of} trials are on disk; for their report: weighbridge report {path}"
                );
            }
            Err(_) => {}
        }
        written
    }
}

/// One line for each page that a run's folder has not.
pub fn tell_missing(written: &Written) {
    for page in &written.undrawn {
        let (name, folder) = (&page.name, written.folder.display());
        tracing::error!("{name} is missing: {}; to draw it again: weighbridge report {folder}", page.error);
    }
    if let Some(error) = &written.unlinked {
        tracing::error!("{error}");
    }
}

impl Keeper for Keeping<'_> {
    fn begin(&mut self, head: &RunHead) -> Result<(), Box<dyn Error + Send + Sync>> {
        let head = RunHead { calibration: self.calibration.to_vec(), ..head.clone() };
        self.draft = Some(Draft::open(self.out_dir, &head)?);
        for left in folder::left(self.out_dir) {
            let what = left.trials.map_or("its record".to_owned(), |trials| match trials {
                1 => "a trial".to_owned(),
                trials => format!("{trials} trials"),
            });
            let path = left.path.display();
            tracing::warn!("a run that was killed left {what}; for its report: weighbridge report {path}");
        }
        Ok(())
    }

    fn keep(&mut self, trial: &Trial, logs: &[(String, Vec<u8>)]) {
        if let Some(Err(error)) = self.draft.as_mut().map(|draft| draft.keep(trial, logs)) {
            // It is in memory still, and written with the record if there is room by then.
            tracing::error!("trial {} is not on disk yet: {error}", trial.order);
        }
    }

    fn keep_search(&mut self, search: &SearchRecord) {
        if let Some(Err(error)) = self.draft.as_mut().map(|draft| draft.keep_search(search)) {
            tracing::error!("the search on {} is not on disk yet: {error}", search.path);
        }
    }
}
