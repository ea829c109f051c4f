//! The consumer group of the workers: its name, its rules, and how it is created anew.

use redis::aio::MultiplexedConnection;
use redis::{RedisError, Value};

use crate::clock::now_ns;
use crate::transport::troubles::Troubles;
use weighbridge_record::result::{GapKind, Side};

pub(in crate::transport) const GROUP: &str = "priority-workers";

/// Creates the group, and the stream with it; all that is in the stream is for the group.
pub(super) async fn create(stream: &str, connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
    let mut create = redis::cmd("XGROUP");
    create.arg("CREATE").arg(stream).arg(&[GROUP, "0", "MKSTREAM"]);
    create.exec_async(connection).await
}

/// The server is there and its data is not: an epoch. The group is created anew from the start of the stream, so
/// that nothing added since is passed over, and that is told.
pub(super) async fn begin_anew(
    stream: &str,
    connection: &mut MultiplexedConnection,
    (side, troubles): (Side, &Troubles),
) -> Result<(), RedisError> {
    let detail = format!("redis-server came back without its data: no stream or group in `{stream}`");
    let found_ns = now_ns();
    match create(stream, connection).await {
        // Another worker was faster.
        Err(error) if error.code() == Some("BUSYGROUP") => {}
        created => created?,
    }
    troubles.end(troubles.begin(side, GapKind::Epoch, detail, found_ns), now_ns());
    Ok(())
}

/// Whether the stream is there.
pub(super) async fn exists(stream: &str, connection: &mut MultiplexedConnection) -> Result<bool, RedisError> {
    redis::cmd("EXISTS").arg(stream).query_async(connection).await
}

/// Identifier that the stream gave last; none where there is no stream.
pub(super) async fn last_id(
    stream: &str,
    connection: &mut MultiplexedConnection,
) -> Result<Option<String>, RedisError> {
    let mut info = redis::cmd("XINFO");
    let info: Result<Value, _> = info.arg("STREAM").arg(stream).query_async(connection).await;
    let fields = match info {
        Ok(Value::Array(fields)) => fields,
        Ok(_) => return Ok(None),
        Err(_) if !exists(stream, connection).await? => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut fields = fields.into_iter();
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        if let (Value::BulkString(name), Value::BulkString(value)) = (name, value)
            && name == b"last-generated-id"
        {
            return Ok(Some(String::from_utf8_lossy(&value).into_owned()));
        }
    }
    Ok(None)
}
