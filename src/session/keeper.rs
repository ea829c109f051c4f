//! Where a run puts what it has measured, as soon as it has: what is kept outlives whatever becomes of the run.

use std::error::Error;

use weighbridge_record::result::{SearchRecord, Trial};
use weighbridge_record::unfinished::RunHead;

/// Keeps a run trial by trial.
pub trait Keeper {
    /// Before the first trial. A run that can't be kept is not begun.
    fn begin(&mut self, head: &RunHead) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// A trial that counts, and the logs of its servers, each with the name of a file.
    fn keep(&mut self, trial: &Trial, logs: &[(String, Vec<u8>)]);

    /// What a search has found after another probe, as if it were stopped there.
    fn keep_search(&mut self, search: &SearchRecord);
}

/// Keeps nothing.
pub struct Unkept;

impl Keeper for Unkept {
    fn begin(&mut self, _head: &RunHead) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }

    fn keep(&mut self, _trial: &Trial, _logs: &[(String, Vec<u8>)]) {}

    fn keep_search(&mut self, _search: &SearchRecord) {}
}
