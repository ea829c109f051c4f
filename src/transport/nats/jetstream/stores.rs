//! The streams and the consumer of a trial: how they are set up, created, and created anew.

use std::time::Duration;

use async_nats::jetstream::context::{GetStreamError, GetStreamErrorKind};
use async_nats::jetstream::{self, consumer, stream};

use super::dedupe;
use crate::clock::now_ns;
use crate::connect::backoff::delay;
use crate::transport::created;
use crate::transport::error::TransportError;
use crate::transport::limits::Limits;
use crate::transport::names::Names;
use crate::transport::troubles::Troubles;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::result::{GapKind, LeftBehind, Side};
use weighbridge_record::terms::{BrokerKind, DeliveryMode, Durability};

pub(in crate::transport) const DURABLE: &str = "priority-workers";
pub(in crate::transport) const REQUESTS: &str = "PRIORITY_REQUESTS";
const RESULTS: &str = "PRIORITY_RESULTS";

const DAY: Duration = Duration::from_secs(86_400);

#[derive(Clone)]
pub(super) struct Stores {
    pub endpoint: Endpoint,
    pub names: Names,
    pub limits: Limits,
    storage: stream::StorageType,
}

impl Stores {
    pub fn new(endpoint: Endpoint, names: Names, limits: Limits, durability: Durability) -> Self {
        let storage = match durability {
            Durability::None | Durability::Memory => stream::StorageType::Memory,
            Durability::Lazy | Durability::Os | Durability::Sync => stream::StorageType::File,
        };
        Self { endpoint, names, limits, storage }
    }

    /// JetStream as it is asked over a connection.
    pub fn context(&self, client: async_nats::Client) -> jetstream::Context {
        match self.names.domain() {
            Some(domain) => jetstream::with_domain(client, domain),
            None => jetstream::new(client),
        }
    }

    /// Name of the stream of requests.
    pub fn requests(&self) -> String {
        self.names.stored(REQUESTS)
    }

    /// Name of the stream of results.
    pub fn results(&self) -> String {
        self.names.stored(RESULTS)
    }

    /// What the streams take.
    pub fn subjects(&self) -> [String; 2] {
        [format!("{}.*", self.names.request()), format!("{}.*", self.names.result())]
    }

    fn streams(&self) -> [stream::Config; 2] {
        let [request, result] = self.subjects();
        let duplicate_window = match self.limits.delivery {
            DeliveryMode::AtLeastOnce => Duration::ZERO,
            DeliveryMode::ExactlyOnce => dedupe::WINDOW,
        };
        let requests = stream::Config {
            name: self.requests(),
            subjects: vec![request],
            retention: stream::RetentionPolicy::WorkQueue,
            max_age: DAY,
            storage: self.storage,
            duplicate_window,
            ..stream::Config::default()
        };
        let results = stream::Config {
            name: self.results(),
            subjects: vec![result],
            retention: stream::RetentionPolicy::Limits,
            max_age: 7 * DAY,
            storage: self.storage,
            duplicate_window,
            ..stream::Config::default()
        };
        [requests, results]
    }

    fn durable(&self) -> consumer::pull::Config {
        consumer::pull::Config {
            durable_name: Some(DURABLE.to_string()),
            deliver_policy: consumer::DeliverPolicy::All,
            ack_policy: consumer::AckPolicy::Explicit,
            ack_wait: Duration::from_nanos(self.limits.ack_wait_ns),
            max_deliver: i64::from(self.limits.max_deliver),
            // The scenario's window, as on every other path; the default of 1 000 would be a second one.
            max_ack_pending: i64::from(self.limits.max_in_flight),
            ..consumer::pull::Config::default()
        }
    }

    /// Creates everything; what exists already is refused, not reused, and what was created before that is
    /// deleted again.
    pub async fn create(&self, context: &jetstream::Context) -> Result<(), TransportError> {
        let mut created = Vec::new();
        for config in self.streams() {
            let name = config.name.clone();
            if let Err(error) = self.create_stream(context, config).await {
                self.undo(context, created).await;
                return Err(error);
            }
            created.push(created::stream(&self.endpoint, name));
        }
        let consumer = context.create_consumer_on_stream(self.durable(), self.requests()).await;
        if let Err(error) = consumer {
            self.undo(context, created).await;
            return Err(self.refused(format!("creating consumer `{DURABLE}`: {error}")));
        }
        Ok(())
    }

    async fn create_stream(
        &self,
        context: &jetstream::Context,
        config: stream::Config,
    ) -> Result<(), TransportError> {
        let name = config.name.clone();
        match context.get_stream(&name).await {
            Ok(_) => {
                let address = self.endpoint.address();
                return Err(TransportError::Exists { what: "stream", name, address });
            }
            Err(error) if is_not_found(&error) => {}
            Err(error) => return Err(self.refused(format!("looking up stream `{name}`: {error}"))),
        }
        let created = context.create_stream(config).await;
        created.map(|_| ()).map_err(|error| self.refused(format!("creating stream `{name}`: {error}")))
    }

    /// Deletes streams that this preparation has just created; the error that led here is the one to tell.
    async fn undo(&self, context: &jetstream::Context, mut created: Vec<LeftBehind>) {
        self.delete(context, &mut created).await;
        created.iter().for_each(|left| tracing::error!("{left}"));
    }

    /// Whether the server answers, and has no stream of requests.
    pub async fn is_gone(&self, context: &jetstream::Context) -> Result<bool, TransportError> {
        match context.get_stream(self.requests()).await {
            Ok(_) => Ok(false),
            Err(error) if is_not_found(&error) => Ok(true),
            Err(error) => Err(TransportError::failed("looking for the stream of requests", error)),
        }
    }

    /// The server is there and its data is not: an epoch, told by `side`, until all is created anew. Several
    /// ends may do so at once: the same settings again change nothing.
    pub async fn begin_anew(
        &self,
        context: &jetstream::Context,
        (side, troubles): (Side, &Troubles),
        reason: &dyn std::fmt::Display,
    ) {
        let detail = format!("nats-server came back without its data: {reason}");
        let epoch = troubles.begin(side, GapKind::Epoch, detail, now_ns());
        for attempt in 1.. {
            match self.restore(context).await {
                Ok(()) => break,
                Err(error) => troubles.note(&error),
            }
            tokio::time::sleep(delay(attempt)).await;
        }
        troubles.end(epoch, now_ns());
    }

    async fn restore(&self, context: &jetstream::Context) -> Result<(), TransportError> {
        let failed =
            |error: &dyn std::fmt::Display| TransportError::failed("creating the streams anew", error);
        for config in self.streams() {
            context.get_or_create_stream(config).await.map_err(|error| failed(&error))?;
        }
        let consumer = context.create_consumer_on_stream(self.durable(), self.requests()).await;
        consumer.map(|_| ()).map_err(|error| failed(&error))
    }

    /// The streams, as what there is to delete.
    pub fn created(&self) -> Vec<LeftBehind> {
        [self.requests(), self.results()].map(|name| created::stream(&self.endpoint, name)).into()
    }

    /// Deletes streams, and takes out of `left` those that are gone.
    pub async fn delete(&self, context: &jetstream::Context, left: &mut Vec<LeftBehind>) {
        let mut next = 0;
        while let Some(stream) = left.get_mut(next) {
            match context.delete_stream(&stream.name).await {
                Err(error) if !is_not_found(&error) => {
                    stream.reason = error.to_string();
                    next += 1;
                }
                // Deleted, or somebody else was faster.
                _ => _ = left.remove(next),
            }
        }
    }

    fn refused(&self, reason: String) -> TransportError {
        let asked = self.names.domain().map(|domain| {
            format!("; JetStream was asked in the domain `{domain}`, which brokers.jetstream_domain or JETSTREAM_DOMAIN names")
        });
        let reason = reason + &asked.unwrap_or_default();
        TransportError::Refused { broker: BrokerKind::NatsServer, address: self.endpoint.address(), reason }
    }
}

/// Whether the server knows no such stream.
pub(super) fn is_not_found(error: &GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(inner) if inner.code() == 404)
}
