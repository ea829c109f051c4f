//! `[workers]`.

use super::check::Check;
use crate::scenario::wire;
use crate::{Brokers, External, ServiceTime, Work, Workers};
use weighbridge_record::terms::TransportKind;

const HOUR_NS: u64 = 3_600 * 1_000_000_000;

pub fn workers(check: &mut Check<'_>, asked: wire::Workers) -> Option<Workers> {
    let kind = asked.kind.unwrap_or(wire::WorkerKind::Threads);
    of_its_kind(check, kind);
    let service_time = match asked.service_time {
        None => ServiceTime::Constant { ns: 0 },
        Some(wire::ServiceTime::Constant(duration)) => {
            ServiceTime::Constant { ns: within_an_hour(check, &["workers", "service_time"], duration) }
        }
        Some(wire::ServiceTime::Drawn(drawn)) => distribution(check, &drawn)?,
    };
    let work = Work {
        count: asked.count.unwrap_or(4),
        concurrency: asked.concurrency.unwrap_or(16),
        results: asked.results.unwrap_or(true),
        service_time,
        prefetch: asked.prefetch,
    };
    match kind {
        wire::WorkerKind::None => {
            if asked.count.is_some_and(|count| count > 0) {
                let message = "`workers.count` must be 0 or left out where `workers.kind` is none";
                check.report(&["workers", "count"], message.to_owned());
            }
            Some(Workers::None)
        }
        wire::WorkerKind::External => external(check, work, asked.command),
        wire::WorkerKind::Threads | wire::WorkerKind::Processes if work.count == 0 => Some(Workers::None),
        wire::WorkerKind::Threads => Some(Workers::Threads(work)),
        wire::WorkerKind::Processes => Some(Workers::Processes(work)),
        wire::WorkerKind::Http => unavailable(check, "http"),
    }
}

/// Refuses keys that mean nothing to workers of this kind.
fn of_its_kind(check: &mut Check<'_>, kind: wire::WorkerKind) {
    let is_external = kind == wire::WorkerKind::External;
    if !is_external && check.wrote(&["workers", "command"]) {
        let message = "`command` is for workers of kind external";
        check.report(&["workers", "command"], message.to_owned());
    }
    for (key, why) in [
        ("service_time", "how long they take is their own affair"),
        ("prefetch", "what they take ahead is their own affair"),
    ] {
        if is_external && check.wrote(&["workers", key]) {
            check.report(&["workers", key], format!("`{key}` is not for workers of kind external: {why}"));
        }
    }
}

fn external(check: &mut Check<'_>, work: Work, command: Option<Vec<String>>) -> Option<Workers> {
    let before = check.findings.len();
    if work.count == 0 {
        let message = "`workers.count` must be at least 1 where `workers.kind` is external".to_owned();
        check.report(&["workers", "count"], message);
    }
    if !work.results {
        let message = "workers of kind external publish results: nobody else tells that they have a request";
        check.report(&["workers", "results"], message.to_owned());
    }
    if command.iter().flatten().next().is_some_and(String::is_empty) {
        check.report(&["workers", "command"], "the program of `workers.command` has no name".to_owned());
    }
    (check.findings.len() == before).then_some(Workers::External(External { work, command }))
}

/// Whoever runs workers by themselves must know where: on a server that is there, under names that stay.
pub fn can_be_found(
    check: &mut Check<'_>,
    workers: &Workers,
    brokers: &Brokers,
    transports: &[TransportKind],
) {
    if workers.external().is_none_or(|external| external.command.is_some()) {
        return;
    }
    for kind in transports.iter().filter_map(|transport| transport.broker()) {
        if brokers.endpoint(kind).is_none() {
            let message = format!(
                "workers of kind external without `workers.command` need a {kind} that they know: name one by its URL"
            );
            return check.report(&["workers", "kind"], message);
        }
    }
    if brokers.prefix.is_none() {
        let message = "workers of kind external without `workers.command` need names that they know: set \
                       `brokers.prefix`, to \"\" for those of the engine";
        check.report(&["workers", "kind"], message.to_owned());
    }
}

fn unavailable(check: &mut Check<'_>, kind: &str) -> Option<Workers> {
    check.report(
        &["workers", "kind"],
        format!("`workers.kind` = \"{kind}\" is not available; use threads, processes, external or none"),
    );
    None
}

/// Paths on which nothing ends a request but a worker, or its result.
pub fn needed_workers(check: &mut Check<'_>, workers: &Workers, transports: &[TransportKind]) {
    let asked = |transport| transports.contains(&transport);
    if matches!(workers, Workers::Processes(_) | Workers::External(_)) && asked(TransportKind::InProcess) {
        let message = "in-process is memory of the harness, which no other process reads".to_owned();
        check.report(&["workers", "kind"], message);
    }
    match workers.work() {
        None => {
            let place = if check.wrote(&["workers", "count"]) { "count" } else { "kind" };
            for transport in
                [TransportKind::NatsRequest, TransportKind::InProcess].into_iter().filter(|t| asked(*t))
            {
                let message = format!("{transport} needs workers: nobody else takes its requests");
                check.report(&["workers", place], message);
            }
        }
        Some(work) if !work.results && asked(TransportKind::NatsRequest) => {
            let message = "nats-request needs results: its requester waits for the reply".to_owned();
            check.report(&["workers", "results"], message);
        }
        Some(_) => {}
    }
}

fn within_an_hour(check: &mut Check<'_>, path: &[&str], duration: wire::Duration) -> u64 {
    if duration.ns > HOUR_NS {
        check.report(path, format!("`{}` must be at most 1h", path.join(".")));
    }
    duration.ns
}

fn distribution(check: &mut Check<'_>, drawn: &wire::ServiceDistribution) -> Option<ServiceTime> {
    let (name, own): (&str, &[&str]) = match drawn.distribution {
        wire::Distribution::Constant => ("constant", &["value"]),
        wire::Distribution::Exponential => ("exponential", &["mean"]),
        wire::Distribution::Lognormal => ("lognormal", &["median", "sigma"]),
    };
    for key in ["value", "mean", "median", "sigma"] {
        let path = ["workers", "service_time", key];
        let owns = own.contains(&key);
        if check.wrote(&path) && !owns {
            let takes = own.join(" and ");
            check.report(
                &path,
                format!("`{key}` doesn't belong to the {name} distribution, which takes {takes}"),
            );
        }
        if owns && check.lacks(&path) {
            check.report(&path, format!("the {name} distribution needs `{key}`"));
        }
    }
    let mut time = |key: &str, duration: wire::Duration| {
        let path = ["workers", "service_time", key];
        let ns = within_an_hour(check, &path, duration);
        if ns == 0 && key != "value" {
            check.report(&path, format!("`{}` must be longer than zero", path.join(".")));
        }
        ns
    };
    Some(match drawn.distribution {
        wire::Distribution::Constant => ServiceTime::Constant { ns: time("value", drawn.value?) },
        wire::Distribution::Exponential => ServiceTime::Exponential { mean_ns: time("mean", drawn.mean?) },
        wire::Distribution::Lognormal => {
            ServiceTime::Lognormal { median_ns: time("median", drawn.median?), sigma: drawn.sigma? }
        }
    })
}
