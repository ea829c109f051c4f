//! `[[faults]]`: which keys belong to which action, and whom it can befall.

use super::check::Check;
use crate::scenario::wire;
use crate::{Brokers, End, External, FaultAction, FaultPlan, Load, Network, Workers};
use weighbridge_record::terms::{Action, Aim, TransportKind};

const SECOND_NS: u64 = 1_000_000_000;
const FACTOR: f64 = 10.0;

/// Keys that belong to some actions only.
const OWN: [(&str, &[Action]); 7] = [
    (
        "down_for",
        &[Action::KillBroker, Action::StopBroker, Action::DropData, Action::PowerFailure, Action::KillWorker],
    ),
    (
        "for",
        &[
            Action::PauseBroker,
            Action::FillDisk,
            Action::SlowWorker,
            Action::StopReading,
            Action::Partition,
            Action::Delay,
            Action::Throttle,
        ],
    ),
    ("moment", &[Action::KillWorker]),
    ("factor", &[Action::SlowWorker]),
    ("delay", &[Action::Delay]),
    ("jitter", &[Action::Delay]),
    ("bytes_per_s", &[Action::Throttle]),
];
/// Those of them that their action can't do without.
const NEEDED: [&str; 2] = ["delay", "bytes_per_s"];

/// What the faults are held against.
pub(super) struct Around<'a> {
    pub load: &'a Load,
    pub workers: &'a Workers,
    pub brokers: &'a Brokers,
    pub transports: &'a [TransportKind],
    /// Legs of a path, each with as many workers; those of the second follow those of the first.
    pub legs: u32,
}

pub(super) fn check(check: &mut Check<'_>, asked: Vec<wire::Fault>, around: &Around<'_>) -> Vec<FaultPlan> {
    let checked = asked.into_iter().enumerate();
    checked.filter_map(|(index, fault)| One { check, index: index.to_string() }.plan(fault, around)).collect()
}

/// One of the faults.
struct One<'c, 'a> {
    check: &'c mut Check<'a>,
    index: String,
}

impl One<'_, '_> {
    fn report(&mut self, key: &str, message: String) {
        self.check.report(&["faults", &self.index, key], message);
    }

    fn wrote(&self, key: &str) -> bool {
        self.check.wrote(&["faults", &self.index, key])
    }

    fn plan(mut self, fault: wire::Fault, around: &Around<'_>) -> Option<FaultPlan> {
        self.foreign_and_missing_keys(fault.action);
        self.target(&fault, around);
        let times = self.times(&fault, around.load);
        let action = action(&fault, times)?;
        let every_ns = fault.every.map(|every| every.ns);
        if every_ns.is_some_and(|every_ns| every_ns <= action.lasting_ns()) {
            self.report("every", format!("`every` must be longer than the {} itself", fault.action));
        }
        Some(FaultPlan { at_ns: fault.at.ns, every_ns, action, target: fault.target })
    }

    fn foreign_and_missing_keys(&mut self, action: Action) {
        for (key, owners) in OWN {
            let owns = owners.contains(&action);
            if self.wrote(key) && !owns {
                let names: Vec<_> = owners.iter().map(|owner| owner.name()).collect();
                self.report(
                    key,
                    format!("`{key}` doesn't belong to {action}; it is for {}", names.join(", ")),
                );
            }
            if owns && NEEDED.contains(&key) && !self.wrote(key) {
                self.report(key, format!("{action} needs `{key}`"));
            }
        }
    }

    fn times(&mut self, fault: &wire::Fault, load: &Load) -> Times {
        if fault.at.ns >= load.duration_ns {
            self.report("at", "`at` must lie within the measured window".to_owned());
        }
        let mut time = |key: &str, asked: Option<wire::Duration>| {
            self.check.positive_duration(&["faults", &self.index, key], asked, SECOND_NS)
        };
        Times { lasting_ns: time("for", fault.lasting), down_ns: time("down_for", fault.down_for) }
    }

    /// Whether there is anybody whom it can befall.
    fn target(&mut self, fault: &wire::Fault, around: &Around<'_>) {
        let action = fault.action;
        let key = if self.wrote("target") { "target" } else { "action" };
        let at_worker = fault.target.as_deref().is_some_and(|target| target.starts_with("worker"));
        match action.aim() {
            Aim::Worker if fault.target.is_some() && !at_worker => {
                self.report(key, format!("{action} befalls workers: `worker`, or one such as `worker.2`"));
            }
            Aim::Worker => self.worker(fault, key, around),
            Aim::Server if at_worker => self.report(key, format!("{action} befalls servers, not workers")),
            Aim::Server => self.server(fault, key, around),
        }
    }

    fn worker(&mut self, fault: &wire::Fault, key: &str, around: &Around<'_>) {
        let action = fault.action;
        match around.workers {
            Workers::Processes(_) => self.number(fault, key, around),
            Workers::External(External { command: Some(_), .. }) => {
                if action == Action::SlowWorker {
                    self.report(
                        key,
                        format!("{action} needs workers of ours: `workers.kind = \"processes\"`"),
                    );
                }
                if fault.moment.is_some() {
                    let message = "`moment` needs workers of ours: others don't tell where they are";
                    self.report("moment", message.to_owned());
                }
                self.number(fault, key, around);
            }
            Workers::External(_) => {
                let message =
                    format!("{action} needs workers that are started for the trial: `workers.command`");
                self.report(key, message);
            }
            _ => self.report(key, format!("{action} needs `workers.kind = \"processes\"`")),
        }
    }

    fn server(&mut self, fault: &wire::Fault, key: &str, around: &Around<'_>) {
        let action = fault.action;
        for kind in around.transports {
            match kind.broker() {
                None => self.report(key, format!("{action} befalls servers, and {kind} has none")),
                Some(broker) if around.brokers.endpoint(broker).is_some() => self.report(
                    key,
                    format!(
                        "{action} can only befall a server that is started for the trial; this {broker} is reached by URL"
                    ),
                ),
                Some(_) => {}
            }
        }
    }

    fn number(&mut self, fault: &wire::Fault, key: &str, around: &Around<'_>) {
        let count = around.workers.work().map_or(0, |work| work.count) * around.legs;
        let number = fault.target.as_deref().and_then(|target| target.strip_prefix("worker."));
        if number
            .is_some_and(|number| !number.parse::<u32>().is_ok_and(|number| (1..=count).contains(&number)))
        {
            self.report(key, format!("there are workers 1 to {count}"));
        }
    }
}

/// How long it lasts, or its target stays down: whichever it has.
struct Times {
    lasting_ns: u64,
    down_ns: u64,
}

fn action(fault: &wire::Fault, Times { lasting_ns, down_ns }: Times) -> Option<FaultAction> {
    let end = |how| FaultAction::End { how, down_ns };
    let network = |how| FaultAction::Network { how, lasting_ns };
    Some(match fault.action {
        Action::KillBroker => end(End::Kill),
        Action::StopBroker => end(End::Stop),
        Action::DropData => end(End::DropData),
        Action::PowerFailure => end(End::PowerFailure),
        Action::PauseBroker => FaultAction::Pause { lasting_ns },
        Action::FillDisk => FaultAction::FillDisk { lasting_ns },
        Action::KillWorker => FaultAction::KillWorker { moment: fault.moment, down_ns },
        Action::SlowWorker => FaultAction::SlowWorker { factor: fault.factor.unwrap_or(FACTOR), lasting_ns },
        Action::StopReading => FaultAction::StopReading { lasting_ns },
        Action::Partition => network(Network::Partition),
        Action::Delay => {
            let jitter_ns = fault.jitter.map_or(0, |time| time.ns);
            network(Network::Delay { delay_ns: fault.delay?.ns, jitter_ns })
        }
        Action::Throttle => network(Network::Throttle { bytes_per_s: fault.bytes_per_s? }),
        Action::Reset => FaultAction::Reset,
    })
}
