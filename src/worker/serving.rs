//! What a worker needs besides its connections.

use std::rc::Rc;
use std::sync::Arc;

use super::scoring::Scoring;
use crate::inference::Scorer;
use crate::mailbox::Post;
use crate::timer::Timer;
use weighbridge_plan::ServiceTime;

/// Deliveries handled at a time where scoring takes no time.
pub(super) const BATCH_MAX: usize = 512;

#[derive(Clone)]
pub struct Serving {
    pub scoring: Rc<Scoring>,
    pub service_time: ServiceTime,
    pub seed: u64,
    pub concurrency: u32,
    /// Whether results are published; else requests are only taken and acknowledged.
    pub results: bool,
    /// Its number in the crew.
    pub worker: u32,
    /// Whether a reply goes to the requester alone, so that an error reply makes sense.
    pub replies_to_sender: bool,
    /// Asked for the scores; none: they are those of the rules.
    pub scorer: Option<Rc<Scorer>>,
    pub post: Arc<dyn Post>,
    pub timer: Timer,
}
