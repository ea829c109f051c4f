//! Redis Pub/Sub: `PUBLISH` both ways.
//!
//! Redis shares no work among subscribers, so one subscription feeds all workers, as the engine does today.
//! The library queues what it reads without bound; here the queue is bounded and drops are counted, as the
//! NATS client does, so that slow consumers are treated alike.

use std::rc::Rc;
use std::time::Duration;

use async_channel::{Receiver, Sender, TrySendError};
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use redis::aio::{MultiplexedConnection, PubSubStream};
use redis::{Cmd, Pipeline, Value};

use super::pipelines::Pipelines;
use super::preflight::{preflight, refused};
use crate::connect::{self, Endpoint, redis::plain};
use crate::transport::ends::{Collector, Consumer, GeneratorEnd, Producer, Responder, Transport, WorkerEnd};
use crate::transport::error::TransportError;
use crate::transport::frame::{Arrival, Delivery, Frame, Receipt, Reply};
use crate::transport::limits::Limits;
use crate::transport::names::Names;
use crate::transport::outcomes::Outcomes;
use crate::transport::troubles::Troubles;

/// As many as the NATS client holds for a slow subscription.
const SUBSCRIPTION_CAPACITY: usize = 65_536;

pub struct RedisPubsub {
    endpoint: Endpoint,
    names: Names,
    limits: Limits,
    /// The engine's one subscription: the first worker reads it into here, all workers take from here.
    requests: (Sender<Bytes>, Receiver<Bytes>),
}

impl RedisPubsub {
    pub fn new(endpoint: Endpoint, names: Names, limits: Limits) -> Self {
        let requests = async_channel::bounded(SUBSCRIPTION_CAPACITY);
        Self { endpoint, names, limits, requests }
    }

    /// Subscribes, and waits until the server counts the subscriber.
    async fn subscribe(&self, channels: Vec<String>) -> Result<PubSubStream, TransportError> {
        let (mut sink, stream) = connect::redis::subscriber(&self.endpoint).await?.split();
        let confirmed = sink.subscribe(&channels).await;
        confirmed.map_err(|error| refused(&self.endpoint, "SUBSCRIBE", &channels.join(" "), &error))?;
        // The sink may go: the stream keeps the connection.
        Ok(stream)
    }
}

#[async_trait(?Send)]
impl Transport for RedisPubsub {
    async fn prepare(&self, longest_body_bytes: usize) -> Result<(), TransportError> {
        preflight(&self.endpoint, longest_body_bytes).await?;
        let mut connection = connect::redis::connect(&self.endpoint, Some(Duration::from_secs(5)), 0).await?;
        // Canaries: the right to publish shows only when publishing. Nobody listens to these channels.
        for base in [self.names.request(), self.names.result()] {
            let channel = format!("{base}.preflight");
            let published: Result<i64, _> =
                redis::cmd("PUBLISH").arg(&channel).arg("").query_async(&mut connection).await;
            published.map_err(|error| refused(&self.endpoint, "PUBLISH", &channel, &error))?;
        }
        for channels in [self.names.request_subjects(), self.names.result_subjects()] {
            self.subscribe(channels).await?;
        }
        Ok(())
    }

    async fn generator(
        &self,
        index: u32,
        outcomes: Rc<dyn Outcomes>,
    ) -> Result<GeneratorEnd, TransportError> {
        let pipelines = Pipelines::connect(&self.endpoint, self.limits, Rc::clone(&outcomes)).await?;
        let channels = self.names.request_subjects();
        let collector: Option<Box<dyn Collector>> = if self.limits.collects(index) {
            let results = self.subscribe(self.names.result_subjects()).await?;
            let (sender, receiver) = async_channel::bounded(SUBSCRIPTION_CAPACITY);
            let dropped = Rc::clone(&outcomes);
            tokio::task::spawn_local(pump(results, sender, move || dropped.dropped()));
            Some(Box::new(Results(receiver)))
        } else {
            None
        };
        Ok(GeneratorEnd { producer: Box::new(Publisher { pipelines, channels }), collector })
    }

    async fn worker(&self, index: u32, troubles: &Troubles) -> Result<WorkerEnd, TransportError> {
        if index == 0 {
            let requests = self.subscribe(self.names.request_subjects()).await?;
            let dropped = troubles.clone();
            tokio::task::spawn_local(pump(requests, self.requests.0.clone(), move || dropped.dropped()));
        }
        let timeout = Duration::from_nanos(self.limits.timeout_ns);
        let connection =
            connect::redis::connect(&self.endpoint, Some(timeout), self.limits.max_in_flight as usize)
                .await?;
        let channels = self.names.result_subjects();
        Ok(WorkerEnd {
            consumer: Box::new(Requests { requests: self.requests.1.clone() }),
            responder: Rc::new(ResultPublisher { connection, channels, troubles: troubles.clone() }),
        })
    }

    async fn dismantle(&self) -> Result<(), TransportError> {
        Ok(())
    }
}

/// Moves messages from a subscription into the bounded queue, counting what doesn't fit.
async fn pump(mut messages: PubSubStream, queue: Sender<Bytes>, dropped: impl Fn()) {
    while let Some(message) = messages.next().await {
        let body: Bytes = match message.get_payload() {
            Ok(body) => body,
            Err(error) => {
                tracing::warn!("unreadable Pub/Sub message: {error}");
                continue;
            }
        };
        match queue.try_send(body) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => dropped(),
            Err(TrySendError::Closed(_)) => return,
        }
    }
    // The end of the stream is a gap: the library does not reconnect.
    queue.close();
}

async fn take(
    queue: &Receiver<Bytes>,
    max: usize,
    mut each: impl FnMut(Bytes),
) -> Result<(), TransportError> {
    let first = queue.recv().await;
    each(first.map_err(|_| TransportError::Closed { what: "the Redis subscription" })?);
    for _ in 1..max {
        let Ok(body) = queue.try_recv() else { break };
        each(body);
    }
    Ok(())
}

struct Publisher {
    pipelines: Pipelines,
    channels: Vec<String>,
}

#[async_trait(?Send)]
impl Producer for Publisher {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        let channels = &self.channels;
        self.pipelines.send(batch, |pipeline, frame| {
            pipeline.add_command(publish(&channels[frame.key as usize], &frame.body));
        });
        Ok(())
    }
}

fn publish(channel: &str, body: &[u8]) -> Cmd {
    let mut command = Cmd::with_capacity(3, "PUBLISH".len() + channel.len() + body.len());
    command.arg("PUBLISH").arg(channel).arg(body);
    command
}

struct Requests {
    requests: Receiver<Bytes>,
}

#[async_trait(?Send)]
impl Consumer for Requests {
    async fn receive(&mut self, max: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError> {
        let each = |body| into.push(Delivery { body, receipt: Receipt::default(), parked: false });
        take(&self.requests, max, each).await
    }
}

struct ResultPublisher {
    connection: MultiplexedConnection,
    channels: Vec<String>,
    troubles: Troubles,
}

#[async_trait(?Send)]
impl Responder for ResultPublisher {
    async fn reply(&self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        let mut pipeline = Pipeline::with_capacity(replies.len());
        for reply in replies.drain(..) {
            let Some(body) = reply.body else { continue };
            pipeline.add_command(publish(&self.channels[reply.key as usize], &body));
        }
        if pipeline.is_empty() {
            return Ok(());
        }
        let mut connection = self.connection.clone();
        let troubles = self.troubles.clone();
        tokio::task::spawn_local(async move {
            let published: Result<Value, _> = pipeline.query_async(&mut connection).await;
            if let Err(error) = published {
                troubles.note(&TransportError::failed("publishing results", plain(&error)));
            }
        });
        Ok(())
    }
}

struct Results(Receiver<Bytes>);

#[async_trait(?Send)]
impl Collector for Results {
    async fn receive(&mut self, max: usize, into: &mut Vec<Arrival>) -> Result<(), TransportError> {
        take(&self.0, max, |body| into.push(Arrival { body, sequence: None, refusal: None })).await
    }
}
