//! Flags that say which servers are used.

use std::path::PathBuf;

use clap::Args;

use super::url_of::UrlOf;
use weighbridge_plan::endpoint::{GivenUrl, from_parts};
use weighbridge_record::terms::BrokerKind;

/// Which brokers to measure; without a URL a private one is started for each trial.
#[derive(Debug, Args)]
pub struct Brokers {
    /// Measure this Redis server
    ///
    /// Without it REDIS_HOST or REDIS_PORT name one, with REDIS_USERNAME, REDIS_PASSWORD and REDIS_DB.
    #[arg(long, value_name = "U", env = "REDIS_URL", hide_env_values = true,
        value_parser = UrlOf(BrokerKind::RedisServer))]
    pub redis_url: Option<GivenUrl>,
    /// Measure this NATS server
    ///
    /// Without it NATS_HOST or NATS_PORT name one, with NATS_USERNAME, NATS_PASSWORD and NATS_TLS_ENABLED.
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
    /// The server of this kind that was given: by its URL, else by its parts in the environment.
    pub fn given(&self, kind: BrokerKind) -> Option<GivenUrl> {
        let url = match kind {
            BrokerKind::RedisServer => &self.redis_url,
            BrokerKind::NatsServer => &self.nats_url,
        };
        url.clone().or_else(|| from_parts(kind, |name| std::env::var(name).ok()))
    }

    /// The servers that were given.
    pub fn urls(&self) -> Vec<GivenUrl> {
        [BrokerKind::RedisServer, BrokerKind::NatsServer]
            .into_iter()
            .filter_map(|kind| self.given(kind))
            .collect()
    }
}
