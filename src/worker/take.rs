//! A worker that answers nothing: takes requests, notes who they are, acknowledges them.

use super::serving::{BATCH_MAX, Serving};
use crate::clock::now_ns;
use crate::mailbox::Event;
use crate::sabotage;
use crate::transport::{Reply, TransportError, WorkerEnd};
use weighbridge_record::terms::Moment;

/// Serves until the transport ends or fails.
pub(super) async fn take_at_once(mut end: WorkerEnd, serving: Serving) -> Result<(), TransportError> {
    let mut deliveries = Vec::new();
    let mut replies = Vec::new();
    let mut events = Vec::new();
    loop {
        end.consumer.receive(BATCH_MAX, &mut deliveries).await?;
        let at_ns = now_ns();
        for delivery in deliveries.drain(..) {
            events.push(match serving.scoring.sequence(&delivery.body) {
                Some(sequence) if delivery.parked => {
                    Event::Parked { sequence, at_ns, worker: serving.worker }
                }
                Some(sequence) => Event::Received { sequence, at_ns, worker: serving.worker },
                None => Event::Unexpected { at_ns },
            });
            if !delivery.parked && delivery.receipt.0.is_some() {
                replies.push(Reply { request: None, key: 0, body: None, receipt: delivery.receipt });
            }
        }
        serving.post.post(&mut events);
        if !replies.is_empty() {
            sabotage::at(Moment::BeforeReply);
            end.responder.reply(&mut replies).await?;
        }
    }
}
