//! One worker's loop.
//!
//! Where scoring takes no time, deliveries are handled in batches in place. Otherwise a worker has as many
//! slots as its concurrency and takes no more deliveries than it has free slots, so that what waits, waits
//! in the broker or its client, alike on every path.

use std::rc::Rc;
use std::sync::Arc;

use bytes::BytesMut;

use super::scoring::{Scoring, error_reply};
use super::slots::serve_in_slots;
use super::take::take_at_once;
use crate::clock::{now_ns, rfc3339, unix_seconds};
use crate::mailbox::{Event, Post};
use crate::plan::ServiceTime;
use crate::timer::Timer;
use crate::transport::{Delivery, Reply, TransportError, WorkerEnd};

/// Deliveries handled at a time where scoring takes no time.
pub(super) const BATCH_MAX: usize = 512;
const ARENA_BYTES: usize = 64 * 1024;

/// What a worker needs besides its connections.
#[derive(Clone)]
pub struct Serving {
    pub scoring: Rc<Scoring>,
    pub service_time: ServiceTime,
    pub seed: u64,
    pub concurrency: u32,
    /// Whether results are published; else requests are only taken and acknowledged.
    pub results: bool,
    /// Different publishing connections of the run: each keeps its order.
    pub lanes: u64,
    /// Whether a reply goes to the requester alone, so that an error reply makes sense.
    pub replies_to_sender: bool,
    pub post: Arc<dyn Post>,
    pub timer: Timer,
}

/// Serves until the transport ends or fails.
pub async fn serve(end: WorkerEnd, serving: Serving) -> Result<(), TransportError> {
    let order = Order::of(serving.lanes);
    let at_once = serving.service_time == (ServiceTime::Constant { ns: 0 });
    if at_once && !serving.results {
        take_at_once(end, serving, order).await
    } else if at_once {
        serve_at_once(end, serving, order).await
    } else {
        serve_in_slots(end, serving, order).await
    }
}

/// Notices first deliveries that come after a later request of the same ordering key.
pub(super) struct Order {
    /// Highest sequence number by lane; lanes that a worker hasn't seen yet may be missing at the end.
    newest: Vec<u64>,
    lanes: usize,
}

impl Order {
    pub fn of(lanes: u64) -> Self {
        Self { newest: Vec::new(), lanes: lanes as usize }
    }

    #[inline]
    pub fn is_behind(&mut self, sequence: u64) -> bool {
        let lane = if self.lanes == 1 { 0 } else { sequence as usize % self.lanes };
        if lane >= self.newest.len() {
            self.newest.resize(lane + 1, 0);
        }
        let newest = &mut self.newest[lane];
        let behind = sequence < *newest;
        *newest = sequence.max(*newest);
        behind
    }
}

/// RFC 3339 of now, formatted again only when some time has passed.
#[derive(Default)]
struct Timestamp {
    text: String,
    until_ns: u64,
}

impl Timestamp {
    fn at(&mut self, now: u64) -> &str {
        if now >= self.until_ns {
            self.text = rfc3339(unix_seconds());
            self.until_ns = now + 100_000_000;
        }
        &self.text
    }
}

async fn serve_at_once(mut end: WorkerEnd, serving: Serving, mut order: Order) -> Result<(), TransportError> {
    let mut deliveries = Vec::new();
    let mut replies = Vec::new();
    let mut events = Vec::new();
    let mut arena = BytesMut::with_capacity(ARENA_BYTES);
    let mut timestamp = Timestamp::default();
    loop {
        end.consumer.receive(BATCH_MAX, &mut deliveries).await?;
        let received_ns = now_ns();
        for delivery in deliveries.drain(..) {
            if delivery.parked {
                events.push(parked(&delivery, &serving.scoring));
                continue;
            }
            match serving.scoring.read(&delivery.body) {
                Ok(accepted) => {
                    let sequence = accepted.sequence;
                    let reordered = order.is_behind(sequence);
                    let body = accepted.score(0, timestamp.at(received_ns), &mut arena);
                    let at_ns = now_ns();
                    events.push(Event::Received { sequence, at_ns: received_ns, reordered });
                    events.push(Event::Scored { sequence, received_ns, at_ns });
                    replies.push(Reply { key: accepted.key, body: Some(body), receipt: delivery.receipt });
                }
                Err(error) => {
                    replies.push(refuse(delivery, &error, serving.replies_to_sender, &mut events, &mut arena))
                }
            }
        }
        serving.post.post(&mut events);
        end.responder.reply(&mut replies).await?;
    }
}

/// The event of a request that the broker has given up; a body that can't be read is a stranger's.
pub(super) fn parked(delivery: &Delivery, scoring: &Scoring) -> Event {
    match scoring.read(&delivery.body) {
        Ok(accepted) => Event::Parked { sequence: accepted.sequence },
        Err(_) => Event::Unexpected,
    }
}

/// Answers a delivery that can't be scored, so that its requester learns why and it is not delivered again.
/// Only a path with a reply address gets the error; elsewhere the delivery is just acknowledged.
pub(super) fn refuse(
    delivery: Delivery,
    error: &str,
    replies_to_sender: bool,
    events: &mut Vec<Event>,
    arena: &mut BytesMut,
) -> Reply {
    events.push(Event::Unexpected);
    let body = replies_to_sender.then(|| error_reply(error, arena));
    Reply { key: 0, body, receipt: delivery.receipt }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_judged_lane_by_lane() {
        let mut order = Order::of(2);
        let behind: Vec<bool> = [0, 1, 2, 5, 4, 3, 6].map(|sequence| order.is_behind(sequence)).into();
        assert_eq!(behind, [false, false, false, false, false, true, false]);
    }
}
