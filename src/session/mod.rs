//! The one orchestrator: for each trial start brokers, warm up, measure, drain, stop; then sum up.

mod ceiling;
mod doubts;
mod pause;
mod record;
mod sampling;
mod search;
mod summary;
mod trial;

use std::path::PathBuf;
use std::time::Duration;

use crate::broker::{self, BrokerError};
use crate::clock::{rfc3339, unix_seconds};
use crate::connect::ConnectError;
use crate::environment;
use crate::load::{Defect, Stop, StopSignal};
use crate::plan::{Plan, PointPlan};
use crate::result::{
    Environment, PathRatio, Probe, RunResult, SCHEMA_VERSION, ScenarioRecord, SearchRecord, SummaryRow,
    ThresholdOutcome, Trial, Verdict,
};
use crate::terms::TransportKind;
use crate::transport::TransportError;
use weighbridge_record::pairs;

pub use pause::Pause;
pub use search::search;
use trial::Measured;
pub use trial::{limits, measure, measure_on};

/// How a run is to be carried out, beyond what its plan says.
#[derive(Default)]
pub struct Settings {
    pub brokers: broker::Options,
    pub stop: StopSignal,
    /// Times that a trial is measured again if the machine disturbed it, before it is left invalid.
    pub measure_again: u32,
    /// The command that reproduces the run, without secrets.
    pub command: String,
    /// A known error to be made on purpose, so that calibration can be seen to notice it.
    pub defect: Defect,
    /// Most that the generator can put on the path in memory; measured by [`run`] where rates are high.
    pub ceiling_per_s: Option<f64>,
}

impl Settings {
    fn was_stopped(&self) -> bool {
        self.stop.get() != Stop::No
    }
}

/// One trial of the plan.
#[derive(Debug, Clone)]
pub struct TrialSpec<'a> {
    pub point: &'a PointPlan,
    pub transport: TransportKind,
    /// From 1.
    pub repetition: u32,
    /// From 1.
    pub order: u32,
    pub trials: u32,
    /// Pauses of its managed brokers.
    pub pauses: &'a [Pause],
}

/// What is known while a trial runs.
#[derive(Debug, Clone, Default)]
pub struct Glance {
    pub elapsed: Duration,
    /// Planned time of warm-up, window and cool-down.
    pub planned: Duration,
    pub attempted: u64,
    pub completed: u64,
    pub in_flight: u64,
    /// The latest turnarounds in nanoseconds, sorted; some hundreds at most of each generator.
    pub recent_ns: Vec<u64>,
}

impl Glance {
    /// A percentile of the latest turnarounds; none with fewer than 10 above it.
    pub fn recent_quantile_ns(&self, quantile: f64) -> Option<u64> {
        let rank = (self.recent_ns.len() as f64 * quantile).ceil().max(1.0) as usize;
        (self.recent_ns.len() >= rank + 10).then(|| self.recent_ns[rank - 1])
    }
}

/// Told how a run gets on.
pub trait Progress {
    fn trial_started(&self, spec: &TrialSpec<'_>);
    fn glance(&self, spec: &TrialSpec<'_>, glance: &Glance);
    fn trial_finished(&self, spec: &TrialSpec<'_>, trial: &Trial);

    /// After the last attempt at a rate of a search.
    fn probe_judged(&self, _probe: &Probe, _trial: &Trial) {}
}

/// Says nothing.
pub struct Silent;

impl Progress for Silent {
    fn trial_started(&self, _spec: &TrialSpec<'_>) {}

    fn glance(&self, _spec: &TrialSpec<'_>, _glance: &Glance) {}

    fn trial_finished(&self, _spec: &TrialSpec<'_>, _trial: &Trial) {}
}

/// A finished run: its record, and files that go beside it.
pub struct Finished {
    pub result: RunResult,
    /// Name and content.
    pub files: Vec<(String, Vec<u8>)>,
    /// Directories of brokers that were kept because something failed.
    pub kept: Vec<PathBuf>,
    /// Why the run ended before its last trial; what was measured until then stands in the record.
    pub failure: Option<RunError>,
}

/// Why a run could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Broker(#[from] BrokerError),
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error("{what}: {reason}")]
    Failed { what: &'static str, reason: String },
}

impl RunError {
    fn failed(what: &'static str, reason: impl ToString) -> Self {
        Self::Failed { what, reason: reason.to_string() }
    }

    /// Whether the cause is a broker that isn't there.
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Broker(
                BrokerError::NotFound { .. }
                    | BrokerError::TooOld { .. }
                    | BrokerError::Unresolved { .. }
                    | BrokerError::Start { .. }
                    | BrokerError::Connect(ConnectError::Unavailable { .. })
            ) | Self::Transport(TransportError::Connect(ConnectError::Unavailable { .. }))
        )
    }
}

/// Carries out all trials of a plan. Needs a current-thread runtime that lives on the main thread: managed
/// brokers die with the thread that started them.
pub async fn run(
    plan: &Plan,
    settings: &mut Settings,
    progress: &dyn Progress,
) -> Result<Finished, RunError> {
    preflight(plan, settings).await?;
    settings.ceiling_per_s = ceiling::measure(plan, settings).await?;
    let settings = &*settings;
    let mut gathered = Gathered::start(settings);
    for spec in order(plan) {
        // Each repetition has arrivals and payloads of its own, the same on every transport.
        let seed = plan.seed + u64::from(spec.repetition) - 1;
        if settings.was_stopped() || !gathered.measure(&spec, seed, settings, progress).await? {
            break;
        }
    }
    let trials = &gathered.trials;
    let summary = summary::summarize(plan, trials);
    let comparisons = pairs::between_paths(trials);
    let thresholds = summary::hold(plan, trials);
    let verdict = summary::verdict(trials, &thresholds);
    let offered = plan.offered.clone();
    let found = Found { verdict, offered, summary, comparisons, thresholds, searches: Vec::new() };
    Ok(gathered.finish(plan, settings, found))
}

/// What a run has measured so far.
struct Gathered {
    run_id: String,
    environment: Environment,
    trials: Vec<Trial>,
    files: Vec<(String, Vec<u8>)>,
    kept: Vec<PathBuf>,
    failure: Option<RunError>,
}

/// What its trials say together.
struct Found {
    /// Unless the run was ended before its end.
    verdict: Verdict,
    offered: String,
    summary: Vec<SummaryRow>,
    comparisons: Vec<PathRatio>,
    thresholds: Vec<ThresholdOutcome>,
    searches: Vec<SearchRecord>,
}

impl Gathered {
    fn start(settings: &Settings) -> Self {
        Self {
            run_id: ulid::Ulid::generate().to_string(),
            environment: environment::read(settings.command.clone()),
            trials: Vec::new(),
            files: Vec::new(),
            kept: Vec::new(),
            failure: None,
        }
    }

    /// Measures a trial and keeps it. False where that failed: the failure is kept too, and the run ends. The
    /// failure of the first trial is the run's own, because there is nothing to report.
    async fn measure(
        &mut self,
        spec: &TrialSpec<'_>,
        seed: u64,
        settings: &Settings,
        progress: &dyn Progress,
    ) -> Result<bool, RunError> {
        let measured = match attempt(spec, seed, settings, progress).await {
            Ok(measured) => measured,
            Err(error) if self.trials.is_empty() => return Err(error),
            Err(error) => {
                self.failure = Some(error);
                return Ok(false);
            }
        };
        for (name, log) in measured.logs {
            self.files.push((format!("{:02}-{}-{name}.log", spec.order, spec.transport), log));
        }
        self.kept.extend(measured.kept);
        self.trials.push(measured.trial);
        Ok(true)
    }

    fn finish(mut self, plan: &Plan, settings: &Settings, found: Found) -> Finished {
        self.environment.finished_at = rfc3339(unix_seconds());
        let aborted = self.failure.is_some() || settings.was_stopped();
        let result = RunResult {
            schema_version: SCHEMA_VERSION,
            run_id: self.run_id,
            verdict: if aborted { Verdict::Aborted } else { found.verdict },
            scenario: ScenarioRecord {
                name: plan.name.clone(),
                question: plan.question.clone(),
                reading: plan.reading.clone(),
                source: plan.source.clone(),
                seed: plan.seed,
                repeat: plan.repeat,
                offered: found.offered,
            },
            environment: self.environment,
            thresholds: found.thresholds,
            trials: self.trials,
            summary: found.summary,
            calibration: Vec::new(),
            comparisons: found.comparisons,
            searches: found.searches,
        };
        Finished { result, files: self.files, kept: self.kept, failure: self.failure }
    }
}

/// Measures a trial, and measures it again if the instrument was disturbed. What is discarded stays on
/// record as a doubt of the attempt that counts.
async fn attempt(
    spec: &TrialSpec<'_>,
    seed: u64,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Measured, RunError> {
    let mut discarded = Vec::new();
    loop {
        progress.trial_started(spec);
        let mut measured = trial::measure(spec, seed, nonce(), settings, progress).await?;
        progress.trial_finished(spec, &measured.trial);
        if discarded.len() < settings.measure_again as usize && doubts::was_disturbed(&measured.trial) {
            let why = measured.trial.doubts.iter().find(|doubt| doubt.kind.invalidates());
            discarded.extend(why.map(|doubt| doubt.detail.clone()));
            continue;
        }
        measured.trial.doubts.extend(doubts::measured_again(&discarded));
        return Ok(measured);
    }
}

/// Random bits of a ULID: no message of another trial carries them.
pub(crate) fn nonce() -> u32 {
    ulid::Ulid::generate().random() as u32
}

/// All brokers are looked for before the first trial: one that is missing must not cost the others' time.
async fn preflight(plan: &Plan, settings: &Settings) -> Result<(), RunError> {
    // A sweep may move over brokers, but seldom does.
    let mut seen = Vec::new();
    for point in &plan.points {
        for kind in plan.transports.iter().filter_map(|transport| transport.broker()) {
            let asked = (kind, point.brokers.endpoint(kind));
            if !seen.contains(&asked) {
                seen.push(asked);
                broker::preflight(kind, &point.brokers, &settings.brokers).await?;
            }
        }
    }
    Ok(())
}

/// The plan's trials in the order in which they are measured: A B C, C B A, ... so that a drift of the
/// machine does not favour one transport.
fn order(plan: &Plan) -> Vec<TrialSpec<'_>> {
    let trials = plan.points.len() as u32 * plan.transports.len() as u32 * plan.repeat;
    let mut specs = Vec::new();
    for point in &plan.points {
        for repetition in 1..=plan.repeat {
            let mut transports = plan.transports.clone();
            if repetition % 2 == 0 {
                transports.reverse();
            }
            for transport in transports {
                let order = specs.len() as u32 + 1;
                specs.push(TrialSpec { point, transport, repetition, order, trials, pauses: &[] });
            }
        }
    }
    specs
}
