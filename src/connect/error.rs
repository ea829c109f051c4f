//! Why a server could not be connected to.

use weighbridge_record::terms::BrokerKind;

#[derive(Debug, Clone, thiserror::Error)]
pub enum ConnectError {
    #[error("cannot reach {broker} at {address}: {reason}")]
    Unavailable { broker: BrokerKind, address: String, reason: String },
    /// It is there, and does not let us in.
    #[error("{broker} at {address} refused: {reason}")]
    Refused { broker: BrokerKind, address: String, reason: String },
}
