//! Why a server could not be connected to.

use std::error::Error;
use std::io;
use std::sync::Arc;

use super::tls;
use crate::open_files;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::terms::BrokerKind;

#[derive(Debug, Clone, thiserror::Error)]
pub enum ConnectError {
    #[error("cannot reach {broker} at {address}: {reason}")]
    Unavailable {
        broker: BrokerKind,
        address: String,
        reason: String,
        /// Nothing listens there, or no such host is known.
        nobody: bool,
    },
    /// It is there, and does not let us in.
    #[error("{broker} at {address} refused: {reason}")]
    Refused { broker: BrokerKind, address: String, reason: String },
    #[error("no TLS with {broker} at {address}: {reason}")]
    Tls { broker: BrokerKind, address: String, reason: String },
}

impl ConnectError {
    /// It is not there, TLS fails, or there is a reason on our side that it can't be reached.
    pub(super) fn unavailable(
        endpoint: &Endpoint,
        mut reason: String,
        cause: &(dyn Error + 'static),
    ) -> Self {
        if let Some(reason) = tls::mend(endpoint.kind, cause) {
            return Self::Tls { broker: endpoint.kind, address: endpoint.address(), reason };
        }
        if let Some(mend) = open_files::mend(cause) {
            reason = format!("{reason}; {mend}");
        }
        Self::Unavailable {
            broker: endpoint.kind,
            address: endpoint.address(),
            reason,
            nobody: nobody(cause),
        }
    }
}

/// Whether the error behind another is that nobody is there to answer.
fn nobody(error: &(dyn Error + 'static)) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, NotFound};
    if let Some(shared) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return nobody(shared.as_ref());
    }
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    let told = [ConnectionRefused, HostUnreachable, NetworkUnreachable, NotFound];
    kind.is_some_and(|kind| told.contains(&kind)) || error.source().is_some_and(nobody)
}
