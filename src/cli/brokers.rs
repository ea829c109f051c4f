//! Flags that say which servers are used.

use std::path::PathBuf;

use clap::Args;

use super::url_of::UrlOf;
use weighbridge_plan::endpoint::{Beside, Context, ContextError, GivenUrl, Purpose, from_parts};
use weighbridge_record::terms::BrokerKind;

const KINDS: [BrokerKind; 2] = [BrokerKind::RedisServer, BrokerKind::NatsServer];

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
    /// The server of this kind that was given: by a flag for its URL, by a context, by a variable for its URL, else by
    /// its parts in the environment.
    pub fn given(&self, kind: BrokerKind) -> Result<Option<GivenUrl>, ContextError> {
        let url = match kind {
            BrokerKind::RedisServer => &self.redis_url,
            BrokerKind::NatsServer => &self.nats_url,
        };
        let context = self.context(kind)?;
        // Where a context is in force, a URL is not.
        let by_context = context.map(|context| context.url);
        Ok(by_context.or_else(|| url.clone()).or_else(|| from_parts(kind, environment)))
    }

    /// The context that is in force: a flag goes before the URL of the environment, a variable after it.
    fn context(&self, kind: BrokerKind) -> Result<Option<Context>, ContextError> {
        let by_variable = || environment("NATS_CONTEXT").filter(|name| !name.is_empty());
        let name = match (&self.nats_context, &self.nats_url) {
            _ if kind != BrokerKind::NatsServer => None,
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

    /// What was given beside the URL of this kind of server.
    pub fn beside(&self, kind: BrokerKind) -> Result<Beside, ContextError> {
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
        let beside = Beside::new(kind, given, environment);
        Ok(match self.context(kind)? {
            Some(context) => beside.or(&context.place, context.files),
            None => beside,
        })
    }

    /// What was given beside the URLs of all kinds.
    pub fn all_beside(&self) -> Result<Vec<Beside>, ContextError> {
        KINDS.into_iter().map(|kind| self.beside(kind)).collect()
    }

    /// The servers that were given.
    pub fn urls(&self) -> Result<Vec<GivenUrl>, ContextError> {
        KINDS.into_iter().filter_map(|kind| self.given(kind).transpose()).collect()
    }
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
