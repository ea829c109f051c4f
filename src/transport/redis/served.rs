//! Whether somebody takes requests, as a server tells.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{RedisError, Value};

use crate::connect::patience::ANSWERS_WITHIN;
use crate::connect::redis::{connect, plain};
use crate::transport::error::TransportError;
use weighbridge_plan::endpoint::Endpoint;

async fn asking(endpoint: &Endpoint) -> Result<MultiplexedConnection, TransportError> {
    let within: Duration = ANSWERS_WITHIN;
    Ok(connect(endpoint, Some(within), 0).await?)
}

fn failed(error: &RedisError) -> TransportError {
    TransportError::failed("looking for workers", plain(error))
}

/// Whether each list of channels is heard on its first, by name or by a pattern. An empty message goes out for it.
pub(super) async fn hear(endpoint: &Endpoint, channels: &[Vec<String>]) -> Result<bool, TransportError> {
    let mut connection = asking(endpoint).await?;
    for channel in channels.iter().filter_map(|channels| channels.first()) {
        let heard: Result<i64, _> =
            redis::cmd("PUBLISH").arg(channel).arg("").query_async(&mut connection).await;
        if heard.map_err(|error| failed(&error))? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the group has consumers.
pub(super) async fn has_consumers(
    endpoint: &Endpoint,
    stream: &str,
    group: &str,
) -> Result<bool, TransportError> {
    let mut connection = asking(endpoint).await?;
    let mut info = redis::cmd("XINFO");
    let consumers: Result<Value, _> =
        info.arg(&["CONSUMERS", stream, group]).query_async(&mut connection).await;
    match consumers.map_err(|error| failed(&error))? {
        Value::Array(consumers) => Ok(!consumers.is_empty()),
        _ => Ok(false),
    }
}
