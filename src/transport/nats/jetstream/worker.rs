//! The worker's side of JetStream: takes requests off the durable consumer, stores a result, and only then
//! acknowledges its request.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use async_nats::jetstream::{consumer, stream};
use async_nats::{Client, Subject, Subscriber};
use async_trait::async_trait;
use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use serde::Deserialize;

use super::acks::stored;
use crate::transport::ends::{Consumer, Responder};
use crate::transport::error::TransportError;
use crate::transport::frame::{Delivery, Receipt, Reply};
use crate::transport::nats::subjects::{Inbox, last_token};
use crate::transport::nats::subscription;
use crate::transport::troubles::Troubles;

/// Requests from the durable consumer.
pub(super) struct Requests {
    pub messages: consumer::pull::Stream,
    /// Advisories of messages that the server will not deliver again; read by the first worker.
    pub given_up: Option<Subscriber>,
    pub requests: stream::Stream<()>,
}

#[derive(Deserialize)]
struct MaxDeliveries {
    stream_seq: u64,
}

impl Requests {
    /// The message that an advisory speaks of, marked as parked.
    async fn parked(&self, advisory: &async_nats::Message) -> Result<Delivery, TransportError> {
        let failed =
            |reason: &dyn std::fmt::Display| TransportError::failed("reading a parked message", reason);
        let advisory: MaxDeliveries =
            serde_json::from_slice(&advisory.payload).map_err(|error| failed(&error))?;
        let message =
            self.requests.get_raw_message(advisory.stream_seq).await.map_err(|error| failed(&error))?;
        Ok(Delivery { body: message.payload, receipt: Receipt::default(), parked: true })
    }
}

#[async_trait(?Send)]
impl Consumer for Requests {
    async fn receive(&mut self, max: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError> {
        let closed = || TransportError::Closed { what: "the JetStream consumer" };
        let advisory = async {
            match &mut self.given_up {
                Some(given_up) => given_up.next().await,
                None => std::future::pending().await,
            }
        };
        let first = tokio::select! {
            message = self.messages.next() => message,
            advisory = advisory => {
                into.push(self.parked(&advisory.ok_or_else(closed)?).await?);
                return Ok(());
            }
        };
        let first = first.ok_or_else(closed)?;
        let first = first.map_err(|error| TransportError::failed("pulling requests", error))?;
        into.push(subscription::delivery(first.message));
        for _ in 1..max {
            match self.messages.next().now_or_never() {
                Some(Some(Ok(message))) => into.push(subscription::delivery(message.message)),
                Some(Some(Err(error))) => return Err(TransportError::failed("pulling requests", error)),
                Some(None) => return Err(closed()),
                None => break,
            }
        }
        Ok(())
    }
}

/// Requests whose result is on its way into the stream: reply subjects to acknowledge on, by result number.
type PendingAcks = Rc<RefCell<HashMap<u64, Bytes>>>;

/// Stores results, and acknowledges their requests when they are stored.
pub(super) struct StreamResponder {
    client: Client,
    subjects: Vec<Subject>,
    pending: PendingAcks,
    state: RefCell<ResponderState>,
}

struct ResponderState {
    inbox: Inbox,
    next: u64,
}

impl StreamResponder {
    /// Opens the inbox on which the stream says that it has stored a result.
    pub async fn open(
        client: Client,
        subjects: Vec<Subject>,
        troubles: Troubles,
    ) -> Result<Self, TransportError> {
        let inbox = Inbox::new(&client);
        let acks = subscription::subscribe(&client, inbox.wildcard(), None).await?;
        let pending = PendingAcks::default();
        tokio::task::spawn_local(acknowledge(acks, client.clone(), Rc::clone(&pending), troubles));
        let state = RefCell::new(ResponderState { inbox, next: 0 });
        Ok(Self { client, subjects, pending, state })
    }
}

/// Acknowledges a request once its result is stored; a refused result leaves the request to be redelivered.
async fn acknowledge(mut acks: Subscriber, client: Client, pending: PendingAcks, troubles: Troubles) {
    let mut batch = Vec::new();
    while subscription::take(&mut acks, 1024, |message| batch.push(message)).await.is_ok() {
        for message in batch.drain(..) {
            let request = last_token(&message).and_then(|number| pending.borrow_mut().remove(&number));
            let Some(request) = request else { continue };
            if let Err(reason) = stored(&message) {
                troubles.note(&format!("the stream refused a result: {reason}"));
                continue;
            }
            if let Err(error) = ack(&client, request).await {
                troubles.note(&error);
            }
        }
    }
}

async fn ack(client: &Client, receipt: Bytes) -> Result<(), TransportError> {
    let failed = |reason: &dyn std::fmt::Display| TransportError::failed("acknowledging a request", reason);
    let subject = Subject::from_utf8(receipt).map_err(|error| failed(&error))?;
    client.publish(subject, Bytes::from_static(b"+ACK")).await.map_err(|error| failed(&error))
}

#[async_trait(?Send)]
impl Responder for StreamResponder {
    async fn reply(&self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        for reply in replies.drain(..) {
            let Some(receipt) = reply.receipt.0 else { continue };
            let Some(body) = reply.body else {
                ack(&self.client, receipt).await?;
                continue;
            };
            let subject = self.subjects[reply.key as usize].clone();
            let inbox = {
                let mut state = self.state.borrow_mut();
                state.next += 1;
                let number = state.next;
                self.pending.borrow_mut().insert(number, receipt);
                state.inbox.subject(number)
            };
            let published = self.client.publish_with_reply(subject, inbox, body).await;
            published.map_err(|error| TransportError::failed("publishing a result on JetStream", error))?;
        }
        Ok(())
    }
}
