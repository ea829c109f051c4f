//! What a plan can't show although it is valid: windows too short, workers too few, figures that will be missing.
//!
//! Warnings before a run. What a run itself casts doubt on is recorded with its trials.

use super::prose::{number, span};
use crate::{Executor, Metric, Plan, PointPlan, Statistic};
use weighbridge_record::paired::PAIRS_MIN;
use weighbridge_record::terms::{CompletedBy, Durability, Stage, TransportKind};

const SECOND_NS: u64 = 1_000_000_000;
/// Three sync intervals of the lazy tier (TRAPS, section 1).
const LAZY_WINDOW_NS_MIN: u64 = 3 * SECOND_NS;
/// JetStream's first timed sync comes after one to two minutes (TRAPS, section 1).
const OS_WINDOW_NS_MIN: u64 = 120 * SECOND_NS;
/// A percentile with fewer samples above it is not printed.
const SAMPLES_ABOVE_MIN: f64 = 10.0;

/// Each warning once; those of a sweep name their first point.
pub fn warnings(plan: &Plan) -> Vec<String> {
    let mut found = across_transports(plan);
    found.extend(too_short_a_budget(plan));
    let transports = plan.transports();
    let mut told = found.clone();
    for point in &plan.points {
        for warning in of_point(point, &transports) {
            if told.contains(&warning) {
                continue;
            }
            told.push(warning.clone());
            let place =
                if point.point.is_empty() { String::new() } else { format!(" ({})", point.point.label()) };
            found.push(format!("{warning}{place}"));
        }
    }
    found
}

fn too_short_a_budget(plan: &Plan) -> Option<String> {
    let rule = plan.sequential.filter(|_| (plan.repeat as usize) < PAIRS_MIN)?;
    Some(format!(
        "`repetitions.budget` of {} has time for {} of them at most, and a verdict takes {PAIRS_MIN}",
        span(rule.budget_ns),
        plan.repeat
    ))
}

fn across_transports(plan: &Plan) -> Vec<String> {
    let compared = plan.paths.iter().filter(|path| !path.is_floor()).flat_map(|path| path.legs());
    let mut guarantees: Vec<_> = compared
        .flat_map(|t| plan.points.iter().map(move |p| t.promise(p.brokers.delivery).guarantee()))
        .collect();
    guarantees.sort_unstable();
    guarantees.dedup();
    if guarantees.len() < 2 || plan.paths.len() < 2 {
        return Vec::new();
    }
    vec![format!(
        "the transports promise different things ({}): compare like with like",
        guarantees.join("; ")
    )]
}

fn of_point(point: &PointPlan, transports: &[TransportKind]) -> Vec<String> {
    let mut out = Vec::new();
    out.extend(short_for_its_tier(point, transports));
    out.extend(external(point, transports));
    out.extend(too_few_workers(point));
    out.extend(unscheduled(point));
    for threshold in &point.thresholds {
        let warning = match &threshold.metric {
            Metric::Latency { stage, statistic } => too_few_samples(point, &threshold.expression, *statistic)
                .or_else(|| unanswered(*stage, transports, &threshold.expression))
                .or_else(|| no_transit(*stage, point, &threshold.expression)),
            Metric::Rate { field } if field == "offered_per_s" && point.load.peak_per_s().is_none() => {
                Some(format!("nothing is offered by a schedule, so `{}` has no figure", threshold.expression))
            }
            Metric::Fault { .. } if point.faults.is_empty() => {
                Some(format!("nothing is done to the paths, so `{}` has no figure", threshold.expression))
            }
            Metric::Rate { .. } | Metric::Ledger { .. } | Metric::Fault { .. } | Metric::BrokenPromises => {
                None
            }
        };
        out.extend(warning);
    }
    out
}

fn short_for_its_tier(point: &PointPlan, transports: &[TransportKind]) -> Option<String> {
    let window_ns = point.load.duration_ns;
    let window = span(window_ns);
    match point.brokers.durability {
        Durability::Lazy if window_ns < LAZY_WINDOW_NS_MIN && transports.iter().any(|t| t.stores()) => {
            Some(format!("tier lazy syncs once a second; {window} show fewer than 3 syncs"))
        }
        Durability::Os
            if window_ns < OS_WINDOW_NS_MIN && transports.contains(&TransportKind::NatsJetstream) =>
        {
            Some(format!(
                "tier os: nats-jetstream first syncs after one to two minutes; {window} may show no sync"
            ))
        }
        _ => None,
    }
}

fn external(point: &PointPlan, transports: &[TransportKind]) -> Option<String> {
    let is_external =
        |t: &&TransportKind| t.broker().is_some_and(|kind| point.brokers.endpoint(kind).is_some());
    let names: Vec<_> =
        transports.iter().filter(|t| t.stores()).filter(is_external).map(|t| t.name()).collect();
    (!names.is_empty()).then(|| {
        format!("{} on an external broker: its durability is as its operator set it", names.join(" and "))
    })
}

/// Offered load is rate x mean service time, in requests served at once.
fn too_few_workers(point: &PointPlan) -> Option<String> {
    let work = point.workers.work()?;
    let busy = point.load.peak_per_s()? * work.service_time.mean_ns() as f64 / SECOND_NS as f64;
    let places = f64::from(work.count) * f64::from(work.concurrency);
    (busy >= places).then(|| {
        format!(
            "the peak rate keeps {} requests in service at once, but the workers have room for {}: a queue will grow",
            number(busy),
            number(places)
        )
    })
}

fn unscheduled(point: &PointPlan) -> Option<String> {
    match point.load.executor {
        Executor::ClosedLoop { .. } | Executor::Saturate => Some(
            "nothing is scheduled, so latencies can't be corrected for coordinated omission: a stall hides itself"
                .to_owned(),
        ),
        _ => None,
    }
}

fn too_few_samples(point: &PointPlan, expression: &str, statistic: Statistic) -> Option<String> {
    let above = match statistic {
        Statistic::P90 => 0.1,
        Statistic::P99 => 0.01,
        Statistic::P999 => 0.001,
        Statistic::P9999 => 0.0001,
        Statistic::Min | Statistic::Mean | Statistic::P50 | Statistic::Max => return None,
    };
    let requests = point.load.expected_requests()?;
    let needed = SAMPLES_ABOVE_MIN / above;
    // A hair of slack: 10 / 0.01 isn't exactly 1 000 in binary.
    (requests < needed * 0.999).then(|| {
        format!(
            "`{expression}` needs {} requests, but about {} are sent",
            number(needed.round()),
            number(requests.round())
        )
    })
}

fn no_transit(stage: Stage, point: &PointPlan, expression: &str) -> Option<String> {
    (stage == Stage::Transit && point.completed_by() != CompletedBy::Result)
        .then(|| format!("no result ends a request, so `{expression}` has no figure"))
}

fn unanswered(stage: Stage, transports: &[TransportKind], expression: &str) -> Option<String> {
    (stage == Stage::Publish && transports.contains(&TransportKind::NatsCore))
        .then(|| format!("nats-core never answers a publish, so `{expression}` has no figure there"))
}
