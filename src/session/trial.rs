//! One trial: brokers up, ends connected, load on, drained, everything down again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::gaps;
use super::pause::Pausing;
use super::record::{Loaded, assemble, bursts};
use super::sampling::Sampler;
use super::{Glance, Progress, RunError, Settings, TrialSpec};
use crate::broker::{self, Broker};
use crate::clock::now_ns;
use crate::load::{Generator, GeneratorOutcome, Run, Stop};
use crate::mailbox::Mailboxes;
use crate::metrics::Timeline;
use crate::payload::Payloads;
use crate::plan::PointPlan;
use crate::result::{ErrorGroup, Finding, Trial};
use crate::schema::Correlation;
use crate::terms::{End, TransportKind};
use crate::transport::{self, Limits, Names, Targets, Transport, TransportError};
use crate::worker::{self, Pool, PoolRun, Scoring};

/// Longest that connecting all ends may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(20);
/// From the last connection to the first request.
const LEAD_NS: u64 = 50_000_000;

/// A trial's record and what its brokers left behind.
pub struct Measured {
    pub trial: Trial,
    /// Broker kind and log.
    pub logs: Vec<(&'static str, Vec<u8>)>,
    pub kept: Vec<PathBuf>,
}

/// Measures one trial on fresh brokers.
pub async fn measure(
    spec: &TrialSpec<'_>,
    seed: u64,
    nonce: u32,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Measured, RunError> {
    let mut brokers = Vec::new();
    if let Some(kind) = spec.transport.broker() {
        brokers.push(broker::start(kind, &spec.point.brokers, &settings.brokers).await?);
    }
    let outcome = run(spec, seed, nonce, settings, progress, &mut brokers).await;
    let failed = outcome.is_err();
    let mut logs = Vec::new();
    let mut kept = Vec::new();
    for broker in brokers {
        let kind = broker.kind().name();
        let stopped = broker.stop(failed);
        if !stopped.log.is_empty() {
            logs.push((kind, stopped.log));
        }
        kept.extend(stopped.directory);
    }
    match outcome {
        Ok(trial) => Ok(Measured { trial, logs, kept }),
        Err(error) => {
            for directory in kept {
                tracing::warn!("the broker's directory is kept: {}", directory.display());
            }
            Err(error)
        }
    }
}

/// Everything that the threads of a trial share.
struct Stage {
    transport: Arc<dyn Transport>,
    payloads: Arc<Payloads>,
    correlation: Correlation,
    mailboxes: Arc<Mailboxes>,
    busy: Arc<AtomicU32>,
}

async fn run(
    spec: &TrialSpec<'_>,
    seed: u64,
    nonce: u32,
    settings: &Settings,
    progress: &dyn Progress,
    brokers: &mut [Broker],
) -> Result<Trial, RunError> {
    let point = spec.point;
    let mut targets = Targets::default();
    brokers.iter().for_each(|broker| broker.add_target(&mut targets));
    let names = Names::new(
        &prefix(point, brokers, nonce),
        point.payload.categories.iter().map(|(name, _)| name.clone()),
    );
    let transport =
        transport::build(spec.transport, &targets, names, limits(point), point.brokers.durability)?;
    run_on(transport, spec, (seed, nonce), settings, progress, brokers).await
}

/// Measures one trial on a transport that is there already and needs no broker of ours.
pub async fn measure_on(
    transport: Arc<dyn Transport>,
    spec: &TrialSpec<'_>,
    seed: u64,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Trial, RunError> {
    run_on(transport, spec, (seed, super::nonce()), settings, progress, &mut []).await
}

async fn run_on(
    transport: Arc<dyn Transport>,
    spec: &TrialSpec<'_>,
    (seed, nonce): (u64, u32),
    settings: &Settings,
    progress: &dyn Progress,
    brokers: &mut [Broker],
) -> Result<Trial, RunError> {
    let point = spec.point;
    let correlation = Correlation::new(nonce);
    let payloads = Payloads::new(&point.payload, seed, correlation);
    let waits_for_delivery = !point.load.is_scheduled() && point.end() == End::Delivery;
    let wakes_at = waits_for_delivery.then(|| point.load.worth_waking() as usize);
    transport.prepare(payloads.longest_bytes()).await?;
    let stage = Stage {
        transport: Arc::clone(&transport),
        payloads: Arc::new(payloads),
        correlation,
        mailboxes: Arc::new(Mailboxes::new(point.load.generators, wakes_at)),
        busy: Arc::new(AtomicU32::new(point.load.generators)),
    };
    let loaded = load(spec, seed, settings, progress, brokers, &stage).await;
    // Also after a failure: what this run created is deleted, and the first error is the one to report.
    let dismantled = transport.dismantle().await;
    let loaded = loaded?;
    let mut trial = assemble(spec, loaded);
    if let Err(error) = dismantled {
        trial.errors.push(ErrorGroup { message: format!("clearing up: {error}"), count: 1 });
    }
    Ok(trial)
}

/// Set by the scenario, else empty on a broker of our own and one per trial on others. It is a token of the
/// subject of its own, so that rights can be granted to `prefix.>`.
fn prefix(point: &PointPlan, brokers: &[Broker], nonce: u32) -> String {
    let external = brokers.iter().any(|broker| matches!(broker, Broker::External(_)));
    match &point.brokers.prefix {
        Some(prefix) if prefix.is_empty() => String::new(),
        Some(prefix) => format!("{prefix}."),
        None if external => format!("wb{nonce:08x}."),
        None => String::new(),
    }
}

/// The sizes that a plan asks of a transport.
pub fn limits(point: &PointPlan) -> Limits {
    Limits {
        max_in_flight: point.load.max_in_flight,
        connections: point.load.connections,
        generators: point.load.generators,
        worker_concurrency: point.workers.concurrency,
        service_ns_mean: worker::mean_ns(point.workers.service_time),
        timeout_ns: point.load.timeout_ns,
        end: point.end(),
    }
}

async fn load(
    spec: &TrialSpec<'_>,
    seed: u64,
    settings: &Settings,
    progress: &dyn Progress,
    brokers: &mut [Broker],
    stage: &Stage,
) -> Result<Loaded, RunError> {
    let load = &spec.point.load;
    let (ready, mut readiness) = mpsc::unbounded_channel();
    let pool = match spec.point.workers.count {
        0 => None,
        _ => Some(start_workers(spec, seed, stage, &ready)?),
    };
    let worker_threads = pool.as_ref().map_or(0, Pool::threads);
    connected(&mut readiness, worker_threads).await?;
    let (start, started) = watch::channel(None);
    let run = Run {
        transport: Arc::clone(&stage.transport),
        load: load.clone(),
        end: spec.point.end(),
        payloads: Arc::clone(&stage.payloads),
        correlation: stage.correlation,
        seed,
        mailboxes: Arc::clone(&stage.mailboxes),
        stop: settings.stop.clone(),
        busy: Arc::clone(&stage.busy),
        defect: settings.defect,
    };
    let mut generators = Vec::new();
    for index in 0..load.generators {
        let generator = Generator::start(index, run.clone(), ready.clone(), started.clone());
        generators.push(generator.map_err(|error| RunError::failed("starting a generator thread", error))?);
    }
    connected(&mut readiness, load.generators).await?;
    let mut sampler = Sampler::start(brokers).await;
    let timeline = Timeline::new(now_ns() + LEAD_NS, load.warmup_ns, load.duration_ns, load.cooldown_ns);
    start.send(Some(timeline)).map_err(|error| RunError::failed("starting the load", error))?;
    let pausing = Pausing::start(spec.pauses, brokers, &timeline);
    watch_over(spec, &generators, &mut sampler, brokers, progress, timeline).await;
    let faults = pausing.finish();
    let complete = settings.stop.get() == Stop::No;
    let threads = load.generators + worker_threads;
    let pool = pool.map(Pool::stop).unwrap_or_default();
    let mut errors = pool.errors;
    let mut merged = merge(generators, &mut errors)?;
    merged.summary.breaks.extend(pool.breaks);
    let (records, cost, samples) = sampler.finish(brokers).await;
    Ok(Loaded {
        totals: merged.summary.totals,
        recording: merged.summary.recorder.finish(),
        dropped: pool.dropped + merged.summary.dropped,
        ended_early: pool.ended_early + u32::from(merged.summary.collector_ended),
        errors,
        bursts: bursts(&merged.bursts),
        scheduling: merged.scheduling,
        brokers: records,
        cost,
        samples,
        threads,
        complete,
        ceiling_per_s: settings.ceiling_per_s,
        tier: brokers.iter().find_map(|broker| broker.tier_doubt(spec.point.brokers.durability)),
        faults,
        gaps: gaps::of(merged.summary.breaks, &timeline),
        findings: Finding::earliest(merged.summary.findings),
    })
}

fn start_workers(
    spec: &TrialSpec<'_>,
    seed: u64,
    stage: &Stage,
    ready: &mpsc::UnboundedSender<Result<(), TransportError>>,
) -> Result<Pool, RunError> {
    let point = spec.point;
    let run = PoolRun {
        transport: Arc::clone(&stage.transport),
        scoring: Scoring {
            correlation: stage.correlation,
            categories: point.payload.categories.iter().map(|(name, _)| name.clone()).collect(),
        },
        workers: point.workers.clone(),
        seed,
        // Slots mostly sleep; a worker that scores at once works as hard as the load lets it.
        paced: point.load.is_scheduled() && worker::mean_ns(point.workers.service_time) > 0,
        lanes: u64::from(point.load.generators) * u64::from(point.load.connections),
        replies_to_sender: spec.transport == TransportKind::NatsRequest,
        mailboxes: Arc::clone(&stage.mailboxes),
    };
    // The generators and the broker want cores too.
    let threads = (crate::environment::cores() / 4).max(1);
    Pool::start(&run, threads, ready).map_err(|error| RunError::failed("starting a worker thread", error))
}

/// Waits until `count` threads have connected.
async fn connected(
    readiness: &mut mpsc::UnboundedReceiver<Result<(), TransportError>>,
    count: u32,
) -> Result<(), RunError> {
    for _ in 0..count {
        match tokio::time::timeout(CONNECT_WITHIN, readiness.recv()).await {
            Ok(Some(outcome)) => outcome?,
            Ok(None) => return Err(RunError::failed("connecting", "a thread ended")),
            Err(_) => return Err(RunError::failed("connecting", "not connected within 20 s")),
        }
    }
    Ok(())
}

/// Samples and reports progress until all generators are done.
async fn watch_over(
    spec: &TrialSpec<'_>,
    generators: &[Generator],
    sampler: &mut Sampler,
    brokers: &mut [Broker],
    progress: &dyn Progress,
    timeline: Timeline,
) {
    const LOOK: Duration = Duration::from_millis(20);
    /// Nobody reads faster, and a glance sorts.
    const LOOKS_A_GLANCE: u32 = 5;
    let planned = Duration::from_nanos(timeline.load_end_ns() - timeline.start_ns());
    let mut next_row_ns = timeline.boundary_after(now_ns());
    let mut looks = 0;
    while !generators.iter().all(Generator::is_finished) {
        tokio::time::sleep(LOOK).await;
        looks += 1;
        let now = now_ns();
        if now >= next_row_ns {
            sampler.row(brokers).await;
            next_row_ns = timeline.boundary_after(now_ns());
        }
        if looks % LOOKS_A_GLANCE != 0 {
            continue;
        }
        let mut glance = Glance {
            elapsed: Duration::from_nanos(now.saturating_sub(timeline.start_ns())),
            planned,
            ..Glance::default()
        };
        for generator in generators {
            glance.attempted += generator.live.attempted.load(Ordering::Relaxed);
            glance.completed += generator.live.completed.load(Ordering::Relaxed);
            glance.in_flight += generator.live.in_flight.load(Ordering::Relaxed);
            generator.live.recent.collect(&mut glance.recent_ns);
        }
        glance.recent_ns.sort_unstable();
        progress.glance(spec, &glance);
    }
}

/// Joins the generators and adds up what they brought.
fn merge(
    generators: Vec<Generator>,
    errors: &mut BTreeMap<String, u64>,
) -> Result<GeneratorOutcome, RunError> {
    let mut merged: Option<GeneratorOutcome> = None;
    for generator in generators {
        let outcome = generator.join()?;
        for (message, count) in &outcome.summary.errors {
            *errors.entry(message.clone()).or_default() += count;
        }
        match &mut merged {
            None => merged = Some(outcome),
            Some(merged) => {
                merged.summary.merge(outcome.summary);
                // Both have the same constant bounds.
                merged.bursts.add(&outcome.bursts).expect("same bounds");
            }
        }
    }
    merged.ok_or_else(|| RunError::failed("a trial", "no generator ran"))
}
