//! Starts or reaches each broker for a moment and asks for an answer some times over.
//!
//! Which server is used, and from which version on, is decided in `site/`.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;

use super::asked::Asked;
use super::health::{self, Status, Stores};
use super::no_answer::NoAnswer;
use super::timing::median;
use crate::clock::now_ns;
use crate::connect;
use crate::site::{self, Site};
use weighbridge_plan as plan;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::terms::{AuthMode, BrokerKind, Durability, TlsMode};

pub const ROUND_TRIPS: usize = 100;
/// Longest that all round trips together may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// A server that somebody else runs.
pub struct Named {
    pub endpoint: Endpoint,
    /// What named it, in words: a flag, or variables of the environment.
    pub place: String,
}

#[derive(Debug)]
pub struct BrokerFinding {
    pub kind: BrokerKind,
    /// What named it; none where it is started here.
    pub named_by: Option<String>,
    pub status: Status,
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
    pub stores: Stores,
    pub tls: TlsMode,
    pub auth: AuthMode,
}

pub async fn examine(kind: BrokerKind, asked: &Asked<'_>, named: Option<&Named>) -> BrokerFinding {
    let endpoint = named.map(|named| &named.endpoint);
    let within = asked.deadline;
    let outcome = match tokio::time::timeout(within, answering(kind, asked, endpoint)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(NoAnswer::Late { kind, within }),
    };
    let status = outcome.as_ref().map_or_else(Status::of, |_| Status::Healthy);
    let outcome = outcome.map_err(|error| error.to_string());
    BrokerFinding { kind, named_by: named.map(|named| named.place.clone()), status, outcome }
}

async fn answering(
    kind: BrokerKind,
    asked: &Asked<'_>,
    endpoint: Option<&Endpoint>,
) -> Result<Answering, NoAnswer> {
    let named = |wanted| endpoint.filter(|_| kind == wanted).cloned();
    let (redis, nats) = (named(BrokerKind::RedisServer), named(BrokerKind::NatsServer));
    let plan = plan::Brokers { redis, nats, ..plan::Brokers::managed(Durability::Memory) };
    let start_ns = now_ns();
    let site = Site::start(&[kind], &plan, asked.options).await?;
    let ready_ns = now_ns() - start_ns;
    // One kind was asked for, so there is one node.
    let node = &site.nodes()[0];
    let (round_trip, record) = (round_trip(&node.watched).await, node.record());
    let stores = health::stores(&node.watched, asked.wants_jetstream).await;
    site.stop(false);
    let place = if record.managed {
        site::find(kind, &asked.options.binaries)?.path.display().to_string()
    } else {
        record.address
    };
    let (version, managed) = (record.version, record.managed);
    let (tls, auth) = (record.tls, record.auth);
    let round_trip_ns_p50 = round_trip?;
    Ok(Answering { place, version, managed, ready_ns, round_trip_ns_p50, stores: stores?, tls, auth })
}

/// Median of some round trips on one connection.
async fn round_trip(endpoint: &Endpoint) -> Result<u64, NoAnswer> {
    let trips = async {
        match endpoint.kind {
            BrokerKind::RedisServer => redis_trips(endpoint).await,
            BrokerKind::NatsServer => nats_trips(endpoint).await,
        }
    };
    let in_time = tokio::time::timeout(ANSWERS_WITHIN, trips).await;
    let mut taken_ns = in_time
        .map_err(|_| failed(endpoint.kind, &format!("no answer within {} s", ANSWERS_WITHIN.as_secs())))??;
    Ok(median(&mut taken_ns))
}

async fn redis_trips(endpoint: &Endpoint) -> Result<Vec<u64>, NoAnswer> {
    let mut connection = connect::redis::connect(endpoint, Some(ANSWERS_WITHIN), 0).await?;
    let mut taken_ns = Vec::with_capacity(ROUND_TRIPS);
    for _ in 0..ROUND_TRIPS {
        let sent_ns = now_ns();
        let answer = connect::redis::ping(&mut connection).await;
        answer.map_err(|error| failed(BrokerKind::RedisServer, &error))?;
        taken_ns.push(now_ns() - sent_ns);
    }
    Ok(taken_ns)
}

/// NATS answers no ping that a client could wait for, so a message is sent to ourselves.
async fn nats_trips(endpoint: &Endpoint) -> Result<Vec<u64>, NoAnswer> {
    let client = connect::nats::connect(endpoint, "weighbridge-doctor", 0).await?;
    let inbox = client.new_inbox();
    let failed = |error: &dyn std::fmt::Display| failed(BrokerKind::NatsServer, error);
    let mut own = client.subscribe(inbox.clone()).await.map_err(|error| failed(&error))?;
    let mut taken_ns = Vec::with_capacity(ROUND_TRIPS);
    for _ in 0..ROUND_TRIPS {
        let sent_ns = now_ns();
        client.publish(inbox.clone(), Bytes::new()).await.map_err(|error| failed(&error))?;
        own.next().await.ok_or_else(|| failed(&"the connection was closed"))?;
        taken_ns.push(now_ns() - sent_ns);
    }
    Ok(taken_ns)
}

fn failed(kind: BrokerKind, reason: &dyn std::fmt::Display) -> NoAnswer {
    NoAnswer::RoundTrip { kind, reason: reason.to_string() }
}
