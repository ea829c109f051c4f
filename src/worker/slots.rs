//! A worker whose scoring takes time: as many slots as its concurrency, each busy until its reply is out.
//!
//! A service begins when the request was received and lasts at least as long as was drawn, alike on every path,
//! however late a timer was before it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::punctual::Punctual;
use super::scoring::error_reply;
use super::service::sample_ns;
use super::serving::Serving;
use super::unscored::{parked, refuse};
use crate::clock::{now_ns, rfc3339, unix_seconds};
use crate::inference::{Answer, Scorer};
use crate::mailbox::Event;
use crate::sabotage;
use crate::transport::{Delivery, Reply, Responder, TransportError, WorkerEnd};
use weighbridge_record::terms::Moment;

/// A delivery that a slot works on.
struct Job {
    delivery: Delivery,
    sequence: u64,
    received_ns: u64,
}

/// What the slots of one worker share.
struct Slots {
    free: Arc<Semaphore>,
    serving: Serving,
    responder: Rc<dyn Responder>,
    /// First failure of a slot; it closes the semaphore.
    failure: RefCell<Option<TransportError>>,
    failed: Notify,
    arena: RefCell<BytesMut>,
    punctual: Punctual,
}

/// Serves until the transport ends or a reply fails.
pub(super) async fn serve_in_slots(mut end: WorkerEnd, serving: Serving) -> Result<(), TransportError> {
    let slots = Rc::new(Slots {
        free: Arc::new(Semaphore::new(serving.concurrency as usize)),
        responder: Rc::clone(&end.responder),
        failure: RefCell::new(None),
        failed: Notify::new(),
        arena: RefCell::new(BytesMut::new()),
        punctual: Punctual::new(serving.timer.clone()),
        serving,
    });
    let mut deliveries = Vec::new();
    let mut events = Vec::new();
    while let Some(first) = slots.acquire().await {
        let free = 1 + slots.free.available_permits();
        let mut permit = Some(first);
        tokio::select! {
            biased;
            received = end.consumer.receive(free, &mut deliveries) => received?,
            // Nothing may ever be delivered to a worker whose replies are refused.
            () = slots.failed.notified() => break,
        };
        let received_ns = now_ns();
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
            tokio::task::spawn_local(Rc::clone(&slots).work(job, permit));
        }
    }
    Err(slots.failure.borrow_mut().take().unwrap_or(TransportError::Closed { what: "the worker" }))
}

/// RFC 3339 of a moment on the monotonic clock that lies ahead.
fn timestamp_at(at_ns: u64) -> String {
    let ahead_ns = at_ns.saturating_sub(now_ns());
    rfc3339(unix_seconds() + ahead_ns / 1_000_000_000)
}

impl Slots {
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
            events.push(parked(&delivery, &self.serving.scoring, self.serving.worker, received_ns));
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

    /// Holds a slot until the request has its score and its reply is out.
    async fn work(self: Rc<Self>, job: Job, permit: OwnedSemaphorePermit) {
        let reply = match &self.serving.scorer {
            Some(scorer) => self.asked(scorer, job).await,
            None => self.served(job).await,
        };
        let Some(reply) = reply else { return };
        sabotage::at(Moment::BeforeReply);
        if let Err(error) = self.responder.reply(&mut vec![reply]).await {
            self.failure.borrow_mut().get_or_insert(error);
            self.free.close();
            self.failed.notify_one();
        }
        drop(permit);
    }

    /// The reply of the scoring service, however long that takes. Whoever gets no score is refused: by an error reply,
    /// or else by telling the account.
    async fn asked(&self, scorer: &Scorer, job: Job) -> Option<Reply> {
        let serving = &self.serving;
        let Job { delivery, sequence, received_ns } = job;
        let accepted = serving.scoring.read(&delivery.body).ok()?;
        let (answer, at_ns) = (scorer.score(&delivery.body).await, now_ns());
        let mut arena = self.arena.borrow_mut();
        let body = match answer {
            Some(Answer { urgency_level, priority_score }) => {
                serving.post.post(&mut vec![Event::Scored { sequence, received_ns, at_ns }]);
                let (took_ns, now) = (at_ns.saturating_sub(received_ns), rfc3339(unix_seconds()));
                Some(accepted.result((urgency_level, priority_score), took_ns, &now, &mut arena))
            }
            None if serving.replies_to_sender => Some(error_reply("no score", &mut arena)),
            None => {
                serving.post.post(&mut vec![Event::Refused { sequence, at_ns, worker: serving.worker }]);
                None
            }
        };
        let (key, request) = (accepted.key, body.is_some().then_some(sequence));
        Some(Reply { request, key, body, receipt: delivery.receipt })
    }

    /// The reply of the rules, after the service time.
    async fn served(&self, job: Job) -> Option<Reply> {
        let serving = &self.serving;
        let Job { delivery, sequence, received_ns } = job;
        let service_ns = sabotage::slowed(sample_ns(serving.service_time, serving.seed, sequence));
        let due_ns = received_ns + service_ns;
        let (key, body) = {
            // Scored before the wait, not after it: the rules' own time is part of the service time asked for.
            let accepted = serving.scoring.read(&delivery.body).ok()?;
            let mut arena = self.arena.borrow_mut();
            let result =
                serving.results.then(|| accepted.score(service_ns, &timestamp_at(due_ns), &mut arena));
            (accepted.key, result)
        };
        let at_ns = self.punctual.wait_until(due_ns).await;
        serving.post.post(&mut vec![Event::Scored { sequence, received_ns, at_ns }]);
        Some(Reply { request: Some(sequence), key, body, receipt: delivery.receipt })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
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

    /// Delivers requests whenever it is asked, and in the end nothing.
    struct Waiting(Vec<Bytes>);

    #[async_trait(?Send)]
    impl Consumer for Waiting {
        async fn receive(&mut self, max: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError> {
            if self.0.is_empty() {
                return std::future::pending().await;
            }
            let taken = self.0.drain(..max.min(self.0.len()));
            into.extend(taken.map(|body| Delivery { body, receipt: Receipt::default(), parked: false }));
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

    /// Replies until it has had as many as it takes.
    struct Taking(Cell<usize>);

    #[async_trait(?Send)]
    impl Responder for Taking {
        async fn reply(&self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
            self.0.set(self.0.get().saturating_sub(replies.len()));
            if self.0.get() == 0 { Err(TransportError::failed("replying", "enough")) } else { Ok(()) }
        }
    }

    fn requests(correlation: Correlation, count: u64) -> Vec<Bytes> {
        let payload = Payload {
            description_bytes: vec![16],
            categories: vec![("NETWORK".to_owned(), 1.0)],
            requester_roles: vec![("IT_ADMIN".to_owned(), 1.0)],
        };
        let mut arena = BytesMut::with_capacity(1 << 16);
        let payloads = Payloads::new(&payload, 1, correlation);
        (0..count).map(|number| payloads.write(number, b"2025-06-27T14:30:00Z", &mut arena).1).collect()
    }

    /// Serves `count` requests that all wait already, until the responder refuses; returns why it ended.
    fn serve(count: u64, concurrency: u32, responder: Rc<dyn Responder>, post: Arc<Mailboxes>) -> String {
        let correlation = Correlation::new(1);
        let serve = async {
            let end = WorkerEnd { consumer: Box::new(Waiting(requests(correlation, count))), responder };
            let serving = Serving {
                scoring: Rc::new(Scoring {
                    correlation: Some(correlation),
                    categories: vec!["NETWORK".to_owned()],
                }),
                service_time: ServiceTime::Constant { ns: SERVICE_NS },
                seed: 1,
                concurrency,
                results: true,
                worker: 0,
                replies_to_sender: false,
                scorer: None,
                post,
                timer: Timer::start().expect("a timer"),
            };
            tokio::time::timeout(Duration::from_secs(20), serve_in_slots(end, serving)).await
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let ended = tokio::task::LocalSet::new().block_on(&runtime, serve);
        ended.expect("it ends").expect_err("with the failure").to_string()
    }

    const SERVICE_NS: u64 = 1_000_000;

    #[test]
    fn a_refused_reply_ends_a_worker_to_which_nothing_more_is_delivered() {
        let error = serve(1, 4, Rc::new(Refused), Arc::new(Mailboxes::new(1, None)));
        assert!(error.contains("refused"), "{error}");
    }

    #[test]
    fn a_request_that_waited_is_served_for_no_less_than_was_drawn() {
        let post = Arc::new(Mailboxes::new(1, None));
        serve(50, 1, Rc::new(Taking(Cell::new(50))), Arc::clone(&post));
        let mut events = Vec::new();
        post.collect(0, &mut events);
        let services = events.iter().filter_map(|event| match event {
            Event::Scored { received_ns, at_ns, .. } => Some(at_ns - received_ns),
            _ => None,
        });
        let services: Vec<u64> = services.collect();
        assert_eq!(services.len(), 50);
        assert!(services.iter().all(|ns| *ns >= SERVICE_NS), "{services:?}");
    }
}
