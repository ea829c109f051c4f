//! `weighbridge calibrate`: the instrument against known answers.

use super::interrupt::Interrupt;
use super::output::tell;
use super::{CommandError, Outcome, broker_options, print, runtime};
use crate::calibrate::{self, Group};
use crate::cli::{self, Calibrate};
use crate::load::Defect;
use crate::session::Settings;
use crate::stop::Stop;
use weighbridge_report::checks;

pub fn run(arguments: &Calibrate, interrupt: &Interrupt) -> Result<Outcome, CommandError> {
    let settings = Settings {
        brokers: broker_options(&arguments.brokers),
        stop: interrupt.heed(),
        remains: interrupt.remains(),
        defect: arguments.defect.map_or(Defect::None, planted),
        ..Settings::default()
    };
    let say = |what: &str| {
        if !arguments.quiet {
            tell(what);
        }
    };
    let runtime = runtime()?;
    let checks = runtime.block_on(calibrate::run(&groups(&arguments.only), &settings, &say))?;
    let printed = if arguments.json {
        let document = serde_json::to_string(&checks);
        let document = document.map_err(|error| CommandError::Io {
            action: "writing the checks",
            source: std::io::Error::other(error),
        })?;
        print(&format!("{document}\n"))
    } else {
        print(&checks::table(&checks))
    };
    let outcome = match checks.iter().all(|check| check.passed) {
        _ if settings.stop.get() != Stop::No => Outcome::Aborted,
        true => Outcome::Good,
        false => Outcome::Invalid,
    };
    outcome.unless_unprinted(printed)
}

fn planted(defect: cli::Defect) -> Defect {
    match defect {
        cli::Defect::MeasureFromSend => Defect::MeasureFromSend,
        cli::Defect::SkipLate => Defect::SkipLate,
        cli::Defect::AddMillisecond => Defect::AddMillisecond,
        cli::Defect::ShortService => Defect::ShortService,
        cli::Defect::LateCollector => Defect::LateCollector,
        cli::Defect::BrokenMerge => Defect::BrokenMerge,
    }
}

/// All groups, unless some were asked for.
fn groups(only: &[cli::CheckGroup]) -> Vec<Group> {
    if only.is_empty() {
        return Group::ALL.to_vec();
    }
    let group = |group: &cli::CheckGroup| match group {
        cli::CheckGroup::Ledger => Group::Ledger,
        cli::CheckGroup::Pacing => Group::Pacing,
        cli::CheckGroup::Floor => Group::Floor,
        cli::CheckGroup::Service => Group::Service,
        cli::CheckGroup::Stall => Group::Stall,
        cli::CheckGroup::Queue => Group::Queue,
    };
    only.iter().map(group).collect()
}
