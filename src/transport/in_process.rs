//! Channels in memory: no broker at all, so what is measured is the instrument's own floor.

use std::rc::Rc;

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    Arrival, Collector, Consumer, Delivery, Frame, GeneratorEnd, Limits, Outcomes, Producer, Receipt, Reply,
    Responder, Transport, TransportError, WorkerEnd,
};

pub struct InProcess {
    requests: Channel,
    results: Channel,
}

#[derive(Clone)]
struct Channel {
    sender: async_channel::Sender<Bytes>,
    receiver: async_channel::Receiver<Bytes>,
}

impl Channel {
    fn bounded(capacity: u32) -> Self {
        let (sender, receiver) = async_channel::bounded(capacity as usize);
        Self { sender, receiver }
    }

    async fn send(&self, body: Bytes) -> Result<(), TransportError> {
        self.sender.send(body).await.map_err(|_| TransportError::Closed { what: "the channel in memory" })
    }

    /// Waits for one body, then takes what else is there.
    async fn receive(&self, max: usize, mut each: impl FnMut(Bytes)) -> Result<(), TransportError> {
        let first = self.receiver.recv().await;
        each(first.map_err(|_| TransportError::Closed { what: "the channel in memory" })?);
        for _ in 1..max {
            let Ok(body) = self.receiver.try_recv() else { break };
            each(body);
        }
        Ok(())
    }
}

impl InProcess {
    pub fn new(limits: Limits) -> Self {
        // Room for all that can be in flight, so that the channel is never what holds a sender up.
        Self {
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

    async fn generator(
        &self,
        index: u32,
        _outcomes: Rc<dyn Outcomes>,
    ) -> Result<GeneratorEnd, TransportError> {
        let collector = (index == 0).then(|| Box::new(Results(self.results.clone())) as Box<dyn Collector>);
        Ok(GeneratorEnd { producer: Box::new(Requests(self.requests.clone())), collector })
    }

    async fn worker(&self, _index: u32) -> Result<WorkerEnd, TransportError> {
        Ok(WorkerEnd {
            consumer: Box::new(Requests(self.requests.clone())),
            responder: Rc::new(Results(self.results.clone())),
        })
    }

    async fn dismantle(&self) -> Result<(), TransportError> {
        Ok(())
    }
}

struct Requests(Channel);

struct Results(Channel);

#[async_trait(?Send)]
impl Producer for Requests {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        for frame in batch.drain(..) {
            self.0.send(frame.body).await?;
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl Consumer for Requests {
    async fn receive(&mut self, max: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError> {
        let each = |body| into.push(Delivery { body, receipt: Receipt::default(), parked: false });
        self.0.receive(max, each).await
    }
}

#[async_trait(?Send)]
impl Responder for Results {
    async fn reply(&self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        for body in replies.drain(..).filter_map(|reply| reply.body) {
            self.0.send(body).await?;
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl Collector for Results {
    async fn receive(&mut self, max: usize, into: &mut Vec<Arrival>) -> Result<(), TransportError> {
        self.0.receive(max, |body| into.push(Arrival { body, sequence: None, refusal: None })).await
    }
}
