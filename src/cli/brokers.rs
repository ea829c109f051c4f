//! Flags that say which servers are used.

use std::path::PathBuf;

use clap::Args;

use super::url_of::UrlOf;
use weighbridge_plan::endpoint::{Beside, GivenUrl, Purpose, from_parts};
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
    /// Trust the issuers in this file and no others (else REDIS_TLS_CA_PATH, else the system's)
    #[arg(long, value_name = "PEM")]
    pub redis_ca: Option<PathBuf>,
    /// Show Redis this certificate (else REDIS_TLS_CERT_PATH)
    #[arg(long, value_name = "PEM")]
    pub redis_cert: Option<PathBuf>,
    /// Key of that certificate (else REDIS_TLS_KEY_PATH)
    #[arg(long, value_name = "PEM")]
    pub redis_key: Option<PathBuf>,
    /// Trust the issuers in this file and no others (else NATS_TLS_CA_PATH, else the system's)
    #[arg(long, value_name = "PEM")]
    pub nats_ca: Option<PathBuf>,
    /// Show NATS this certificate (else NATS_TLS_CERT_PATH)
    #[arg(long, value_name = "PEM")]
    pub nats_cert: Option<PathBuf>,
    /// Key of that certificate (else NATS_TLS_KEY_PATH)
    #[arg(long, value_name = "PEM")]
    pub nats_key: Option<PathBuf>,
    /// Show NATS the user of this credentials file (else NATS_CREDS)
    #[arg(long, value_name = "FILE")]
    pub nats_creds: Option<PathBuf>,
    /// Show NATS the user whose seed is in this file (else NATS_NKEY)
    #[arg(long, value_name = "FILE")]
    pub nats_nkey: Option<PathBuf>,
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
        url.clone().or_else(|| from_parts(kind, environment))
    }

    /// What was given beside the URL of this kind of server.
    pub fn beside(&self, kind: BrokerKind) -> Beside {
        let files = match kind {
            BrokerKind::RedisServer => [
                (Purpose::Issuers, &self.redis_ca),
                (Purpose::Certificate, &self.redis_cert),
                (Purpose::Key, &self.redis_key),
            ]
            .to_vec(),
            BrokerKind::NatsServer => [
                (Purpose::Issuers, &self.nats_ca),
                (Purpose::Certificate, &self.nats_cert),
                (Purpose::Key, &self.nats_key),
                (Purpose::Credentials, &self.nats_creds),
                (Purpose::Nkey, &self.nats_nkey),
            ]
            .to_vec(),
        };
        let given = files.into_iter().filter_map(|(purpose, file)| Some((purpose, file.clone()?)));
        Beside::new(kind, given, environment)
    }

    /// What was given beside the URLs of all kinds.
    pub fn all_beside(&self) -> Vec<Beside> {
        [BrokerKind::RedisServer, BrokerKind::NatsServer].map(|kind| self.beside(kind)).to_vec()
    }

    /// The servers that were given.
    pub fn urls(&self) -> Vec<GivenUrl> {
        [BrokerKind::RedisServer, BrokerKind::NatsServer]
            .into_iter()
            .filter_map(|kind| self.given(kind))
            .collect()
    }
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
