//! Says in words what a plan will do, before anything runs.
//!
//! Text for people; scripts read the plan as run from `result.json`.

use std::fmt::Write;

use super::prose::{count, number, span};
use super::warnings::warnings;
use crate::PROBES_MAX;
use crate::credentials::redact;
use crate::route::{Asked, RoutePlan, Stage};
use crate::{Arrivals, Executor, Load, Plan, PointPlan, RampStage, SearchPlan, Sequential, ServiceTime};
use weighbridge_record::terms::{CompletedBy, Draw, OnFailure, Seam};

/// Starting and stopping the brokers of a trial, roughly.
const SETUP_NS: u64 = 1_000_000_000;

/// What `weighbridge validate` prints.
pub fn explain(plan: &Plan) -> String {
    let mut out = format!("{}: {}\n", plan.name, plan.question);
    let mut line = |label: &str, text: &str| {
        // Writing to a string can't fail.
        let _ = writeln!(out, "  {label:<11} {text}");
    };
    if let Some(search) = &plan.search {
        for point in &plan.points {
            line("search", &searched(search, point));
        }
        line("probes", &format!("at most {PROBES_MAX} of each transport"));
    }
    if !plan.is_only_searched() {
        let repetitions = usize::try_from(plan.repeat).unwrap_or(usize::MAX);
        let (all, places) = (plan.points.len().saturating_mul(plan.paths.len()), plan.places());
        let once = if places < all { ", what stores nothing at one tier only," } else { "" };
        let at_most = if plan.sequential.is_some() { "at most " } else { "" };
        line(
            "trials",
            &format!(
                "{} x {} x {at_most}{}{once} = {at_most}{}",
                count(plan.points.len(), "point"),
                count(plan.paths.len(), if plan.points[0].route.is_some() { "route" } else { "transport" }),
                count(repetitions, "repetition"),
                count(places.saturating_mul(repetitions), "trial"),
            ),
        );
        if let Some(rule) = plan.sequential {
            line("repeat", &until(plan, rule));
        }
        line("time", &time(plan));
    }
    for point in &plan.points {
        if plan.points.len() > 1 {
            line("point", &point.point.label());
        }
    }
    for (label, describe) in DESCRIPTIONS {
        if label == "load" && plan.is_only_searched() {
            continue;
        }
        for text in distinct(plan, describe) {
            line(label, &text);
        }
    }
    for transport in plan.transports() {
        let mut tiers: Vec<_> =
            plan.points.iter().map(|p| transport.durability(p.brokers.durability).name()).collect();
        tiers.dedup();
        let mut guarantees: Vec<_> =
            plan.points.iter().map(|p| transport.promise(p.brokers.delivery).guarantee()).collect();
        guarantees.dedup();
        let (tiers, guarantees) = (tiers.join(", "), guarantees.join(", "));
        line("transport", &format!("{transport}: durability {tiers}, {guarantees}"));
    }
    let thresholds: Vec<_> = plan
        .points
        .iter()
        .take(1)
        .flat_map(|point| &point.thresholds)
        .map(|t| t.expression.clone())
        .collect();
    line("thresholds", &if thresholds.is_empty() { "none".to_owned() } else { thresholds.join(", ") });
    for warning in warnings(plan) {
        line("warning", &warning);
    }
    out
}

type Describe = fn(&PointPlan) -> String;

const DESCRIPTIONS: [(&str, Describe); 5] =
    [("load", offered), ("limits", limits), ("payload", payload), ("workers", workers), ("route", route)];

/// What the points say about one thing, each wording once.
fn distinct(plan: &Plan, describe: Describe) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for text in plan.points.iter().map(describe) {
        if !text.is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

/// How the legs of a route share the requests; empty without one.
fn route(point: &PointPlan) -> String {
    let share = |stage: &Stage| match stage.asked {
        Asked::Percent(percent) => format!("{percent} % from {}", span(stage.start_ns)),
        Asked::Both => format!("to both from {}", span(stage.start_ns)),
    };
    let stages = |plan: &RoutePlan| plan.stages().iter().map(share).collect::<Vec<_>>().join(", ");
    match &point.route {
        None => String::new(),
        Some(RoutePlan::Dual { on_failure: OnFailure::Both }) => {
            "dual: every request to both, which both must take".to_owned()
        }
        Some(RoutePlan::Dual { on_failure: OnFailure::Any }) => {
            "dual: every request to both, one of which must take it".to_owned()
        }
        Some(plan @ RoutePlan::Shares { kind, draw, .. }) => {
            let drawn = match draw {
                Draw::Exact => "exact over every hundred",
                Draw::Random => "each by chance",
            };
            format!("{kind}: {} to the second leg, {drawn}", stages(plan))
        }
        Some(plan @ RoutePlan::Cutover { seam, .. }) => {
            let seam = match seam {
                Seam::DrainFirst => "the leg that is left is drained first",
                Seam::SwitchFirst => "the leg that is left finishes meanwhile",
            };
            format!("cutover: {} to the second leg; {seam}", stages(plan))
        }
    }
}

/// The load of a plan in one line: that of its first point, or where it is searched.
pub fn load_words(plan: &Plan) -> String {
    match &plan.searched {
        Some(searched) if plan.is_only_searched() => format!("search {searched}"),
        _ => plan.offered.clone(),
    }
}

/// `from 1 000/s to 100 000/s, to within 10 %; 5 s after 1 s of warm-up, 20 s to confirm`.
pub fn searched(search: &SearchPlan, point: &PointPlan) -> String {
    format!(
        "from {}/s to {}/s, to within {} %; {}, {} to confirm",
        number(search.low_per_s),
        number(search.high_per_s),
        number(100.0 * search.precision),
        timing(&point.load),
        span(search.confirm_ns)
    )
}

/// The load of a point in one line: `2 000/s, Poisson, 5 s after 1 s of warm-up`.
pub fn offered(plan: &PointPlan) -> String {
    let load = &plan.load;
    let what = match &load.executor {
        Executor::ConstantArrivalRate { rate_per_s, arrivals } => {
            format!("{}/s, {}", number(*rate_per_s), arrivals_words(*arrivals))
        }
        Executor::RampingArrivalRate { start_rate_per_s, stages, arrivals } => {
            let start = number(*start_rate_per_s);
            let steps = ramp_words(*start_rate_per_s, stages);
            format!("from {start}/s: {steps}; {}", arrivals_words(*arrivals))
        }
        Executor::ClosedLoop { in_flight } => {
            format!("closed loop with {} in flight", number(f64::from(*in_flight)))
        }
        Executor::Saturate => {
            format!("as fast as accepted with {} in flight", number(f64::from(load.max_in_flight)))
        }
    };
    let ends = match plan.completed_by() {
        CompletedBy::Acknowledgement => "; no workers, the broker's acknowledgement ends a request",
        CompletedBy::Delivery => "; no results, delivery ends a request",
        CompletedBy::Result => "",
    };
    format!("{what}, {}{ends}", timing(load))
}

fn timing(load: &Load) -> String {
    let window = span(load.duration_ns);
    match load.warmup_ns {
        0 => format!("{window} without warm-up"),
        warmup_ns => format!("{window} after {} of warm-up", span(warmup_ns)),
    }
}

/// `4 s steady, to 3 000/s in 500 ms`.
fn ramp_words(start_rate_per_s: f64, stages: &[RampStage]) -> String {
    let mut from_per_s = start_rate_per_s;
    let mut words = Vec::with_capacity(stages.len());
    for stage in stages {
        let steady = stage.target_per_s == from_per_s;
        let time = span(stage.duration_ns);
        words.push(match steady {
            true => format!("{time} steady"),
            false => format!("to {}/s in {time}", number(stage.target_per_s)),
        });
        from_per_s = stage.target_per_s;
    }
    words.join(", ")
}

fn arrivals_words(arrivals: Arrivals) -> &'static str {
    match arrivals {
        Arrivals::Uniform => "uniform",
        Arrivals::Poisson => "Poisson",
    }
}

fn limits(plan: &PointPlan) -> String {
    let load = &plan.load;
    if let Some(command) = &load.command {
        return format!(
            "{}: `{}`, at most {} in flight, timeout {}, drain up to {}",
            count(load.generators as usize, "external publisher"),
            redact(&command.join(" ")),
            number(f64::from(load.max_in_flight)),
            span(load.timeout_ns),
            span(load.drain_ns),
        );
    }
    format!(
        "{} with {} each, {}, at most {} in flight, timeout {}, drain up to {}",
        count(load.generators as usize, "generator"),
        count(load.connections as usize, "connection"),
        batches(load),
        number(f64::from(load.max_in_flight)),
        span(load.timeout_ns),
        span(load.drain_ns),
    )
}

/// `pool checkout, batches of 100 sent one-by-one when full or after 5 ms`.
fn batches(load: &Load) -> String {
    let Some(publishing) = &load.publishing else {
        return format!("batches of at most {}", number(f64::from(load.batch)));
    };
    let when = match publishing.linger_ns {
        None => "when full".to_owned(),
        Some(0) => "at once".to_owned(),
        Some(linger_ns) => format!("when full or after {}", span(linger_ns)),
    };
    let size = number(f64::from(publishing.batch));
    format!("pool {}, batches of at most {size} sent {when}, flush {}", publishing.pool, publishing.flush)
}

fn payload(plan: &PointPlan) -> String {
    let sizes: Vec<_> = plan.payload.description_bytes.iter().map(|&b| number(f64::from(b))).collect();
    format!(
        "description of {} bytes, {} categories, {} roles",
        sizes.join(" or "),
        plan.payload.categories.len(),
        plan.payload.requester_roles.len(),
    )
}

fn workers(plan: &PointPlan) -> String {
    let Some(work) = plan.workers.work() else {
        return "none: requests are only published, the broker's acknowledgement ends them".to_owned();
    };
    if let Some(external) = plan.workers.external() {
        let workers = count(work.count as usize, "external worker");
        return match &external.command {
            Some(command) => format!("{workers}, each started with `{}`", command.join(" ")),
            None => format!("{workers}, run by somebody else"),
        };
    }
    if let Some(service) = plan.workers.service() {
        let workers = count(work.count as usize, "worker");
        return format!("{workers}, {} at a time each, ask {}", work.concurrency, redact(&service.url));
    }
    let ends = if work.results { "" } else { ", no results: delivery ends a request" };
    let service = match work.service_time {
        ServiceTime::Constant { ns: 0 } => "no service time".to_owned(),
        ServiceTime::Constant { ns } => format!("service time {}", span(ns)),
        ServiceTime::Exponential { mean_ns } => {
            format!("service time exponential with mean {}", span(mean_ns))
        }
        ServiceTime::Lognormal { median_ns, sigma } => {
            format!("service time lognormal with median {} and sigma {sigma}", span(median_ns))
        }
    };
    let workers = count(work.count as usize, "worker");
    format!("{workers}, {} at a time each, {service}{ends}", work.concurrency)
}

/// `auto: until every ratio is shown to differ from 1, or has an interval within 5 % of it; looked at after 5 and 8`.
fn until(plan: &Plan, rule: Sequential) -> String {
    let looks: Vec<_> = rule.looks(plan.repetition_ns()).into_iter().map(|look| look.to_string()).collect();
    let looks = match looks.as_slice() {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        alone => alone.concat(),
    };
    let margin = number(rule.margin_percent);
    let judged = match plan.paths.iter().filter(|path| !path.is_floor()).count() {
        0 | 1 => format!("every figure has an interval within {margin} % of it"),
        _ => format!("every ratio is shown to differ from 1, or has an interval within {margin} % of it"),
    };
    format!("auto: until {judged}; looked at after {looks}")
}

fn time(plan: &Plan) -> String {
    if let Some(rule) = plan.sequential {
        return format!("at most {}, of which one repetition is taken in any case", span(rule.budget_ns));
    }
    let repetition_ns = plan.sum_over_places(|load| load.on_ns().saturating_add(SETUP_NS));
    let total = repetition_ns.saturating_mul(u64::from(plan.repeat));
    let drain = plan.points.iter().map(|point| point.load.drain_ns).max().unwrap_or(0);
    format!("about {}, plus a drain of at most {} per trial", span(total), span(drain))
}
