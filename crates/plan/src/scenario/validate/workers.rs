//! `[workers]`.

use url::Url;

use super::check::Check;
use crate::scenario::wire;
use crate::{AskingWork, Brokers, External, ScoringFormat, ScoringService, ServiceTime, Work, Workers};
use weighbridge_record::terms::TransportKind;

const HOUR_NS: u64 = 3_600 * 1_000_000_000;
/// Of a scoring service.
const ANSWERED_WITHIN_NS: u64 = 10 * 1_000_000_000;
const RETRIES: u32 = 2;

pub fn workers(check: &mut Check<'_>, asked: wire::Workers) -> Option<Workers> {
    let kind = asked.kind.unwrap_or(wire::WorkerKind::Threads);
    of_its_kind(check, kind);
    let service = service(check, kind, &asked);
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
        wire::WorkerKind::Http => service.and_then(|service| asking(check, work, service)),
    }
}

/// Refuses keys that mean nothing to workers of this kind.
fn of_its_kind(check: &mut Check<'_>, kind: wire::WorkerKind) {
    let is_external = kind == wire::WorkerKind::External;
    if !is_external && check.wrote(&["workers", "command"]) {
        let message = "`command` is for workers of kind external";
        check.report(&["workers", "command"], message.to_owned());
    }
    for (key, is_theirs, kind, why) in [
        ("service_time", is_external, "external", "how long they take is their own affair"),
        ("prefetch", is_external, "external", "what they take ahead is their own affair"),
        ("service_time", kind == wire::WorkerKind::Http, "http", "the service takes what it takes"),
    ] {
        if is_theirs && check.wrote(&["workers", key]) {
            check.report(&["workers", key], format!("`{key}` is not for workers of kind {kind}: {why}"));
        }
    }
    for key in ["url", "format", "model", "timeout", "retries"] {
        if kind != wire::WorkerKind::Http && check.wrote(&["workers", key]) {
            check.report(&["workers", key], format!("`{key}` is for workers of kind http"));
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

/// The service that workers of kind http ask; none for others, or if anything was reported.
fn service(check: &mut Check<'_>, kind: wire::WorkerKind, asked: &wire::Workers) -> Option<ScoringService> {
    if kind != wire::WorkerKind::Http {
        return None;
    }
    let timeout_ns = check.positive_duration(&["workers", "timeout"], asked.timeout, ANSWERED_WITHIN_NS);
    let format = match asked.format.unwrap_or(wire::ScoringFormat::Json) {
        wire::ScoringFormat::Json => {
            if check.wrote(&["workers", "model"]) {
                check.report(&["workers", "model"], "`model` is for `format = \"openai\"`".to_owned());
            }
            Some(ScoringFormat::Json)
        }
        wire::ScoringFormat::Openai => {
            if check.lacks(&["workers", "model"]) {
                check.report(&["workers"], "`format = \"openai\"` needs `model`".to_owned());
            }
            asked.model.clone().map(|model| ScoringFormat::Openai { model })
        }
    };
    if check.lacks(&["workers", "url"]) {
        check.report(&["workers"], "workers of kind http need `url`".to_owned());
    }
    let (url, address) = match reachable(asked.url.as_deref()?) {
        Ok(found) => found,
        Err(why) => {
            check.report(
                &["workers", "url"],
                format!("not the URL of a scoring service ({why}); write http://HOST:PORT/PATH"),
            );
            return None;
        }
    };
    let retries = asked.retries.unwrap_or(RETRIES);
    Some(ScoringService { url, address, format: format?, timeout_ns, retries })
}

/// A URL as it is asked, with its host and port.
fn reachable(text: &str) -> Result<(String, String), String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    match url.scheme() {
        "http" => {}
        "https" => return Err("https is not built in".to_owned()),
        _ => return Err("its scheme is another".to_owned()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a key stands in WEIGHBRIDGE_SCORER_KEY, not in the URL".to_owned());
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or("the host is missing")?;
    let address = format!("{host}:{}", url.port_or_known_default().unwrap_or(80));
    Ok((url.to_string(), address))
}

fn asking(check: &mut Check<'_>, work: Work, service: ScoringService) -> Option<Workers> {
    let before = check.findings.len();
    if work.count == 0 {
        let message = "`workers.count` must be at least 1 where `workers.kind` is http".to_owned();
        check.report(&["workers", "count"], message);
    }
    if !work.results {
        let message = "workers of kind http publish results: a score that nobody reads is not asked for";
        check.report(&["workers", "results"], message.to_owned());
    }
    (check.findings.len() == before).then_some(Workers::Http(AskingWork { work, service }))
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
