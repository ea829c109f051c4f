//! Results into their stream: added first, and only then is the request acknowledged and deleted.

use std::rc::Rc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use redis::{Pipeline, RedisError, Value};

use super::entries::add;
use super::group::GROUP;
use super::in_hand::InHand;
use super::once::Once;
use crate::sabotage;
use crate::transport::ends::Responder;
use crate::transport::error::TransportError;
use crate::transport::frame::Reply;
use crate::transport::redis::link::{Lent, Link};
use crate::transport::redis::told::tell;
use crate::transport::troubles::Troubles;
use weighbridge_record::terms::Moment;

pub(super) struct ResultAdder {
    pub link: Link,
    pub requests: String,
    pub results: String,
    pub subjects: Rc<[String]>,
    /// Where each request is answered once.
    pub once: Option<Once>,
    pub in_hand: Rc<InHand>,
    pub troubles: Troubles,
}

#[async_trait(?Send)]
impl Responder for ResultAdder {
    async fn reply(&self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        self.in_hand.settle(replies.iter().filter(|reply| reply.receipt.0.is_some()).count());
        let Some(lent) = self.link.lend() else {
            self.troubles.note(&TransportError::failed("XADD of results", "the connection is down"));
            self.in_hand.settled(false);
            replies.clear();
            return Ok(());
        };
        let (number, settled) = (lent.number, self.settling(lent, replies));
        let (link, troubles) = (self.link.clone(), self.troubles.clone());
        let in_hand = Rc::clone(&self.in_hand);
        tokio::task::spawn_local(async move {
            let settled = settled.await;
            if let Err((command, error)) = &settled {
                tell(&troubles, command, error);
                link.failed(number, error);
            }
            // What the server refuses is left for the others to reclaim.
            in_hand.settled(settled.is_ok() || settled.is_err_and(|(_, error)| error.code().is_some()));
        });
        Ok(())
    }
}

impl ResultAdder {
    /// Stores results and acknowledges their requests, as the delivery mode asks for.
    fn settling(&self, mut lent: Lent, replies: &mut Vec<Reply>) -> LocalBoxFuture<'static, Settled> {
        let (requests, results) = (self.requests.clone(), self.results.clone());
        if let Some(once) = self.once.clone() {
            let (subjects, replies) = (Rc::clone(&self.subjects), std::mem::take(replies));
            return async move {
                once.settle(&mut lent.connection, [&requests, &results], &subjects, &replies).await
            }
            .boxed_local();
        }
        let mut add_results = Pipeline::with_capacity(replies.len());
        let mut done = Vec::with_capacity(replies.len());
        for reply in replies.drain(..) {
            if let Some(body) = reply.body {
                add(&mut add_results, &results, &self.subjects[reply.key as usize], &body);
            }
            done.extend(reply.receipt.0);
        }
        settle(lent, add_results, Acknowledgement { stream: requests, done }).boxed_local()
    }
}

/// The command that failed, and why.
type Settled = Result<(), (&'static str, RedisError)>;

/// Requests to acknowledge.
struct Acknowledgement {
    stream: String,
    done: Vec<Bytes>,
}

/// Adds results, then acknowledges their requests and deletes them. A refused `XADD` leaves them pending.
async fn settle(
    mut lent: Lent,
    add_results: Pipeline,
    Acknowledgement { stream, done }: Acknowledgement,
) -> Settled {
    if !add_results.is_empty() {
        let added: Result<Value, _> = add_results.query_async(&mut lent.connection).await;
        added.map_err(|error| ("XADD of results", error))?;
    }
    sabotage::at(Moment::BeforeAck);
    if done.is_empty() {
        return Ok(());
    }
    let ids: Vec<&[u8]> = done.iter().map(|id| &id[..]).collect();
    let mut settle = Pipeline::with_capacity(2);
    settle.cmd("XACK").arg(&stream).arg(GROUP).arg(&ids);
    settle.cmd("XDEL").arg(&stream).arg(&ids);
    let settled: Result<Value, _> = settle.query_async(&mut lent.connection).await;
    settled.map_err(|error| ("XACK", error))?;
    sabotage::at(Moment::AfterAck);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use redis::aio::MultiplexedConnection;
    use redis::{AsyncConnectionConfig, RedisConnectionInfo};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use super::*;

    /// Long enough for a command that is on its way already.
    const AWHILE: Duration = Duration::from_millis(50);

    /// Answers `XADD` with `answer` when a while has passed, and all else at once; notes what it hears.
    async fn serve(mut stream: DuplexStream, answer: &'static str, heard: Rc<RefCell<Vec<String>>>) {
        let mut bytes = vec![0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut bytes).await {
            for word in String::from_utf8_lossy(&bytes[..count]).lines() {
                let reply = match word {
                    "XADD" => answer,
                    "XACK" | "XDEL" => ":1\r\n",
                    "CLIENT" => "+OK\r\n",
                    _ => continue,
                };
                heard.borrow_mut().push(word.to_owned());
                if word == "XADD" {
                    tokio::time::timeout(AWHILE, stream.read_u8()).await.expect_err("nothing more");
                }
                stream.write_all(reply.as_bytes()).await.expect("a client that listens");
            }
        }
    }

    /// Settles one request whose result the server answers so; gives what it says of that, and the commands of
    /// streams that the server heard.
    fn settled(answer: &'static str) -> (Result<(), &'static str>, Vec<String>) {
        let heard = Rc::new(RefCell::new(Vec::new()));
        let settle = async {
            let (client, server) = tokio::io::duplex(1 << 16);
            tokio::task::spawn_local(serve(server, answer, Rc::clone(&heard)));
            let (info, config) = (RedisConnectionInfo::default(), AsyncConnectionConfig::new());
            let made = MultiplexedConnection::new_with_config(&info, client, config);
            let (connection, driver) = made.await.expect("a connection");
            tokio::spawn(driver);
            let mut add_results = Pipeline::new();
            add(&mut add_results, "results", "LOW", b"{}");
            let done = vec![Bytes::from_static(b"1-0")];
            let acknowledgement = Acknowledgement { stream: "requests".to_owned(), done };
            settle(Lent { connection, number: 1 }, add_results, acknowledgement).await
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let settled = tokio::task::LocalSet::new().block_on(&runtime, settle);
        let commands = heard.borrow().iter().filter(|word| word.starts_with('X')).cloned().collect();
        (settled.map_err(|(command, _)| command), commands)
    }

    #[test]
    fn a_request_is_acknowledged_when_its_result_is_stored_and_not_before() {
        let (settled, heard) = settled("$3\r\n1-0\r\n");
        assert_eq!(settled, Ok(()));
        assert_eq!(heard, ["XADD", "XACK", "XDEL"]);
    }

    #[test]
    fn a_request_whose_result_is_refused_stays_pending() {
        let (settled, heard) = settled("-OOM it is full\r\n");
        assert_eq!(settled, Err("XADD of results"));
        assert_eq!(heard, ["XADD"]);
    }
}
