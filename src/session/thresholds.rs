//! Holds trials against the thresholds of their plan, and says what comes of it.

use weighbridge_plan::{Metric, Operator, Plan, PointPlan, Statistic, Threshold};
use weighbridge_record::own_lateness::in_statistic;
use weighbridge_record::result::{Fault, Kept, LatencySummary, ThresholdOutcome, Trial, Verdict};
use weighbridge_record::stats::median;
use weighbridge_record::terms::Path;

fn of<'a>(trials: &'a [Trial], point: &PointPlan, path: Path) -> Vec<&'a Trial> {
    trials.iter().filter(|trial| trial.path == path && trial.point == point.point).collect()
}

fn value_of(latency: &LatencySummary, statistic: Statistic) -> Option<f64> {
    let integer = match statistic {
        Statistic::Mean => return latency.mean,
        Statistic::Min => latency.min,
        Statistic::P50 => latency.p50,
        Statistic::P90 => latency.p90,
        Statistic::P99 => latency.p99,
        Statistic::P999 => latency.p999,
        Statistic::P9999 => latency.p9999,
        Statistic::Max => latency.max,
    };
    integer.map(|value| value as f64)
}

/// Holds every threshold of the plan against every transport and point that was measured.
pub fn hold(plan: &Plan, trials: &[Trial]) -> Vec<ThresholdOutcome> {
    let mut outcomes = Vec::new();
    for point in &plan.points {
        let measured: Vec<Vec<&Trial>> = plan.paths.iter().map(|path| of(trials, point, *path)).collect();
        let measured = || measured.iter().filter(|trials| !trials.is_empty());
        for threshold in &point.thresholds {
            outcomes.extend(measured().map(|trials| hold_one(threshold, trials)));
        }
        outcomes.extend(measured().filter_map(|trials| completed_nothing(trials)));
    }
    outcomes
}

/// A trial that completed nothing shows nothing good of its path, whatever the scenario allows: the threshold that
/// it fails. None where every trial completed something.
pub fn completed_nothing(measured: &[&Trial]) -> Option<ThresholdOutcome> {
    let dead = measured.iter().find(|trial| trial.ledger.completed == 0)?;
    Some(ThresholdOutcome {
        expression: "ledger.completed > 0".to_owned(),
        path: dead.path,
        point: dead.point.clone(),
        observed: Some(0.0),
        passed: false,
        unobserved: None,
        samples: dead.ledger.attempted,
    })
}

/// Holds a threshold against repetitions of one transport at one point, of which there is at least one.
pub fn hold_one(threshold: &Threshold, measured: &[&Trial]) -> ThresholdOutcome {
    let (observed, samples) = observed(&threshold.metric, measured);
    let unobserved = own_lateness(threshold, observed, measured);
    let observed = observed.filter(|_| unobserved.is_none());
    ThresholdOutcome {
        expression: threshold.expression.clone(),
        path: measured[0].path,
        point: measured[0].point.clone(),
        observed,
        passed: observed.is_some_and(|observed| holds(threshold, observed)),
        unobserved,
        samples,
    }
}

/// Why a latency is not observed: it is the instrument's own lateness. An upper bound that holds with our lateness
/// in the figure holds without it.
fn own_lateness(threshold: &Threshold, observed: Option<f64>, trials: &[&Trial]) -> Option<String> {
    let Metric::Latency { stage, statistic } = threshold.metric else { return None };
    let bounds_above = matches!(threshold.operator, Operator::Less | Operator::LessOrEqual);
    if bounds_above && holds(threshold, observed?) {
        return None;
    }
    let (name, _) = Statistic::NAMED.into_iter().find(|(_, known)| *known == statistic)?;
    let ours = trials
        .iter()
        .filter_map(|trial| Some((trial.repetition, in_statistic(&trial.latency_ns, stage, name)?)));
    let (repetition, own) = ours.max_by(|(_, a), (_, b)| a.share().total_cmp(&b.share()))?;
    Some(format!("own lateness: {} in repetition {repetition}", own.words(name)))
}

/// The figure that a threshold is held against, and the samples behind it: the median over repetitions of a
/// latency or rate, the sum over repetitions of a count of the ledger.
fn observed(metric: &Metric, trials: &[&Trial]) -> (Option<f64>, u64) {
    let over = |values: Vec<Option<f64>>| {
        let known: Option<Vec<f64>> = values.into_iter().collect();
        known.filter(|values| !values.is_empty()).map(|values| median(&values))
    };
    match metric {
        Metric::Latency { stage, statistic } => {
            let latencies: Vec<_> = trials.iter().map(|trial| trial.latency_ns.get(*stage)).collect();
            let samples = latencies.iter().flatten().map(|latency| latency.count).sum();
            let values = latencies.into_iter().map(|latency| value_of(latency?, *statistic)).collect();
            (over(values), samples)
        }
        Metric::Rate { field } => {
            let values = trials.iter().map(|trial| trial.rates.field(field)).collect();
            (over(values), trials.iter().map(|trial| trial.ledger.completed).sum())
        }
        Metric::Fault { field } => {
            let faults = trials.iter().flat_map(|trial| &trial.faults);
            (worst(field, faults), trials.iter().map(|trial| trial.faults.len() as u64).sum())
        }
        Metric::BrokenPromises => {
            let promises = || trials.iter().flat_map(|trial| &trial.promises);
            let broken = promises().filter(|promise| promise.verdict == Kept::Broken).count();
            (Some(broken as f64), promises().count() as u64)
        }
        Metric::Ledger { field } => {
            let values: Option<Vec<u64>> = trials.iter().map(|trial| trial.ledger.count(field)).collect();
            let sum = values.map(|values| values.iter().sum::<u64>() as f64);
            (sum, trials.iter().map(|trial| trial.ledger.attempted).sum())
        }
    }
}

/// The most that a field comes to over some faults, times in nanoseconds; none where there is no fault, or one of them
/// never came so far. A count that stands with another fault is left out.
fn worst<'a>(field: &str, faults: impl Iterator<Item = &'a Fault>) -> Option<f64> {
    let is_time = field.ends_with("_s");
    let values = faults.map(|fault| fault.field(field)).filter(|value| is_time || value.is_some());
    let values: Option<Vec<f64>> = values.collect();
    let most = values?.into_iter().reduce(f64::max)?;
    Some(if is_time { most * 1e9 } else { most })
}

fn holds(threshold: &Threshold, observed: f64) -> bool {
    match threshold.operator {
        Operator::Less => observed < threshold.bound,
        Operator::LessOrEqual => observed <= threshold.bound,
        Operator::Equal => observed == threshold.bound,
        Operator::GreaterOrEqual => observed >= threshold.bound,
        Operator::Greater => observed > threshold.bound,
    }
}

/// An invalid trial outweighs a failed threshold: what can't be trusted has neither passed nor failed.
pub fn verdict(trials: &[Trial], thresholds: &[ThresholdOutcome]) -> Verdict {
    let unobserved = thresholds.iter().any(|outcome| outcome.unobserved.is_some());
    if trials.is_empty() || trials.iter().any(|trial| !trial.valid) || unobserved {
        Verdict::Invalid
    } else if thresholds.iter().any(|outcome| !outcome.passed) {
        Verdict::Failed
    } else {
        Verdict::Passed
    }
}

#[cfg(test)]
mod tests;
