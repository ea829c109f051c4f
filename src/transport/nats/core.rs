//! NATS core: plain publish and subscribe, workers sharing the load in a queue group.
//!
//! The server never answers a publish, so there is no `accepted` here, and loss shows only in the ledger.

use std::rc::Rc;

use async_nats::message::OutboundMessage;
use async_nats::{Client, Subject, Subscriber};
use async_trait::async_trait;

use weighbridge_record::terms::{CompletedBy, Subjects};

use super::confirmed::Confirmed;
use super::link::{self, Change, Changes};
use super::publishers::{self, Beside, Connecting, Publishers};
use super::rights::{self, Rights};
use super::served;
use super::subjects::{QUEUE_GROUP, lasting};
use super::subscription::{self, Requests};
use crate::connect;
use crate::sabotage;
use crate::transport::ends::{Collector, GeneratorEnd, Producer, Responder, Returns, Transport, WorkerEnd};
use crate::transport::error::TransportError;
use crate::transport::frame::{Arrival, Frame, Reply};
use crate::transport::limits::{Connections, Limits};
use crate::transport::names::Names;
use crate::transport::outcomes::{Outcomes, Unknown};
use crate::transport::troubles::Troubles;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::result::Side;

pub struct NatsCore {
    endpoint: Endpoint,
    names: Names,
    limits: Limits,
}

impl NatsCore {
    pub fn new(endpoint: Endpoint, names: Names, limits: Limits) -> Self {
        Self { endpoint, names, limits }
    }
}

#[async_trait(?Send)]
impl Transport for NatsCore {
    async fn prepare(&self, longest_body_bytes: usize) -> Result<(), TransportError> {
        let client = connect::nats::connect(&self.endpoint, "weighbridge-preflight", 0).await?;
        rights::check_payload(&client, longest_body_bytes)?;
        let (request, result) = (self.names.request(), self.names.result());
        let subjects = [self.names.filter(&request), self.names.filter(&result)];
        rights::no_stream_takes(&self.endpoint, &client, &subjects).await?;
        let rights = match self.names.subjects() {
            Subjects::ByCategory => Rights::default().below(&request).below(&result),
            Subjects::Bare => Rights::on(subjects.into()),
        };
        rights::check(&self.endpoint, &rights).await
    }

    async fn publisher(
        &self,
        _index: u32,
        connections: Connections,
        outcomes: Rc<dyn Outcomes>,
        troubles: &Troubles,
    ) -> Result<GeneratorEnd, TransportError> {
        let (endpoint, limits) = (&self.endpoint, self.limits.over(connections));
        let with = Connecting { endpoint, limits, outcomes: &outcomes, troubles, unknown: Unknown::All };
        let publishers = Publishers::connect(self.names.request_subjects(), &with).await?;
        let producer: Box<dyn Producer> = match limits.completed_by {
            CompletedBy::Acknowledgement => Box::new(Confirmed::new(publishers, limits, outcomes).await?),
            CompletedBy::Delivery | CompletedBy::Result => Box::new(CoreProducer(publishers)),
        };
        Ok(GeneratorEnd { producer, collector: None })
    }

    async fn collector(
        &self,
        index: u32,
        outcomes: Rc<dyn Outcomes>,
        troubles: &Troubles,
    ) -> Result<Option<Box<dyn Collector>>, TransportError> {
        if !self.limits.collects(index) {
            return Ok(None);
        }
        let told = (Side::Collector, troubles);
        let (client, changes) = link::connect(&self.endpoint, "weighbridge-collector", 0, told).await?;
        tokio::task::spawn_local(lose_results(changes, outcomes));
        let results = self.names.filter(&self.names.result());
        let results = subscription::subscribe(&client, results, None).await?;
        Ok(Some(Box::new(Results { results, _client: client })))
    }

    fn returns(&self) -> Returns {
        match self.limits.completed_by {
            CompletedBy::Acknowledgement => Returns::Confirmed { or_broken: false },
            CompletedBy::Delivery | CompletedBy::Result => Returns::AtOnce,
        }
    }

    async fn worker(&self, _index: u32, troubles: &Troubles) -> Result<WorkerEnd, TransportError> {
        let queue = self.limits.max_in_flight as usize;
        let told = (Side::Worker, troubles);
        let (client, _) = link::connect(&self.endpoint, "weighbridge-worker", queue, told).await?;
        let subject = self.names.filter(&self.names.request());
        let requests = subscription::subscribe(&client, subject, Some(QUEUE_GROUP)).await?;
        let subjects = self.names.result_subjects().iter().map(|subject| lasting(subject)).collect();
        Ok(WorkerEnd {
            consumer: Box::new(Requests { requests }),
            responder: Rc::new(ResultPublisher { client, subjects }),
        })
    }

    async fn is_served(&self) -> Result<bool, TransportError> {
        served::hears(&self.endpoint, self.names.canary()).await
    }
}

/// What is published while the collector has no connection reaches nobody.
async fn lose_results(mut changes: Changes, outcomes: Rc<dyn Outcomes>) {
    while let Some(change) = changes.next().await {
        if change == Change::Lost {
            outcomes.broken(&|_| true, Unknown::All);
        }
    }
}

struct CoreProducer(Publishers);

#[async_trait(?Send)]
impl Producer for CoreProducer {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        self.0.send(batch, |_| Beside::default()).await
    }

    async fn close(&mut self) -> Result<(), TransportError> {
        self.0.close().await
    }
}

/// Publishes results on the subject of their category; nothing to acknowledge.
struct ResultPublisher {
    client: Client,
    subjects: Vec<Subject>,
}

#[async_trait(?Send)]
impl Responder for ResultPublisher {
    async fn reply(&self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        let results = replies.drain(..).filter_map(|reply| {
            let subject = self.subjects[reply.key as usize].clone();
            Some(OutboundMessage { subject, reply: None, payload: reply.body?, headers: None })
        });
        publishers::feed(&self.client, "publishing a result on NATS", results).await?;
        if sabotage::ends_when_answered() {
            // An error leaves the result unsent, as a crash may.
            let _ = self.client.flush().await;
            sabotage::answered();
        }
        Ok(())
    }
}

/// Results from a plain subscription.
struct Results {
    results: Subscriber,
    /// Dropping the last handle closes the connection.
    _client: Client,
}

#[async_trait(?Send)]
impl Collector for Results {
    async fn receive(&mut self, max: usize, into: &mut Vec<Arrival>) -> Result<(), TransportError> {
        let each = |message: async_nats::Message| {
            into.push(Arrival { body: message.payload, sequence: None, refusal: None });
        };
        subscription::take(&mut self.results, max, each).await
    }
}
