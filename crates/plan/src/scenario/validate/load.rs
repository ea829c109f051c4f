//! `[load]`: which keys belong to which executor, and the limits on the whole of it.

use super::check::{Check, DURATION_NS_MAX, WINDOW_NS_MIN};
use super::publishing;
use crate::scenario::prose::span;
use crate::scenario::{duration, wire};
use crate::{Arrivals, Executor, Load, RampStage};

pub const SECOND_NS: u64 = 1_000_000_000;
/// Default of `load.batch` for large windows.
const BATCH_MAX: u32 = 256;
/// Longest that each part beside the window may take, in windows: the series has the window's intervals throughout.
const WINDOWS_MAX: u64 = 1_000;
/// Scheduled requests of one trial; the ledger keeps an entry for each.
const REQUESTS_MAX: f64 = 1e9;

pub fn check(check: &mut Check<'_>, load: &wire::Load) -> Option<Load> {
    let executor_name = load.executor?;
    foreign_and_missing_keys(check, executor_name);
    let warmup_ns = check.duration(&["load", "warmup"], load.warmup, SECOND_NS);
    let cooldown_ns = check.duration(&["load", "cooldown"], load.cooldown, SECOND_NS / 2);
    let drain_ns = check.positive_duration(&["load", "drain"], load.drain, 10 * SECOND_NS);
    let timeout_ns = check.positive_duration(&["load", "timeout"], load.timeout, 30 * SECOND_NS);
    let (executor, duration_ns) = match executor_name {
        wire::Executor::RampingArrivalRate => ramp(check, load)?,
        _ => {
            let asked = load.duration?;
            let duration_ns = check.window(&["load", "duration"], Some(asked), 0);
            (steady(executor_name, load)?, duration_ns)
        }
    };
    for (key, ns) in [("warmup", warmup_ns), ("cooldown", cooldown_ns), ("drain", drain_ns)] {
        too_long_beside(check, key, ns, duration_ns);
    }
    let max_in_flight = max_in_flight(check, load, &executor);
    // Where requests go out when others end, a quarter of the window is made while the rest is under way.
    let batch = match executor {
        Executor::ClosedLoop { in_flight: window } => BATCH_MAX.min(window.div_ceil(4)),
        Executor::Saturate => BATCH_MAX.min(max_in_flight.div_ceil(4)),
        Executor::ConstantArrivalRate { .. } | Executor::RampingArrivalRate { .. } => BATCH_MAX,
    };
    let publishing = publishing::check(check, load);
    let command = publishing::command(check, load);
    let batch = if publishing.is_some() { batch } else { load.batch.unwrap_or(batch) };
    too_many_in_all(check, &executor, warmup_ns.saturating_add(duration_ns).saturating_add(cooldown_ns));
    let load = Load {
        executor,
        warmup_ns,
        duration_ns,
        cooldown_ns,
        drain_ns,
        max_in_flight,
        timeout_ns,
        generators: load.generators.unwrap_or(1),
        connections: load.connections.unwrap_or(1),
        batch,
        command,
        publishing,
    };
    publishing::check_window(check, &load);
    too_few_in_all(check, &load);
    Some(load)
}

/// Each key that belongs to some executors only: which they are, and whether they need it.
fn foreign_and_missing_keys(check: &mut Check<'_>, executor: wire::Executor) {
    use wire::Executor::{ClosedLoop, ConstantArrivalRate, RampingArrivalRate, Saturate};
    let name = name(executor);
    let rules: [(&str, &[wire::Executor], bool); 6] = [
        ("rate", &[ConstantArrivalRate], true),
        ("arrivals", &[ConstantArrivalRate, RampingArrivalRate], false),
        ("start_rate", &[RampingArrivalRate], false),
        ("stages", &[RampingArrivalRate], true),
        ("in_flight", &[ClosedLoop], true),
        ("duration", &[ConstantArrivalRate, ClosedLoop, Saturate], true),
    ];
    for (key, owners, needed) in rules {
        if check.wrote(&["load", key]) && !owners.contains(&executor) {
            check.report(
                &["load", key],
                format!("`load.{key}` doesn't belong to {name}{}", why(executor, key)),
            );
        }
        // What a search lacks has been said there.
        let searched = key == "rate" && check.wrote(&["search"]);
        if needed && !searched && owners.contains(&executor) && check.lacks(&["load", key]) {
            check.report(&["load", key], format!("{name} needs `{key}` in [load]"));
        }
    }
}

fn why(executor: wire::Executor, key: &str) -> &'static str {
    match (executor, key) {
        (wire::Executor::RampingArrivalRate, "rate") => {
            ": its stages set the rate; change `stages` or `start_rate`"
        }
        (wire::Executor::RampingArrivalRate, "duration") => ": its stages say how long they last",
        (
            wire::Executor::Saturate | wire::Executor::ClosedLoop,
            "rate" | "arrivals" | "start_rate" | "stages",
        ) => ": it sends when the path lets it, not by a schedule",
        (wire::Executor::Saturate, "in_flight") => "; write `max_in_flight`",
        _ => "",
    }
}

fn name(executor: wire::Executor) -> &'static str {
    match executor {
        wire::Executor::ConstantArrivalRate => "constant-arrival-rate",
        wire::Executor::RampingArrivalRate => "ramping-arrival-rate",
        wire::Executor::ClosedLoop => "closed-loop",
        wire::Executor::Saturate => "saturate",
    }
}

fn arrivals(load: &wire::Load) -> Arrivals {
    match load.arrivals {
        Some(wire::Arrivals::Uniform) => Arrivals::Uniform,
        Some(wire::Arrivals::Poisson) | None => Arrivals::Poisson,
    }
}

fn steady(name: wire::Executor, load: &wire::Load) -> Option<Executor> {
    Some(match name {
        wire::Executor::ConstantArrivalRate => {
            Executor::ConstantArrivalRate { rate_per_s: load.rate?, arrivals: arrivals(load) }
        }
        wire::Executor::ClosedLoop => Executor::ClosedLoop { in_flight: load.in_flight? },
        wire::Executor::Saturate => Executor::Saturate,
        wire::Executor::RampingArrivalRate => return None,
    })
}

fn ramp(check: &mut Check<'_>, load: &wire::Load) -> Option<(Executor, u64)> {
    let asked = load.stages.as_ref()?;
    let mut stages = Vec::with_capacity(asked.len());
    for (index, stage) in asked.iter().enumerate() {
        let index = index.to_string();
        let path = ["load", "stages", &index, "duration"];
        let duration_ns = check.positive_duration(&path, Some(stage.duration), 0);
        stages.push(RampStage { target_per_s: stage.target, duration_ns });
    }
    let start_rate_per_s = load.start_rate.unwrap_or(0.0);
    if start_rate_per_s == 0.0 && stages.iter().all(|stage| stage.target_per_s == 0.0) {
        check.report(&["load", "stages"], "`load.stages` send nothing: every rate is 0".to_owned());
    }
    let duration_ns = stages.iter().fold(0, |sum: u64, stage| sum.saturating_add(stage.duration_ns));
    if duration_ns > DURATION_NS_MAX {
        check.report(&["load", "stages"], "`load.stages` must last at most 24h together".to_owned());
        return None;
    }
    if !stages.iter().any(|stage| stage.duration_ns == 0) {
        check.long_enough(&["load", "stages"], duration_ns);
    }
    Some((Executor::RampingArrivalRate { start_rate_per_s, stages, arrivals: arrivals(load) }, duration_ns))
}

fn max_in_flight(check: &mut Check<'_>, load: &wire::Load, executor: &Executor) -> u32 {
    let Executor::ClosedLoop { in_flight } = executor else {
        let default = if matches!(executor, Executor::Saturate) { 1024 } else { 20_000 };
        return load.max_in_flight.unwrap_or(default);
    };
    let max = load.max_in_flight.unwrap_or(20_000.max(*in_flight));
    if max < *in_flight {
        let message =
            format!("`load.max_in_flight` is {max}, less than `load.in_flight`, which is {in_flight}");
        check.report(&["load", "max_in_flight"], message);
    }
    max
}

/// A part of the trial that would be cut into more intervals than a record can hold. What is wrong with the window
/// has been said.
fn too_long_beside(check: &mut Check<'_>, key: &str, ns: u64, window_ns: u64) {
    if window_ns >= WINDOW_NS_MIN && ns > window_ns.saturating_mul(WINDOWS_MAX) {
        let message = format!(
            "`load.{key}` is more than {WINDOWS_MAX} times the measured window, which lasts {}: shorten it, or \
             lengthen the window",
            duration::format(window_ns)
        );
        check.report(&["load", key], message);
    }
}

/// The highest rate of the executor against the limit, where it has one.
fn too_many_in_all(check: &mut Check<'_>, executor: &Executor, total_ns: u64) {
    match executor {
        Executor::ConstantArrivalRate { rate_per_s, .. } => {
            too_many_requests(check, *rate_per_s, total_ns, &["load", "rate"]);
        }
        Executor::RampingArrivalRate { start_rate_per_s, stages, .. } => {
            let peak = |max: f64, stage: &RampStage| max.max(stage.target_per_s);
            let rate_per_s = stages.iter().fold(*start_rate_per_s, peak);
            too_many_requests(check, rate_per_s, total_ns, &["load", "stages"]);
        }
        Executor::ClosedLoop { .. } | Executor::Saturate => {}
    }
}

/// A window without a request shows nothing.
fn too_few_in_all(check: &mut Check<'_>, load: &Load) {
    let told_already = load.duration_ns == 0 || load.peak_per_s() == Some(0.0);
    if told_already || load.expected_requests().is_none_or(|requests| requests >= 1.0) {
        return;
    }
    let window = span(load.duration_ns);
    match load.executor {
        // A search gives the load its lowest rate, where it has none of its own.
        Executor::ConstantArrivalRate { .. } if check.wrote(&["load", "rate"]) => check.report(
            &["load", "rate"],
            format!(
                "`load.rate` puts less than one request into the window of {window}: raise it, or lengthen \
                 `load.duration`"
            ),
        ),
        Executor::RampingArrivalRate { .. } => check.report(
            &["load", "stages"],
            format!(
                "`load.stages` put less than one request into their {window}: raise a `target`, or lengthen a \
                 `duration`"
            ),
        ),
        _ => {}
    }
}

pub fn too_many_requests(check: &mut Check<'_>, rate_per_s: f64, total_ns: u64, path: &[&str]) {
    let requests = rate_per_s * (total_ns as f64 / SECOND_NS as f64);
    if requests > REQUESTS_MAX {
        let message = format!(
            "about {requests:.1e} requests in one trial; at most {REQUESTS_MAX:.0e} can be accounted for"
        );
        check.report(path, message);
    }
}
