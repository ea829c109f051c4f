//! Publishing on NATS in batches, without a future for each message.

use std::future::poll_fn;
use std::task::{Poll, ready};

use async_nats::message::OutboundMessage;
use async_nats::{Client, Subject};
use futures::SinkExt;

use super::subjects::lasting;
use crate::connect::{Endpoint, nats::connect};
use crate::transport::error::TransportError;
use crate::transport::frame::Frame;
use crate::transport::limits::Limits;

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
