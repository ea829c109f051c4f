//! The least rights that each transport needs on each broker.

use weighbridge_plan::BaseSubjects;
use weighbridge_record::terms::{DeliveryMode, TransportKind};

/// What a user has to do.
#[derive(Debug, Clone)]
pub struct Served {
    /// The paths; the legs of a route together.
    pub transports: Vec<TransportKind>,
    /// First token of all names.
    pub prefix: String,
    pub bases: BaseSubjects,
    pub delivery: DeliveryMode,
    /// Of JetStream.
    pub domain: Option<String>,
}

/// Rules of Redis' ACL.
pub fn redis(served: &Served) -> Vec<String> {
    let Served { transports, delivery, .. } = served;
    let names =
        |kind: char| names(served).into_iter().map(|name| format!("{kind}{name}*")).collect::<Vec<_>>();
    let mut rules = vec!["resetkeys".to_owned(), "resetchannels".to_owned(), "-@all".to_owned()];
    let mut add = |more: &[&str]| {
        for rule in more {
            if rules.iter().all(|known| known != rule) {
                rules.push((*rule).to_owned());
            }
        }
    };
    for transport in transports {
        match transport {
            TransportKind::RedisPubsub => {
                add(&borrowed(&names('&')));
                add(&REDIS_PUBSUB);
            }
            TransportKind::RedisStreams => {
                add(&borrowed(&names('~')));
                add(&REDIS_STREAMS);
                if *delivery == DeliveryMode::ExactlyOnce {
                    add(&REDIS_EXACTLY_ONCE);
                }
                if transports.len() > 1 {
                    add(&REDIS_HOLDINGS);
                }
            }
            _ => {}
        }
    }
    rules
}

const REDIS_PUBSUB: [&str; 3] = ["+ping", "+publish", "+subscribe"];
const REDIS_STREAMS: [&str; 11] = [
    "+ping",
    "+exists",
    "+del",
    "+xadd",
    "+xdel",
    "+xread",
    "+xreadgroup",
    "+xack",
    "+xautoclaim",
    "+xpending",
    "+xgroup|create",
];
/// To answer and acknowledge in one step.
const REDIS_EXACTLY_ONCE: [&str; 3] = ["+evalsha", "+script|load", "+hsetnx"];
/// To tell what is stored where a route changes over.
const REDIS_HOLDINGS: [&str; 2] = ["+xlen", "+xinfo|groups"];

/// What a user of NATS may publish and subscribe to.
pub fn nats(served: &Served) -> (Vec<String>, Vec<String>) {
    let names = || names(served).into_iter().flat_map(|name| [format!("{name}.>"), name]);
    // Answers go to inboxes; who tries its rights before the load answers itself.
    let inboxes = "_INBOX.>".to_owned();
    let all = || names().chain([inboxes.clone()]).collect::<Vec<_>>();
    let (mut publish, mut subscribe) = (all(), all());
    if served.transports.contains(&TransportKind::NatsJetstream) {
        publish.extend(["$JS.API.>", "$JS.ACK.>"].map(str::to_owned));
        publish.extend(served.domain.iter().map(|domain| format!("$JS.{domain}.API.>")));
        subscribe.push("$JS.EVENT.ADVISORY.>".to_owned());
    }
    (publish, subscribe)
}

/// What all names of these paths begin with.
fn names(Served { prefix, bases, transports, .. }: &Served) -> Vec<String> {
    let dot = if prefix.is_empty() { "" } else { "." };
    let asks = |transport: &TransportKind| *transport == TransportKind::NatsRequest;
    let mut used = Vec::new();
    if !transports.iter().all(asks) {
        used.extend([&bases.request, &bases.result]);
    }
    if transports.iter().any(asks) {
        used.push(&bases.sync);
    }
    used.into_iter().map(|base| format!("{prefix}{dot}{base}")).collect()
}

fn borrowed(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}
