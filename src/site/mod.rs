//! The site of a trial: its servers, processes of our own on free loopback ports or servers reached by URL.
//!
//! A server of ours lives in a temporary directory, dies with the harness however that ends, and is the only
//! kind of process that is ever signalled. Settings that bear on the figures are set explicitly and read
//! back. A site has any number of nodes of a kind; others ask it for endpoints, handles, probes and doubts.

mod abandoned;
pub mod accounts;
mod asked;
pub mod authority;
mod discover;
mod error;
mod external;
mod guard;
mod link;
mod meter;
mod nats_meter;
mod nats_server;
mod node;
mod options;
mod redis_meter;
mod redis_server;
pub mod rights;
mod server;
mod storage;
mod stored;

use std::path::PathBuf;
use std::sync::Arc;

use crate::probe::Probe;
use crate::process::Parent;
use crate::start_line::StartLine;
use crate::transport::Targets;
use weighbridge_plan as plan;
use weighbridge_record::result::BrokerRecord;
use weighbridge_record::terms::{BrokerKind, TransportKind};

pub use discover::{Binaries, Binary, cache_dir, find};
pub use error::SiteError;
pub use external::check_host;
pub use link::Link;
pub use node::Node;
pub use options::Options;
pub use server::{Data, Server};
pub use stored::{Stored, can_forget};

use asked::Asked;
use meter::NodeWatch;

/// The servers of one trial, all of which answer. The default has none.
#[derive(Default)]
pub struct Site {
    nodes: Vec<Node>,
}

/// What a site leaves behind.
#[derive(Debug, Default)]
pub struct Left {
    /// Name and log of each server of ours that wrote one.
    pub logs: Vec<(String, Vec<u8>)>,
    /// Directories that were kept.
    pub directories: Vec<PathBuf>,
}

/// Whether a server of `kind` is to be had: it answers, or its binary is there. Starts nothing.
pub async fn preflight(kind: BrokerKind, plan: &plan::Brokers, options: &Options) -> Result<(), SiteError> {
    match plan.endpoint(kind) {
        Some(endpoint) => {
            let reached = external::reach(kind.name(), endpoint, options, plan.durability);
            reached.await.map(|_| ())
        }
        None => find(kind, &options.binaries).map(|_| ()),
    }
}

/// Deletes what killed runs of this user left among the temporary folders.
pub fn clear_abandoned() {
    abandoned::clear(&std::env::temp_dir());
}

/// Name and size of the setting that limits bodies on a server of ours. Redis takes more than any scenario can ask for.
pub fn body_limit(kind: BrokerKind) -> Option<(&'static str, usize)> {
    match kind {
        BrokerKind::NatsServer => Some(("max_payload", nats_server::MAX_PAYLOAD_BYTES)),
        BrokerKind::RedisServer => None,
    }
}

/// Name and size of the setting that limits connections to a server of ours. NATS takes more than any scenario can ask
/// for.
pub fn connection_limit(kind: BrokerKind) -> Option<(&'static str, u64)> {
    match kind {
        BrokerKind::RedisServer => Some(("maxclients", redis_server::MAXCLIENTS)),
        BrokerKind::NatsServer => None,
    }
}

impl Site {
    /// Starts or reaches one node for each of `kinds`, all at a time, and waits until they answer.
    pub async fn start(
        kinds: &[BrokerKind],
        plan: &plan::Brokers,
        options: &Options,
    ) -> Result<Self, SiteError> {
        Self::start_stored(kinds, plan, &[], &|_| Stored::Plain, options).await
    }

    /// The same; `transports` are those that clients need rights for, and `stored` tells by its name where a server of
    /// ours stores its data.
    pub async fn start_stored(
        kinds: &[BrokerKind],
        plan: &plan::Brokers,
        transports: &[TransportKind],
        stored: &dyn Fn(&str) -> Stored,
        options: &Options,
    ) -> Result<Self, SiteError> {
        // It lives as long as any of its children is wanted.
        let parent = Parent::start().map_err(SiteError::io("starting the thread of the servers"))?;
        let nodes = kinds.iter().enumerate().map(|(index, kind)| {
            let number = kinds[..=index].iter().filter(|same| *same == kind).count();
            let name = node::name(*kind, number);
            let asked = Asked { brokers: plan, transports, stored: stored(&name) };
            start_node(&parent, *kind, name, asked, options)
        });
        Ok(Self { nodes: futures::future::try_join_all(nodes).await? })
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Puts a proxy in front of each server of ours whose network has one of these faults. To be done before anybody
    /// asks where to connect.
    pub fn link(&mut self, faults: &[plan::FaultPlan]) -> Result<(), SiteError> {
        for node in self.nodes.iter_mut().filter(|node| node.server.is_some()) {
            let befalls =
                |fault: &plan::FaultPlan| fault.action.is_of_network() && fault.is_meant_for(&node.name);
            if faults.iter().any(befalls) {
                let link = Link::start(&node.name, &node.endpoint);
                let action = format!("starting a proxy in front of {}", node.name);
                node.link = Some(Arc::new(link.map_err(SiteError::io(action))?));
            }
        }
        Ok(())
    }

    /// Where transports connect: the first node of each kind.
    pub fn targets(&self) -> Targets {
        let of = |kind| self.nodes.iter().find(|node| node.kind() == kind).map(Node::target);
        Targets { redis: of(BrokerKind::RedisServer), nats: of(BrokerKind::NatsServer) }
    }

    /// Whether somebody else's servers are part of it.
    pub fn is_external(&self) -> bool {
        self.nodes.iter().any(|node| node.server.is_none())
    }

    /// Handles of the servers that may be signalled.
    pub fn servers(&self) -> Vec<Arc<Server>> {
        self.nodes.iter().filter_map(|node| node.server.clone()).collect()
    }

    /// What stands in front of servers, where anything does.
    pub fn links(&self) -> Vec<Arc<Link>> {
        self.nodes.iter().filter_map(|node| node.link.clone()).collect()
    }

    /// Everything that is wrong or unknown about the durability tier, of all nodes.
    pub fn tier_doubts(&self) -> Vec<String> {
        let alone = self.nodes.len() == 1;
        let mut doubts = Vec::new();
        for node in &self.nodes {
            let named =
                |doubt: &String| if alone { doubt.clone() } else { format!("{}: {doubt}", node.name) };
            doubts.extend(node.tier_doubts.iter().map(named));
        }
        doubts
    }

    /// A probe on each node, in their order; `streams` are the names of those that a kind of server has for the trial.
    /// Meters go with the first probes, so a site is watched once.
    pub fn watch(
        &mut self,
        line: &StartLine,
        streams: impl Fn(BrokerKind) -> Vec<String>,
    ) -> std::io::Result<Vec<Probe>> {
        let watch = |node: &mut Node| {
            let mut meter = node.meter.take();
            if let Some(meter) = &mut meter {
                meter.look_into(&streams(node.kind()));
            }
            let watched = NodeWatch::new(node.server.clone(), meter);
            Probe::start(&node.name, Box::new(watched), line.place())
        };
        self.nodes.iter_mut().map(watch).collect()
    }

    /// Records without figures, in the order of the nodes.
    pub fn records(&self) -> Vec<BrokerRecord> {
        self.nodes.iter().map(Node::record).collect()
    }

    /// Ends the servers of ours; their directories are deleted unless `keep` is set.
    pub fn stop(self, keep: bool) -> Left {
        let mut left = Left::default();
        for node in &self.nodes {
            let Some(server) = &node.server else { continue };
            let stopped = server.stop(keep);
            if !stopped.log.is_empty() {
                left.logs.push((node.name.clone(), stopped.log));
            }
            left.directories.extend(stopped.directory);
        }
        left
    }
}

async fn start_node(
    parent: &Parent,
    kind: BrokerKind,
    name: String,
    asked: Asked<'_>,
    options: &Options,
) -> Result<Node, SiteError> {
    let plan = asked.brokers;
    if let Some(endpoint) = plan.endpoint(kind) {
        return external::reach(&name, endpoint, options, plan.durability).await;
    }
    let binary = find(kind, &options.binaries)?;
    let mut node = match kind {
        BrokerKind::RedisServer => redis_server::start(parent, &name, &binary, &asked).await,
        BrokerKind::NatsServer => nats_server::start(parent, &name, &binary, &asked).await,
    }?;
    if let Some(server) = &node.server
        && (plan.durability.reaches_disk() || asked.stored == Stored::Forgetting)
    {
        let measured = server.storage();
        node.storage =
            Some(measured.map_err(SiteError::io("measuring what syncing the data directory costs"))?);
    }
    Ok(node)
}
