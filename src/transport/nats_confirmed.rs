//! Publishing on NATS core with nobody to receive: how the server's progress is known all the same.
//!
//! The server never answers a publish, but it handles a connection's messages in their order. So every batch
//! is followed by a message to an inbox of our own on the same connection; when that comes back, the server
//! has handled all that went before it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use async_nats::{Client, Subscriber};
use async_trait::async_trait;
use bytes::Bytes;

use super::nats::{self, Inbox, Publishers};
use super::{Frame, Outcomes, Producer, TransportError};
use crate::clock::now_ns;

/// Publishes batches, each followed by its marker.
pub(super) struct Confirmed {
    publishers: Publishers,
    lanes: Vec<Lane>,
}

/// One connection.
struct Lane {
    client: Client,
    inbox: Inbox,
    next_marker: u64,
    open: Markers,
}

/// Markers on their way, oldest first.
type Markers = Rc<RefCell<VecDeque<Marker>>>;

/// The requests of one batch on one connection: `first`, `last` and every `stride`-th between them.
struct Marker {
    number: u64,
    first: u64,
    last: u64,
    /// Times that the connection had been made when the batch was sent.
    connects: u64,
}

fn connects(client: &Client) -> u64 {
    client.statistics().connects.load(Ordering::Relaxed)
}

impl Confirmed {
    pub async fn new(publishers: Publishers, outcomes: Rc<dyn Outcomes>) -> Result<Self, TransportError> {
        let mut lanes = Vec::new();
        for client in publishers.clients() {
            let inbox = Inbox::new(client);
            let markers = nats::subscribe(client, inbox.wildcard(), None).await?;
            let lane = Lane { client: client.clone(), inbox, next_marker: 0, open: Markers::default() };
            tokio::task::spawn_local(confirm(
                markers,
                client.clone(),
                Rc::clone(&lane.open),
                publishers.stride(),
                Rc::clone(&outcomes),
            ));
            lanes.push(lane);
        }
        Ok(Self { publishers, lanes })
    }
}

impl Lane {
    /// Publishes the marker of a batch of which nothing is confirmed yet.
    async fn mark(&mut self, first: u64, last: u64) -> Result<(), TransportError> {
        let number = self.next_marker;
        self.next_marker += 1;
        let marker = Marker { number, first, last, connects: connects(&self.client) };
        self.open.borrow_mut().push_back(marker);
        let published = self.client.publish(self.inbox.subject(number), Bytes::new()).await;
        published.map_err(|error| TransportError::failed("publishing on NATS", error))
    }
}

#[async_trait(?Send)]
impl Producer for Confirmed {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        let mut ends: Vec<Option<(u64, u64)>> = vec![None; self.lanes.len()];
        for frame in batch.drain(..) {
            let sequence = frame.sequence;
            let first = ends[self.publishers.lane(sequence)].map_or(sequence, |(first, _)| first);
            ends[self.publishers.lane(sequence)] = Some((first, sequence));
            self.publishers.publish(frame, None).await?;
        }
        for (lane, end) in self.lanes.iter_mut().zip(ends) {
            if let Some((first, last)) = end {
                lane.mark(first, last).await?;
            }
        }
        Ok(())
    }
}

/// Reports batches as their markers come back. A connection that broke meanwhile may have dropped any part
/// of a batch.
async fn confirm(
    mut markers: Subscriber,
    client: Client,
    open: Markers,
    stride: u64,
    outcomes: Rc<dyn Outcomes>,
) {
    let mut numbers = Vec::new();
    while nats::take(&mut markers, 1024, |message| numbers.extend(nats::last_token(&message))).await.is_ok() {
        let at_ns = now_ns();
        for number in numbers.drain(..) {
            while let Some(marker) = next_up_to(&open, number) {
                let mut requests = (marker.first..=marker.last).step_by(stride as usize);
                if marker.number == number && marker.connects == connects(&client) {
                    outcomes.accepted(&mut requests, at_ns);
                } else {
                    let reason = "the connection broke before the server had confirmed the batch";
                    requests.for_each(|sequence| outcomes.indeterminate(sequence, reason));
                }
            }
        }
    }
}

fn next_up_to(open: &Markers, number: u64) -> Option<Marker> {
    open.borrow_mut().pop_front_if(|marker| marker.number <= number)
}
