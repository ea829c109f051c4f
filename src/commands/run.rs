//! `weighbridge run`: measure scenarios, write a report for each, print what came out.

use super::deliver::{deliver, settings};
use super::interrupt::Interrupt;
use super::keeping::Keeping;
use super::onlookers::Onlookers;
use super::output::tell;
use super::{CommandError, Outcome, list, overrides, print, progress, runnable, runtime};
use crate::calibrate::Group;
use crate::cli::Run;
use crate::session::{self, Settings};
use crate::stop::Stop;
use weighbridge_plan::Plan;
use weighbridge_record::result::{Check, Verdict};
use weighbridge_report::folder;

pub fn run(arguments: &Run, interrupt: &Interrupt) -> Result<Outcome, CommandError> {
    if arguments.scenarios.is_empty() {
        print(&list::text(&arguments.folder.path))?;
        return Ok(Outcome::Good);
    }
    let overrides = overrides(&arguments.changes, Some(&arguments.brokers))?;
    // All are planned before the first is run: a mistake in the last must not cost the others' time.
    let mut plans = Vec::new();
    for reference in &arguments.scenarios {
        plans.push(runnable(reference, &arguments.folder, &overrides)?);
    }
    folder::probe(&arguments.conduct.out)?;
    let onlookers = Onlookers::open(&arguments.conduct)?;
    let runtime = runtime()?;
    let stop = interrupt.heed();
    let mut worst = Outcome::Good;
    let outcome = runtime.block_on(async {
        let settings = settings(&arguments.brokers, &arguments.conduct, interrupt);
        for plan in &plans {
            worst = worst.worse(run_one(plan, arguments, &settings, &onlookers).await?);
            if stop.get() != Stop::No {
                break;
            }
        }
        Ok(worst)
    });
    onlookers.leave(&stop);
    outcome
}

async fn run_one(
    plan: &Plan,
    arguments: &Run,
    settings: &Settings,
    onlookers: &Onlookers,
) -> Result<Outcome, CommandError> {
    let conduct = &arguments.conduct;
    let progress = onlookers.told(progress::for_stderr(conduct.quiet), &plan.name, false);
    let calibration =
        if arguments.calibrate { calibrate(settings, conduct.quiet).await? } else { Vec::new() };
    let mut keeping = Keeping::new(&conduct.out, &calibration);
    let mut finished = session::run(plan, settings, &*progress, &mut keeping).await?;
    finished.result.calibration.clone_from(&calibration);
    if finished.result.calibration.iter().any(|check| !check.passed) {
        // An instrument that fails its known answers has measured nothing.
        finished.result.verdict = Verdict::Invalid;
    }
    deliver(finished, keeping, conduct, onlookers)
}

async fn calibrate(settings: &Settings, quiet: bool) -> Result<Vec<Check>, CommandError> {
    let say = |what: &str| {
        if !quiet {
            tell(what);
        }
    };
    Ok(crate::calibrate::run(&Group::ALL, settings, &say).await?)
}
