//! A server's URL from outside a scenario, with the place where it was written: an error must blame that one.

use std::fmt;

use super::{Endpoint, Secret, UrlError};
use weighbridge_record::terms::BrokerKind;

/// A URL of the command line or the environment, not yet read.
#[derive(Clone)]
pub struct GivenUrl {
    pub kind: BrokerKind,
    /// May hold a password.
    pub text: Secret,
    /// Whether the environment gave it, and no flag.
    pub by_variable: bool,
}

impl GivenUrl {
    pub fn by_flag(kind: BrokerKind, text: impl Into<String>) -> Self {
        Self { kind, text: Secret::new(text), by_variable: false }
    }

    pub fn by_variable(kind: BrokerKind, text: impl Into<String>) -> Self {
        Self { kind, text: Secret::new(text), by_variable: true }
    }

    /// The flag that sets the URL of this kind of server.
    pub fn flag(kind: BrokerKind) -> &'static str {
        match kind {
            BrokerKind::RedisServer => "--redis-url",
            BrokerKind::NatsServer => "--nats-url",
        }
    }

    /// The environment variable that sets it where no flag does.
    pub fn variable(kind: BrokerKind) -> &'static str {
        match kind {
            BrokerKind::RedisServer => "REDIS_URL",
            BrokerKind::NatsServer => "NATS_URL",
        }
    }

    /// Where it was written, in words.
    pub fn place(&self) -> String {
        match self.by_variable {
            true => format!("the environment variable {}", Self::variable(self.kind)),
            false => Self::flag(self.kind).to_owned(),
        }
    }

    /// The URL as it may be shown.
    pub fn shown(&self) -> String {
        super::shown(self.kind, self.text.expose())
    }

    pub fn endpoint(&self) -> Result<Endpoint, UrlError> {
        Endpoint::parse(self.kind, self.text.expose())
    }
}

impl fmt::Debug for GivenUrl {
    /// Without the URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GivenUrl({})", self.place())
    }
}
