//! Where a worker that is not ours finds requests and puts results, and a publisher that is not ours puts requests: what
//! they are told, in the words of their path.

use super::limits::Limits;
use super::names::Names;
use super::{nats, redis};
use weighbridge_record::terms::{Subjects, TransportKind};

/// The places of one worker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Subject or pattern of channels to subscribe to, or key of the stream.
    pub requests: String,
    /// Subject or channel with `{category}` in the place of the request's, or key of the stream; none where a result is the
    /// reply.
    pub results: Option<String>,
    /// On redis-streams: what the field `subject` of a result holds, with `{category}` as above.
    pub result_subject: Option<String>,
    /// Queue group, consumer group or durable consumer that shares the requests.
    pub group: Option<String>,
    /// On nats-jetstream: the stream of the requests.
    pub stream: Option<String>,
}

/// Those of worker `index`; none on a path in memory.
pub fn addresses(kind: TransportKind, names: &Names, limits: &Limits, index: u32) -> Option<Addresses> {
    let of_results = match names.subjects() {
        Subjects::ByCategory => format!("{}.{{category}}", names.result()),
        Subjects::Bare => names.result(),
    };
    let subscribed = names.filter(&names.request());
    let group = |name: &str| Some(name.to_owned());
    Some(match kind {
        TransportKind::InProcess => return None,
        TransportKind::RedisPubsub => Addresses {
            requests: match limits.worker_channels {
                0 => subscribed,
                _ => format!("{subscribed}.{}", index + 1),
            },
            results: Some(of_results),
            ..Addresses::default()
        },
        TransportKind::RedisStreams => Addresses {
            requests: names.request(),
            results: Some(names.result()),
            result_subject: Some(of_results),
            group: group(redis::GROUP),
            stream: None,
        },
        TransportKind::NatsCore => Addresses {
            requests: subscribed,
            results: Some(of_results),
            group: group(nats::QUEUE_GROUP),
            ..Addresses::default()
        },
        TransportKind::NatsJetstream => Addresses {
            requests: subscribed,
            results: Some(of_results),
            group: group(nats::DURABLE),
            stream: Some(names.stored(nats::REQUESTS)),
            ..Addresses::default()
        },
        TransportKind::NatsRequest => {
            Addresses { requests: names.sync(), group: group(nats::QUEUE_GROUP), ..Addresses::default() }
        }
    })
}

/// Where requests are published, by key: subject or channel, on redis-streams the field `subject` of an entry. Several
/// lists take turns, a request each.
pub fn destinations(kind: TransportKind, names: &Names, limits: &Limits) -> Vec<Vec<String>> {
    match kind {
        TransportKind::RedisPubsub => redis::channels(names, limits),
        TransportKind::NatsRequest => vec![names.keys().map(|_| names.sync()).collect()],
        TransportKind::InProcess
        | TransportKind::RedisStreams
        | TransportKind::NatsCore
        | TransportKind::NatsJetstream => vec![names.request_subjects()],
    }
}
