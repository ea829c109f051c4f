//! The least rights that each transport needs on each broker.

use weighbridge_record::terms::{DeliveryMode, TransportKind};

/// What a user has to do.
#[derive(Debug, Clone)]
pub struct Served {
    /// The paths; the legs of a route together.
    pub transports: Vec<TransportKind>,
    /// First token of all names.
    pub prefix: String,
    pub delivery: DeliveryMode,
}

/// Rules of Redis' ACL.
pub fn redis(served: &Served) -> Vec<String> {
    let Served { transports, prefix, delivery } = served;
    let names = names(prefix, "*");
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
                add(&[&format!("&{names}")]);
                add(&REDIS_PUBSUB);
            }
            TransportKind::RedisStreams => {
                add(&[&format!("~{names}")]);
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
    let Served { transports, prefix, .. } = served;
    let names = names(prefix, ">");
    // Answers go to inboxes; who tries its rights before the load answers itself.
    let inboxes = "_INBOX.>".to_owned();
    let (mut publish, mut subscribe) = (vec![names.clone(), inboxes.clone()], vec![names, inboxes]);
    if transports.contains(&TransportKind::NatsJetstream) {
        publish.extend(["$JS.API.>", "$JS.ACK.>"].map(str::to_owned));
        subscribe.push("$JS.EVENT.ADVISORY.>".to_owned());
    }
    (publish, subscribe)
}

/// All names of the engine.
fn names(prefix: &str, rest: &str) -> String {
    if prefix.is_empty() {
        format!("prioritization.{rest}")
    } else {
        format!("{prefix}.prioritization.{rest}")
    }
}
