//! Which servers may be used.

use super::discover::Binaries;

#[derive(Debug, Clone, Default)]
pub struct Options {
    pub binaries: Binaries,
    /// Hosts beyond loopback that the user has allowed.
    pub allowed_hosts: Vec<String>,
    /// Where the NATS server that was named tells of itself over HTTP.
    pub nats_monitoring: Option<String>,
}
