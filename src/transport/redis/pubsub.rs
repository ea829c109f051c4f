//! Redis Pub/Sub: `PUBLISH` both ways.
//!
//! Redis shares no work among subscribers, so one subscription feeds all workers, as the engine does today.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use async_trait::async_trait;
use bytes::Bytes;
use redis::{Cmd, Pipeline, Value};

use super::link::{Link, OnBreak, Settings, Wait};
use super::pipelines::Pipelines;
use super::preflight::{preflight, refused};
use super::served;
use super::subscription::{Feed, SUBSCRIPTION_CAPACITY, subscribe, take};
use super::told::tell;
use crate::connect::{self, patience::SILENCE_MAX};
use crate::sabotage;
use crate::transport::ends::{
    Collector, Consumer, GeneratorEnd, Producer, Responder, Returns, Transport, WorkerEnd,
};
use crate::transport::error::TransportError;
use crate::transport::frame::{Arrival, Delivery, Frame, Receipt, Reply};
use crate::transport::limits::{Connections, Limits};
use crate::transport::names::Names;
use crate::transport::outcomes::{Outcomes, Unknown};
use crate::transport::troubles::Troubles;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::result::Side;

pub struct RedisPubsub {
    endpoint: Endpoint,
    names: Names,
    limits: Limits,
    /// The engine's one subscription: the first worker reads it into here, all workers take from here. Where each
    /// worker has channels of its own, it is the only one that does.
    requests: (Sender<Bytes>, Receiver<Bytes>),
}

impl RedisPubsub {
    pub fn new(endpoint: Endpoint, names: Names, limits: Limits) -> Self {
        let requests = async_channel::bounded(SUBSCRIPTION_CAPACITY);
        Self { endpoint, names, limits, requests }
    }

    fn channels(&self) -> Vec<Vec<String>> {
        channels(&self.names, &self.limits)
    }

    /// Reads channels, each once, into a queue.
    fn feed(
        &self,
        mut channels: Vec<String>,
        queue: Sender<Bytes>,
        (side, troubles): (Side, &Troubles),
    ) -> Feed {
        channels.dedup();
        Feed { endpoint: self.endpoint.clone(), channels, queue, side, troubles: troubles.clone() }
    }
}

/// Channels of requests of one worker, by key: `prioritization.request.{category}.{number}`.
fn channels_of(names: &Names, worker: u32) -> Vec<String> {
    let subjects = names.request_subjects().into_iter();
    subjects.map(|subject| format!("{subject}.{}", worker + 1)).collect()
}

/// Channels of requests by key, a list for each worker that takes its turn.
pub fn channels(names: &Names, limits: &Limits) -> Vec<Vec<String>> {
    match limits.worker_channels {
        0 => vec![names.request_subjects()],
        workers => (0..workers).map(|worker| channels_of(names, worker)).collect(),
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
        for channels in self.channels().into_iter().chain([self.names.result_subjects()]) {
            subscribe(&self.endpoint, &channels).await?;
        }
        Ok(())
    }

    async fn publisher(
        &self,
        index: u32,
        connections: Connections,
        outcomes: Rc<dyn Outcomes>,
        troubles: &Troubles,
    ) -> Result<GeneratorEnd, TransportError> {
        let (server, told) =
            ((&self.endpoint, self.limits.over(connections)), (Rc::clone(&outcomes), troubles));
        let on_break = || NothingStored(Rc::clone(&outcomes));
        let pipelines = Pipelines::connect(server, told, on_break).await?;
        let producer = Publisher { pipelines, channels: self.channels(), next: Cell::new(index as usize) };
        Ok(GeneratorEnd { producer: Box::new(producer), collector: None })
    }

    async fn collector(
        &self,
        index: u32,
        outcomes: Rc<dyn Outcomes>,
        troubles: &Troubles,
    ) -> Result<Option<Box<dyn Collector>>, TransportError> {
        if !self.limits.collects(index) {
            return Ok(None);
        }
        let (queue, results) = async_channel::bounded(SUBSCRIPTION_CAPACITY);
        let feed = self.feed(self.names.result_subjects(), queue, (Side::Collector, troubles));
        let subscription = subscribe(&feed.endpoint, &feed.channels).await?;
        // What is published while nobody is subscribed reaches nobody.
        let lost = move || outcomes.broken(&|_| true, Unknown::All);
        tokio::task::spawn_local(feed.run(subscription, lost));
        Ok(Some(Box::new(Results(results))))
    }

    fn returns(&self) -> Returns {
        Returns::Confirmed { or_broken: true }
    }

    async fn worker(&self, index: u32, troubles: &Troubles) -> Result<WorkerEnd, TransportError> {
        let spreads = self.limits.worker_channels > 0;
        if index == 0 || spreads {
            let queue = self.requests.0.clone();
            let channels =
                if spreads { channels_of(&self.names, index) } else { self.names.request_subjects() };
            let feed = self.feed(channels, queue, (Side::Worker, troubles));
            let subscription = subscribe(&feed.endpoint, &feed.channels).await?;
            tokio::task::spawn_local(feed.run(subscription, || {}));
        }
        let settings = Settings {
            endpoint: self.endpoint.clone(),
            response_timeout: SILENCE_MAX,
            queue: self.limits.max_in_flight as usize,
        };
        let link = Link::open(settings, (Side::Worker, troubles), Wait).await?;
        let channels = self.names.result_subjects();
        Ok(WorkerEnd {
            consumer: Box::new(Requests { requests: self.requests.1.clone() }),
            responder: Rc::new(ResultPublisher { link, channels, troubles: troubles.clone() }),
        })
    }

    async fn is_served(&self) -> Result<bool, TransportError> {
        served::hear(&self.endpoint, &self.channels()).await
    }
}

/// A server that is gone has kept nothing of what it had confirmed.
struct NothingStored(Rc<dyn Outcomes>);

impl OnBreak for NothingStored {
    fn lost(&self) {
        self.0.broken(&|_| true, Unknown::All);
    }
}

/// Redis shares no work: where workers are processes the publisher does, one after the other.
struct Publisher {
    pipelines: Pipelines,
    /// By worker and key.
    channels: Vec<Vec<String>>,
    next: Cell<usize>,
}

#[async_trait(?Send)]
impl Producer for Publisher {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        let Self { pipelines, channels, next } = self;
        pipelines.send(batch, |pipeline, frame| {
            let channels = &channels[next.get() % channels.len()];
            next.set(next.get().wrapping_add(1));
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
    link: Link,
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
        let Some(mut lent) = self.link.lend() else {
            self.troubles.note(&TransportError::failed("publishing results", "the connection is down"));
            return Ok(());
        };
        let (link, troubles) = (self.link.clone(), self.troubles.clone());
        tokio::task::spawn_local(async move {
            let published: Result<Value, _> = pipeline.query_async(&mut lent.connection).await;
            match published {
                Ok(_) => sabotage::answered(),
                Err(error) => {
                    tell(&troubles, "publishing results", &error);
                    link.failed(lent.number, &error);
                }
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
