//! `[payload]` and `[brokers]`.

use std::collections::BTreeMap;

use super::check::Check;
use crate::endpoint::Endpoint;
use crate::scenario::wire;
use crate::{BaseSubjects, Brokers, JetStream, Payload};
use weighbridge_record::terms::{BrokerKind, DeliveryMode, Durability, TransportKind};

/// A help desk's day: much small trouble, few emergencies.
const CATEGORIES: [(&str, f64); 6] = [
    ("ACCESS", 4.0),
    ("APPLICATION", 3.0),
    ("HARDWARE", 2.0),
    ("INFRASTRUCTURE", 2.0),
    ("NETWORK", 2.0),
    ("SECURITY", 1.0),
];

const REQUESTER_ROLES: [(&str, f64); 4] =
    [("DEVELOPER", 3.0), ("EMPLOYEE", 5.0), ("IT_ADMIN", 2.0), ("MANAGER", 1.0)];

pub fn payload(asked: wire::Payload) -> Payload {
    let description_bytes = match asked.description_bytes {
        None => vec![256],
        Some(wire::OneOrMany::One(bytes)) => vec![bytes],
        Some(wire::OneOrMany::Many(bytes)) => bytes,
    };
    Payload {
        description_bytes,
        categories: weighted(asked.categories, &CATEGORIES),
        requester_roles: weighted(asked.requester_roles, &REQUESTER_ROLES),
    }
}

fn weighted(
    asked: Option<BTreeMap<wire::Token, wire::Weight>>,
    default: &[(&str, f64)],
) -> Vec<(String, f64)> {
    match asked {
        Some(words) => words.into_iter().map(|(word, weight)| (word.0, weight.0)).collect(),
        None => default.iter().map(|(word, weight)| ((*word).to_owned(), *weight)).collect(),
    }
}

pub fn brokers(check: &mut Check<'_>, asked: wire::Brokers, transports: &[TransportKind]) -> Brokers {
    let durability = asked.durability.unwrap_or(Durability::Memory);
    let storing: Vec<_> = transports.iter().filter(|t| t.stores()).map(|t| t.name()).collect();
    if durability == Durability::None && !storing.is_empty() {
        let (names, verb) = (storing.join(" and "), if storing.len() == 1 { "stores" } else { "store" });
        check.report(
            &["brokers", "durability"],
            format!(
                "`brokers.durability` can't be none: {names} {verb} requests; choose memory, lazy, os or sync, \
                 or leave the transport out"
            ),
        );
    }
    let delivery = delivery(check, asked.delivery, transports);
    let redis = endpoint(check, BrokerKind::RedisServer, "redis_url", asked.redis_url);
    let nats = endpoint(check, BrokerKind::NatsServer, "nats_url", asked.nats_url);
    let usual = Brokers::managed(durability);
    let ack_wait_ns = check.positive_duration(&["brokers", "ack_wait"], asked.ack_wait, usual.ack_wait_ns);
    let max_deliver = asked.max_deliver.unwrap_or(usual.max_deliver);
    let (prefix, subjects) = (asked.prefix, asked.subjects.unwrap_or_default());
    let base_subjects = base_subjects(check, asked.request_subject, asked.result_subject, asked.sync_subject);
    let usual = usual.jetstream;
    let jetstream = JetStream {
        domain: asked.jetstream_domain.filter(|domain| !domain.is_empty()),
        max_memory: asked.jetstream_max_memory.unwrap_or(usual.max_memory),
        max_storage: asked.jetstream_max_storage.unwrap_or(usual.max_storage),
    };
    let (tls, auth) = (asked.tls.unwrap_or_default(), asked.auth.unwrap_or_default());
    let brokers = Brokers {
        durability,
        redis,
        nats,
        prefix,
        ack_wait_ns,
        max_deliver,
        delivery,
        subjects,
        base_subjects,
        jetstream,
        tls,
        auth,
    };
    guarded(check, &brokers, transports);
    brokers
}

/// What the engine's subjects are called, where none hears what is meant for another.
fn base_subjects(
    check: &mut Check<'_>,
    request: Option<String>,
    result: Option<String>,
    sync: Option<String>,
) -> BaseSubjects {
    let usual = BaseSubjects::default();
    let named = BaseSubjects {
        request: request.unwrap_or(usual.request),
        result: result.unwrap_or(usual.result),
        sync: sync.unwrap_or(usual.sync),
    };
    if let Some([one, other]) = named.clash() {
        check.report(
            &["brokers"],
            format!(
                "`{one}` and `{other}` hear each other's messages: name subjects of which none begins another"
            ),
        );
    }
    named
}

/// Encryption and credentials that are asked for can be had of every server.
fn guarded(check: &mut Check<'_>, brokers: &Brokers, transports: &[TransportKind]) {
    for transport in transports {
        let Some(kind) = transport.broker() else { continue };
        if !brokers.auth.is_of(kind) {
            let text = format!(
                "`brokers.auth` can't be {}: {transport} is served by {kind}, which doesn't know it; choose none, \
                 password or acl, or leave the transport out",
                brokers.auth
            );
            return check.report(&["brokers", "auth"], text);
        }
        for (key, asked) in [("tls", !brokers.tls.is_off()), ("auth", !brokers.auth.is_none())] {
            if asked && brokers.endpoint(kind).is_some() {
                let text = format!(
                    "`brokers.{key}` is for servers that are started here, and {transport} has one that was named: \
                     its URL, and the files given beside it, say how to get in; leave one of the two out"
                );
                return check.report(&["brokers", key], text);
            }
        }
    }
}

fn delivery(
    check: &mut Check<'_>,
    asked: Option<DeliveryMode>,
    transports: &[TransportKind],
) -> DeliveryMode {
    let mode = asked.unwrap_or_default();
    let others: Vec<_> = transports.iter().filter(|t| !t.stores()).map(|t| t.name()).collect();
    if mode == DeliveryMode::ExactlyOnce && !others.is_empty() {
        let (names, verb) = (others.join(" and "), if others.len() == 1 { "stores" } else { "store" });
        check.report(
            &["brokers", "delivery"],
            format!(
                "`brokers.delivery` can't be exactly-once: {names} {verb} nothing; leave the transport out"
            ),
        );
    }
    mode
}

fn endpoint(check: &mut Check<'_>, kind: BrokerKind, key: &str, url: Option<String>) -> Option<Endpoint> {
    match Endpoint::parse(kind, &url?) {
        Ok(endpoint) => Some(endpoint),
        Err(error) => {
            check.report(&["brokers", key], error.to_string());
            None
        }
    }
}
