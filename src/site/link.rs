//! What stands between a server of ours and its clients, where the network has faults.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use crate::proxy::Proxy;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::result::ProxyRecord;

/// A proxy in front of one server, by the server's name.
pub struct Link {
    name: String,
    pub proxy: Proxy,
}

impl Link {
    /// In front of a server that listens on loopback, as those of ours do.
    pub fn start(name: &str, server: &Endpoint) -> io::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, server.servers[0].port));
        Ok(Self { name: name.to_string(), proxy: Proxy::start(address)? })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where clients connect in place of the server.
    pub fn endpoint(&self, server: &Endpoint) -> Endpoint {
        let servers = Endpoint::loopback(server.kind, self.proxy.address().port()).servers;
        Endpoint { servers, ..server.clone() }
    }

    pub fn record(&self) -> ProxyRecord {
        self.proxy.passed()
    }
}
