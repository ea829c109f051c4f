//! A worker whose scoring takes no time: answers deliveries in batches, in place.

use bytes::BytesMut;

use super::serving::{BATCH_MAX, Serving};
use super::unscored::{parked, refuse};
use crate::clock::{now_ns, rfc3339, unix_seconds};
use crate::mailbox::Event;
use crate::sabotage;
use crate::transport::{Reply, TransportError, WorkerEnd};
use weighbridge_record::terms::Moment;

const ARENA_BYTES: usize = 64 * 1024;

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

/// Serves until the transport ends or fails.
pub(super) async fn serve_at_once(mut end: WorkerEnd, serving: Serving) -> Result<(), TransportError> {
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
                events.push(parked(&delivery, &serving.scoring, serving.worker, received_ns));
                continue;
            }
            match serving.scoring.read(&delivery.body) {
                Ok(accepted) => {
                    let sequence = accepted.sequence;
                    let body = accepted.score(0, timestamp.at(received_ns), &mut arena);
                    let at_ns = now_ns();
                    events.push(Event::Received { sequence, at_ns: received_ns, worker: serving.worker });
                    events.push(Event::Scored { sequence, received_ns, at_ns });
                    let (request, key, body) = (Some(sequence), accepted.key, Some(body));
                    replies.push(Reply { request, key, body, receipt: delivery.receipt });
                }
                Err(error) => replies.push(refuse(
                    delivery,
                    received_ns,
                    &error,
                    serving.replies_to_sender,
                    &mut events,
                    &mut arena,
                )),
            }
        }
        serving.post.post(&mut events);
        if !replies.is_empty() {
            sabotage::at(Moment::BeforeReply);
        }
        end.responder.reply(&mut replies).await?;
    }
}
