//! What a request travels: the transports of its one leg or two, wired with names, sizes and storage.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::transport::{self, Limits, Names, Targets, Transport, TransportError};
use weighbridge_plan::{PointPlan, Workers};
use weighbridge_record::terms::{Durability, Path, TransportKind};

/// Everything that a transport is built from but where its servers are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wiring {
    pub transport: TransportKind,
    pub names: Names,
    pub limits: Limits,
    pub durability: Durability,
}

/// One transport of a path, built as it is wired.
pub struct Leg {
    pub wiring: Wiring,
    pub transport: Arc<dyn Transport>,
}

impl Wiring {
    /// The wirings of a path's legs. Where both are on one server, the names of the second have a token of their own, so
    /// that neither hears the other.
    pub fn legs(point: &PointPlan, path: Path, prefix: &str) -> Vec<Self> {
        let shares_server = path.brokers().len() < path.legs().count();
        let named = |(leg, transport): (usize, TransportKind)| {
            let own = if leg > 0 && shares_server { "to." } else { "" };
            Self::of(point, transport, &format!("{prefix}{own}"))
        };
        path.legs().enumerate().map(named).collect()
    }

    /// The wiring that a point asks for. `prefix` stands before every name on the wire.
    pub fn of(point: &PointPlan, transport: TransportKind, prefix: &str) -> Self {
        let categories = point.payload.categories.iter().map(|(name, _)| name.clone());
        let brokers = &point.brokers;
        let names = Names::new(prefix, categories, brokers.subjects)
            .on(brokers.base_subjects.clone(), brokers.jetstream.domain.clone());
        let durability = point.brokers.durability;
        Self { transport, names, limits: limits(point), durability }
    }

    /// Connects nothing yet: the transport's ends do, where they are used.
    pub fn build(&self, targets: &Targets) -> Result<Arc<dyn Transport>, TransportError> {
        transport::build(self.transport, targets, self.names.clone(), self.limits, self.durability)
    }

    /// Connections that a trial of the point holds at the same time.
    pub fn connections(&self, point: &PointPlan) -> u64 {
        // Those of external workers are not made here, and not limited here.
        let ours = point.workers.work().filter(|_| point.workers.external().is_none());
        let workers = ours.map_or(0, |work| work.count);
        let load = &point.load;
        let connections = match &load.publishing {
            None => load.connections,
            Some(publishing) => publishing.connections_max(load.connections, load.generators),
        };
        transport::connections(self.transport, &Limits { connections, ..self.limits }, workers)
    }
}

fn limits(point: &PointPlan) -> Limits {
    let work = point.workers.work();
    Limits {
        max_in_flight: point.load.max_in_flight,
        connections: point.load.connections,
        generators: point.load.generators,
        worker_concurrency: work.map_or(1, |work| work.concurrency),
        service_ns_mean: work.map_or(0, |work| work.service_time.mean_ns()),
        completed_by: point.completed_by(),
        prefetch: work.and_then(|work| work.prefetch),
        ack_wait_ns: point.brokers.ack_wait_ns,
        max_deliver: point.brokers.max_deliver,
        delivery: point.brokers.delivery,
        worker_channels: match &point.workers {
            Workers::Processes(work) => work.count,
            // One alone takes all, as the engine does.
            Workers::External(external) if external.work.count > 1 => external.work.count,
            Workers::None | Workers::Threads(_) | Workers::External(_) | Workers::Http(_) => 0,
        },
    }
}
