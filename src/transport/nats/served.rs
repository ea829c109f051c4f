//! Whether somebody takes requests, as a server tells.

use std::time::Duration;

use async_nats::client::RequestErrorKind;
use bytes::Bytes;

use crate::connect;
use crate::transport::error::TransportError;
use weighbridge_plan::endpoint::Endpoint;

/// A server says at once that nobody listens; who listens need not answer.
const SAID_WITHIN: Duration = Duration::from_millis(500);

/// Whether anybody has subscribed to the subject. An empty message goes out for it.
pub(super) async fn hears(endpoint: &Endpoint, subject: String) -> Result<bool, TransportError> {
    let client = connect::nats::connect(endpoint, "weighbridge-preflight", 0).await?;
    let request = async_nats::Request::new().payload(Bytes::new()).timeout(Some(SAID_WITHIN));
    match client.send_request(subject, request).await {
        Ok(_) => Ok(true),
        Err(error) => match error.kind() {
            RequestErrorKind::TimedOut => Ok(true),
            RequestErrorKind::NoResponders => Ok(false),
            _ => Err(TransportError::failed("looking for workers", error)),
        },
    }
}
