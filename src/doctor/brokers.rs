//! Starts or reaches each broker for a moment and asks for an answer some times over.
//!
//! Which server is used, and from which version on, is decided in `broker/`.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;

use super::timing::median;
use crate::broker::{self, Broker, BrokerError, Options};
use crate::clock::now_ns;
use crate::plan;
use crate::terms::{BrokerKind, Durability};
use crate::transport::{NatsTarget, RedisTarget, Targets, TransportError, connect_nats};

pub const ROUND_TRIPS: usize = 100;
/// Longest that all round trips together may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub struct BrokerFinding {
    pub kind: BrokerKind,
    /// The error in words, with what to do about it.
    pub outcome: Result<Answering, String>,
}

/// A broker that answers.
#[derive(Debug)]
pub struct Answering {
    /// Path of the binary, or address without credentials.
    pub place: String,
    pub version: String,
    pub managed: bool,
    /// From the start of the process, or of the connection, to the first answer.
    pub ready_ns: u64,
    pub round_trip_ns_p50: u64,
}

pub async fn examine(kind: BrokerKind, options: &Options, url: Option<&str>) -> BrokerFinding {
    let outcome = answering(kind, options, url).await.map_err(|error| error.to_string());
    BrokerFinding { kind, outcome }
}

async fn answering(kind: BrokerKind, options: &Options, url: Option<&str>) -> Result<Answering, BrokerError> {
    let url = url.map(str::to_string);
    let (redis_url, nats_url) = match kind {
        BrokerKind::RedisServer => (url, None),
        BrokerKind::NatsServer => (None, url),
    };
    let plan = plan::Brokers { durability: Durability::Memory, redis_url, nats_url, prefix: None };
    let start_ns = now_ns();
    let broker = broker::start(kind, &plan, options).await?;
    let ready_ns = now_ns() - start_ns;
    let round_trip = round_trip(&broker).await;
    let record = broker.record();
    broker.stop(false);
    let place = if record.managed {
        broker::find(kind, &options.binaries)?.path.display().to_string()
    } else {
        record.address
    };
    let (version, managed) = (record.version, record.managed);
    Ok(Answering { place, version, managed, ready_ns, round_trip_ns_p50: round_trip? })
}

/// Median of some round trips on one connection.
async fn round_trip(broker: &Broker) -> Result<u64, TransportError> {
    let mut targets = Targets::default();
    broker.add_target(&mut targets);
    let trips = async {
        match (&targets.redis, &targets.nats) {
            (Some(target), _) => redis_trips(target).await,
            (None, Some(target)) => nats_trips(target).await,
            (None, None) => Err(TransportError::Closed { what: "the broker" }),
        }
    };
    let in_time = tokio::time::timeout(ANSWERS_WITHIN, trips).await;
    let mut taken_ns = in_time
        .map_err(|_| failed(broker.kind(), &format!("no answer within {} s", ANSWERS_WITHIN.as_secs())))??;
    Ok(median(&mut taken_ns))
}

async fn redis_trips(target: &RedisTarget) -> Result<Vec<u64>, TransportError> {
    let mut connection = target.connect(Some(ANSWERS_WITHIN), 0).await?;
    let mut taken_ns = Vec::with_capacity(ROUND_TRIPS);
    for _ in 0..ROUND_TRIPS {
        let sent_ns = now_ns();
        let answer: Result<String, _> = redis::cmd("PING").query_async(&mut connection).await;
        answer.map_err(|error| failed(BrokerKind::RedisServer, &error))?;
        taken_ns.push(now_ns() - sent_ns);
    }
    Ok(taken_ns)
}

/// NATS answers no ping that a client could wait for, so a message is sent to ourselves.
async fn nats_trips(target: &NatsTarget) -> Result<Vec<u64>, TransportError> {
    let client = connect_nats(target, "weighbridge-doctor", 0).await?;
    let inbox = client.new_inbox();
    let failed = |error: &dyn std::fmt::Display| failed(BrokerKind::NatsServer, error);
    let mut own = client.subscribe(inbox.clone()).await.map_err(|error| failed(&error))?;
    let mut taken_ns = Vec::with_capacity(ROUND_TRIPS);
    for _ in 0..ROUND_TRIPS {
        let sent_ns = now_ns();
        client.publish(inbox.clone(), Bytes::new()).await.map_err(|error| failed(&error))?;
        own.next().await.ok_or(TransportError::Closed { what: "the NATS connection" })?;
        taken_ns.push(now_ns() - sent_ns);
    }
    Ok(taken_ns)
}

fn failed(kind: BrokerKind, reason: &dyn std::fmt::Display) -> TransportError {
    let what = match kind {
        BrokerKind::RedisServer => "a round trip to redis-server",
        BrokerKind::NatsServer => "a round trip to nats-server",
    };
    TransportError::Failed { what, reason: reason.to_string() }
}
