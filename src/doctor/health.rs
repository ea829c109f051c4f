//! The integration guide's health check, for both brokers: connects, looks at what stores, and says what is wrong.

use async_nats::jetstream;

use super::no_answer::NoAnswer;
use crate::connect::{self, ConnectError};
use crate::site::SiteError;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::terms::BrokerKind;

/// What a server keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stores {
    /// Whether JetStream answers; none for Redis, whose streams are always there.
    pub jetstream_enabled: Option<bool>,
    /// Streams of JetStream that this account has; keys of the Redis database.
    pub count: u64,
}

/// How a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Healthy,
    /// It is there, and does not serve us.
    Unhealthy,
    /// Nobody is there.
    Absent,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Absent => "absent",
        }
    }

    /// Of a server that can't be used for this reason.
    pub(super) fn of(error: &NoAnswer) -> Self {
        let connect = match error {
            NoAnswer::Site(SiteError::NotFound { .. } | SiteError::Unresolved { .. }) => return Self::Absent,
            NoAnswer::Site(SiteError::Connect(error)) | NoAnswer::Connect(error) => error,
            _ => return Self::Unhealthy,
        };
        match connect {
            ConnectError::Unavailable { nobody: true, .. } => Self::Absent,
            _ => Self::Unhealthy,
        }
    }
}

/// Asks what the server keeps; an error where it doesn't keep what is given to it.
pub(super) async fn stores(endpoint: &Endpoint, wants_jetstream: bool) -> Result<Stores, NoAnswer> {
    match endpoint.kind {
        BrokerKind::RedisServer => redis(endpoint).await,
        BrokerKind::NatsServer => nats(endpoint, wants_jetstream).await,
    }
}

async fn nats(endpoint: &Endpoint, wants_jetstream: bool) -> Result<Stores, NoAnswer> {
    let client = connect::nats::connect(endpoint, "weighbridge-doctor", 0).await?;
    match jetstream::new(client).query_account().await {
        Ok(account) => Ok(Stores { jetstream_enabled: Some(true), count: account.streams as u64 }),
        Err(_) if !wants_jetstream => Ok(Stores { jetstream_enabled: Some(false), count: 0 }),
        Err(error) => {
            let reason = format!(
                "JetStream does not answer ({error}); enable it with `jetstream {{}}` in the server's settings and for \
                 the account, or say that none is wanted with JETSTREAM_ENABLED=false"
            );
            Err(NoAnswer::Unsound { kind: endpoint.kind, reason })
        }
    }
}

async fn redis(endpoint: &Endpoint) -> Result<Stores, NoAnswer> {
    let unsound = |reason: String| NoAnswer::Unsound { kind: endpoint.kind, reason };
    let mut connection =
        connect::redis::connect(endpoint, Some(connect::patience::ANSWERS_WITHIN), 0).await?;
    let info: Result<String, _> = redis::cmd("INFO").arg("persistence").query_async(&mut connection).await;
    // Who may not read it may be served all the same.
    let info = info.unwrap_or_default();
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    for (name, bad, what) in [
        ("loading", "1", "it still loads its data: wait until that is done"),
        (
            "aof_last_write_status",
            "err",
            "it could not write its append-only file: look at its disk and its log",
        ),
    ] {
        if field(name).is_some_and(|value| value.trim() == bad) {
            return Err(unsound(what.to_owned()));
        }
    }
    let alive = connect::redis::ping(&mut connection).await;
    alive.map_err(|error| unsound(connect::redis::plain(&error)))?;
    let count = redis::cmd("DBSIZE").query_async(&mut connection).await.unwrap_or(0);
    Ok(Stores { jetstream_enabled: None, count })
}
