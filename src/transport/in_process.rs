//! Channels in memory: no broker at all, so what is measured is the instrument's own floor.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::Notify;

use crate::transport::ends::{Collector, Consumer, GeneratorEnd, Producer, Responder, Transport, WorkerEnd};
use crate::transport::error::TransportError;
use crate::transport::frame::{Arrival, Delivery, Frame, Receipt, Reply};
use crate::transport::limits::{Connections, Limits};
use crate::transport::outcomes::Outcomes;
use crate::transport::troubles::Troubles;

pub struct InProcess {
    limits: Limits,
    requests: Channel,
    results: Channel,
}

/// A bounded queue that takes and gives batches: one lock and one wake-up for each, not for each message.
#[derive(Clone)]
struct Channel(Arc<Shared>);

struct Shared {
    queue: Mutex<VecDeque<Bytes>>,
    capacity: usize,
    filled: Notify,
    emptied: Notify,
}

impl Channel {
    fn bounded(capacity: u32) -> Self {
        Self(Arc::new(Shared {
            queue: Mutex::default(),
            capacity: capacity as usize,
            filled: Notify::new(),
            emptied: Notify::new(),
        }))
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Bytes>> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends all bodies, waiting for room where there is none.
    async fn send(&self, bodies: impl Iterator<Item = Bytes>) {
        let mut bodies = bodies.peekable();
        while bodies.peek().is_some() {
            let full = {
                let mut queue = self.queue();
                let room = self.0.capacity.saturating_sub(queue.len());
                queue.extend(bodies.by_ref().take(room));
                bodies.peek().is_some()
            };
            self.0.filled.notify_one();
            if full {
                self.0.emptied.notified().await;
            }
        }
    }

    /// Waits until there is something, and takes up to `max`.
    async fn receive(&self, max: usize, mut each: impl FnMut(Bytes)) {
        loop {
            let (taken, left) = {
                let mut queue = self.queue();
                let taken = queue.len().min(max);
                queue.drain(..taken).for_each(&mut each);
                (taken, !queue.is_empty())
            };
            if left {
                // What is left is for the next receiver, who was not woken for it.
                self.0.filled.notify_one();
            }
            if taken > 0 {
                self.0.emptied.notify_one();
                return;
            }
            self.0.filled.notified().await;
        }
    }
}

impl InProcess {
    pub fn new(limits: Limits) -> Self {
        // Room for all that can be in flight, so that the channel is never what holds a sender up.
        Self {
            limits,
            requests: Channel::bounded(limits.max_in_flight),
            results: Channel::bounded(limits.max_in_flight),
        }
    }
}

#[async_trait(?Send)]
impl Transport for InProcess {
    async fn prepare(&self, _longest_body_bytes: usize) -> Result<(), TransportError> {
        Ok(())
    }

    async fn publisher(
        &self,
        _index: u32,
        _connections: Connections,
        _outcomes: Rc<dyn Outcomes>,
        _troubles: &Troubles,
    ) -> Result<GeneratorEnd, TransportError> {
        Ok(GeneratorEnd { producer: Box::new(Requests(self.requests.clone())), collector: None })
    }

    async fn collector(
        &self,
        index: u32,
        _outcomes: Rc<dyn Outcomes>,
        _troubles: &Troubles,
    ) -> Result<Option<Box<dyn Collector>>, TransportError> {
        let results = || Box::new(Results(self.results.clone())) as Box<dyn Collector>;
        Ok(self.limits.collects(index).then(results))
    }

    async fn worker(&self, _index: u32, _troubles: &Troubles) -> Result<WorkerEnd, TransportError> {
        Ok(WorkerEnd {
            consumer: Box::new(Requests(self.requests.clone())),
            responder: Rc::new(Results(self.results.clone())),
        })
    }
}

struct Requests(Channel);

struct Results(Channel);

#[async_trait(?Send)]
impl Producer for Requests {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        self.0.send(batch.drain(..).map(|frame| frame.body)).await;
        Ok(())
    }
}

#[async_trait(?Send)]
impl Consumer for Requests {
    async fn receive(&mut self, max: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError> {
        let each = |body| into.push(Delivery { body, receipt: Receipt::default(), parked: false });
        self.0.receive(max, each).await;
        Ok(())
    }
}

#[async_trait(?Send)]
impl Responder for Results {
    async fn reply(&self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        self.0.send(replies.drain(..).filter_map(|reply| reply.body)).await;
        Ok(())
    }
}

#[async_trait(?Send)]
impl Collector for Results {
    async fn receive(&mut self, max: usize, into: &mut Vec<Arrival>) -> Result<(), TransportError> {
        self.0.receive(max, |body| into.push(Arrival { body, sequence: None, refusal: None })).await;
        Ok(())
    }
}
