//! What the three NATS paths share: publishing in batches, reading what is there.
//!
//! Everything goes through plain publishes and subscriptions with reply subjects of our own. The library's
//! request multiplexer and acknowledgement futures would cost an allocation and a timer for each message,
//! start their clocks when polled rather than when sent, and leak on timeouts (nats.rs #1617).

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};
use std::task::{Poll, ready};
use std::time::Duration;

use async_nats::message::OutboundMessage;
use async_nats::{Client, Message, Subject, Subscriber};
use bytes::Bytes;
use futures::{SinkExt, StreamExt};

use crate::connect::{Endpoint, nats::connect};
use crate::terms::BrokerKind;

use super::{Arrival, Delivery, Frame, Limits, Receipt, TransportError};

/// A round trip to the server and back on this connection: everything queued before it has been handled.
pub(super) async fn barrier(client: &Client) -> Result<(), TransportError> {
    let inbox = client.new_inbox();
    let failed = |error: &dyn std::fmt::Display| TransportError::failed("a round trip to nats-server", error);
    let mut own = client.subscribe(inbox.clone()).await.map_err(|error| failed(&error))?;
    client.publish(inbox, Bytes::new()).await.map_err(|error| failed(&error))?;
    match tokio::time::timeout(Duration::from_secs(5), own.next()).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(TransportError::Closed { what: "the NATS connection" }),
        Err(_) => Err(failed(&"no answer within 5 s")),
    }
}

/// Subscribes and waits until the server knows it.
pub(super) async fn subscribe(
    client: &Client,
    subject: String,
    queue_group: Option<&str>,
) -> Result<Subscriber, TransportError> {
    let subscribed = match queue_group {
        Some(group) => client.queue_subscribe(subject, group.to_string()).await,
        None => client.subscribe(subject).await,
    };
    let subscriber = subscribed.map_err(|error| TransportError::failed("subscribing on NATS", error))?;
    barrier(client).await?;
    Ok(subscriber)
}

/// Refuses bodies that the server would cut the connection for.
pub(super) fn check_payload(client: &Client, body_bytes: usize) -> Result<(), TransportError> {
    let limit_bytes = client.server_info().max_payload;
    if body_bytes > limit_bytes {
        let (broker, setting) = (BrokerKind::NatsServer, "max_payload");
        return Err(TransportError::TooLarge { broker, setting, body_bytes, limit_bytes });
    }
    Ok(())
}

/// Waits for one message, then takes what else is there, up to `max`.
pub(super) async fn take(
    subscriber: &mut Subscriber,
    max: usize,
    mut each: impl FnMut(Message),
) -> Result<(), TransportError> {
    let mut taken = 0;
    let ended = poll_fn(|context| {
        while taken < max {
            match subscriber.poll_next_unpin(context) {
                Poll::Ready(Some(message)) => each(message),
                Poll::Ready(None) => return Poll::Ready(true),
                Poll::Pending if taken == 0 => return Poll::Pending,
                Poll::Pending => break,
            }
            taken += 1;
        }
        Poll::Ready(false)
    });
    if ended.await { Err(TransportError::Closed { what: "the NATS subscription" }) } else { Ok(()) }
}

pub(super) fn delivery(message: Message) -> Delivery {
    let receipt = Receipt(message.reply.map(|reply| Bytes::copy_from_slice(reply.as_bytes())));
    Delivery { body: message.payload, receipt, parked: false }
}

/// The number in the last token of an [`Inbox`] subject.
pub(super) fn last_token(message: &Message) -> Option<u64> {
    message.subject.rsplit_once('.').and_then(|(_, last)| last.parse().ok())
}

/// A result, or the server's word that nobody listens; the sequence number is the reply subject's last token.
pub(super) fn arrival(message: Message) -> Arrival {
    let sequence = last_token(&message);
    let refused = message.status == Some(async_nats::StatusCode::NO_RESPONDERS);
    Arrival { body: message.payload, sequence, refusal: refused.then_some("no responders") }
}

/// Publishing connections of one generator. A request keeps to one of them by its sequence number, so that
/// each stays an ordering key of its own.
pub(super) struct Publishers {
    clients: Vec<Client>,
    subjects: Vec<Subject>,
    generators: u64,
}

impl Publishers {
    pub async fn connect(
        endpoint: &Endpoint,
        subjects: Vec<String>,
        limits: Limits,
    ) -> Result<Self, TransportError> {
        let mut clients = Vec::new();
        for _ in 0..limits.connections {
            clients.push(connect(endpoint, "weighbridge-generator", limits.max_in_flight as usize).await?);
        }
        let subjects = subjects.iter().map(|subject| lasting(subject)).collect();
        Ok(Self { clients, subjects, generators: u64::from(limits.generators) })
    }

    pub fn first(&self) -> &Client {
        &self.clients[0]
    }

    /// The connections, in the order of their lanes.
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// The connection that carries a request.
    #[inline]
    pub fn lane(&self, sequence: u64) -> usize {
        match self.clients.len() {
            1 => 0,
            lanes => (sequence / self.generators) as usize % lanes,
        }
    }

    /// Distance of a lane's neighbours in sequence numbers.
    pub fn stride(&self) -> u64 {
        self.generators * self.clients.len() as u64
    }

    /// Queues a batch and empties it; of a failed one, what was not queued is left.
    pub async fn send(
        &mut self,
        batch: &mut Vec<Frame>,
        mut reply: impl FnMut(u64) -> Option<Subject>,
    ) -> Result<(), TransportError> {
        let mut queued = 0;
        let outcome = poll_fn(|context| {
            while let Some(frame) = batch.get_mut(queued) {
                let lane = self.lane(frame.sequence);
                let client = &mut self.clients[lane];
                if let Err(error) = ready!(client.poll_ready_unpin(context)) {
                    return Poll::Ready(Err(error));
                }
                let subject = match &self.subjects[..] {
                    [only] => only.clone(),
                    subjects => subjects[frame.key as usize].clone(),
                };
                let (reply, payload) = (reply(frame.sequence), std::mem::take(&mut frame.body));
                client.start_send_unpin(OutboundMessage { subject, reply, payload, headers: None })?;
                queued += 1;
            }
            Poll::Ready(Ok(()))
        });
        let outcome = outcome.await;
        batch.drain(..queued);
        outcome.map_err(|error| TransportError::failed("publishing on NATS", error))
    }
}

/// Queues messages one after the other, without a future for each as the library's `publish` would need.
pub(super) async fn feed(
    client: &Client,
    what: &'static str,
    mut messages: impl Iterator<Item = OutboundMessage>,
) -> Result<(), TransportError> {
    let mut client = client.clone();
    let queued = poll_fn(|context| {
        loop {
            if let Err(error) = ready!(client.poll_ready_unpin(context)) {
                return Poll::Ready(Err(error));
            }
            match messages.next() {
                Some(message) => client.start_send_unpin(message)?,
                None => return Poll::Ready(Ok(())),
            }
        }
    });
    queued.await.map_err(|error| TransportError::failed(what, error))
}

/// A subject that lives as long as the process, each once: copies of it cost no counting of references.
pub(super) fn lasting(subject: &str) -> Subject {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = known.get(subject).copied().unwrap_or_else(|| {
        let kept: &'static str = Box::leak(subject.into());
        known.insert(kept);
        kept
    });
    Subject::from_static(kept)
}

/// Reply subjects of our own, `{inbox}.{sequence}`, so that replies need no lookup table.
pub(super) struct Inbox {
    base: String,
    text: String,
}

impl Inbox {
    pub fn new(client: &Client) -> Self {
        Self { base: format!("{}.", client.new_inbox()), text: String::new() }
    }

    pub fn wildcard(&self) -> String {
        format!("{}*", self.base)
    }

    pub fn subject(&mut self, sequence: u64) -> Subject {
        use std::fmt::Write;
        self.text.clear();
        self.text.push_str(&self.base);
        // Writing into a String does not fail.
        let _ = write!(self.text, "{sequence}");
        Subject::from(self.text.as_str())
    }
}
