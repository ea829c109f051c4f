//! Why a broker does not serve.

use std::time::Duration;

use crate::connect::ConnectError;
use crate::site::SiteError;
use weighbridge_record::terms::BrokerKind;

#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error(transparent)]
    Site(#[from] SiteError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("a round trip to {kind} failed: {reason}")]
    RoundTrip { kind: BrokerKind, reason: String },
    #[error("{kind} is not sound: {reason}")]
    Unsound { kind: BrokerKind, reason: String },
    #[error("{kind} has not answered all that was asked within {} s", within.as_secs_f64())]
    Late { kind: BrokerKind, within: Duration },
}
