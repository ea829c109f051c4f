//! Carries out a search: measures the rates that `search` asks for, one transport after the other.

use super::error::RunError;
use super::gathered::{Finished, Found, Gathered};
use super::keeper::Keeper;
use super::preflight::preflight;
use super::progress::Progress;
use super::settings::Settings;
use super::spec::TrialSpec;
use super::{ceiling, thresholds};
use crate::search::{Search, Shown, Step, judge};
use weighbridge_plan::{Plan, PointPlan, SearchPlan};
use weighbridge_record::result::{Probe, SearchOutcome, SearchRecord, ThresholdOutcome, Trial, Verdict};
use weighbridge_record::terms::Path;

/// Searches every transport of a plan. Needs the same runtime as [`run`](super::run()).
pub async fn search(
    plan: &Plan,
    settings: &Settings,
    progress: &dyn Progress,
    keeper: &mut dyn Keeper,
) -> Result<Finished, RunError> {
    // A probe is measured once; repetitions are for rates that are known.
    let plan = &Plan { repeat: 1, sequential: None, ..plan.clone() };
    let (Some(limits), Some(point)) = (&plan.search, plan.points.first()) else {
        return Err(RunError::failed("searching", "the plan has no `[search]`"));
    };
    preflight(plan, settings).await?;
    // Every rate up to the highest may be asked for, so the ceiling is measured if that one is in doubt; each
    // probe is then held against it at its own rate.
    let highest = point.at_rate(limits.high_per_s);
    let ceiling_per_s = ceiling::of_point(&highest, plan.seed, settings).await?;
    // It begins at the lowest, and goes no further than twice a rate that the instrument could bear.
    ceiling::refuse_beyond(ceiling_per_s, Some(limits.low_per_s), settings)?;
    let offered = plan.searched.as_deref().unwrap_or_default();
    let mut gathered = Gathered::start(plan, offered, None, settings, keeper)?;
    let mut searches = Vec::new();
    for path in &plan.paths {
        if settings.was_stopped() || gathered.failure.is_some() {
            break;
        }
        let hunt = Hunt { plan, limits, point, path: *path, ceiling_per_s, settings, progress };
        searches.push(hunt.carry_out(&mut gathered).await?);
    }
    let trials = &gathered.trials;
    let found = Found {
        verdict: verdict(&searches),
        ratios: Vec::new(),
        thresholds: searches.iter().flat_map(|search| deciding(search, point, trials)).collect(),
        costs: Vec::new(),
        searches,
        pair: None,
    };
    Ok(gathered.finish(settings, found))
}

/// The search of one transport.
struct Hunt<'a> {
    plan: &'a Plan,
    limits: &'a SearchPlan,
    point: &'a PointPlan,
    path: Path,
    ceiling_per_s: Option<f64>,
    settings: &'a Settings,
    progress: &'a dyn Progress,
}

impl Hunt<'_> {
    async fn carry_out(&self, gathered: &mut Gathered<'_>) -> Result<SearchRecord, RunError> {
        let mut search = Search::new(self.limits);
        let mut probes = Vec::new();
        while let Some(step) = search.next() {
            if self.settings.was_stopped() {
                break;
            }
            // Each probe has arrivals and payloads of its own.
            let seed = self.plan.seed.wrapping_add(probes.len() as u64);
            let Some((probe, shown)) = self.measure(step, search.asking(), seed, gathered).await? else {
                break;
            };
            probes.push(probe);
            search.record(step, shown);
            gathered.keep_search(&self.found(&search, probes.clone()));
        }
        Ok(self.found(&search, probes))
    }

    /// What is known, whether or not the search has ended.
    fn found(&self, search: &Search, probes: Vec<Probe>) -> SearchRecord {
        let (answer, ended) = (search.answer(), search.next().is_none());
        SearchRecord {
            path: self.path,
            objective: self.limits.objective,
            outcome: if ended { answer.outcome } else { SearchOutcome::Stopped },
            rate_per_s: answer.rate_per_s,
            low_per_s: answer.low_per_s,
            high_per_s: answer.high_per_s,
            precision: self.limits.precision,
            from_per_s: self.limits.low_per_s,
            to_per_s: self.limits.high_per_s,
            probes,
        }
    }

    /// One probe on a fresh broker; none where it failed or was stopped, which shows nothing.
    async fn measure(
        &self,
        step: Step,
        asking: u32,
        seed: u64,
        gathered: &mut Gathered<'_>,
    ) -> Result<Option<(Probe, Shown)>, RunError> {
        let mut point = self.point.at_rate(step.rate_per_s);
        if step.confirms {
            point.load.duration_ns = point.load.duration_ns.max(self.limits.confirm_ns);
        }
        let same = |trial: &&Trial| trial.path == self.path && trial.point == point.point;
        let order = gathered.trials.len() as u32 + 1;
        let spec = TrialSpec {
            repetition: gathered.trials.iter().filter(same).count() as u32 + 1,
            order,
            trials: order,
            ceiling_per_s: self.ceiling_per_s,
            ..TrialSpec::alone(&point, self.path, seed)
        };
        if !gathered.measure(&spec, self.settings, self.progress).await? {
            return Ok(None);
        }
        let index = gathered.trials.len() - 1;
        let trial = &gathered.trials[index];
        if !trial.complete {
            return Ok(None);
        }
        let judgement = judge(trial, &held(&point, trial));
        let probe = Probe {
            rate_per_s: step.rate_per_s,
            confirmation: step.confirms,
            asked: asking,
            passed: judgement.shown == Shown::Sustained,
            reasons: judgement.reasons,
            trial: index,
        };
        self.progress.probe_judged(&probe, trial);
        Ok(Some((probe, judgement.shown)))
    }
}

/// The scenario's thresholds against one trial alone.
fn held(point: &PointPlan, trial: &Trial) -> Vec<ThresholdOutcome> {
    let outcomes = point.thresholds.iter().map(|threshold| thresholds::hold_one(threshold, &[trial]));
    outcomes.chain(thresholds::completed_nothing(&[trial])).collect()
}

/// Thresholds at the rate that speaks for the transport. A probe above it is meant to fail them.
fn deciding(search: &SearchRecord, point: &PointPlan, trials: &[Trial]) -> Vec<ThresholdOutcome> {
    let trial = search.deciding().and_then(|probe| trials.get(probe.trial));
    trial.map(|trial| held(point, trial)).unwrap_or_default()
}

/// A transport whose lowest measurement is invalid makes the search invalid; one that sustains nothing makes
/// it failed.
fn verdict(searches: &[SearchRecord]) -> Verdict {
    let without =
        |outcome| searches.iter().any(|search| search.rate_per_s.is_none() && search.outcome == outcome);
    if searches.is_empty() || without(SearchOutcome::InstrumentLimited) {
        Verdict::Invalid
    } else if without(SearchOutcome::None) {
        Verdict::Failed
    } else {
        Verdict::Passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::terms::Objective;

    fn record(outcome: SearchOutcome, rate_per_s: Option<f64>) -> SearchRecord {
        SearchRecord {
            path: weighbridge_record::terms::TransportKind::NatsCore.into(),
            objective: Objective::HighestSustainedRate,
            outcome,
            rate_per_s,
            low_per_s: rate_per_s,
            high_per_s: None,
            precision: 0.1,
            from_per_s: 1_000.0,
            to_per_s: 1e6,
            probes: Vec::new(),
        }
    }

    #[test]
    fn the_verdict_is_that_of_the_worst_transport() {
        let found = record(SearchOutcome::Found, Some(5_000.0));
        let limited = record(SearchOutcome::InstrumentLimited, Some(9_000.0));
        let none = record(SearchOutcome::None, None);
        let unknown = record(SearchOutcome::InstrumentLimited, None);
        assert_eq!(verdict(&[found.clone(), limited]), Verdict::Passed);
        assert_eq!(verdict(&[found.clone(), none.clone()]), Verdict::Failed);
        assert_eq!(verdict(&[none, unknown, found]), Verdict::Invalid);
        assert_eq!(verdict(&[]), Verdict::Invalid);
    }
}
