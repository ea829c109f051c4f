//! Publishing on NATS in batches, without a future for each message, and without waiting for a connection that
//! is down.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, ready};
use std::time::Duration;

use async_nats::client::PublishError;
use async_nats::message::OutboundMessage;
use async_nats::{Client, HeaderMap, Subject};
use futures::SinkExt;

use super::link::{self, Change, Changes, is_up};
use super::subjects::lasting;
use crate::transport::error::TransportError;
use crate::transport::frame::Frame;
use crate::transport::limits::Limits;
use crate::transport::outcomes::{Outcomes, Unknown};
use crate::transport::troubles::Troubles;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::result::Side;

/// How often it is looked whether a connection whose queue is full still stands.
const LOOK: Duration = Duration::from_millis(20);

/// Publishing connections of one generator. A request keeps to one of them by its sequence number, so that
/// each stays an ordering key of its own.
pub(super) struct Publishers {
    clients: Vec<Client>,
    subjects: Vec<Subject>,
    lanes: Lanes,
    outcomes: Rc<dyn Outcomes>,
}

/// Which connection carries which request.
#[derive(Clone, Copy)]
pub(super) struct Lanes {
    generators: u64,
    count: u64,
}

impl Lanes {
    #[inline]
    pub fn of(self, sequence: u64) -> usize {
        match self.count {
            1 => 0,
            count => (sequence / self.generators % count) as usize,
        }
    }

    /// Distance of a lane's neighbours in sequence numbers.
    pub fn stride(self) -> u64 {
        self.generators * self.count
    }
}

/// What a request carries beside its body.
#[derive(Default)]
pub(super) struct Beside {
    /// Where it is answered.
    pub reply: Option<Subject>,
    pub headers: Option<HeaderMap>,
}

impl Beside {
    pub fn reply(subject: Subject) -> Self {
        Self { reply: Some(subject), headers: None }
    }
}

/// What generators connect with.
pub(super) struct Connecting<'a> {
    pub endpoint: &'a Endpoint,
    pub limits: Limits,
    pub outcomes: &'a Rc<dyn Outcomes>,
    pub troubles: &'a Troubles,
    /// What a break leaves unknown.
    pub unknown: Unknown,
}

impl Publishers {
    pub async fn connect(subjects: Vec<String>, with: &Connecting<'_>) -> Result<Self, TransportError> {
        let limits = with.limits;
        let lanes =
            Lanes { generators: u64::from(limits.generators), count: u64::from(limits.connections).max(1) };
        let mut clients = Vec::new();
        for lane in 0..lanes.count as usize {
            let queue = limits.max_in_flight as usize;
            let told = (Side::Generator, with.troubles);
            let (client, changes) =
                link::connect(with.endpoint, "weighbridge-generator", queue, told).await?;
            let outcomes = Rc::clone(with.outcomes);
            tokio::task::spawn_local(tell(changes, lanes, lane, outcomes, with.unknown));
            clients.push(client);
        }
        let subjects = subjects.iter().map(|subject| lasting(subject)).collect();
        Ok(Self { clients, subjects, lanes, outcomes: Rc::clone(with.outcomes) })
    }

    pub fn first(&self) -> &Client {
        &self.clients[0]
    }

    /// The connections, in the order of their lanes.
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// Lets what is queued out and closes the connections, whoever else has a hand on them.
    pub async fn close(&self) -> Result<(), TransportError> {
        let failed =
            |error: &dyn std::fmt::Display| TransportError::failed("closing a publishing connection", error);
        for client in &self.clients {
            // A drain writes what is queued only where there are subscriptions to wait for.
            client.flush().await.map_err(|error| failed(&error))?;
            client.drain().await.map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    pub fn lanes(&self) -> Lanes {
        self.lanes
    }

    /// Queues a batch and empties it; of a failed one, what was not queued is left. What is queued on a
    /// connection that is down goes out when it is back.
    pub async fn send(
        &mut self,
        batch: &mut Vec<Frame>,
        mut beside: impl FnMut(u64) -> Beside,
    ) -> Result<(), TransportError> {
        self.doubt_what_waits(batch);
        let mut queued = 0;
        let outcome = loop {
            let full = match self.queue(batch, &mut queued, &mut beside).await {
                Ok(None) => break Ok(()),
                Ok(Some(full)) => full,
                Err(error) => break Err(error),
            };
            match room(&mut self.clients[full]).await {
                Ok(true) => {}
                // It is told as unknown already, when the connection was lost or when it was to be queued.
                Ok(false) => queued += 1,
                Err(error) => break Err(error),
            }
        };
        batch.drain(..queued);
        outcome
    }

    /// Requests that are handed over while their connection is down: they may go out yet, or not.
    fn doubt_what_waits(&self, batch: &[Frame]) {
        if self.clients.iter().all(is_up) {
            return;
        }
        let down: Vec<bool> = self.clients.iter().map(|client| !is_up(client)).collect();
        for frame in batch.iter().filter(|frame| down[self.lanes.of(frame.sequence)]) {
            self.outcomes.indeterminate(frame.sequence, "sent while the connection was down");
        }
    }

    /// Queues what there is room for; gives back the lane that has none.
    async fn queue(
        &mut self,
        batch: &mut [Frame],
        queued: &mut usize,
        beside: &mut impl FnMut(u64) -> Beside,
    ) -> Result<Option<usize>, TransportError> {
        let outcome = poll_fn(|context| -> Poll<Result<Option<usize>, PublishError>> {
            while let Some(frame) = batch.get_mut(*queued) {
                let lane = self.lanes.of(frame.sequence);
                let client = &mut self.clients[lane];
                match client.poll_ready_unpin(context) {
                    Poll::Ready(ready) => ready?,
                    Poll::Pending => return Poll::Ready(Ok(Some(lane))),
                }
                let subject = match &self.subjects[..] {
                    [only] => only.clone(),
                    subjects => subjects[frame.key as usize].clone(),
                };
                let Beside { reply, headers } = beside(frame.sequence);
                let payload = std::mem::take(&mut frame.body);
                client.start_send_unpin(OutboundMessage { subject, reply, payload, headers })?;
                *queued += 1;
            }
            Poll::Ready(Ok(None))
        });
        outcome.await.map_err(failed)
    }
}

fn failed(error: impl ToString) -> TransportError {
    TransportError::failed("publishing on NATS", error)
}

/// Says of which requests nothing more is known each time the connection breaks.
async fn tell(mut changes: Changes, lanes: Lanes, lane: usize, outcomes: Rc<dyn Outcomes>, unknown: Unknown) {
    while let Some(change) = changes.next().await {
        if change == Change::Lost {
            outcomes.broken(&|sequence| lanes.of(sequence) == lane, unknown);
        }
    }
}

/// Waits until the client's queue has room. False if it has none and the connection is down, so that nobody
/// makes room.
async fn room(client: &mut Client) -> Result<bool, TransportError> {
    while is_up(client) {
        let ready = poll_fn(|context| client.poll_ready_unpin(context));
        if let Ok(ready) = tokio::time::timeout(LOOK, ready).await {
            return ready.map(|()| true).map_err(failed);
        }
    }
    Ok(false)
}

/// Queues one message; false if the connection is down and the client's queue full.
pub(super) async fn offer(client: &mut Client, message: OutboundMessage) -> Result<bool, TransportError> {
    let ready = poll_fn(|context| Poll::Ready(client.poll_ready_unpin(context).is_ready()));
    if !ready.await && !room(client).await? {
        return Ok(false);
    }
    client.start_send_unpin(message).map(|()| true).map_err(failed)
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
