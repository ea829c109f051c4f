//! Results off their stream, for the collector: after a break it goes on behind the last one that was read.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use redis::{RedisError, Value};

use super::entries::entries_of_read;
use super::group::last_id;
use super::requests::BLOCK_MS;
use crate::clock::now_ns;
use crate::connect::redis::plain;
use crate::transport::ends::Collector;
use crate::transport::error::TransportError;
use crate::transport::frame::Arrival;
use crate::transport::redis::link::{Lent, Link, OnBreak};
use crate::transport::redis::told::tell;
use crate::transport::troubles::Troubles;
use weighbridge_record::result::{GapKind, Side};

/// Pause after an error that reconnecting does not mend and waiting may.
const PAUSE: Duration = Duration::from_millis(100);

/// Identifier of the last result that was read.
#[derive(Clone)]
pub(super) struct Position(Rc<RefCell<String>>);

impl Default for Position {
    fn default() -> Self {
        Self(Rc::new(RefCell::new("0-0".to_owned())))
    }
}

pub(super) struct Results {
    pub link: Link,
    pub lent: Lent,
    pub stream: String,
    pub position: Position,
    pub troubles: Troubles,
}

#[async_trait(?Send)]
impl Collector for Results {
    async fn receive(&mut self, max: usize, into: &mut Vec<Arrival>) -> Result<(), TransportError> {
        while into.is_empty() {
            let mut read = redis::cmd("XREAD");
            read.arg("COUNT").arg(max).arg("BLOCK").arg(BLOCK_MS).arg("STREAMS").arg(&self.stream);
            read.arg(&*self.position.0.borrow());
            let entries = match read.query_async::<Value>(&mut self.lent.connection).await {
                Ok(entries) => entries_of_read(entries)?,
                Err(error) => {
                    self.mend(&error).await?;
                    continue;
                }
            };
            if let Some(last) = entries.last() {
                *self.position.0.borrow_mut() = String::from_utf8_lossy(&last.id).into_owned();
            }
            let each =
                |entry: super::entries::Entry| Arrival { body: entry.data, sequence: None, refusal: None };
            into.extend(entries.into_iter().map(each));
        }
        Ok(())
    }
}

impl Results {
    async fn mend(&mut self, error: &RedisError) -> Result<(), TransportError> {
        match error.code() {
            Some("WRONGTYPE") => return Err(TransportError::failed("XREAD", plain(error))),
            // The server is loading, or the like; a right that was taken may be given back.
            Some(_) => {
                tell(&self.troubles, "XREAD", error);
                tokio::time::sleep(PAUSE).await;
            }
            None => _ = self.link.give_up(self.lent.number, &plain(error)),
        }
        self.lent = self.link.wait().await;
        Ok(())
    }
}

/// After a break: whether the server still has the last result that was read. If it has not, all that it stores
/// behind what it has is new.
pub(super) struct SameResults {
    pub stream: String,
    pub position: Position,
    pub troubles: Troubles,
}

#[async_trait(?Send)]
impl OnBreak for SameResults {
    async fn look(&self, connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
        let read = self.position.0.borrow().clone();
        let last = last_id(&self.stream, connection).await?;
        // Before the first result there is nothing to lose.
        let last = last.unwrap_or_else(|| "0-0".to_owned());
        if read != "0-0" && number(&last) < number(&read) {
            let detail =
                format!("redis-server came back without results of `{}` that were read", self.stream);
            // Whoever adds the first result creates the stream.
            let at_ns = now_ns();
            let epoch = self.troubles.begin(Side::Collector, GapKind::Epoch, detail, at_ns);
            self.troubles.end(epoch, at_ns);
            *self.position.0.borrow_mut() = last;
        }
        Ok(())
    }
}

/// An identifier as what it is ordered by.
fn number(id: &str) -> Option<(u64, u64)> {
    let (ms, number) = id.split_once('-')?;
    Some((ms.parse().ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn identifiers_are_ordered_as_numbers() {
        assert!(number("9-1") < number("10-0") && number("10-2") < number("10-11"));
    }
}
