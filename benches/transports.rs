//! What each path costs: a batch published, and one request there and back, over brokers of our own.
//!
//! Publishing ends when the broker has acknowledged the whole batch; where it never answers (`nats-core`,
//! `nats-request`, `in-process`), when a subscriber has it. What was published is answered and collected
//! outside the measured time, so that no queue grows. Generator, worker and collector share one thread: these
//! are the costs of a path, not the rates that it can reach.

use std::cell::Cell;
use std::error::Error;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::task::LocalSet;
use weighbridge::payload::{Payloads, longest_bytes};
use weighbridge::schema::Correlation;
use weighbridge::site::{Binaries, Options, Site};
use weighbridge::transport::{
    self, Collector, Consumer, Delivery, Frame, Limits, Names, Outcomes, Producer, Reply, Responder, Targets,
    Transport, Troubles, Unknown,
};
use weighbridge_plan::{Brokers, Payload};
use weighbridge_record::terms::{BrokerKind, CompletedBy, DeliveryMode, Durability, Subjects, TransportKind};

const BATCHES: [usize; 2] = [1, 64];
const BODIES_BYTES: usize = 256;
/// Longest that a step may take before the bench gives up; brokers on loopback answer in milliseconds.
const STEP_WITHIN: Duration = Duration::from_secs(10);

type Failure = Box<dyn Error>;

/// Counts what the broker acknowledged.
#[derive(Default)]
struct Acknowledged {
    accepted: Cell<usize>,
    changed: Notify,
    failed: Cell<Option<String>>,
}

impl Acknowledged {
    fn fail(&self, reason: String) {
        self.failed.set(Some(reason));
        self.changed.notify_one();
    }
}

impl Outcomes for Acknowledged {
    fn accepted(&self, sequences: &mut dyn Iterator<Item = u64>, _at_ns: u64) {
        self.accepted.set(self.accepted.get() + sequences.count());
        self.changed.notify_one();
    }

    fn rejected(&self, _sequence: u64, reason: &str) {
        self.fail(format!("a request was rejected: {reason}"));
    }

    fn indeterminate(&self, _sequence: u64, reason: &str) {
        self.fail(format!("nobody knows what became of a request: {reason}"));
    }

    fn broken(&self, _over: &dyn Fn(u64) -> bool, _unknown: Unknown) {
        self.fail("a connection was lost".to_owned());
    }
}

/// A generator and a worker on one transport.
struct Path {
    transport: Arc<dyn Transport>,
    producer: Box<dyn Producer>,
    collector: Box<dyn Collector>,
    consumer: Box<dyn Consumer>,
    responder: Rc<dyn Responder>,
    outcomes: Rc<Acknowledged>,
    troubles: Troubles,
    acknowledges: bool,
    payloads: Payloads,
    arena: BytesMut,
    sequence: u64,
}

impl Path {
    async fn open(kind: TransportKind, targets: &Targets) -> Result<Self, Failure> {
        let payloads = Payloads::new(&payload(), 1, Correlation::new(1));
        let names = Names::new("", ["INFRASTRUCTURE".to_owned()], Subjects::ByCategory);
        let transport = transport::build(kind, targets, names, limits(), Durability::Memory)?;
        transport.prepare(longest_bytes(&payload())).await?;
        let (outcomes, troubles) = (Rc::new(Acknowledged::default()), Troubles::default());
        // The worker first: what nobody subscribes to is dropped on the paths that store nothing.
        let worker = transport.worker(0, &troubles).await?;
        let told = Rc::clone(&outcomes) as Rc<dyn Outcomes>;
        let generator = transport.generator(0, told, &troubles).await?;
        Ok(Self {
            producer: generator.producer,
            collector: generator.collector.ok_or("the first generator has no collector")?,
            consumer: worker.consumer,
            responder: worker.responder,
            acknowledges: acknowledges(kind),
            arena: BytesMut::with_capacity(1 << 20),
            sequence: 0,
            transport,
            outcomes,
            troubles,
            payloads,
        })
    }

    /// Requests that are written but not sent.
    fn batch(&mut self, size: usize) -> Vec<Frame> {
        let frames = (0..size).map(|_| {
            self.sequence += 1;
            let (_, body) = self.payloads.write(self.sequence, b"2025-06-27T14:30:00Z", &mut self.arena);
            Frame { sequence: self.sequence, key: 0, body }
        });
        frames.collect()
    }

    async fn acknowledged(&self, count: usize) -> Result<(), Failure> {
        while self.outcomes.accepted.get() < count {
            if let Some(failed) = self.outcomes.failed.take() {
                return Err(failed.into());
            }
            self.outcomes.changed.notified().await;
        }
        Ok(())
    }

    async fn deliver(&mut self, count: usize) -> Result<Vec<Delivery>, Failure> {
        let mut deliveries = Vec::with_capacity(count);
        // Empty each time: a consumer that is given some already waits for no more.
        let mut more = Vec::with_capacity(count);
        while deliveries.len() < count {
            self.consumer.receive(count - deliveries.len(), &mut more).await?;
            deliveries.append(&mut more);
        }
        Ok(deliveries)
    }

    /// Answers every delivery with `result`, and collects the answers.
    async fn answer(&mut self, deliveries: Vec<Delivery>, result: &Bytes) -> Result<(), Failure> {
        let count = deliveries.len();
        let reply = |delivery: Delivery| Reply {
            request: None,
            key: 0,
            body: Some(result.clone()),
            receipt: delivery.receipt,
        };
        let mut replies: Vec<Reply> = deliveries.into_iter().map(reply).collect();
        self.responder.reply(&mut replies).await?;
        let (mut collected, mut arrivals) = (0, Vec::with_capacity(count));
        while collected < count {
            self.collector.receive(count - collected, &mut arrivals).await?;
            collected += arrivals.drain(..).count();
        }
        Ok(())
    }

    /// Time until a batch is acknowledged, or delivered where nobody acknowledges.
    async fn publish(&mut self, size: usize, result: &Bytes) -> Result<Duration, Failure> {
        let mut batch = self.batch(size);
        let accepted = self.outcomes.accepted.get() + size;
        let start = Instant::now();
        self.producer.send(&mut batch).await?;
        let (taken, deliveries) = if self.acknowledges {
            self.acknowledged(accepted).await?;
            (start.elapsed(), self.deliver(size).await?)
        } else {
            let deliveries = self.deliver(size).await?;
            (start.elapsed(), deliveries)
        };
        self.answer(deliveries, result).await?;
        Ok(taken)
    }

    /// Time until the answer to one request is back.
    async fn round_trip(&mut self, result: &Bytes) -> Result<Duration, Failure> {
        let mut batch = self.batch(1);
        let start = Instant::now();
        self.producer.send(&mut batch).await?;
        let deliveries = self.deliver(1).await?;
        self.answer(deliveries, result).await?;
        Ok(start.elapsed())
    }

    /// What went wrong without stopping anything would make the figures wrong.
    async fn close(self) -> Result<(), Failure> {
        let mut left = self.transport.creates();
        self.transport.dismantle(&mut left).await;
        if let Some(left) = left.first() {
            return Err(left.to_string().into());
        }
        let noted = self.troubles.noted();
        if noted.errors.is_empty() && noted.dropped == 0 {
            return Ok(());
        }
        Err(format!("{} deliveries dropped, errors: {:?}", noted.dropped, noted.errors).into())
    }
}

fn acknowledges(kind: TransportKind) -> bool {
    matches!(kind, TransportKind::RedisPubsub | TransportKind::RedisStreams | TransportKind::NatsJetstream)
}

fn payload() -> Payload {
    Payload {
        description_bytes: vec![BODIES_BYTES as u32],
        categories: vec![("INFRASTRUCTURE".to_owned(), 1.0)],
        requester_roles: vec![("IT_ADMIN".to_owned(), 1.0)],
    }
}

fn limits() -> Limits {
    Limits {
        max_in_flight: 1_024,
        connections: 1,
        generators: 1,
        worker_concurrency: 64,
        service_ns_mean: 0,
        completed_by: CompletedBy::Result,
        prefetch: None,
        ack_wait_ns: 30_000_000_000,
        max_deliver: 3,
        delivery: DeliveryMode::AtLeastOnce,
        worker_channels: 0,
    }
}

/// The servers that are to be had, each a site; which of them are not, and how they are installed, is printed.
fn sites(runtime: &Runtime) -> Vec<Site> {
    let named = |variable| std::env::var_os(variable).map(Into::into);
    let binaries = Binaries {
        redis_server: named("WEIGHBRIDGE_REDIS_SERVER"),
        nats_server: named("WEIGHBRIDGE_NATS_SERVER"),
    };
    let options = Options { binaries, ..Options::default() };
    let plan = Brokers::managed(Durability::Memory);
    let kinds = [BrokerKind::RedisServer, BrokerKind::NatsServer];
    let started = kinds.into_iter().filter_map(|kind| {
        let started = runtime.block_on(Site::start(&[kind], &plan, &options));
        started.map_err(|error| println!("skipped: the transports on {kind}: {error}")).ok()
    });
    started.collect()
}

/// Runs one measurement as often as criterion asks, and adds its times up.
fn timed(
    (runtime, tasks): (&Runtime, &LocalSet),
    path: &mut Path,
    times: u64,
    mut step: impl AsyncFnMut(&mut Path) -> Result<Duration, Failure>,
) -> Duration {
    let all = async {
        let mut taken = Duration::ZERO;
        for _ in 0..times {
            taken +=
                tokio::time::timeout(STEP_WITHIN, step(path)).await.map_err(|_| "no answer in 10 s")??;
        }
        Ok::<Duration, Failure>(taken)
    };
    tasks.block_on(runtime, all).expect("a measurement that fails has no figure")
}

fn transports(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime needs nothing but file descriptors");
    let sites = sites(&runtime);
    for kind in TransportKind::ALL {
        let Some(needed) = kind.broker() else {
            measure(criterion, &runtime, kind, &Targets::default());
            continue;
        };
        if let Some(site) = sites.iter().find(|site| site.nodes()[0].kind() == needed) {
            measure(criterion, &runtime, kind, &site.targets());
        }
    }
    for site in sites {
        site.stop(false);
    }
}

fn measure(criterion: &mut Criterion, runtime: &Runtime, kind: TransportKind, targets: &Targets) {
    let tasks = LocalSet::new();
    let on = (runtime, &tasks);
    let opened = tasks.block_on(runtime, Path::open(kind, targets));
    let mut path = opened.unwrap_or_else(|error| panic!("{kind} can't be opened: {error}"));
    let result = Bytes::from(vec![b'x'; BODIES_BYTES]);
    let mut group = criterion.benchmark_group(kind.name());
    for size in BATCHES {
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(format!("publish/{size}"), |bencher| {
            bencher.iter_custom(|times| {
                timed(on, &mut path, times, async |path| path.publish(size, &result).await)
            });
        });
    }
    group.throughput(Throughput::Elements(1));
    group.bench_function("round trip", |bencher| {
        bencher.iter_custom(|times| timed(on, &mut path, times, async |path| path.round_trip(&result).await));
    });
    group.finish();
    tasks.block_on(runtime, path.close()).unwrap_or_else(|error| panic!("{kind}: {error}"));
}

/// 18 measurements of a second. What is answered and collected outside the measured time comes on top.
fn modest() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(1))
}

criterion_group! { name = benches; config = modest(); targets = transports }
criterion_main!(benches);
