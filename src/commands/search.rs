//! `weighbridge search`: the highest rate at which a scenario keeps its thresholds, path by path.

use super::deliver::{deliver, settings};
use super::interrupt::Interrupt;
use super::keeping::Keeping;
use super::onlookers::Onlookers;
use super::{CommandError, Outcome, progress, runtime, trial_overrides};
use crate::cli::Search;
use crate::session;
use weighbridge_plan::scenario::{self, Overrides};
use weighbridge_report::folder;

pub fn run(arguments: &Search, interrupt: &Interrupt) -> Result<Outcome, CommandError> {
    let overrides = Overrides {
        search: true,
        low: arguments.low,
        high: arguments.high,
        precision: arguments.precision,
        ..trial_overrides(&arguments.trial, Some(&arguments.brokers))?
    };
    let plan = scenario::load(&arguments.scenario, &arguments.folder.path, &overrides)?;
    folder::probe(&arguments.conduct.out)?;
    let onlookers = Onlookers::open(&arguments.conduct)?;
    let outcome = runtime()?.block_on(async {
        let settings = settings(&arguments.brokers, &arguments.conduct, interrupt);
        let progress = progress::for_search(arguments.conduct.quiet);
        let progress = onlookers.told(progress, &plan.name, true);
        let mut keeping = Keeping::new(&arguments.conduct.out, &[]);
        let finished = session::search(&plan, &settings, &*progress, &mut keeping).await?;
        deliver(finished, keeping, &arguments.conduct, &onlookers)
    });
    onlookers.leave(&interrupt.heed());
    outcome
}
