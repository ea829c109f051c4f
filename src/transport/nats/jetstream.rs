//! NATS JetStream: requests in a work-queue stream, results in a limits stream, as the guide sets them up.
//!
//! Publishes carry a reply subject on an inbox of our own, where the stream's acknowledgement arrives. A
//! worker acknowledges a request only after the stream has acknowledged its result.

mod acks;
mod worker;

use std::rc::Rc;
use std::time::Duration;

use async_nats::jetstream::{self, consumer, stream};
use async_nats::{Client, Subscriber};
use async_trait::async_trait;
use futures::{FutureExt, StreamExt};

use super::publishers::Publishers;
use super::rights::{self, Rights};
use super::subjects::{Inbox, last_token, lasting};
use super::subscription;
use crate::clock::now_ns;
use crate::connect::{self, Endpoint};
use crate::terms::BrokerKind;
use crate::terms::Durability;
use crate::transport::ends::{Collector, GeneratorEnd, Producer, Transport, WorkerEnd};
use crate::transport::error::TransportError;
use crate::transport::frame::{Arrival, Frame};
use crate::transport::limits::Limits;
use crate::transport::names::Names;
use crate::transport::outcomes::Outcomes;
use crate::transport::troubles::Troubles;
use acks::stored;
use worker::{Requests, StreamResponder};

const REQUESTS: &str = "PRIORITY_REQUESTS";
const RESULTS: &str = "PRIORITY_RESULTS";
const DURABLE: &str = "priority-workers";

const DAY: Duration = Duration::from_secs(86_400);
const ACK_WAIT: Duration = Duration::from_secs(30);
const MAX_DELIVER: i64 = 3;

/// Most messages one pull asks for; prefetched messages burn `ack_wait`, so slow workers ask for fewer.
const PULL_MAX: usize = 500;

pub struct NatsJetstream {
    endpoint: Endpoint,
    names: Names,
    limits: Limits,
    storage: stream::StorageType,
}

impl NatsJetstream {
    pub fn new(endpoint: Endpoint, names: Names, limits: Limits, durability: Durability) -> Self {
        let storage = match durability {
            Durability::None | Durability::Memory => stream::StorageType::Memory,
            Durability::Lazy | Durability::Os | Durability::Sync => stream::StorageType::File,
        };
        Self { endpoint, names, limits, storage }
    }

    async fn connect(&self, name: &str) -> Result<(Client, jetstream::Context), TransportError> {
        let client = connect::nats::connect(&self.endpoint, name, self.limits.max_in_flight as usize).await?;
        let context = jetstream::new(client.clone());
        Ok((client, context))
    }

    /// Creates a stream; one that exists already is refused, not reused.
    async fn create(
        &self,
        context: &jetstream::Context,
        config: stream::Config,
    ) -> Result<stream::Stream, TransportError> {
        let name = config.name.clone();
        match context.get_stream(&name).await {
            Ok(_) => {
                let address = self.endpoint.address();
                return Err(TransportError::Exists { what: "stream", name, address });
            }
            Err(error) if is_not_found(&error) => {}
            Err(error) => return Err(self.refused(format!("looking up stream `{name}`: {error}"))),
        }
        let created = context.create_stream(config).await;
        created.map_err(|error| self.refused(format!("creating stream `{name}`: {error}")))
    }

    /// Deletes streams that this preparation has just created; the error that led here is the one to tell.
    async fn undo(&self, context: &jetstream::Context, names: &[&str]) {
        for name in names {
            if let Err(error) = context.delete_stream(self.names.stored(name)).await {
                tracing::warn!("stream `{}` is left behind: {error}", self.names.stored(name));
            }
        }
    }

    /// What is not refused by a reply when it is first used. The streams are not there yet, so nothing takes
    /// these messages.
    fn rights(&self) -> Rights {
        let stream = self.names.stored(REQUESTS);
        Rights {
            subscribe: vec![advisory(&stream)],
            publish: vec![
                rights::canary(&self.names.request()),
                rights::canary(&self.names.result()),
                format!("$JS.ACK.{stream}.{DURABLE}.preflight"),
                format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{DURABLE}"),
            ],
            echoed: Vec::new(),
        }
    }

    fn refused(&self, reason: String) -> TransportError {
        TransportError::Refused { broker: BrokerKind::NatsServer, address: self.endpoint.address(), reason }
    }

    /// Messages one pull may ask for: what a worker scores in half of `ack_wait`, and no hoard beyond twice
    /// what it scores at a time.
    fn pull_batch(&self) -> usize {
        if self.limits.service_ns_mean == 0 {
            return PULL_MAX;
        }
        let at_a_time = self.limits.worker_concurrency as usize;
        let in_half_ack_wait =
            ACK_WAIT.as_nanos() as u64 / 2 * at_a_time as u64 / self.limits.service_ns_mean;
        (2 * at_a_time).min(in_half_ack_wait as usize).clamp(1, PULL_MAX)
    }
}

/// Where the server says that it will not deliver a request again.
fn advisory(stream: &str) -> String {
    format!("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.{stream}.{DURABLE}")
}

fn is_not_found(error: &async_nats::jetstream::context::GetStreamError) -> bool {
    use async_nats::jetstream::context::GetStreamErrorKind;
    matches!(error.kind(), GetStreamErrorKind::JetStream(inner) if inner.code() == 404)
}

#[async_trait(?Send)]
impl Transport for NatsJetstream {
    async fn prepare(&self, longest_body_bytes: usize) -> Result<(), TransportError> {
        let (client, context) = self.connect("weighbridge-preflight").await?;
        rights::check_payload(&client, longest_body_bytes)?;
        let (request, result) = (format!("{}.*", self.names.request()), format!("{}.*", self.names.result()));
        rights::no_stream_takes(&self.endpoint, &client, &[request.clone(), result.clone()]).await?;
        rights::check(&self.endpoint, &self.rights()).await?;
        let requests = stream::Config {
            name: self.names.stored(REQUESTS),
            subjects: vec![request],
            retention: stream::RetentionPolicy::WorkQueue,
            max_age: DAY,
            storage: self.storage,
            ..stream::Config::default()
        };
        let results = stream::Config {
            name: self.names.stored(RESULTS),
            subjects: vec![result],
            retention: stream::RetentionPolicy::Limits,
            max_age: 7 * DAY,
            storage: self.storage,
            ..stream::Config::default()
        };
        let requests = self.create(&context, requests).await?;
        if let Err(error) = self.create(&context, results).await {
            // Only the first was ours.
            self.undo(&context, &[REQUESTS]).await;
            return Err(error);
        }
        let durable = consumer::pull::Config {
            durable_name: Some(DURABLE.to_string()),
            deliver_policy: consumer::DeliverPolicy::All,
            ack_policy: consumer::AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            max_deliver: MAX_DELIVER,
            // The scenario's window, as on every other path; the default of 1 000 would be a second one.
            max_ack_pending: i64::from(self.limits.max_in_flight),
            ..consumer::pull::Config::default()
        };
        if let Err(error) = requests.create_consumer(durable).await {
            self.undo(&context, &[REQUESTS, RESULTS]).await;
            return Err(self.refused(format!("creating consumer `{DURABLE}`: {error}")));
        }
        Ok(())
    }

    async fn generator(
        &self,
        index: u32,
        outcomes: Rc<dyn Outcomes>,
    ) -> Result<GeneratorEnd, TransportError> {
        let subjects = self.names.request_subjects();
        let publishers = Publishers::connect(&self.endpoint, subjects, self.limits).await?;
        let inbox = Inbox::new(publishers.first());
        let acks = subscription::subscribe(publishers.first(), inbox.wildcard(), None).await?;
        tokio::task::spawn_local(read_acks(acks, outcomes));
        let collector = if self.limits.collects(index) { Some(self.collector().await?) } else { None };
        Ok(GeneratorEnd { producer: Box::new(StreamProducer { publishers, inbox }), collector })
    }

    async fn worker(&self, index: u32, troubles: &Troubles) -> Result<WorkerEnd, TransportError> {
        let (client, context) = self.connect("weighbridge-worker").await?;
        let stream_name = self.names.stored(REQUESTS);
        let failed = |reason: &dyn std::fmt::Display| TransportError::failed("opening the consumer", reason);
        let durable: consumer::PullConsumer =
            context.get_consumer_from_stream(DURABLE, &stream_name).await.map_err(|error| failed(&error))?;
        let messages = durable.stream().max_messages_per_batch(self.pull_batch()).messages();
        let messages = messages.await.map_err(|error| failed(&error))?;
        let given_up = if index == 0 {
            Some(subscription::subscribe(&client, advisory(&stream_name), None).await?)
        } else {
            None
        };
        let requests = context.get_stream_no_info(&stream_name).await.map_err(|error| failed(&error))?;
        let subjects = self.names.result_subjects().iter().map(|subject| lasting(subject)).collect();
        let responder = StreamResponder::open(client, subjects, troubles.clone()).await?;
        Ok(WorkerEnd {
            consumer: Box::new(Requests { messages, given_up, requests }),
            responder: Rc::new(responder),
        })
    }

    async fn dismantle(&self) -> Result<(), TransportError> {
        let (_client, context) = self.connect("weighbridge-preflight").await?;
        for name in [REQUESTS, RESULTS] {
            let deleted = context.delete_stream(self.names.stored(name)).await;
            deleted.map_err(|error| TransportError::failed("deleting a stream of this run", error))?;
        }
        Ok(())
    }
}

impl NatsJetstream {
    async fn collector(&self) -> Result<Box<dyn Collector>, TransportError> {
        let (client, context) = self.connect("weighbridge-collector").await?;
        let failed = |reason: &dyn std::fmt::Display| TransportError::failed("reading the results", reason);
        let name = self.names.stored(RESULTS);
        let results = context.get_stream_no_info(&name).await.map_err(|error| failed(&error))?;
        let config = consumer::pull::Config {
            deliver_policy: consumer::DeliverPolicy::All,
            ack_policy: consumer::AckPolicy::None,
            ..consumer::pull::Config::default()
        };
        let consumer = results.create_consumer(config).await.map_err(|error| failed(&error))?;
        let messages = consumer.stream().max_messages_per_batch(PULL_MAX).messages();
        let messages = messages.await.map_err(|error| failed(&error))?;
        Ok(Box::new(Results { messages, _client: client }))
    }
}

async fn read_acks(mut acks: Subscriber, outcomes: Rc<dyn Outcomes>) {
    let mut batch = Vec::new();
    while subscription::take(&mut acks, 1024, |message| batch.push(message)).await.is_ok() {
        let at_ns = now_ns();
        let mut refused = Vec::new();
        let mut accepted = batch.drain(..).filter_map(|message| {
            let sequence = last_token(&message)?;
            stored(&message).map_err(|reason| refused.push((sequence, reason))).ok()?;
            Some(sequence)
        });
        outcomes.accepted(&mut accepted, at_ns);
        drop(accepted);
        for (sequence, reason) in refused {
            outcomes.rejected(sequence, &reason);
        }
    }
}

struct StreamProducer {
    publishers: Publishers,
    inbox: Inbox,
}

#[async_trait(?Send)]
impl Producer for StreamProducer {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        let inbox = &mut self.inbox;
        self.publishers.send(batch, |sequence| Some(inbox.subject(sequence))).await
    }
}

struct Results {
    messages: consumer::pull::Stream,
    _client: Client,
}

#[async_trait(?Send)]
impl Collector for Results {
    async fn receive(&mut self, max: usize, into: &mut Vec<Arrival>) -> Result<(), TransportError> {
        let failed = |error: &dyn std::fmt::Display| TransportError::failed("pulling results", error);
        let closed = || TransportError::Closed { what: "the results consumer" };
        let mut next = Some(self.messages.next().await);
        while let Some(message) = next {
            let message = message.ok_or_else(closed)?.map_err(|error| failed(&error))?;
            into.push(Arrival { body: message.message.payload, sequence: None, refusal: None });
            next = if into.len() < max { self.messages.next().now_or_never() } else { None };
        }
        Ok(())
    }
}
