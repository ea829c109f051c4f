//! The least rights that each transport needs on each broker.

use weighbridge_record::terms::TransportKind;

/// Rules of Redis' ACL for a user who serves these transports under `prefix`. Who makes names needs a key or channel for
/// each; who only reads back settings needs none of this.
pub fn redis(transports: &[TransportKind], prefix: &str) -> Vec<String> {
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
            }
            _ => {}
        }
    }
    rules
}

const REDIS_PUBSUB: [&str; 4] = ["+ping", "+publish", "+subscribe", "+unsubscribe"];
const REDIS_STREAMS: [&str; 15] = [
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
    "+xlen",
    "+xgroup|create",
    "+xinfo|groups",
    "+evalsha",
    "+eval",
];

/// What a user of NATS may publish and subscribe to who serves these transports under `prefix`.
pub fn nats(transports: &[TransportKind], prefix: &str) -> (Vec<String>, Vec<String>) {
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
