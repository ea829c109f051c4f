//! One worker's loop.
//!
//! Where scoring takes no time, deliveries are handled in batches in place. Otherwise a worker has as many
//! slots as its concurrency and takes no more deliveries than it has free slots, so that what waits, waits
//! in the broker or its client, alike on every path.

use super::at_once::serve_at_once;
use super::serving::Serving;
use super::slots::serve_in_slots;
use super::take::take_at_once;
use crate::transport::{TransportError, WorkerEnd};
use weighbridge_plan::ServiceTime;

/// Serves until the transport ends or fails.
pub async fn serve(end: WorkerEnd, serving: Serving) -> Result<(), TransportError> {
    let at_once = serving.scorer.is_none() && serving.service_time == (ServiceTime::Constant { ns: 0 });
    if at_once && !serving.results {
        take_at_once(end, serving).await
    } else if at_once {
        serve_at_once(end, serving).await
    } else {
        serve_in_slots(end, serving).await
    }
}
