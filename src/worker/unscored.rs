//! Deliveries that get no score: given up by the broker, or not to be read.

use bytes::BytesMut;

use super::scoring::{Scoring, error_reply};
use crate::mailbox::Event;
use crate::transport::{Delivery, Reply};

/// The event of a request that the broker has given up; a body that can't be read is a stranger's.
pub(super) fn parked(delivery: &Delivery, scoring: &Scoring, worker: u32, at_ns: u64) -> Event {
    match scoring.read(&delivery.body) {
        Ok(accepted) => Event::Parked { sequence: accepted.sequence, at_ns, worker },
        Err(_) => Event::Unexpected { at_ns },
    }
}

/// Answers a delivery that can't be scored, so that its requester learns why and it is not delivered again.
/// Only a path with a reply address gets the error; elsewhere the delivery is just acknowledged.
pub(super) fn refuse(
    delivery: Delivery,
    at_ns: u64,
    error: &str,
    replies_to_sender: bool,
    events: &mut Vec<Event>,
    arena: &mut BytesMut,
) -> Reply {
    events.push(Event::Unexpected { at_ns });
    let body = replies_to_sender.then(|| error_reply(error, arena));
    Reply { request: None, key: 0, body, receipt: delivery.receipt }
}
