//! NATS request/reply: `prioritization.sync`, workers in a queue group, the reply on the requester's inbox.
//!
//! Requests go out with a reply subject that ends in the sequence number; that is `request()` on the wire.
//! A request that nobody serves is refused by the server at once.

use std::rc::Rc;

use async_nats::message::OutboundMessage;
use async_nats::{Client, Subject, Subscriber};
use async_trait::async_trait;

use super::link;
use super::publishers::{self, Beside, Connecting, Publishers};
use super::rights::{self, Rights};
use super::served;
use super::subjects::{Inbox, QUEUE_GROUP};
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

pub struct NatsRequest {
    endpoint: Endpoint,
    names: Names,
    limits: Limits,
}

impl NatsRequest {
    pub fn new(endpoint: Endpoint, names: Names, limits: Limits) -> Self {
        Self { endpoint, names, limits }
    }
}

#[async_trait(?Send)]
impl Transport for NatsRequest {
    async fn prepare(&self, longest_body_bytes: usize) -> Result<(), TransportError> {
        let client = connect::nats::connect(&self.endpoint, "weighbridge-preflight", 0).await?;
        rights::check_payload(&client, longest_body_bytes)?;
        // The canary has no reply subject: a worker that listens here already has nobody to answer.
        let sync = vec![self.names.sync()];
        rights::no_stream_takes(&self.endpoint, &client, &sync).await?;
        rights::check(&self.endpoint, &Rights::on(sync)).await
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
        let publishers = Publishers::connect(vec![self.names.sync()], &with).await?;
        let inbox = Inbox::new(publishers.first());
        // The inbox is read on the first publishing connection, as a client's own request() would.
        let replies = subscription::subscribe(publishers.first(), inbox.wildcard(), None).await?;
        Ok(GeneratorEnd {
            producer: Box::new(Requester { publishers, inbox }),
            collector: Some(Box::new(Replies(replies))),
        })
    }

    fn returns(&self) -> Returns {
        Returns::Answered
    }

    async fn worker(&self, _index: u32, troubles: &Troubles) -> Result<WorkerEnd, TransportError> {
        let queue = self.limits.max_in_flight as usize;
        let told = (Side::Worker, troubles);
        let (client, _) = link::connect(&self.endpoint, "weighbridge-worker", queue, told).await?;
        let requests = subscription::subscribe(&client, self.names.sync(), Some(QUEUE_GROUP)).await?;
        Ok(WorkerEnd {
            consumer: Box::new(Requests { requests }),
            responder: Rc::new(ReplyPublisher { client }),
        })
    }

    async fn is_served(&self) -> Result<bool, TransportError> {
        served::hears(&self.endpoint, self.names.sync()).await
    }
}

struct Requester {
    publishers: Publishers,
    inbox: Inbox,
}

#[async_trait(?Send)]
impl Producer for Requester {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        let inbox = &mut self.inbox;
        self.publishers.send(batch, |sequence| Beside::reply(inbox.subject(sequence))).await
    }

    async fn close(&mut self) -> Result<(), TransportError> {
        self.publishers.close().await
    }
}

struct ReplyPublisher {
    client: Client,
}

#[async_trait(?Send)]
impl Responder for ReplyPublisher {
    async fn reply(&self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        let mut unreadable = None;
        let answers = replies.drain(..).filter_map(|reply| {
            let subject =
                Subject::from_utf8(reply.receipt.0?).map_err(|error| unreadable = Some(error)).ok()?;
            Some(OutboundMessage { subject, reply: None, payload: reply.body?, headers: None })
        });
        publishers::feed(&self.client, "replying on NATS", answers).await?;
        if sabotage::ends_when_answered() {
            // An error leaves the reply unsent, as a crash may.
            let _ = self.client.flush().await;
            sabotage::answered();
        }
        match unreadable {
            Some(error) => Err(TransportError::failed("reading a reply subject", error)),
            None => Ok(()),
        }
    }
}

struct Replies(Subscriber);

#[async_trait(?Send)]
impl Collector for Replies {
    async fn receive(&mut self, max: usize, into: &mut Vec<Arrival>) -> Result<(), TransportError> {
        subscription::take(&mut self.0, max, |message| into.push(subscription::arrival(message))).await
    }
}
