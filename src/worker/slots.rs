//! A worker whose scoring takes time: as many slots as its concurrency, each busy until its reply is out.
//!
//! A timer wakes some tens of microseconds late. Were that added to every service, a busy worker would be
//! slower than the scenario says, and a queue near saturation far longer. So a slot that finds its next
//! request waiting starts it at the time the slot should have been free: lateness shows in the request that
//! suffered it, and is not handed on.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use bytes::BytesMut;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::order::Order;
use super::service::sample_ns;
use super::serving::Serving;
use super::unscored::{parked, refuse};
use crate::clock::{now_ns, rfc3339, unix_seconds};
use crate::mailbox::Event;
use crate::transport::{Delivery, Reply, Responder, TransportError, WorkerEnd};

/// A delivery that a slot works on.
struct Job {
    delivery: Delivery,
    sequence: u64,
    received_ns: u64,
}

/// Lateness beyond this is a stall of the worker itself, and is not made up for.
const LATENESS_BORNE_NS: u64 = 1_000_000;

/// What the slots of one worker share.
struct Slots {
    free: Arc<Semaphore>,
    serving: Serving,
    responder: Rc<dyn Responder>,
    /// First failure of a slot; it closes the semaphore.
    failure: RefCell<Option<TransportError>>,
    arena: RefCell<BytesMut>,
    /// When the slots that are free should have been, in the order in which they were freed.
    freed_ns: RefCell<VecDeque<u64>>,
}

/// Serves until the transport ends or a reply fails.
pub(super) async fn serve_in_slots(
    mut end: WorkerEnd,
    serving: Serving,
    mut order: Order,
) -> Result<(), TransportError> {
    let slots = Rc::new(Slots {
        free: Arc::new(Semaphore::new(serving.concurrency as usize)),
        responder: Rc::clone(&end.responder),
        failure: RefCell::new(None),
        arena: RefCell::new(BytesMut::new()),
        freed_ns: RefCell::default(),
        serving,
    });
    let mut deliveries = Vec::new();
    let mut events = Vec::new();
    let mut idle_until_ns = now_ns();
    while let Some(first) = slots.acquire().await {
        let free = 1 + slots.free.available_permits();
        let mut permit = Some(first);
        let waited = wait(end.consumer.receive(free, &mut deliveries)).await?;
        let received_ns = now_ns();
        if waited {
            // Nothing was waiting until now, so no slot can have been kept waiting.
            idle_until_ns = received_ns;
        }
        let mut jobs = Vec::with_capacity(deliveries.len());
        let mut refusals = Vec::new();
        for delivery in deliveries.drain(..) {
            slots.sort(delivery, received_ns, &mut order, &mut events, &mut jobs, &mut refusals);
        }
        slots.serving.post.post(&mut events);
        if !refusals.is_empty() {
            end.responder.reply(&mut refusals).await?;
        }
        for job in jobs {
            let free = match permit.take() {
                Some(permit) => Some(permit),
                None => slots.acquire().await,
            };
            let Some(permit) = free else { break };
            let start_ns = slots.start_ns(idle_until_ns);
            tokio::task::spawn_local(Rc::clone(&slots).work(job, start_ns, permit));
        }
    }
    Err(slots.failure.borrow_mut().take().unwrap_or(TransportError::Closed { what: "the worker" }))
}

/// RFC 3339 of a moment on the monotonic clock that lies ahead.
fn timestamp_at(at_ns: u64) -> String {
    let ahead_ns = at_ns.saturating_sub(now_ns());
    rfc3339(unix_seconds() + ahead_ns / 1_000_000_000)
}

/// Waits for a future, and says whether it had to be waited for.
async fn wait(receiving: impl Future<Output = Result<(), TransportError>>) -> Result<bool, TransportError> {
    let mut receiving = std::pin::pin!(receiving);
    match futures::poll!(&mut receiving) {
        Poll::Ready(outcome) => outcome.map(|()| false),
        Poll::Pending => receiving.await.map(|()| true),
    }
}

impl Slots {
    /// When the service of the next request starts: now, or when its slot should have been free.
    fn start_ns(&self, idle_until_ns: u64) -> u64 {
        let now = now_ns();
        let freed_ns = self.freed_ns.borrow_mut().pop_front().unwrap_or(now);
        freed_ns.max(idle_until_ns).clamp(now.saturating_sub(LATENESS_BORNE_NS), now)
    }

    /// A free slot; none once a reply has failed.
    async fn acquire(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// Tells deliveries that are to be scored from those that are not.
    fn sort(
        &self,
        delivery: Delivery,
        received_ns: u64,
        order: &mut Order,
        events: &mut Vec<Event>,
        jobs: &mut Vec<Job>,
        refusals: &mut Vec<Reply>,
    ) {
        if delivery.parked {
            events.push(parked(&delivery, &self.serving.scoring, received_ns));
            return;
        }
        match self.serving.scoring.read(&delivery.body).map(|accepted| accepted.sequence) {
            Ok(sequence) => {
                let reordered = order.is_behind(sequence);
                events.push(Event::Received { sequence, at_ns: received_ns, reordered });
                jobs.push(Job { delivery, sequence, received_ns });
            }
            Err(error) => {
                let to_sender = self.serving.replies_to_sender;
                let mut arena = self.arena.borrow_mut();
                refusals.push(refuse(delivery, received_ns, &error, to_sender, events, &mut arena));
            }
        }
    }

    /// Holds a slot for the request's service time and until its reply is out.
    async fn work(self: Rc<Self>, job: Job, start_ns: u64, permit: OwnedSemaphorePermit) {
        let serving = &self.serving;
        let service_ns = sample_ns(serving.service_time, serving.seed, job.sequence);
        let due_ns = start_ns + service_ns;
        let Job { delivery, sequence, received_ns } = job;
        let (key, body) = {
            // Scored before the wait, not after it: the rules' own time is part of the service time asked for.
            let Ok(accepted) = serving.scoring.read(&delivery.body) else { return };
            let mut arena = self.arena.borrow_mut();
            let result =
                serving.results.then(|| accepted.score(service_ns, &timestamp_at(due_ns), &mut arena));
            (accepted.key, result)
        };
        let mut reply = vec![Reply { key, body, receipt: delivery.receipt }];
        serving.timer.sleep_until(due_ns).await;
        let at_ns = now_ns();
        serving.post.post(&mut vec![Event::Scored { sequence, received_ns, at_ns }]);
        if let Err(error) = self.responder.reply(&mut reply).await {
            self.failure.borrow_mut().get_or_insert(error);
            self.free.close();
        }
        let late_ns = at_ns.saturating_sub(due_ns).min(LATENESS_BORNE_NS);
        self.freed_ns.borrow_mut().push_back(now_ns() - late_ns);
        drop(permit);
    }
}
