//! One server of a site: ours or somebody else's.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::link::Link;
use super::meter::Meter;
use super::server::Server;
use weighbridge_plan::endpoint::{Endpoint, Tls};
use weighbridge_record::result::{BrokerRecord, Storage};
use weighbridge_record::terms::{AuthMode, BrokerKind, TlsMode};

/// Settings by name, as read back from a server.
pub type Config = BTreeMap<String, String>;

/// A server that answers.
pub struct Node {
    /// `nats-server`; the second of its kind is `nats-server.2`.
    pub name: String,
    pub endpoint: Endpoint,
    /// The same server, as settings and counters are read: with the rights to do so, and past any proxy.
    pub watched: Endpoint,
    pub version: String,
    pub config: Config,
    /// What is wrong or unknown about its durability tier.
    pub tier_doubts: Vec<String>,
    /// What syncing its data costs, where that is ours and its tier writes to disk.
    pub storage: Option<Storage>,
    /// None for one that somebody else runs.
    pub server: Option<Arc<Server>>,
    /// What its clients connect to in its place.
    pub link: Option<Arc<Link>>,
    /// How it is asked for figures of its own, where that is done.
    pub meter: Option<Box<dyn Meter>>,
}

impl Node {
    pub fn kind(&self) -> BrokerKind {
        self.endpoint.kind
    }

    /// Where clients connect.
    pub fn target(&self) -> Endpoint {
        self.link.as_ref().map_or_else(|| self.endpoint.clone(), |link| link.endpoint(&self.endpoint))
    }

    /// Whether connections are encrypted, and who shows a certificate.
    fn tls(&self) -> TlsMode {
        match &self.endpoint.tls {
            Tls::Off => TlsMode::Off,
            Tls::On(certificates) if certificates.own.is_some() => TlsMode::Mutual,
            Tls::On(_) => TlsMode::Tls,
        }
    }

    /// What clients show.
    fn auth(&self) -> AuthMode {
        match self.endpoint.access.mode() {
            AuthMode::Password if self.watched.access != self.endpoint.access => AuthMode::Acl,
            mode => mode,
        }
    }

    /// The record without figures of the server.
    pub fn record(&self) -> BrokerRecord {
        BrokerRecord {
            kind: self.kind(),
            version: self.version.clone(),
            managed: self.server.is_some(),
            address: self.endpoint.address(),
            config: self.config.clone(),
            cpu_seconds: None,
            rss_bytes_max: None,
            net_in_bytes: None,
            net_out_bytes: None,
            disk_write_bytes: None,
            storage: self.storage,
            proxy: self.link.as_ref().map(|link| link.record()),
            tls: self.tls(),
            auth: self.auth(),
            asking: None,
        }
    }
}

/// The name of the `number`th server of a kind, from 1.
pub fn name(kind: BrokerKind, number: usize) -> String {
    if number == 1 { kind.name().to_string() } else { format!("{}.{number}", kind.name()) }
}
