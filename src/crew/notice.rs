//! What a worker or publisher that is not ours is told: variables of its environment, documented in
//! `docs/OWN-SERVICE.md`.

use crate::path::Wiring;
use crate::process::Variables;
use crate::transport::{Targets, addresses};
use weighbridge_plan::Work;
use weighbridge_plan::endpoint::{Endpoint, Exposed, GivenUrl};
use weighbridge_record::terms::{BrokerKind, TransportKind};

/// Those of worker `index`. URLs carry whatever the servers are shown.
pub fn variables(wiring: &Wiring, targets: &Targets, work: &Work, index: u32) -> Variables {
    told(wiring, targets, work, index, |endpoint| Exposed::new(endpoint).variables()).into_iter().collect()
}

/// Those of publisher `index`. Where each request goes stands in its line, but for the key of a Redis stream.
pub(super) fn of_publisher(wiring: &Wiring, targets: &Targets, index: u32) -> Variables {
    let Wiring { transport, names, limits, .. } = wiring;
    let stream = || (*transport == TransportKind::RedisStreams).then(|| names.request());
    let all = [
        ("WEIGHBRIDGE_TRANSPORT", Some(transport.name().to_owned())),
        ("WEIGHBRIDGE_REQUESTS", stream()),
        ("WEIGHBRIDGE_PUBLISHER", Some((index + 1).to_string())),
        ("WEIGHBRIDGE_PUBLISHERS", Some(limits.generators.to_string())),
    ];
    let named = all.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let server = server(*transport, targets).map(|endpoint| Exposed::new(endpoint).variables());
    server.into_iter().flatten().chain(named).collect()
}

/// The same as a line for a shell, for whoever starts them by hand; URLs are without credentials.
pub(super) fn shown(wiring: &Wiring, targets: &Targets, work: &Work, index: u32) -> String {
    let without_credentials = |endpoint: &Endpoint| {
        vec![(GivenUrl::variable(endpoint.kind), format!("{}://{}", endpoint.scheme(), endpoint.address()))]
    };
    let told = told(wiring, targets, work, index, without_credentials).into_iter();
    told.map(|(name, value)| format!("{name}={}", crate::shell::quoted(&value))).collect::<Vec<_>>().join(" ")
}

fn told(
    wiring: &Wiring,
    targets: &Targets,
    work: &Work,
    index: u32,
    of_server: impl Fn(&Endpoint) -> Vec<(&'static str, String)>,
) -> Vec<(&'static str, String)> {
    let Wiring { transport, names, limits, .. } = wiring;
    let at = addresses(*transport, names, limits, index).unwrap_or_default();
    let stored = |value: u64| transport.stores().then(|| value.to_string());
    let all = [
        ("WEIGHBRIDGE_TRANSPORT", Some(transport.name().to_owned())),
        ("WEIGHBRIDGE_REQUESTS", Some(at.requests)),
        ("WEIGHBRIDGE_RESULTS", at.results),
        ("WEIGHBRIDGE_RESULT_SUBJECT", at.result_subject),
        ("WEIGHBRIDGE_GROUP", at.group),
        ("WEIGHBRIDGE_STREAM", at.stream),
        ("WEIGHBRIDGE_WORKER", Some((index + 1).to_string())),
        ("WEIGHBRIDGE_WORKERS", Some(work.count.to_string())),
        ("WEIGHBRIDGE_CONCURRENCY", Some(work.concurrency.to_string())),
        ("WEIGHBRIDGE_ACK_WAIT_MS", stored(limits.ack_wait_ns / 1_000_000)),
        ("WEIGHBRIDGE_MAX_DELIVER", stored(u64::from(limits.max_deliver))),
    ];
    let named = all.into_iter().filter_map(|(name, value)| Some((name, value?)));
    server(*transport, targets).map(of_server).unwrap_or_default().into_iter().chain(named).collect()
}

fn server(transport: TransportKind, targets: &Targets) -> Option<&Endpoint> {
    match transport.broker() {
        Some(BrokerKind::RedisServer) => targets.redis.as_ref(),
        _ => targets.nats.as_ref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_plan::scenario::{Overrides, plan};

    fn told_of(transport: TransportKind, count: u32, subjects: &str, index: u32) -> String {
        let text = format!(
            "name = \"told\"\nquestion = \"What?\"\ntransports = [\"{transport}\"]\n[load]\nexecutor = \"saturate\"\n\
             duration = \"1s\"\n[workers]\nkind = \"external\"\ncommand = [\"true\"]\ncount = {count}\n\
             [brokers]\nsubjects = \"{subjects}\"\n"
        );
        let plan =
            plan("told.toml", &text, &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"));
        let point = &plan.points[0];
        let at = |kind| Some(Endpoint::loopback(kind, 7));
        let targets = Targets { redis: at(BrokerKind::RedisServer), nats: at(BrokerKind::NatsServer) };
        shown(&Wiring::of(point, transport, "wb."), &targets, point.workers.work().unwrap(), index)
    }

    #[test]
    fn every_path_says_where_its_requests_are_and_its_results_go() {
        let told = TransportKind::ALL.into_iter().filter(|kind| kind.broker().is_some());
        let told: Vec<String> = told.map(|kind| told_of(kind, 2, "by-category", 1)).collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        REDIS_URL=redis://127.0.0.1:7 WEIGHBRIDGE_TRANSPORT=redis-pubsub WEIGHBRIDGE_REQUESTS='wb.prioritization.request.*.2' WEIGHBRIDGE_RESULTS='wb.prioritization.result.{category}' WEIGHBRIDGE_WORKER=2 WEIGHBRIDGE_WORKERS=2 WEIGHBRIDGE_CONCURRENCY=16
        REDIS_URL=redis://127.0.0.1:7 WEIGHBRIDGE_TRANSPORT=redis-streams WEIGHBRIDGE_REQUESTS=wb.prioritization.request WEIGHBRIDGE_RESULTS=wb.prioritization.result WEIGHBRIDGE_RESULT_SUBJECT='wb.prioritization.result.{category}' WEIGHBRIDGE_GROUP=priority-workers WEIGHBRIDGE_WORKER=2 WEIGHBRIDGE_WORKERS=2 WEIGHBRIDGE_CONCURRENCY=16 WEIGHBRIDGE_ACK_WAIT_MS=30000 WEIGHBRIDGE_MAX_DELIVER=3
        NATS_URL=nats://127.0.0.1:7 WEIGHBRIDGE_TRANSPORT=nats-core WEIGHBRIDGE_REQUESTS='wb.prioritization.request.*' WEIGHBRIDGE_RESULTS='wb.prioritization.result.{category}' WEIGHBRIDGE_GROUP=weighbridge WEIGHBRIDGE_WORKER=2 WEIGHBRIDGE_WORKERS=2 WEIGHBRIDGE_CONCURRENCY=16
        NATS_URL=nats://127.0.0.1:7 WEIGHBRIDGE_TRANSPORT=nats-jetstream WEIGHBRIDGE_REQUESTS='wb.prioritization.request.*' WEIGHBRIDGE_RESULTS='wb.prioritization.result.{category}' WEIGHBRIDGE_GROUP=priority-workers WEIGHBRIDGE_STREAM=wb_PRIORITY_REQUESTS WEIGHBRIDGE_WORKER=2 WEIGHBRIDGE_WORKERS=2 WEIGHBRIDGE_CONCURRENCY=16 WEIGHBRIDGE_ACK_WAIT_MS=30000 WEIGHBRIDGE_MAX_DELIVER=3
        NATS_URL=nats://127.0.0.1:7 WEIGHBRIDGE_TRANSPORT=nats-request WEIGHBRIDGE_REQUESTS=wb.prioritization.sync WEIGHBRIDGE_GROUP=weighbridge WEIGHBRIDGE_WORKER=2 WEIGHBRIDGE_WORKERS=2 WEIGHBRIDGE_CONCURRENCY=16
        ");
        let bare = told_of(TransportKind::NatsCore, 1, "bare", 0);
        assert!(
            bare.contains("REQUESTS=wb.prioritization.request ")
                && bare.contains("RESULTS=wb.prioritization.result "),
            "{bare}"
        );
    }

    #[test]
    fn one_worker_alone_hears_the_channels_of_the_engine() {
        let told = told_of(TransportKind::RedisPubsub, 1, "by-category", 0);
        assert!(told.contains("WEIGHBRIDGE_REQUESTS='wb.prioritization.request.*'"), "{told}");
    }
}
