//! Why a path could not do its work.

use crate::connect::ConnectError;
use weighbridge_record::terms::BrokerKind;

/// What went wrong on a path, with what was tried and what to do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransportError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("{broker} at {address} refused: {reason}")]
    Refused { broker: BrokerKind, address: String, reason: String },
    #[error("{what} `{name}` exists already on {address}; delete it, or set another `brokers.prefix`")]
    Exists { what: &'static str, name: String, address: String },
    #[error(
        "a request of up to {body_bytes} bytes does not fit {broker}'s limit of {limit_bytes} bytes ({setting}); \
         lower `payload.description_bytes`, or name a server with a higher limit"
    )]
    TooLarge { broker: BrokerKind, setting: &'static str, body_bytes: usize, limit_bytes: usize },
    #[error("{0}")]
    Publisher(String),
    #[error("{what} failed: {reason}")]
    Failed { what: &'static str, reason: String },
    #[error("{what} was closed")]
    Closed { what: &'static str },
}

impl TransportError {
    /// Whether the broker is there and does not let us.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Connect(ConnectError::Refused { .. }))
    }

    pub(crate) fn failed(what: &'static str, reason: impl ToString) -> Self {
        Self::Failed { what, reason: reason.to_string() }
    }
}
