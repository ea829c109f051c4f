//! What is tried on a Redis before anything is measured.

use std::time::Duration;

use redis::RedisError;

use crate::connect::{self, redis::plain};
use crate::transport::error::TransportError;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::terms::BrokerKind;

/// Checks that the server answers commands and takes bodies of this size.
pub(super) async fn preflight(endpoint: &Endpoint, body_bytes: usize) -> Result<(), TransportError> {
    let mut connection = connect::redis::connect(endpoint, Some(Duration::from_secs(5)), 0).await?;
    let answer = connect::redis::ping(&mut connection).await;
    answer.map_err(|error| connect::redis::unreachable(endpoint, &error))?;
    let limit: Result<Vec<String>, _> =
        redis::cmd("CONFIG").arg("GET").arg("proto-max-bulk-len").query_async(&mut connection).await;
    // CONFIG may be forbidden on external servers; the limit is then the server's to enforce.
    let limit_bytes = limit.ok().and_then(|pair| pair.get(1).and_then(|value| value.parse().ok()));
    if let Some(limit_bytes) = limit_bytes
        && body_bytes > limit_bytes
    {
        let (broker, setting) = (BrokerKind::RedisServer, "proto-max-bulk-len");
        return Err(TransportError::TooLarge { broker, setting, body_bytes, limit_bytes });
    }
    Ok(())
}

/// A command that the server did not carry out.
pub(super) fn refused(endpoint: &Endpoint, command: &str, on: &str, error: &RedisError) -> TransportError {
    let reason = format!("{command} {on}: {}", plain(error));
    TransportError::Refused { broker: endpoint.kind, address: endpoint.address(), reason }
}
