//! `weighbridge pair`: two settings of one scenario in one run, interleaved, and one verdict.

use std::path::PathBuf;

use super::deliver::{deliver, settings};
use super::interrupt::Interrupt;
use super::keeping::Keeping;
use super::onlookers::Onlookers;
use super::{CommandError, Outcome, progress, repeated, runnable, runtime, trial_overrides};
use crate::cli::Pair;
use crate::session::{self, Side};
use weighbridge_plan::scenario::{Overrides, shown_assignment};
use weighbridge_report::folder;

pub fn run(arguments: &Pair, interrupt: &Interrupt) -> Result<Outcome, CommandError> {
    let servers = &arguments.side_servers;
    let [base_servers, new_servers] = [
        [&servers.base_redis_server, &servers.base_nats_server],
        [&servers.new_redis_server, &servers.new_nats_server],
    ];
    let base = side(arguments, &arguments.base, base_servers, interrupt)?;
    let new = side(arguments, &arguments.new, new_servers, interrupt)?;
    let conduct = &arguments.conduct;
    folder::probe(&conduct.out)?;
    let onlookers = Onlookers::open(conduct)?;
    let outcome = runtime()?.block_on(async {
        let progress = onlookers.told(progress::for_stderr(conduct.quiet), &base.plan.name, false);
        let mut keeping = Keeping::new(&conduct.out, &[]);
        let finished = session::pair(&base, &new, arguments.tolerance, &*progress, &mut keeping).await?;
        deliver(finished, keeping, conduct, &onlookers)
    });
    onlookers.leave(&interrupt.heed());
    outcome
}

/// A side with what is set on it, and with servers of its own: of Redis, then of NATS.
fn side(
    arguments: &Pair,
    set: &[String],
    servers: [&Option<PathBuf>; 2],
    interrupt: &Interrupt,
) -> Result<Side, CommandError> {
    let mut overrides = Overrides {
        repeat: Some(arguments.repeat),
        rate: arguments.rate,
        ..repeated(&arguments.enough, trial_overrides(&arguments.trial, Some(&arguments.brokers))?)
    };
    overrides.set.extend_from_slice(set);
    let plan = runnable(&arguments.scenario, &arguments.folder, &overrides)?;
    if plan.points.len() > 1 {
        return Err(CommandError::Swept { name: plan.name, points: plan.points.len() });
    }
    let mut settings = settings(&arguments.brokers, &arguments.conduct, interrupt);
    let mut words: Vec<String> = set.iter().map(|assignment| shown_assignment(assignment)).collect();
    let binaries = &mut settings.brokers.binaries;
    let named = [("redis-server", &mut binaries.redis_server), ("nats-server", &mut binaries.nats_server)];
    for ((name, binary), given) in named.into_iter().zip(servers) {
        if let Some(path) = given {
            *binary = Some(path.clone());
            words.push(format!("{name} {}", path.display()));
        }
    }
    Ok(Side { plan, settings, words })
}
