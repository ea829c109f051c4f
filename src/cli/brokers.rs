//! Flags that say which servers are used.

use std::path::PathBuf;

use clap::Args;

use super::url_of::UrlOf;
use weighbridge_plan::endpoint::GivenUrl;
use weighbridge_record::terms::BrokerKind;

/// Which brokers to measure; without a URL a private one is started for each trial.
#[derive(Debug, Args)]
pub struct Brokers {
    /// Measure this Redis server
    #[arg(long, value_name = "U", env = "REDIS_URL", hide_env_values = true,
        value_parser = UrlOf(BrokerKind::RedisServer))]
    pub redis_url: Option<GivenUrl>,
    /// Measure this NATS server
    #[arg(long, value_name = "U", env = "NATS_URL", hide_env_values = true,
        value_parser = UrlOf(BrokerKind::NatsServer))]
    pub nats_url: Option<GivenUrl>,
    /// Binary to start for Redis: a redis-server or valkey-server
    #[arg(long, visible_alias = "redis-bin", value_name = "PATH", env = "WEIGHBRIDGE_REDIS_SERVER")]
    pub redis_server: Option<PathBuf>,
    /// Binary to start for NATS
    #[arg(long, visible_alias = "nats-bin", value_name = "PATH", env = "WEIGHBRIDGE_NATS_SERVER")]
    pub nats_server: Option<PathBuf>,
    /// Allow load on this host, which is not loopback (repeatable)
    #[arg(long = "allow-host", value_name = "HOST")]
    pub allow_hosts: Vec<String>,
}

impl Brokers {
    /// The URLs that were given.
    pub fn urls(&self) -> Vec<GivenUrl> {
        [&self.redis_url, &self.nats_url].into_iter().flatten().cloned().collect()
    }
}
