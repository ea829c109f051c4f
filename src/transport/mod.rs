//! Messaging paths: one file per transport, moving opaque frames in batches.
//!
//! A transport knows no schema, scorer, metrics or schedule. It is made once per trial on the control thread
//! (`prepare`, `dismantle`); its ends are opened inside the single-threaded runtimes that use them.

mod addresses;
mod created;
mod ends;
mod error;
mod frame;
mod in_process;
mod limits;
mod names;
mod nats;
mod outcomes;
mod redis;
mod troubles;

use std::sync::Arc;

use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::terms::{BrokerKind, CompletedBy, Durability, TransportKind};

pub use addresses::{Addresses, addresses, destinations};
pub use created::{bare_client, client};
pub use ends::{Collector, Consumer, GeneratorEnd, Producer, Responder, Returns, Transport, WorkerEnd};
pub use error::TransportError;
pub use frame::{Arrival, Delivery, Frame, Receipt, Reply};
pub use limits::{Connections, Limits};
pub use names::Names;
pub use outcomes::{Outcomes, Unknown};
pub use troubles::{Break, Noted, Troubles};

/// Where the brokers of a trial are, as far as it has any.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Targets {
    pub redis: Option<Endpoint>,
    pub nats: Option<Endpoint>,
}

impl Targets {
    /// One server and no other.
    pub fn only(endpoint: Endpoint) -> Self {
        match endpoint.kind {
            BrokerKind::RedisServer => Self { redis: Some(endpoint), nats: None },
            BrokerKind::NatsServer => Self { redis: None, nats: Some(endpoint) },
        }
    }
}

/// Connections that the ends of a transport hold at the same time.
pub fn connections(kind: TransportKind, limits: &Limits, workers: u32) -> u64 {
    let (of_a_worker, of_all_workers) = match kind {
        TransportKind::InProcess => return 0,
        TransportKind::RedisPubsub if limits.worker_channels > 0 => (2, 0),
        TransportKind::RedisPubsub => (1, u64::from(workers > 0)),
        TransportKind::RedisStreams => (2, 0),
        TransportKind::NatsCore | TransportKind::NatsJetstream | TransportKind::NatsRequest => (1, 0),
    };
    // Replies to requests come back on the connection that published them.
    let collects = limits.completed_by == CompletedBy::Result && kind != TransportKind::NatsRequest;
    let publishing = u64::from(limits.generators) * u64::from(limits.connections);
    publishing + u64::from(collects) + of_all_workers + of_a_worker * u64::from(workers)
}

/// The composition root: one arm per transport.
pub fn build(
    kind: TransportKind,
    targets: &Targets,
    names: Names,
    limits: Limits,
    durability: Durability,
) -> Result<Arc<dyn Transport>, TransportError> {
    let redis_server =
        || targets.redis.clone().ok_or(TransportError::failed("redis", "no broker was started for it"));
    let nats_server =
        || targets.nats.clone().ok_or(TransportError::failed("nats", "no broker was started for it"));
    Ok(match kind {
        TransportKind::RedisPubsub => Arc::new(redis::RedisPubsub::new(redis_server()?, names, limits)),
        TransportKind::RedisStreams => Arc::new(redis::RedisStreams::new(redis_server()?, names, limits)),
        TransportKind::NatsCore => Arc::new(nats::NatsCore::new(nats_server()?, names, limits)),
        TransportKind::NatsJetstream => {
            Arc::new(nats::NatsJetstream::new(nats_server()?, names, limits, durability))
        }
        TransportKind::NatsRequest => Arc::new(nats::NatsRequest::new(nats_server()?, names, limits)),
        TransportKind::InProcess => Arc::new(in_process::InProcess::new(limits)),
    })
}
