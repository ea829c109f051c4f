//! Flags that say which servers are used.

use std::path::PathBuf;

use clap::Args;

use super::url_of::UrlOf;
use weighbridge_plan::endpoint::{Beside, Context, ContextError, GivenUrl, Purpose, from_parts};
use weighbridge_record::terms::BrokerKind;

/// A server as flags and environment give it.
pub struct Given {
    /// By a flag for its URL, by a context, by a variable for its URL, else by its parts in the environment.
    pub url: Option<GivenUrl>,
    /// What is given beside that URL, or beside one of a scenario.
    pub beside: Beside,
}

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
    /// Measure the NATS server of this context, as `nats context` keeps it (else NATS_CONTEXT)
    #[arg(long, value_name = "NAME")]
    pub nats_context: Option<String>,
    /// Ask the NATS server that is measured for its figures here, for example http://127.0.0.1:8222
    #[arg(long, value_name = "U", env = "NATS_MONITORING_URL", hide_env_values = true)]
    pub nats_monitoring: Option<String>,
    /// Read this file of NAME=VALUE lines first; what the environment has goes before it
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
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
    /// What was given of each kind of server, Redis first.
    pub fn given(&self) -> Result<[Given; 2], ContextError> {
        let [redis, nats] = BrokerKind::ALL;
        let by_parts = |kind| from_parts(kind, environment);
        let of_redis = Given {
            url: self.redis_url.clone().or_else(|| by_parts(redis)),
            beside: Beside::new(redis, self.files(redis), environment),
        };
        let beside = Beside::new(nats, self.files(nats), environment);
        // Where a context is in force, a URL is not.
        let of_nats = match self.context()? {
            Some(context) => {
                Given { beside: beside.or(&context.place, context.files), url: Some(context.url) }
            }
            None => Given { url: self.nats_url.clone().or_else(|| by_parts(nats)), beside },
        };
        Ok([of_redis, of_nats])
    }

    /// The context that is in force: a flag goes before the URL of the environment, a variable after it.
    fn context(&self) -> Result<Option<Context>, ContextError> {
        let by_variable = || environment("NATS_CONTEXT").filter(|name| !name.is_empty());
        let name = match (&self.nats_context, &self.nats_url) {
            (Some(name), Some(url)) if url.by_environment() => Some(name.clone()),
            (_, Some(_)) => None,
            (Some(name), None) => Some(name.clone()),
            (None, None) => by_variable(),
        };
        let home = PathBuf::from(environment("HOME").unwrap_or_default());
        let configuration = environment("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty());
        let configuration = configuration.map_or_else(|| home.join(".config"), PathBuf::from);
        name.map(|name| Context::read(&name, &configuration, &home)).transpose()
    }

    /// Files that flags name for this kind of server.
    fn files(&self, kind: BrokerKind) -> Vec<(Purpose, PathBuf)> {
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
        files.into_iter().filter_map(|(purpose, file)| Some((purpose, file.clone()?))).collect()
    }
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
