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
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

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
    failed: Notify,
    arena: RefCell<BytesMut>,
    /// When the slots that are free should have been, in the order in which they were freed.
    freed_ns: RefCell<VecDeque<u64>>,
}

/// Serves until the transport ends or a reply fails.
pub(super) async fn serve_in_slots(mut end: WorkerEnd, serving: Serving) -> Result<(), TransportError> {
    let slots = Rc::new(Slots {
        free: Arc::new(Semaphore::new(serving.concurrency as usize)),
        responder: Rc::clone(&end.responder),
        failure: RefCell::new(None),
        failed: Notify::new(),
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
        let waited = tokio::select! {
            biased;
            waited = wait(end.consumer.receive(free, &mut deliveries)) => waited?,
            // Nothing may ever be delivered to a worker whose replies are refused.
            () = slots.failed.notified() => break,
        };
        let received_ns = now_ns();
        if waited {
            // Nothing was waiting until now, so no slot can have been kept waiting.
            idle_until_ns = received_ns;
        }
        let mut jobs = Vec::with_capacity(deliveries.len());
        let mut refusals = Vec::new();
        for delivery in deliveries.drain(..) {
            slots.sort(delivery, received_ns, &mut events, &mut jobs, &mut refusals);
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
                let worker = self.serving.worker;
                events.push(Event::Received { sequence, at_ns: received_ns, worker });
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
            self.failed.notify_one();
        }
        let late_ns = at_ns.saturating_sub(due_ns).min(LATENESS_BORNE_NS);
        self.freed_ns.borrow_mut().push_back(now_ns() - late_ns);
        drop(permit);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use async_trait::async_trait;
    use bytes::Bytes;

    use super::*;
    use crate::mailbox::Mailboxes;
    use crate::payload::Payloads;
    use crate::schema::Correlation;
    use crate::timer::Timer;
    use crate::transport::{Consumer, Receipt};
    use crate::worker::Scoring;
    use weighbridge_plan::{Payload, ServiceTime};

    /// Delivers one request, and nothing after it.
    struct Once(Option<Bytes>);

    #[async_trait(?Send)]
    impl Consumer for Once {
        async fn receive(&mut self, _max: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError> {
            let Some(body) = self.0.take() else { return std::future::pending().await };
            into.push(Delivery { body, receipt: Receipt::default(), parked: false });
            Ok(())
        }
    }

    struct Refused;

    #[async_trait(?Send)]
    impl Responder for Refused {
        async fn reply(&self, _replies: &mut Vec<Reply>) -> Result<(), TransportError> {
            Err(TransportError::failed("replying", "refused"))
        }
    }

    fn request(correlation: Correlation) -> Bytes {
        let payload = Payload {
            description_bytes: vec![16],
            categories: vec![("NETWORK".to_owned(), 1.0)],
            requester_roles: vec![("IT_ADMIN".to_owned(), 1.0)],
        };
        let mut arena = BytesMut::with_capacity(1 << 12);
        Payloads::new(&payload, 1, correlation).write(0, b"2025-06-27T14:30:00Z", &mut arena).1
    }

    #[test]
    fn a_refused_reply_ends_a_worker_to_which_nothing_more_is_delivered() {
        let correlation = Correlation::new(1);
        let serve = async {
            let end = WorkerEnd {
                consumer: Box::new(Once(Some(request(correlation)))),
                responder: Rc::new(Refused),
            };
            let serving = Serving {
                scoring: Rc::new(Scoring { correlation, categories: vec!["NETWORK".to_owned()] }),
                service_time: ServiceTime::Constant { ns: 1_000 },
                seed: 1,
                concurrency: 4,
                results: true,
                worker: 0,
                replies_to_sender: false,
                post: Arc::new(Mailboxes::new(1, None)),
                timer: Timer::start().expect("a timer"),
            };
            tokio::time::timeout(Duration::from_secs(20), serve_in_slots(end, serving)).await
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let ended = tokio::task::LocalSet::new().block_on(&runtime, serve);
        let error = ended.expect("it ends").expect_err("with the failure").to_string();
        assert!(error.contains("refused"), "{error}");
    }
}
