//! Redis Streams: `XADD` into one stream, workers in a consumer group, results in a second stream.
//!
//! An acknowledged request is deleted, as a work-queue stream in JetStream does. What a dead worker left pending
//! is reclaimed after `brokers.ack_wait`, at most `max_deliver` deliveries in all; then it is parked. With
//! `brokers.delivery` exactly-once a script answers and acknowledges in one step, and only who was not answered yet.

mod entries;
mod group;
mod held;
mod in_hand;
mod once;
mod requests;
mod responder;
mod results;
mod rights;

use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use redis::RedisError;
use redis::aio::MultiplexedConnection;

use super::link::{Link, OnBreak, Settings, Wait};
use super::pipelines::Pipelines;
use super::preflight::{preflight, refused};
use super::served;
use crate::connect;
use crate::connect::patience::{ANSWERS_WITHIN, SILENCE_MAX};
use crate::connect::redis::plain;
use crate::transport::created;
use crate::transport::ends::{Collector, GeneratorEnd, Producer, Returns, Transport, WorkerEnd};
use crate::transport::error::TransportError;
use crate::transport::frame::Frame;
use crate::transport::limits::{Connections, Limits};
use crate::transport::names::Names;
use crate::transport::outcomes::Outcomes;
use crate::transport::troubles::Troubles;
pub(in crate::transport) use group::GROUP;

use entries::add;
use in_hand::InHand;
use once::{Once, answered};
use requests::{BLOCK_MS, Reclaiming, Requests};
use responder::ResultAdder;
use results::{Position, Results, SameResults};
use rights::Trying;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::result::{Held, LeftBehind, Side};
use weighbridge_record::terms::DeliveryMode;

/// Most entries of one read where scoring takes no time.
const READ_MAX: usize = 500;
/// Times that a key of a run is deleted, and the wait between two.
const DELETIONS_MAX: u32 = 5;
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(20);

pub struct RedisStreams {
    endpoint: Endpoint,
    names: Names,
    limits: Limits,
}

impl RedisStreams {
    pub fn new(endpoint: Endpoint, names: Names, limits: Limits) -> Self {
        Self { endpoint, names, limits }
    }

    /// A connection for commands that are answered at once.
    fn commands(&self) -> Settings {
        Settings {
            endpoint: self.endpoint.clone(),
            response_timeout: SILENCE_MAX,
            queue: self.limits.max_in_flight as usize,
        }
    }

    /// A connection of its own for blocking reads: shared with publishers, it would hold them up.
    fn reader(&self) -> Settings {
        let response_timeout = Duration::from_millis(BLOCK_MS) + SILENCE_MAX;
        Settings { endpoint: self.endpoint.clone(), response_timeout, queue: 0 }
    }

    /// Entries of one read: no hoard beyond twice what a worker scores at a time.
    fn read_count(&self) -> usize {
        if self.limits.service_ns_mean == 0 {
            return READ_MAX;
        }
        (2 * self.limits.worker_concurrency as usize).min(READ_MAX)
    }

    async fn results(&self, troubles: &Troubles) -> Result<Box<dyn Collector>, TransportError> {
        let (stream, position) = (self.names.result(), Position::default());
        let on_break =
            SameResults { stream: stream.clone(), position: position.clone(), troubles: troubles.clone() };
        let link = Link::open(self.reader(), (Side::Collector, troubles), on_break).await?;
        let lent = link.wait().await;
        Ok(Box::new(Results { link, lent, stream, position, troubles: troubles.clone() }))
    }

    /// All that a run creates.
    fn keys(&self) -> Vec<String> {
        let (requests, results) = (self.names.request(), self.names.result());
        let answered = self.is_once().then(|| answered(&requests));
        [requests, results].into_iter().chain(answered).collect()
    }

    fn is_once(&self) -> bool {
        self.limits.delivery == DeliveryMode::ExactlyOnce
    }

    async fn try_all(&self, connection: &mut MultiplexedConnection) -> Result<(), TransportError> {
        for key in self.keys() {
            let exists = group::exists(&key, connection).await;
            if exists.map_err(|error| refused(&self.endpoint, "EXISTS", &key, &error))? {
                let address = self.endpoint.address();
                return Err(TransportError::Exists { what: "key", name: key, address });
            }
        }
        let (requests, results) = (self.names.request(), self.names.result());
        let trying = Trying { endpoint: &self.endpoint, requests, results };
        trying.try_streams(connection).await?;
        if self.is_once() {
            trying.try_step(connection).await?;
        }
        let created = group::create(&trying.requests, connection).await;
        created.map_err(|error| refused(&self.endpoint, "XGROUP CREATE", &trying.requests, &error))?;
        let tried = trying.try_group(connection).await;
        if tried.is_err() {
            let mut left = vec![created::key(&self.endpoint, trying.requests)];
            self.dismantle(&mut left).await;
            // The error that led here is the one to return.
            left.iter().for_each(|left| tracing::error!("{left}"));
        }
        tried
    }
}

#[async_trait(?Send)]
impl Transport for RedisStreams {
    async fn prepare(&self, longest_body_bytes: usize) -> Result<(), TransportError> {
        preflight(&self.endpoint, longest_body_bytes).await?;
        let mut connection = connect::redis::connect(&self.endpoint, Some(ANSWERS_WITHIN), 0).await?;
        self.try_all(&mut connection).await
    }

    async fn publisher(
        &self,
        _index: u32,
        connections: Connections,
        outcomes: Rc<dyn Outcomes>,
        troubles: &Troubles,
    ) -> Result<GeneratorEnd, TransportError> {
        let (stream, subjects) = (self.names.request(), self.names.request_subjects());
        let on_break = || SameRequests { stream: stream.clone(), troubles: troubles.clone() };
        let server = (&self.endpoint, self.limits.over(connections));
        let pipelines = Pipelines::connect(server, (outcomes, troubles), on_break).await?;
        Ok(GeneratorEnd { producer: Box::new(Adder { pipelines, stream, subjects }), collector: None })
    }

    async fn collector(
        &self,
        index: u32,
        _outcomes: Rc<dyn Outcomes>,
        troubles: &Troubles,
    ) -> Result<Option<Box<dyn Collector>>, TransportError> {
        match self.limits.collects(index) {
            true => self.results(troubles).await.map(Some),
            false => Ok(None),
        }
    }

    fn returns(&self) -> Returns {
        Returns::Confirmed { or_broken: true }
    }

    async fn worker(&self, index: u32, troubles: &Troubles) -> Result<WorkerEnd, TransportError> {
        let told = (Side::Worker, troubles);
        let reader = Link::open(self.reader(), told, Wait).await?;
        let commands = Link::open(self.commands(), told, Wait).await?;
        let in_hand = Rc::new(InHand::default());
        let reclaiming = Reclaiming::of(&self.limits);
        let consumer = Requests {
            lent: reader.wait().await,
            reader,
            commands: commands.clone(),
            stream: self.names.request(),
            consumer: format!("worker-{index}"),
            count: self.read_count(),
            reclaiming,
            claim_at_ns: reclaiming.next_ns(),
            own_after: None,
            in_hand: Rc::clone(&in_hand),
            troubles: troubles.clone(),
        };
        let responder = ResultAdder {
            link: commands,
            requests: self.names.request(),
            results: self.names.result(),
            subjects: self.names.result_subjects().into(),
            once: self.is_once().then(Once::default),
            in_hand,
            troubles: troubles.clone(),
        };
        Ok(WorkerEnd { consumer: Box::new(consumer), responder: Rc::new(responder) })
    }

    async fn is_served(&self) -> Result<bool, TransportError> {
        served::has_consumers(&self.endpoint, &self.names.request(), GROUP).await
    }

    async fn held(&self) -> Vec<Held> {
        let (requests, results) = (self.names.request(), self.names.result());
        held::held(&self.endpoint, &requests, &results, self.is_once()).await.unwrap_or_default()
    }

    fn creates(&self) -> Vec<LeftBehind> {
        self.keys().into_iter().map(|name| created::key(&self.endpoint, name)).collect()
    }

    async fn dismantle(&self, left: &mut Vec<LeftBehind>) {
        match connect::redis::connect(&self.endpoint, Some(ANSWERS_WITHIN), 0).await {
            Ok(mut connection) => delete(&mut connection, left).await,
            Err(error) => left.iter_mut().for_each(|left| left.reason = error.to_string()),
        }
    }
}

/// Deletes keys, and takes out of `left` those that are gone.
async fn delete(connection: &mut MultiplexedConnection, left: &mut Vec<LeftBehind>) {
    let mut next = 0;
    let mut attempts = 0;
    while let Some(key) = left.get_mut(next) {
        attempts += 1;
        let deleted: Result<i64, _> = redis::cmd("DEL").arg(&key.name).query_async(connection).await;
        key.reason = match deleted {
            Ok(0) => {
                left.remove(next);
                attempts = 0;
                continue;
            }
            // A command of a connection that is closed already may come after this, and make the key anew.
            Ok(_) if attempts < DELETIONS_MAX => {
                tokio::time::sleep(LOOK_AGAIN_AFTER).await;
                continue;
            }
            Ok(_) => "somebody makes it anew".to_owned(),
            Err(error) => format!("DEL: {}", plain(&error)),
        };
        next += 1;
        attempts = 0;
    }
}

/// After a break: whether the stream of requests is still there. `XADD` would create it anew in silence, and
/// without the group.
struct SameRequests {
    stream: String,
    troubles: Troubles,
}

#[async_trait(?Send)]
impl OnBreak for SameRequests {
    async fn look(&self, connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
        if group::exists(&self.stream, connection).await? {
            return Ok(());
        }
        group::begin_anew(&self.stream, connection, (Side::Generator, &self.troubles)).await
    }
}

struct Adder {
    pipelines: Pipelines,
    stream: String,
    subjects: Vec<String>,
}

#[async_trait(?Send)]
impl Producer for Adder {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        let (stream, subjects) = (&self.stream, &self.subjects);
        self.pipelines.send(batch, |pipeline, frame| {
            add(pipeline, stream, &subjects[frame.key as usize], &frame.body);
        });
        Ok(())
    }
}
