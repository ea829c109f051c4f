//! What a run has measured so far, and the record that comes of it.

use std::path::PathBuf;

use super::doubts;
use super::error::RunError;
use super::keeper::Keeper;
use super::progress::Progress;
use super::settings::Settings;
use super::spec::TrialSpec;
use super::trial::{self, Measured};
use crate::clock::{rfc3339, unix_seconds};
use crate::environment;
use weighbridge_plan::Plan;
use weighbridge_record::result::{
    Cost, PairRecord, PathRatio, RepetitionRule, RunResult, SCHEMA_VERSION, ScenarioRecord, SearchRecord,
    ThresholdOutcome, Trial, Verdict,
};
use weighbridge_record::summary::summarize;
use weighbridge_record::unfinished::RunHead;

/// A finished run.
pub struct Finished {
    pub result: RunResult,
    /// Directories of brokers that were kept because something failed.
    pub kept: Vec<PathBuf>,
    /// Why the run ended before its last trial; what was measured until then stands in the record.
    pub failure: Option<RunError>,
}

/// What a run has measured so far.
pub(super) struct Gathered<'a> {
    head: RunHead,
    keeper: &'a mut dyn Keeper,
    pub trials: Vec<Trial>,
    kept: Vec<PathBuf>,
    pub failure: Option<RunError>,
}

/// What its trials say together.
pub(super) struct Found {
    /// Unless the run was ended before its end.
    pub verdict: Verdict,
    pub ratios: Vec<PathRatio>,
    pub thresholds: Vec<ThresholdOutcome>,
    pub searches: Vec<SearchRecord>,
    pub costs: Vec<Cost>,
    pub pair: Option<PairRecord>,
}

impl<'a> Gathered<'a> {
    /// Begins a run of a plan, whose load is told in the words of `offered`, and whose repetitions go by `rule`.
    pub fn start(
        plan: &Plan,
        offered: &str,
        rule: Option<RepetitionRule>,
        settings: &Settings,
        keeper: &'a mut dyn Keeper,
    ) -> Result<Self, RunError> {
        let head = RunHead {
            schema_version: SCHEMA_VERSION,
            run_id: ulid::Ulid::generate().to_string(),
            scenario: ScenarioRecord {
                name: plan.name.clone(),
                question: plan.question.clone(),
                reading: plan.reading.clone(),
                source: plan.source.clone(),
                changed: plan.changed.clone(),
                seed: plan.seed,
                repeat: plan.repeat,
                repetitions: rule,
                offered: offered.to_string(),
            },
            environment: environment::read(settings.command.clone()),
            calibration: Vec::new(),
        };
        keeper.begin(&head).map_err(RunError::Keep)?;
        Ok(Self { head, keeper, trials: Vec::new(), kept: Vec::new(), failure: None })
    }

    /// Measures a trial and keeps it. False where that failed: the failure is kept too, and the run ends. The
    /// failure of the first trial is the run's own, because there is nothing to report.
    pub async fn measure(
        &mut self,
        spec: &TrialSpec<'_>,
        settings: &Settings,
        progress: &dyn Progress,
    ) -> Result<bool, RunError> {
        let measured = match attempt(spec, settings, progress).await {
            Ok(measured) => measured,
            Err(RunError::Stopped) => return Ok(false),
            Err(error) if self.trials.is_empty() => return Err(error),
            Err(error) => {
                self.failure = Some(error);
                return Ok(false);
            }
        };
        let name = |server: String| format!("{:02}-{}-{server}.log", spec.order, spec.path);
        let logs: Vec<_> = measured.logs.into_iter().map(|(server, log)| (name(server), log)).collect();
        self.keeper.keep(&measured.trial, &logs);
        self.kept.extend(measured.kept);
        self.trials.push(measured.trial);
        Ok(true)
    }

    /// As [`Gathered::measure`], one after the other. False also where the run was stopped.
    pub async fn measure_all(
        &mut self,
        specs: Vec<TrialSpec<'_>>,
        settings: &Settings,
        progress: &dyn Progress,
    ) -> Result<bool, RunError> {
        for spec in specs {
            if settings.was_stopped() || !self.measure(&spec, settings, progress).await? {
                return Ok(false);
            }
        }
        Ok(!settings.was_stopped())
    }

    /// Whether a trial can't be trusted, and so the run can't.
    pub fn any_invalid(&self) -> bool {
        self.trials.iter().any(|trial| !trial.valid)
    }

    /// What came of the rule by which repetitions went on.
    pub fn repeated(&mut self, rule: RepetitionRule) {
        self.head.scenario.repeat = self.trials.iter().map(|trial| trial.repetition).max().unwrap_or(0);
        self.head.scenario.repetitions = Some(rule);
    }

    /// How often the ratios might be looked at.
    pub fn looks(&self) -> u32 {
        self.head.scenario.looks()
    }

    /// Keeps what a search has found so far.
    pub fn keep_search(&mut self, search: &SearchRecord) {
        self.keeper.keep_search(search);
    }

    pub fn finish(self, settings: &Settings, found: Found) -> Finished {
        let RunHead { schema_version, run_id, scenario, mut environment, calibration } = self.head;
        environment.finished_at = rfc3339(unix_seconds());
        let aborted = self.failure.is_some() || settings.was_stopped();
        let result = RunResult {
            schema_version,
            run_id,
            verdict: if aborted { Verdict::Aborted } else { found.verdict },
            scenario,
            environment,
            thresholds: found.thresholds,
            summary: summarize(&self.trials),
            trials: self.trials,
            calibration,
            ratios: found.ratios,
            searches: found.searches,
            costs: found.costs,
            pair: found.pair,
        };
        Finished { result, kept: self.kept, failure: self.failure }
    }
}

/// Measures a trial, and measures it again if the instrument was disturbed. What is discarded stays on
/// record as a doubt of the attempt that counts.
async fn attempt(
    spec: &TrialSpec<'_>,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Measured, RunError> {
    let mut discarded = Vec::new();
    loop {
        progress.trial_started(spec);
        let mut measured = trial::measure(spec, settings, progress).await?;
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
