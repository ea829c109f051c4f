//! NATS JetStream: requests in a work-queue stream, results in a limits stream, as the guide sets them up.
//!
//! Publishes carry a reply subject on an inbox of our own, where the stream's acknowledgement arrives. A
//! worker acknowledges a request only after the stream has acknowledged its result. With `brokers.delivery` exactly-once
//! requests and results carry a `Nats-Msg-Id`, and the server confirms the worker's acknowledgements.

mod acks;
mod collector;
mod dedupe;
mod double_ack;
mod held;
mod producer;
mod pulls;
mod requests;
mod responder;
mod stores;

use std::rc::Rc;

use async_nats::jetstream;
use async_trait::async_trait;

use super::link;
use super::rights::{self, Rights};
use super::subjects::lasting;
use crate::connect;
use crate::connect::patience::ANSWERS_WITHIN;
use crate::transport::ends::{Collector, GeneratorEnd, Returns, Transport, WorkerEnd};
use crate::transport::error::TransportError;
use crate::transport::limits::{Connections, Limits};
use crate::transport::names::Names;
use crate::transport::outcomes::Outcomes;
use crate::transport::troubles::Troubles;
use requests::{Requests, advisory};
use responder::StreamResponder;
pub(in crate::transport) use stores::{DURABLE, REQUESTS};

use stores::Stores;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::result::{Held, LeftBehind, Side};
use weighbridge_record::terms::Durability;

pub struct NatsJetstream(Stores);

impl NatsJetstream {
    pub fn new(endpoint: Endpoint, names: Names, limits: Limits, durability: Durability) -> Self {
        Self(Stores::new(endpoint, names, limits, durability))
    }

    async fn preflight(&self) -> Result<(async_nats::Client, jetstream::Context), TransportError> {
        let client = connect::nats::connect(&self.0.endpoint, "weighbridge-preflight", 0).await?;
        let context = self.0.context(client.clone());
        Ok((client, context))
    }

    /// What is not refused by a reply when it is first used. The streams are not there yet, so nothing takes
    /// these messages.
    fn rights(&self) -> Rights {
        let stream = self.0.requests();
        Rights {
            subscribe: vec![advisory(&stream)],
            publish: vec![
                rights::canary(&self.0.names.request()),
                rights::canary(&self.0.names.result()),
                format!("$JS.ACK.{stream}.{DURABLE}.preflight"),
                format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{DURABLE}"),
                format!("$JS.API.STREAM.MSG.GET.{}", self.0.results()),
            ],
            echoed: Vec::new(),
        }
    }
}

#[async_trait(?Send)]
impl Transport for NatsJetstream {
    async fn prepare(&self, longest_body_bytes: usize) -> Result<(), TransportError> {
        let (client, context) = self.preflight().await?;
        rights::check_payload(&client, longest_body_bytes)?;
        rights::no_stream_takes(&self.0.endpoint, &client, &self.0.subjects()).await?;
        rights::check(&self.0.endpoint, &self.rights()).await?;
        self.0.create(&context).await
    }

    async fn publisher(
        &self,
        _index: u32,
        connections: Connections,
        outcomes: Rc<dyn Outcomes>,
        troubles: &Troubles,
    ) -> Result<GeneratorEnd, TransportError> {
        let limits = self.0.limits.over(connections);
        let producer = producer::open(&self.0, limits, outcomes, troubles).await?;
        Ok(GeneratorEnd { producer: Box::new(producer), collector: None })
    }

    async fn collector(
        &self,
        index: u32,
        _outcomes: Rc<dyn Outcomes>,
        troubles: &Troubles,
    ) -> Result<Option<Box<dyn Collector>>, TransportError> {
        match self.0.limits.collects(index) {
            true => collector::open(&self.0, troubles).await.map(Some),
            false => Ok(None),
        }
    }

    fn returns(&self) -> Returns {
        Returns::Confirmed { or_broken: false }
    }

    async fn worker(&self, index: u32, troubles: &Troubles) -> Result<WorkerEnd, TransportError> {
        let (endpoint, queue) = (&self.0.endpoint, self.0.limits.max_in_flight as usize);
        let told = (Side::Worker, troubles);
        let (client, changes) = link::connect(endpoint, "weighbridge-worker", queue, told).await?;
        let subjects = self.0.names.result_subjects().iter().map(|subject| lasting(subject)).collect();
        let responder =
            StreamResponder::open(client.clone(), subjects, self.0.limits.delivery, troubles).await?;
        let unstored = responder.unstored();
        let consumer = Requests::open(&self.0, index, client, changes, unstored, troubles).await?;
        Ok(WorkerEnd { consumer: Box::new(consumer), responder: Rc::new(responder) })
    }

    async fn is_served(&self) -> Result<bool, TransportError> {
        let (_client, context) = self.preflight().await?;
        let waits = held::is_waited_at(&self.0, &context).await;
        waits.map_err(|error| TransportError::failed("looking for workers", error))
    }

    async fn held(&self) -> Vec<Held> {
        match self.preflight().await {
            Ok((_client, context)) => held::held(&self.0, &context).await.unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }

    fn creates(&self) -> Vec<LeftBehind> {
        self.0.created()
    }

    async fn dismantle(&self, left: &mut Vec<LeftBehind>) {
        match self.preflight().await {
            Ok((_client, mut context)) => {
                context.set_timeout(ANSWERS_WITHIN);
                self.0.delete(&context, left).await;
            }
            Err(error) => left.iter_mut().for_each(|left| left.reason = error.to_string()),
        }
    }
}
