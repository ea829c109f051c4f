//! Messaging paths: one file per transport, moving opaque frames in batches.
//!
//! A transport knows no schema, scorer, metrics or schedule. It is made once per trial on the control thread
//! (`prepare`, `dismantle`); its ends are opened inside the single-threaded runtimes that use them.

mod in_process;
mod nats;
mod nats_confirmed;
mod nats_core;
mod nats_jetstream;
mod nats_jetstream_worker;
mod nats_request;
mod nats_rights;
mod redis_client;
mod redis_pubsub;
mod redis_streams;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::connect::{ConnectError, Endpoint};
use crate::terms::{BrokerKind, End, TransportKind};

/// A request on its way out. `key` is the index of its category, which chooses the subject.
#[derive(Debug, Clone)]
pub struct Frame {
    pub sequence: u64,
    pub key: u16,
    pub body: Bytes,
}

/// A request as a worker receives it.
#[derive(Debug)]
pub struct Delivery {
    pub body: Bytes,
    pub receipt: Receipt,
    /// The broker has given the request up: it is reported, not scored.
    pub parked: bool,
}

/// What a transport needs to answer or acknowledge a delivery; opaque to the worker.
#[derive(Debug, Clone, Default)]
pub struct Receipt(pub Option<Bytes>);

/// A worker's answer to one delivery. Without a body the delivery is only acknowledged.
#[derive(Debug)]
pub struct Reply {
    pub key: u16,
    pub body: Option<Bytes>,
    pub receipt: Receipt,
}

/// Something that reached the collector.
#[derive(Debug)]
pub struct Arrival {
    pub body: Bytes,
    /// The request it answers, where the path itself says so.
    pub sequence: Option<u64>,
    /// The path refused the request: nobody will answer.
    pub refusal: Option<&'static str>,
}

/// Where a producer reports what the broker said of a request, and when.
pub trait Outcomes {
    /// The broker confirmed these.
    fn accepted(&self, sequences: &mut dyn Iterator<Item = u64>, at_ns: u64);
    /// Refused for certain.
    fn rejected(&self, sequence: u64, reason: &str);
    /// It may still arrive.
    fn indeterminate(&self, sequence: u64, reason: &str);
    /// The client dropped a result because it was read too slowly.
    fn dropped(&self);
}

/// What went wrong at a worker's connections without ending them, counted by its wording.
#[derive(Debug, Clone, Default)]
pub struct Troubles(Rc<RefCell<Noted>>);

/// The notes of [`Troubles`].
#[derive(Debug, Clone, Default)]
pub struct Noted {
    pub errors: BTreeMap<String, u64>,
    /// Deliveries that the client dropped because they were read too slowly.
    pub dropped: u64,
}

impl Troubles {
    pub fn note(&self, error: &impl ToString) {
        *self.0.borrow_mut().errors.entry(error.to_string()).or_default() += 1;
    }

    pub fn dropped(&self) {
        self.0.borrow_mut().dropped += 1;
    }

    pub fn noted(&self) -> Noted {
        self.0.borrow().clone()
    }
}

#[async_trait(?Send)]
pub trait Producer {
    /// Hands a batch to the client library and empties it. Does not wait for the broker: outcomes come
    /// through [`Outcomes`], so that a slow broker never makes the pacer late.
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError>;

    /// Nothing more is due for the moment.
    async fn pause(&mut self) -> Result<(), TransportError> {
        Ok(())
    }
}

#[async_trait(?Send)]
pub trait Consumer {
    /// Waits for at least one delivery and takes up to `max` that are there.
    async fn receive(&mut self, max: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError>;
}

#[async_trait(?Send)]
pub trait Responder {
    /// Hands the results over, to be followed by the acknowledgements. Does not wait for the broker; what it
    /// refuses later is noted among the [`Troubles`], and leaves the delivery unacknowledged.
    async fn reply(&self, replies: &mut Vec<Reply>) -> Result<(), TransportError>;
}

#[async_trait(?Send)]
pub trait Collector {
    /// Waits for at least one arrival and takes up to `max` that are there.
    async fn receive(&mut self, max: usize, into: &mut Vec<Arrival>) -> Result<(), TransportError>;
}

/// A generator's connections.
pub struct GeneratorEnd {
    pub producer: Box<dyn Producer>,
    /// None where another generator collects the results of all, or where there are none.
    pub collector: Option<Box<dyn Collector>>,
}

/// A worker's connections.
pub struct WorkerEnd {
    pub consumer: Box<dyn Consumer>,
    pub responder: Rc<dyn Responder>,
}

/// One messaging path, ready to be connected to.
#[async_trait(?Send)]
pub trait Transport: Send + Sync {
    /// Checks the broker and creates what the path needs; refuses what exists already.
    async fn prepare(&self, longest_body_bytes: usize) -> Result<(), TransportError>;

    /// Opens the connections of generator `index`, in the runtime that will use them.
    async fn generator(&self, index: u32, outcomes: Rc<dyn Outcomes>)
    -> Result<GeneratorEnd, TransportError>;

    /// Opens the connections of worker `index`, in the runtime that will use them.
    async fn worker(&self, index: u32, troubles: &Troubles) -> Result<WorkerEnd, TransportError>;

    /// Deletes what `prepare` created, and only that.
    async fn dismantle(&self) -> Result<(), TransportError>;
}

/// Names on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// Set on external brokers, so that a run never meets anyone else's messages.
    prefix: String,
    categories: Vec<String>,
}

impl Names {
    pub fn new(prefix: &str, categories: impl IntoIterator<Item = String>) -> Self {
        Self { prefix: prefix.to_string(), categories: categories.into_iter().collect() }
    }

    /// `prioritization.request`
    pub fn request(&self) -> String {
        format!("{}prioritization.request", self.prefix)
    }

    /// `prioritization.result`
    pub fn result(&self) -> String {
        format!("{}prioritization.result", self.prefix)
    }

    /// `prioritization.sync`
    pub fn sync(&self) -> String {
        format!("{}prioritization.sync", self.prefix)
    }

    /// `prioritization.request.{category}`, by key.
    pub fn request_subjects(&self) -> Vec<String> {
        self.by_category(&self.request())
    }

    /// `prioritization.result.{category}`, by key.
    pub fn result_subjects(&self) -> Vec<String> {
        self.by_category(&self.result())
    }

    /// Name of a stream, group or durable consumer, which may hold no dots.
    pub fn stored(&self, name: &str) -> String {
        format!("{}{name}", self.prefix.replace('.', "_"))
    }

    fn by_category(&self, base: &str) -> Vec<String> {
        self.categories.iter().map(|category| format!("{base}.{category}")).collect()
    }
}

/// Sizes that all transports of a comparison share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub max_in_flight: u32,
    /// Publishing connections of a generator.
    pub connections: u32,
    pub generators: u32,
    /// Requests that one worker scores at a time.
    pub worker_concurrency: u32,
    /// Mean time that scoring one request takes.
    pub service_ns_mean: u64,
    /// After it the outcome of a send is unknown.
    pub timeout_ns: u64,
    pub end: End,
}

impl Limits {
    /// Whether generator `index` collects the results, where one does so for all.
    fn collects(&self, index: u32) -> bool {
        index == 0 && self.end == End::Result
    }
}

/// What went wrong on a path, with what was tried and what to do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransportError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("{broker} at {address} refused: {reason}")]
    Refused { broker: BrokerKind, address: String, reason: String },
    #[error("{what} `{name}` exists already on {address}; delete it, or set another `brokers.prefix`")]
    Exists { what: &'static str, name: String, address: String },
    #[error(
        "a request of up to {body_bytes} bytes does not fit {broker}'s limit of {limit_bytes} bytes ({setting}); \
         lower `payload.description_bytes` or raise the broker's limit"
    )]
    TooLarge { broker: BrokerKind, setting: &'static str, body_bytes: usize, limit_bytes: usize },
    #[error("{what} failed: {reason}")]
    Failed { what: &'static str, reason: String },
    #[error("{what} was closed")]
    Closed { what: &'static str },
}

impl TransportError {
    pub(crate) fn failed(what: &'static str, reason: impl ToString) -> Self {
        Self::Failed { what, reason: reason.to_string() }
    }
}

/// Where the brokers of a trial are, as far as it has any.
#[derive(Debug, Clone, Default)]
pub struct Targets {
    pub redis: Option<Endpoint>,
    pub nats: Option<Endpoint>,
}

/// The composition root: one arm per transport.
pub fn build(
    kind: TransportKind,
    targets: &Targets,
    names: Names,
    limits: Limits,
    storage: crate::terms::Durability,
) -> Result<Arc<dyn Transport>, TransportError> {
    let redis =
        || targets.redis.clone().ok_or(TransportError::failed("redis", "no broker was started for it"));
    let nats = || targets.nats.clone().ok_or(TransportError::failed("nats", "no broker was started for it"));
    Ok(match kind {
        TransportKind::RedisPubsub => Arc::new(redis_pubsub::RedisPubsub::new(redis()?, names, limits)),
        TransportKind::RedisStreams => Arc::new(redis_streams::RedisStreams::new(redis()?, names, limits)),
        TransportKind::NatsCore => Arc::new(nats_core::NatsCore::new(nats()?, names, limits)),
        TransportKind::NatsJetstream => {
            Arc::new(nats_jetstream::NatsJetstream::new(nats()?, names, limits, storage))
        }
        TransportKind::NatsRequest => Arc::new(nats_request::NatsRequest::new(nats()?, names, limits)),
        TransportKind::InProcess => Arc::new(in_process::InProcess::new(limits)),
    })
}
