//! What a server is shown before it lets us in, and how it is known to be the one that was meant.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Secret;
use weighbridge_record::terms::AuthMode;

/// What the server is shown before it lets us in.
#[derive(Clone, PartialEq, Eq)]
pub enum Access {
    None,
    Password {
        /// None: Redis' default user.
        user: Option<String>,
        password: Secret,
    },
    Token(Secret),
    /// The seed of a user's key, which signs what the server asks; NATS alone.
    Nkey(Secret),
    /// The text of a credentials file: a user's JWT and seed; NATS alone.
    Credentials(Secret),
}

impl Access {
    /// What it is; rights don't show in it.
    pub fn mode(&self) -> AuthMode {
        match self {
            Self::None => AuthMode::None,
            Self::Password { .. } => AuthMode::Password,
            Self::Token(_) => AuthMode::Token,
            Self::Nkey(_) => AuthMode::Nkey,
            Self::Credentials(_) => AuthMode::Credentials,
        }
    }
}

/// Whether the connection is encrypted. The server's certificate is always verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    Off,
    On(Certificates),
}

impl Tls {
    /// With the issuers that the system trusts, and no certificate of our own.
    pub fn of_the_system() -> Self {
        Self::On(Certificates::default())
    }

    pub fn is_on(&self) -> bool {
        matches!(self, Self::On(_))
    }
}

/// Files in PEM form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificates {
    /// Issuers that are trusted, and no others; none: those that the system trusts.
    pub issuers: Option<PathBuf>,
    /// What we show the server; none: nothing.
    pub own: Option<Identity>,
}

/// A certificate and its key, a file each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub certificate: PathBuf,
    pub key: PathBuf,
}
