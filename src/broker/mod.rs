//! Brokers: processes of our own on free loopback ports, or servers reached by URL.
//!
//! A managed broker lives in a temporary directory, dies with the harness however that ends, and is the
//! only kind of process that is ever signalled. Settings that bear on the figures are set explicitly and
//! read back.

mod discover;
mod external;
mod managed;
mod nats_server;
mod process;
mod redis_server;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::connect::{ConnectError, Endpoint};
use crate::plan;
use crate::result::{BrokerRecord, BrokerSample};
use crate::terms::{BrokerKind, Durability};
use crate::transport::Targets;

pub use discover::{Binaries, Binary, cache_dir, find};
pub use external::check_host;
pub use process::{Usage, own_usage};

/// Which servers may be used.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub binaries: Binaries,
    /// Hosts beyond loopback that the user has allowed.
    pub allowed_hosts: Vec<String>,
}

/// Why there is no broker to measure.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    #[error(
        "{kind} not found; looked for {looked_for}\n  install it with: {install}\n  or name a server with {url_flag}"
    )]
    NotFound { kind: BrokerKind, looked_for: String, install: &'static str, url_flag: &'static str },
    #[error("{path} is {kind} {version}; at least {minimum} is needed\n  install it with: {install}")]
    TooOld { kind: BrokerKind, path: String, version: String, minimum: &'static str, install: &'static str },
    #[error("starting {kind}: {reason}\n  its directory is kept: {directory}")]
    Start { kind: BrokerKind, reason: String, directory: PathBuf },
    #[error(
        "{host} is not a loopback address (it resolves to {resolved}); pass --allow-host {host} if load may go there"
    )]
    HostNotAllowed { host: String, resolved: String },
    #[error("cannot resolve {host}: {reason}")]
    Unresolved { host: String, reason: String },
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("{action}: {source}")]
    Io { action: String, source: std::io::Error },
}

/// A broker ready for one trial.
pub enum Broker {
    Redis(redis_server::RedisServer),
    Nats(nats_server::NatsServer),
    External(external::External),
}

/// Whether a broker of `kind` is to be had: the server answers, or its binary is there. Starts nothing.
pub async fn preflight(kind: BrokerKind, plan: &plan::Brokers, options: &Options) -> Result<(), BrokerError> {
    match plan.endpoint(kind) {
        Some(endpoint) => external::External::reach(endpoint, &options.allowed_hosts).await.map(|_| ()),
        None => find(kind, &options.binaries).map(|_| ()),
    }
}

/// Where managed brokers and external ones come from, for one trial.
pub async fn start(kind: BrokerKind, plan: &plan::Brokers, options: &Options) -> Result<Broker, BrokerError> {
    if let Some(endpoint) = plan.endpoint(kind) {
        return Ok(Broker::External(external::External::reach(endpoint, &options.allowed_hosts).await?));
    }
    let binary = find(kind, &options.binaries)?;
    Ok(match kind {
        BrokerKind::RedisServer => {
            Broker::Redis(redis_server::RedisServer::start(&binary, plan.durability).await?)
        }
        BrokerKind::NatsServer => {
            Broker::Nats(nats_server::NatsServer::start(&binary, plan.durability).await?)
        }
    })
}

impl Broker {
    pub fn kind(&self) -> BrokerKind {
        match self {
            Self::Redis(_) => BrokerKind::RedisServer,
            Self::Nats(_) => BrokerKind::NatsServer,
            Self::External(external) => external.endpoint.kind,
        }
    }

    /// What is wrong or unknown about the durability tier; managed brokers are checked when they start.
    pub fn tier_doubt(&self, durability: Durability) -> Option<String> {
        match self {
            Self::Redis(_) | Self::Nats(_) => None,
            Self::External(external) => external.tier_doubt(durability),
        }
    }

    /// Adds where to connect.
    pub fn add_target(&self, targets: &mut Targets) {
        let endpoint = self.endpoint().clone();
        match endpoint.kind {
            BrokerKind::RedisServer => targets.redis = Some(endpoint),
            BrokerKind::NatsServer => targets.nats = Some(endpoint),
        }
    }

    /// Where it is and how to get in.
    pub fn endpoint(&self) -> &Endpoint {
        match self {
            Self::Redis(server) => &server.endpoint,
            Self::Nats(server) => &server.endpoint,
            Self::External(external) => &external.endpoint,
        }
    }

    /// What the process of a managed broker has used.
    pub fn usage(&self) -> Option<Usage> {
        process::usage(self.pid()?)
    }

    /// Process id of a managed broker.
    pub fn pid(&self) -> Option<u32> {
        match self {
            Self::Redis(server) => Some(server.process.id()),
            Self::Nats(server) => Some(server.process.id()),
            Self::External(_) => None,
        }
    }

    /// Bytes of traffic since the broker started, as it counts them.
    pub async fn traffic(&mut self) -> Option<Traffic> {
        match self {
            Self::Redis(server) => server.traffic().await,
            Self::Nats(server) => server.traffic(),
            Self::External(_) => None,
        }
    }

    /// The record without usage figures.
    pub fn record(&self) -> BrokerRecord {
        let (version, config, managed) = match self {
            Self::Redis(server) => (&server.version, &server.config, true),
            Self::Nats(server) => (&server.version, &server.config, true),
            Self::External(server) => (&server.version, &server.config, false),
        };
        BrokerRecord {
            kind: self.kind(),
            version: version.clone(),
            managed,
            address: self.endpoint().address(),
            config: config.clone(),
            cpu_seconds: None,
            rss_bytes_max: None,
            net_in_bytes: None,
            net_out_bytes: None,
            disk_write_bytes: None,
        }
    }

    /// Ends a managed broker and returns what it logged; its directory is deleted unless `keep` is set.
    pub fn stop(self, keep: bool) -> Stopped {
        match self {
            Self::Redis(server) => server.process.stop(keep),
            Self::Nats(server) => server.process.stop(keep),
            Self::External(_) => Stopped::default(),
        }
    }
}

/// What a stopped broker leaves behind.
#[derive(Debug, Default)]
pub struct Stopped {
    pub log: Vec<u8>,
    /// Its directory, where that was kept.
    pub directory: Option<PathBuf>,
}

/// Traffic counters of a broker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    pub in_bytes: u64,
    pub out_bytes: u64,
}

/// Settings by name, as read back from a broker.
pub type Config = BTreeMap<String, String>;

/// Turns two looks at a broker into the rates between them.
pub fn rates(earlier: &Look, later: &Look) -> BrokerSample {
    let seconds = later.at_ns.saturating_sub(earlier.at_ns) as f64 / 1e9;
    if seconds <= 0.0 {
        return BrokerSample::default();
    }
    let per_s = |before: u64, after: u64| after.saturating_sub(before) as f64 / seconds;
    let usage = earlier.usage.zip(later.usage);
    // Between two looks that asked for traffic its figures stand still, and no rate can be given.
    let traffic_s = later.traffic_at_ns.saturating_sub(earlier.traffic_at_ns) as f64 / 1e9;
    let traffic = earlier.traffic.zip(later.traffic).filter(|_| traffic_s > 0.0);
    let traffic_per_s = |before: u64, after: u64| after.saturating_sub(before) as f64 / traffic_s;
    BrokerSample {
        cpu_cores: usage.map(|(before, after)| (after.cpu_seconds - before.cpu_seconds).max(0.0) / seconds),
        rss_bytes: later.usage.map(|usage| usage.rss_bytes),
        net_in_bytes_per_s: traffic.map(|(before, after)| traffic_per_s(before.in_bytes, after.in_bytes)),
        net_out_bytes_per_s: traffic.map(|(before, after)| traffic_per_s(before.out_bytes, after.out_bytes)),
        disk_write_bytes_per_s: usage
            .map(|(before, after)| per_s(before.disk_write_bytes, after.disk_write_bytes)),
    }
}

/// One look at a broker.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    pub at_ns: u64,
    pub usage: Option<Usage>,
    pub traffic: Option<Traffic>,
    /// When the traffic was asked for.
    pub traffic_at_ns: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_differences_over_the_time_between() {
        let look = |at_ns, cpu_seconds, bytes| Look {
            at_ns,
            usage: Some(Usage { cpu_seconds, rss_bytes: 7, disk_write_bytes: bytes }),
            traffic: Some(Traffic { in_bytes: bytes, out_bytes: 2 * bytes }),
            traffic_at_ns: at_ns,
        };
        let sample = rates(&look(1_000_000_000, 1.0, 100), &look(3_000_000_000, 2.0, 300));
        assert_eq!(sample.cpu_cores, Some(0.5));
        assert_eq!(sample.net_in_bytes_per_s, Some(100.0));
        assert_eq!(sample.net_out_bytes_per_s, Some(200.0));
        assert_eq!(sample.disk_write_bytes_per_s, Some(100.0));
        assert_eq!(sample.rss_bytes, Some(7));
    }

    #[test]
    fn what_could_not_be_read_stays_empty() {
        let empty = |at_ns| Look { at_ns, ..Look::default() };
        assert_eq!(rates(&empty(1), &empty(2)), BrokerSample::default());
    }
}
