//! The workers' side of the network: deliveries, results, and acknowledgements behind them.

use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use weighbridge::clock::now_ns;
use weighbridge::transport::{Delivery, Receipt, Reply};
use weighbridge_record::terms::CompletedBy;

use crate::broker::GARBAGE;
use crate::history::Event;
use crate::links::End;
use crate::model::{Handed, Named};
use crate::planted::Planted;
use crate::world::World;

/// Most messages that a worker is given at once.
const BATCH_MAX: usize = 16;

#[derive(Default)]
pub struct WorkerSide {
    /// How many it waits for.
    waits_for: Option<usize>,
    /// Deliveries are on their way to it.
    pub asked: bool,
    inbox: VecDeque<Handed>,
    waker: Option<Waker>,
}

/// A worker's answer on its way.
struct Answer {
    receipt: u64,
    body: Option<Bytes>,
}

impl World {
    /// Gives a worker what has come for it.
    pub fn receive(
        self: &Rc<Self>,
        worker: u32,
        max: usize,
        into: &mut Vec<Delivery>,
        context: &Context<'_>,
    ) -> Poll<()> {
        let side = &mut self.workers.borrow_mut()[worker as usize];
        if side.inbox.is_empty() {
            side.waits_for = Some(max);
            side.waker = Some(context.waker().clone());
            self.after(0, Self::feed);
            return Poll::Pending;
        }
        side.waits_for = None;
        let count = side.inbox.len().min(max);
        for Handed { receipt, message, parked, .. } in side.inbox.drain(..count) {
            self.history.add(Event::Delivered { worker, receipt, named: message.named, parked });
            // A path that stores nothing has nothing to acknowledge; its receipts only say what is answered.
            let receipt = match self.stores() || self.case.completed_by == CompletedBy::Result {
                true => Some(Bytes::copy_from_slice(&receipt.to_be_bytes())),
                false => None,
            };
            into.push(Delivery { body: message.body, receipt: Receipt(receipt), parked });
        }
        Poll::Ready(())
    }

    pub fn is_back(self: &Rc<Self>, worker: u32) {
        self.broker.borrow_mut().model.is_back(worker);
        self.feed();
    }

    /// Hands what is there to the workers that wait.
    pub fn feed(self: &Rc<Self>) {
        if now_ns() < self.broker.borrow().stalled_until_ns || self.case.workers == 0 {
            return;
        }
        let workers = u64::from(self.case.workers);
        let first = self.below(workers);
        for worker in (0..workers).map(|place| ((first + place) % workers) as u32) {
            self.feed_one(worker);
        }
        let mut broker = self.broker.borrow_mut();
        let next_ns = broker.model.next_ns().filter(|at_ns| *at_ns > now_ns());
        if let Some(next_ns) = next_ns
            && (broker.feeds_at_ns <= now_ns() || next_ns < broker.feeds_at_ns)
        {
            broker.feeds_at_ns = next_ns;
            self.at(next_ns, Self::feed);
        }
    }

    fn feed_one(self: &Rc<Self>, worker: u32) {
        let side = &mut self.workers.borrow_mut()[worker as usize];
        let waits_for = side.waits_for.filter(|_| !side.asked && side.inbox.is_empty());
        let Some(max) = waits_for.filter(|_| self.is_up(End::Worker(worker))) else { return };
        let max = 1 + self.below(max.min(BATCH_MAX) as u64) as usize;
        let broker = &mut *self.broker.borrow_mut();
        let handed = broker.model.take(worker, max, now_ns());
        if handed.is_empty() {
            return;
        }
        for Handed { receipt, message, acknowledged_before, .. } in &handed {
            broker.names.insert(*receipt, message.named);
            if *acknowledged_before {
                self.history.add(Event::RedeliveredAfterAcknowledgement { named: message.named });
            }
        }
        side.asked = true;
        self.out_of_broker(End::Worker(worker), move |world| world.deliver(worker, handed));
    }

    fn deliver(&self, worker: u32, mut handed: Vec<Handed>) {
        for Handed { message, .. } in &mut handed {
            if self.happens(self.case.chances.corruption) {
                (message.named, message.body) = (Named::Nobody, Bytes::from_static(GARBAGE));
            }
        }
        let side = &mut self.workers.borrow_mut()[worker as usize];
        side.asked = false;
        side.inbox.extend(handed);
        if let Some(waker) = side.waker.take() {
            waker.wake();
        }
    }

    /// A worker's results go out; on a connection that is down they are lost.
    pub fn reply(&self, worker: u32, replies: &mut Vec<Reply>) {
        let answers: Vec<Answer> = replies.drain(..).filter_map(Answer::of).collect();
        let end = End::Worker(worker);
        if self.planted == Planted::AcknowledgesFirst {
            let done = answers.iter().map(|answer| answer.receipt).collect();
            self.to_broker(end, move |world| world.acknowledge(done));
        }
        self.to_broker(end, move |world| world.answer(worker, answers));
    }

    /// A worker's results have reached the broker, whose word sets off the acknowledgements.
    fn answer(self: &Rc<Self>, worker: u32, answers: Vec<Answer>) {
        let mut done = Vec::new();
        for Answer { receipt, body } in answers {
            if let Some(body) = body {
                if self.stores() && self.happens(self.case.chances.refused_result) {
                    continue;
                }
                self.store_result(receipt, body);
            }
            done.push(receipt);
        }
        self.push_results();
        if self.stores() && self.planted != Planted::AcknowledgesFirst {
            let end = End::Worker(worker);
            self.out_of_broker(end, move |world| {
                world.to_broker(end, move |world| world.acknowledge(done));
            });
        }
    }

    fn acknowledge(&self, done: Vec<u64>) {
        for receipt in done {
            if !self.happens(self.case.chances.lost_acknowledgement) {
                self.history.add(Event::Acknowledged { receipt });
                self.broker.borrow_mut().model.acknowledge(receipt, now_ns());
            }
        }
    }
}

impl Answer {
    fn of(reply: Reply) -> Option<Self> {
        let receipt = u64::from_be_bytes(reply.receipt.0?.as_ref().try_into().ok()?);
        Some(Self { receipt, body: reply.body })
    }
}
