//! The load of a trial: all its generators, started and brought home together.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::defect::Defect;
use super::generator::{Generator, Shared};
use super::live::Live;
use super::outcome::GeneratorOutcome;
use crate::start_line::StartLine;
use crate::transport::TransportError;

/// Running generators, at least one.
pub struct Generators {
    all: Vec<Generator>,
    defect: Defect,
}

impl Generators {
    /// Starts the generators; each takes a place at the line and reports there, and keeps a tally if one is wanted.
    pub fn start(run: &Shared, tallied: bool, line: &StartLine) -> io::Result<Self> {
        let start = |index| Generator::start(index, run.clone(), Live::tallied(tallied), line.place());
        let all = (0..run.load.generators).map(start).collect::<io::Result<_>>()?;
        Ok(Self { all, defect: run.defect })
    }

    pub fn count(&self) -> u32 {
        self.all.len() as u32
    }

    pub fn are_finished(&self) -> bool {
        self.all.iter().all(Generator::is_finished)
    }

    /// Counts the requests that are under way, as the generators know them at their last look.
    pub fn in_flight(&self) -> impl Fn() -> u64 + Send + use<> {
        let live: Vec<_> = self.all.iter().map(|generator| Arc::clone(&generator.live)).collect();
        move || live.iter().map(|live| live.in_flight.load(Ordering::Relaxed)).sum()
    }

    /// What each has done so far.
    pub fn live(&self) -> impl Iterator<Item = &Arc<Live>> {
        self.all.iter().map(|generator| &generator.live)
    }

    /// Waits for all of them, and adds up what they bring. They end by themselves, when everything is
    /// accounted for or the run's stop signal says so.
    pub fn stop(self) -> Result<GeneratorOutcome, TransportError> {
        let mut merged: Option<GeneratorOutcome> = None;
        for generator in self.all {
            let outcome = generator.join()?;
            match &mut merged {
                None => merged = Some(outcome),
                Some(merged) if self.defect == Defect::BrokenMerge => *merged = outcome,
                Some(merged) => merged.merge(outcome),
            }
        }
        merged.ok_or(TransportError::failed("a trial", "no generator ran"))
    }
}
