//! Results into their stream: added first, and only then is the request acknowledged and deleted.

use std::rc::Rc;

use async_trait::async_trait;
use bytes::Bytes;
use redis::{Pipeline, RedisError, Value};

use super::entries::add;
use super::group::GROUP;
use super::in_hand::InHand;
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
    pub subjects: Vec<String>,
    pub in_hand: Rc<InHand>,
    pub troubles: Troubles,
}

#[async_trait(?Send)]
impl Responder for ResultAdder {
    async fn reply(&self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        let mut add_results = Pipeline::with_capacity(replies.len());
        let mut done = Vec::with_capacity(replies.len());
        for reply in replies.drain(..) {
            if let Some(body) = reply.body {
                add(&mut add_results, &self.results, &self.subjects[reply.key as usize], &body);
            }
            done.extend(reply.receipt.0);
        }
        self.in_hand.settle(done.len());
        let Some(lent) = self.link.lend() else {
            self.troubles.note(&TransportError::failed("XADD of results", "the connection is down"));
            self.in_hand.settled(false);
            return Ok(());
        };
        let acknowledgement = Acknowledgement { stream: self.requests.clone(), done };
        let (link, troubles) = (self.link.clone(), self.troubles.clone());
        let in_hand = Rc::clone(&self.in_hand);
        tokio::task::spawn_local(async move {
            let number = lent.number;
            let settled = settle(lent, add_results, acknowledgement).await;
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
) -> Result<(), (&'static str, RedisError)> {
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
