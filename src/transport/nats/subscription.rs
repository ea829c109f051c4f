//! Subscribing on NATS, and reading what is there in batches.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use async_nats::{Client, Message, Subscriber};
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;

use super::subjects::last_token;
use crate::transport::ends::Consumer;
use crate::transport::error::TransportError;
use crate::transport::frame::{Arrival, Delivery, Receipt};

/// A round trip to the server and back on this connection: everything queued before it has been handled.
pub(super) async fn barrier(client: &Client) -> Result<(), TransportError> {
    let inbox = client.new_inbox();
    let failed = |error: &dyn std::fmt::Display| TransportError::failed("a round trip to nats-server", error);
    let mut own = client.subscribe(inbox.clone()).await.map_err(|error| failed(&error))?;
    client.publish(inbox, Bytes::new()).await.map_err(|error| failed(&error))?;
    match tokio::time::timeout(Duration::from_secs(5), own.next()).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(TransportError::Closed { what: "the NATS connection" }),
        Err(_) => Err(failed(&"no answer within 5 s")),
    }
}

/// Subscribes and waits until the server knows it.
pub(super) async fn subscribe(
    client: &Client,
    subject: String,
    queue_group: Option<&str>,
) -> Result<Subscriber, TransportError> {
    let subscribed = match queue_group {
        Some(group) => client.queue_subscribe(subject, group.to_string()).await,
        None => client.subscribe(subject).await,
    };
    let subscriber = subscribed.map_err(|error| TransportError::failed("subscribing on NATS", error))?;
    barrier(client).await?;
    Ok(subscriber)
}

/// Waits for one message, then takes what else is there, up to `max`.
pub(super) async fn take(
    subscriber: &mut Subscriber,
    max: usize,
    mut each: impl FnMut(Message),
) -> Result<(), TransportError> {
    let mut taken = 0;
    let ended = poll_fn(|context| {
        while taken < max {
            match subscriber.poll_next_unpin(context) {
                Poll::Ready(Some(message)) => each(message),
                Poll::Ready(None) => return Poll::Ready(true),
                Poll::Pending if taken == 0 => return Poll::Pending,
                Poll::Pending => break,
            }
            taken += 1;
        }
        Poll::Ready(false)
    });
    if ended.await { Err(TransportError::Closed { what: "the NATS subscription" }) } else { Ok(()) }
}

pub(super) fn delivery(message: Message) -> Delivery {
    let receipt = Receipt(message.reply.map(|reply| Bytes::copy_from_slice(reply.as_bytes())));
    Delivery { body: message.payload, receipt, parked: false }
}

/// A result, or the server's word that nobody listens; the sequence number is the reply subject's last token.
pub(super) fn arrival(message: Message) -> Arrival {
    let sequence = last_token(&message);
    let refused = message.status == Some(async_nats::StatusCode::NO_RESPONDERS);
    Arrival { body: message.payload, sequence, refusal: refused.then_some("no responders") }
}

/// Requests from a subscription in the workers' queue group.
pub(super) struct Requests {
    pub(super) requests: Subscriber,
}

#[async_trait(?Send)]
impl Consumer for Requests {
    async fn receive(&mut self, max: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError> {
        take(&mut self.requests, max, |message| into.push(delivery(message))).await
    }
}
