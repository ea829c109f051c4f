//! Which servers the faults of a plan are meant for.

use std::sync::Arc;

use crate::site::Server;
use weighbridge_plan::{FaultAction, FaultPlan};
use weighbridge_record::terms::Action;

/// One fault and one server that it strikes.
pub struct Aimed {
    pub at_ns: u64,
    every_ns: Option<u64>,
    pub action: FaultAction,
    pub server: Arc<Server>,
}

/// A fault that strikes nobody.
#[derive(Debug, thiserror::Error)]
pub enum AimError {
    #[error(
        "a fault ({action}) is meant for {target}, which is no server of this trial that was started for it: {known}"
    )]
    NoSuchServer { action: Action, target: String, known: String },
    #[error(
        "a fault ({action}) needs a server that is started for the trial; those of others are never signalled"
    )]
    NoServers { action: Action },
}

/// Finds the servers of each fault among those that may be signalled.
pub fn aim(plans: &[FaultPlan], servers: &[Arc<Server>]) -> Result<Vec<Aimed>, AimError> {
    let mut aimed = Vec::new();
    for plan in plans {
        let action = plan.action.name();
        if servers.is_empty() {
            return Err(AimError::NoServers { action });
        }
        let meant =
            |server: &&Arc<Server>| plan.target.as_deref().is_none_or(|target| target == server.name());
        let before = aimed.len();
        aimed.extend(servers.iter().filter(meant).map(|server| Aimed {
            at_ns: plan.at_ns,
            every_ns: plan.every_ns,
            action: plan.action,
            server: Arc::clone(server),
        }));
        if aimed.len() == before {
            let known: Vec<&str> = servers.iter().map(|server| server.name()).collect();
            let target = plan.target.clone().unwrap_or_default();
            return Err(AimError::NoSuchServer { action, target, known: known.join(", ") });
        }
    }
    Ok(aimed)
}

impl Aimed {
    /// When it is due, since the start of a window of that length.
    pub fn times(&self, window_ns: u64) -> impl Iterator<Item = u64> + use<> {
        let (at_ns, every_ns) = (self.at_ns, self.every_ns);
        let next = move |last_ns: &u64| Some(last_ns + every_ns?).filter(|next_ns| *next_ns < window_ns);
        std::iter::successors(Some(at_ns), next)
    }
}
