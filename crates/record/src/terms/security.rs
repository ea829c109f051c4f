//! How connections are encrypted, and how clients are let in.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::BrokerKind;

/// Whether connections are encrypted, and who shows a certificate.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// Plain connections.
    #[default]
    Off,
    /// The server shows a certificate.
    Tls,
    /// Both sides show one.
    Mutual,
}

impl TlsMode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Tls => "tls",
            Self::Mutual => "mutual",
        }
    }

    pub fn is_off(&self) -> bool {
        *self == Self::Off
    }
}

impl fmt::Display for TlsMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a client shows to be let in.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum AuthMode {
    /// Nothing.
    #[default]
    None,
    /// A password; on NATS with a user.
    Password,
    /// A token; NATS alone.
    Token,
    /// A signature by a user's key; NATS alone.
    Nkey,
    /// A JWT and a signature, of a user of an operator's account; NATS alone.
    Credentials,
    /// User and password, with the rights that the transport needs and no others.
    Acl,
}

impl AuthMode {
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Password => "password",
            Self::Token => "token",
            Self::Nkey => "nkey",
            Self::Credentials => "credentials",
            Self::Acl => "acl",
        }
    }

    pub fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// Whether servers of this kind know it.
    pub fn is_of(self, kind: BrokerKind) -> bool {
        match self {
            Self::None | Self::Password | Self::Acl => true,
            Self::Token | Self::Nkey | Self::Credentials => kind == BrokerKind::NatsServer,
        }
    }
}

impl fmt::Display for AuthMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
