//! Requests off the durable consumer, for a worker.

use std::rc::Rc;

use async_nats::jetstream::{self, consumer, consumer::pull, stream};
use async_nats::{Client, Subscriber};
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use serde::Deserialize;

use super::pulls::{Opener, Pulls};
use super::responder::Unstored;
use super::stores::{DURABLE, Stores};
use crate::connect::patience::ANSWERS_WITHIN;
use crate::transport::ends::Consumer;
use crate::transport::error::TransportError;
use crate::transport::frame::{Delivery, Receipt};
use crate::transport::limits::Limits;
use crate::transport::nats::link::Changes;
use crate::transport::nats::subscription;
use crate::transport::troubles::Troubles;
use weighbridge_record::result::Side;

/// Most messages one pull asks for; prefetched messages burn `ack_wait`, so slow workers ask for fewer.
pub(super) const PULL_MAX: usize = 500;

/// Where the server says that it will not deliver a request again.
pub(super) fn advisory(stream: &str) -> String {
    format!("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.{stream}.{DURABLE}")
}

/// Requests from the durable consumer.
pub(super) struct Requests {
    pulls: Pulls,
    /// Advisories of messages that the server will not deliver again; read by the first worker.
    given_up: Option<Subscriber>,
    requests: stream::Stream<()>,
    troubles: Troubles,
}

#[derive(Deserialize)]
struct MaxDeliveries {
    stream_seq: u64,
}

/// The number that an advisory names; streams count from 1.
fn named(advisory: &[u8]) -> Option<u64> {
    let advisory: MaxDeliveries = serde_json::from_slice(advisory).ok()?;
    (advisory.stream_seq > 0).then_some(advisory.stream_seq)
}

impl Requests {
    pub async fn open(
        stores: &Stores,
        index: u32,
        client: Client,
        changes: Changes,
        unstored: Rc<Unstored>,
        troubles: &Troubles,
    ) -> Result<Self, TransportError> {
        let mut context = stores.context(client.clone());
        context.set_timeout(ANSWERS_WITHIN);
        let failed = |reason: &dyn std::fmt::Display| TransportError::failed("opening the consumer", reason);
        let requests = context.get_stream_no_info(stores.requests()).await.map_err(|error| failed(&error))?;
        let given_up = match index {
            0 => Some(subscription::subscribe(&client, advisory(&stores.requests()), None).await?),
            _ => None,
        };
        let opener =
            Durable { stores: stores.clone(), context, client, unstored, troubles: troubles.clone() };
        let pulls = Pulls::open(opener, changes, troubles).await?;
        Ok(Self { pulls, given_up, requests, troubles: troubles.clone() })
    }

    /// The message that an advisory speaks of, marked as parked. Anybody may publish an advisory: one that names no
    /// message of the stream gives an empty body, which no request has.
    async fn parked(&self, advisory: &async_nats::Message) -> Result<Delivery, TransportError> {
        let body = match named(&advisory.payload) {
            Some(stream_seq) => self.stored(stream_seq).await?,
            None => Bytes::new(),
        };
        Ok(Delivery { body, receipt: Receipt::default(), parked: true })
    }

    /// The body of a message in the stream; empty where there is none.
    async fn stored(&self, stream_seq: u64) -> Result<Bytes, TransportError> {
        match self.requests.get_raw_message(stream_seq).await {
            Ok(message) => Ok(message.payload),
            Err(error) if error.kind() == stream::LastRawMessageErrorKind::NoMessageFound => Ok(Bytes::new()),
            Err(error) => Err(TransportError::failed("reading a parked message", error)),
        }
    }
}

#[async_trait(?Send)]
impl Consumer for Requests {
    async fn receive(&mut self, max: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError> {
        loop {
            let messages = self.pulls.take(max, |message| into.push(subscription::delivery(message)));
            let Some(given_up) = &mut self.given_up else {
                messages.await;
                return Ok(());
            };
            let advisory = tokio::select! {
                () = messages => return Ok(()),
                advisory = given_up.next() => advisory,
            };
            let advisory = advisory.ok_or(TransportError::Closed { what: "the NATS connection" })?;
            match self.parked(&advisory).await {
                Ok(delivery) => {
                    into.push(delivery);
                    return Ok(());
                }
                Err(error) => self.troubles.note(&error),
            }
        }
    }
}

/// Opens the durable consumer, and sees to what a lost connection left behind.
struct Durable {
    stores: Stores,
    context: jetstream::Context,
    client: Client,
    unstored: Rc<Unstored>,
    troubles: Troubles,
}

#[async_trait(?Send)]
impl Opener for Durable {
    async fn open(&mut self) -> Result<pull::Stream, String> {
        let stream = self.stores.requests();
        let found = self.context.get_consumer_from_stream(DURABLE, &stream).await;
        let durable: consumer::PullConsumer = match found {
            Ok(durable) => durable,
            Err(error) if is_gone(&error) => {
                self.stores.begin_anew(&self.context, (Side::Worker, &self.troubles), &error).await;
                return Err("created anew".to_owned());
            }
            Err(error) => return Err(error.to_string()),
        };
        self.unstored.hand_back(&self.client).await;
        let batch = pull_batch(&self.stores.limits);
        let messages = durable.stream().max_messages_per_batch(batch).messages().await;
        messages.map_err(|error| error.to_string())
    }

    fn lost(&mut self) {
        self.unstored.set_aside();
    }

    fn keeps_what_was_read(&self) -> bool {
        // Each is ours until `ack_wait` is over: nobody brings it before that.
        true
    }
}

fn is_gone(error: &stream::ConsumerError) -> bool {
    matches!(error.kind(), stream::ConsumerErrorKind::JetStream(inner) if inner.code() == 404)
}

/// Messages one pull may ask for: what a worker scores in half of `ack_wait`, and no hoard beyond twice
/// what it scores at a time.
fn pull_batch(limits: &Limits) -> usize {
    if let Some(prefetch) = limits.prefetch {
        return prefetch as usize;
    }
    if limits.service_ns_mean == 0 {
        return PULL_MAX;
    }
    let at_a_time = limits.worker_concurrency as usize;
    let in_half_ack_wait = limits.ack_wait_ns / 2 * at_a_time as u64 / limits.service_ns_mean;
    (2 * at_a_time).min(in_half_ack_wait as usize).clamp(1, PULL_MAX)
}
