//! What a run has measured so far, and the record that comes of it.

use std::path::PathBuf;

use super::doubts;
use super::error::RunError;
use super::progress::Progress;
use super::settings::Settings;
use super::spec::TrialSpec;
use super::trial::{self, Measured};
use crate::clock::{rfc3339, unix_seconds};
use crate::environment;
use crate::plan::Plan;
use crate::result::{
    Environment, PathRatio, RunResult, SCHEMA_VERSION, ScenarioRecord, SearchRecord, SummaryRow,
    ThresholdOutcome, Trial, Verdict,
};

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

/// What a run has measured so far.
pub(super) struct Gathered {
    run_id: String,
    environment: Environment,
    pub trials: Vec<Trial>,
    files: Vec<(String, Vec<u8>)>,
    kept: Vec<PathBuf>,
    pub failure: Option<RunError>,
}

/// What its trials say together.
pub(super) struct Found {
    /// Unless the run was ended before its end.
    pub verdict: Verdict,
    pub offered: String,
    pub summary: Vec<SummaryRow>,
    pub ratios: Vec<PathRatio>,
    pub thresholds: Vec<ThresholdOutcome>,
    pub searches: Vec<SearchRecord>,
}

impl Gathered {
    pub fn start(settings: &Settings) -> Self {
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
        for (name, log) in measured.logs {
            self.files.push((format!("{:02}-{}-{name}.log", spec.order, spec.transport), log));
        }
        self.kept.extend(measured.kept);
        self.trials.push(measured.trial);
        Ok(true)
    }

    pub fn finish(mut self, plan: &Plan, settings: &Settings, found: Found) -> Finished {
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
            ratios: found.ratios,
            searches: found.searches,
        };
        Finished { result, files: self.files, kept: self.kept, failure: self.failure }
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
