//! Whole trials through the library: of what a test plans itself, or looks at more closely than the binary tells.

use weighbridge::session::{Settings, Silent, TrialSpec, measure};
use weighbridge_plan::Plan;
use weighbridge_plan::scenario::{Overrides, plan};
use weighbridge_record::result::{Fault, Trial};
use weighbridge_record::terms::{Path, TransportKind};

/// The plan of a scenario that is sound.
pub fn planned(scenario: &str) -> Plan {
    plan("planned.toml", scenario, &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// One trial of the plan's first point.
pub fn trial(plan: &Plan, transport: TransportKind) -> Trial {
    measured(plan, transport.into())
}

/// One trial of the plan's first path.
pub fn routed(plan: &Plan) -> Trial {
    measured(plan, plan.paths[0])
}

fn measured(plan: &Plan, path: Path) -> Trial {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (spec, settings) = (TrialSpec::alone(&plan.points[0], path, plan.seed), Settings::default());
    let measured = runtime.block_on(measure(&spec, &settings, &Silent));
    measured.unwrap_or_else(|error| panic!("{path}: {error}")).trial
}

/// The fault of a trial that ran to its end, whose books balance and that has no other, on the server of its path.
pub fn only_fault(trial: &Trial) -> &Fault {
    let path = trial.path;
    assert!(trial.complete && trial.ledger.check() == Ok(()), "{path}: {:?}", trial.ledger);
    let [fault] = &trial.faults[..] else { panic!("{path}: {:?}, {:?}", trial.faults, trial.errors) };
    let broker = path.last().broker().expect("a path over a server");
    assert_eq!(fault.target, broker.name());
    fault
}
