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
    source: Source,
}

/// Where a URL was written.
#[derive(Clone, PartialEq, Eq)]
enum Source {
    Flag,
    Variable,
    /// By these variables of the environment, a part each.
    Parts(Vec<String>),
    /// By a context of the NATS command line.
    Context(String),
}

impl GivenUrl {
    pub fn by_flag(kind: BrokerKind, text: impl Into<String>) -> Self {
        Self { kind, text: Secret::new(text), source: Source::Flag }
    }

    pub fn by_variable(kind: BrokerKind, text: impl Into<String>) -> Self {
        Self { kind, text: Secret::new(text), source: Source::Variable }
    }

    pub fn by_parts(kind: BrokerKind, text: impl Into<String>, variables: Vec<String>) -> Self {
        Self { kind, text: Secret::new(text), source: Source::Parts(variables) }
    }

    /// By the context of this name.
    pub fn by_context(text: impl Into<String>, name: &str) -> Self {
        let source = Source::Context(name.to_owned());
        Self { kind: BrokerKind::NatsServer, text: Secret::new(text), source }
    }

    /// Whether the environment gave it, and no flag.
    pub fn by_environment(&self) -> bool {
        self.source != Source::Flag
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
        match &self.source {
            Source::Flag => Self::flag(self.kind).to_owned(),
            Source::Variable => format!("the environment variable {}", Self::variable(self.kind)),
            Source::Context(name) => format!("the NATS context {name}"),
            Source::Parts(variables) => format!("the environment variables {}", variables.join(", ")),
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
