//! Whom the faults of a plan are meant for.

use std::sync::Arc;

use crate::crew::Hand;
use crate::site::{Link, Server};
use weighbridge_plan::{FaultAction, FaultPlan};
use weighbridge_record::terms::{Action, Aim};

/// Those that may be struck: servers and workers that were started for the trial, and what leads to the servers.
#[derive(Default)]
pub struct Handles {
    pub servers: Vec<Arc<Server>>,
    pub links: Vec<Arc<Link>>,
    pub workers: Vec<Hand>,
}

/// One fault and one whom it strikes.
pub struct Aimed {
    pub at_ns: u64,
    every_ns: Option<u64>,
    pub action: FaultAction,
    pub target: Target,
}

/// Who is struck.
pub enum Target {
    Server(Arc<Server>),
    Link(Arc<Link>),
    Worker(Hand),
}

/// A fault that strikes nobody.
#[derive(Debug, thiserror::Error)]
pub enum AimError {
    #[error(
        "a fault ({action}) is meant for {target}, which is nobody who was started for this trial: {known}"
    )]
    NoSuchTarget { action: Action, target: String, known: String },
    #[error(
        "a fault ({action}) needs a server that is started for the trial; those of others are never signalled"
    )]
    NoServers { action: Action },
    #[error(
        "a fault ({action}) needs workers that are processes started for the trial: workers.kind = \"processes\""
    )]
    NoWorkers { action: Action },
}

impl Target {
    pub fn name(&self) -> &str {
        match self {
            Self::Server(server) => server.name(),
            Self::Link(link) => link.name(),
            Self::Worker(worker) => worker.name(),
        }
    }
}

/// Finds the targets of each fault among those that may be struck.
pub fn aim(plans: &[FaultPlan], handles: &Handles) -> Result<Vec<Aimed>, AimError> {
    let mut aimed = Vec::new();
    for plan in plans {
        let strike = |target: Target| Aimed {
            at_ns: plan.at_ns,
            every_ns: plan.every_ns,
            action: plan.action,
            target,
        };
        aimed.extend(targets(plan, handles)?.into_iter().map(strike));
    }
    Ok(aimed)
}

fn targets(plan: &FaultPlan, handles: &Handles) -> Result<Vec<Target>, AimError> {
    let action = plan.action.name();
    let servers = || handles.servers.iter().cloned().map(Target::Server).collect::<Vec<_>>();
    let workers = || handles.workers.iter().cloned().map(Target::Worker).collect();
    let (there, nobody) = match action.aim() {
        Aim::Server => (servers(), AimError::NoServers { action }),
        Aim::Worker => (workers(), AimError::NoWorkers { action }),
    };
    if there.is_empty() {
        return Err(nobody);
    }
    // A link is there only where a fault asks for it; its server is known by name in any case.
    let known = there.iter().map(Target::name).collect::<Vec<_>>().join(", ");
    let mut meant = match plan.action.is_of_network() {
        true => handles.links.iter().cloned().map(Target::Link).collect(),
        false => there,
    };
    match (action.aim(), plan.target.as_deref()) {
        // One of several: a crew of which all are struck at once is another fault.
        (Aim::Worker, None) => meant.truncate(1),
        (Aim::Worker, Some("worker")) => {}
        _ => meant.retain(|one| plan.is_meant_for(one.name())),
    }
    if meant.is_empty() {
        let target = plan.target.clone().unwrap_or_default();
        return Err(AimError::NoSuchTarget { action, target, known });
    }
    Ok(meant)
}

impl Aimed {
    /// When it is due, since the start of a window of that length.
    pub fn times(&self, window_ns: u64) -> impl Iterator<Item = u64> + use<> {
        let (at_ns, every_ns) = (self.at_ns, self.every_ns);
        let next = move |last_ns: &u64| Some(last_ns + every_ns?).filter(|next_ns| *next_ns < window_ns);
        std::iter::successors(Some(at_ns), next)
    }
}
