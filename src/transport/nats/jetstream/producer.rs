//! Requests into their stream, whose acknowledgements come back on an inbox of our own.

use std::cell::Cell;
use std::rc::Rc;

use async_nats::jetstream;
use async_nats::{Client, Subscriber};
use async_trait::async_trait;

use super::acks::{NO_STREAM, stored};
use super::dedupe::message_id;
use super::stores::Stores;
use crate::clock::now_ns;
use crate::connect::patience::ANSWERS_WITHIN;
use crate::transport::ends::Producer;
use crate::transport::error::TransportError;
use crate::transport::frame::Frame;
use crate::transport::limits::Limits;
use crate::transport::nats::publishers::{Beside, Connecting, Publishers};
use crate::transport::nats::subjects::{Inbox, last_token};
use crate::transport::nats::subscription;
use crate::transport::outcomes::{Outcomes, Unknown};
use crate::transport::troubles::Troubles;
use weighbridge_record::result::Side;
use weighbridge_record::terms::DeliveryMode;

pub(super) async fn open(
    stores: &Stores,
    limits: Limits,
    outcomes: Rc<dyn Outcomes>,
    troubles: &Troubles,
) -> Result<StreamProducer, TransportError> {
    let endpoint = &stores.endpoint;
    let with = Connecting { endpoint, limits, outcomes: &outcomes, troubles, unknown: Unknown::Unconfirmed };
    let publishers = Publishers::connect(stores.names.request_subjects(), &with).await?;
    let client = publishers.first().clone();
    let inbox = Inbox::new(&client);
    let acks = subscription::subscribe(&client, inbox.wildcard(), None).await?;
    let restoring = Restoring::new(stores, client, troubles);
    tokio::task::spawn_local(read_acks(acks, outcomes, restoring));
    Ok(StreamProducer { publishers, inbox, delivery: limits.delivery })
}

pub(super) struct StreamProducer {
    publishers: Publishers,
    inbox: Inbox,
    delivery: DeliveryMode,
}

#[async_trait(?Send)]
impl Producer for StreamProducer {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        let (inbox, mode) = (&mut self.inbox, self.delivery);
        let beside =
            |sequence| Beside { reply: Some(inbox.subject(sequence)), headers: message_id(mode, sequence) };
        self.publishers.send(batch, beside).await
    }

    async fn close(&mut self) -> Result<(), TransportError> {
        self.publishers.close().await
    }
}

async fn read_acks(mut acks: Subscriber, outcomes: Rc<dyn Outcomes>, restoring: Restoring) {
    let mut batch = Vec::new();
    while subscription::take(&mut acks, 1024, |message| batch.push(message)).await.is_ok() {
        let at_ns = now_ns();
        let mut refused = Vec::new();
        let mut accepted = batch.drain(..).filter_map(|message| {
            let sequence = last_token(&message)?;
            stored(&message).map_err(|reason| refused.push((sequence, reason))).ok()?;
            Some(sequence)
        });
        outcomes.accepted(&mut accepted, at_ns);
        drop(accepted);
        if refused.iter().any(|(_, reason)| reason == NO_STREAM) {
            restoring.begin();
        }
        for (sequence, reason) in refused {
            outcomes.rejected(sequence, &reason);
        }
    }
}

/// What is done when no stream takes the requests any more. Where there are workers they do the same; where
/// there are none, nobody else does.
struct Restoring {
    stores: Stores,
    context: jetstream::Context,
    troubles: Troubles,
    under_way: Rc<Cell<bool>>,
}

impl Restoring {
    fn new(stores: &Stores, client: Client, troubles: &Troubles) -> Self {
        let mut context = stores.context(client);
        context.set_timeout(ANSWERS_WITHIN);
        let (stores, troubles) = (stores.clone(), troubles.clone());
        Self { stores, context, troubles, under_way: Rc::default() }
    }

    /// Starts looking what is missing, unless that is being done. If it fails, the next refusal starts it again.
    fn begin(&self) {
        if self.under_way.replace(true) {
            return;
        }
        let (stores, context) = (self.stores.clone(), self.context.clone());
        let (troubles, under_way) = (self.troubles.clone(), Rc::clone(&self.under_way));
        tokio::task::spawn_local(async move {
            match stores.is_gone(&context).await {
                Ok(true) => {
                    stores.begin_anew(&context, (Side::Generator, &troubles), &NO_STREAM).await;
                }
                // Somebody else was faster.
                Ok(false) => {}
                Err(error) => troubles.note(&error),
            }
            under_way.set(false);
        });
    }
}
