//! The collector's side of the network: results, each once unless they are stored twice.

use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use weighbridge::clock::now_ns;
use weighbridge::transport::Arrival;

use crate::broker::GARBAGE;
use crate::history::Event;
use crate::links::End;
use crate::model::Named;
use crate::planted::Planted;
use crate::world::World;

#[derive(Default)]
pub struct CollectorSide {
    inbox: VecDeque<(Named, Bytes)>,
    waker: Option<Waker>,
    /// Stored results that have come.
    read: usize,
    /// Stored results that have come or are on their way.
    sent: usize,
}

impl CollectorSide {
    /// What was on its way is lost with the connection, and read again.
    pub fn begin_again(&mut self) {
        self.sent = self.read;
    }

    /// The broker has kept so many.
    pub fn keep(&mut self, results: usize) {
        self.read = self.read.min(results);
        self.sent = self.read;
    }
}

impl World {
    pub fn store_result(self: &Rc<Self>, receipt: u64, body: Bytes) {
        self.history.add(Event::ResultStored { receipt });
        let named = self.broker.borrow().names[&receipt];
        if !self.stores() {
            // Whoever listens has it; nobody keeps it.
            return self.out_of_broker(End::Collector, move |world| world.arrive(named, body));
        }
        let results = &mut self.broker.borrow_mut().results;
        if self.happens(self.case.chances.double) {
            results.push((now_ns(), named, body.clone()));
        }
        results.push((now_ns(), named, body));
    }

    /// Sends the collector what it has not read.
    pub fn push_results(self: &Rc<Self>) {
        let broker = self.broker.borrow();
        if now_ns() < broker.stalled_until_ns || !self.is_up(End::Collector) {
            return;
        }
        let mut side = self.collector.borrow_mut();
        let first = side.sent;
        side.sent = broker.results.len();
        for (_, named, body) in &broker.results[first..] {
            let (named, body) = (*named, body.clone());
            self.out_of_broker(End::Collector, move |world| {
                world.collector.borrow_mut().read += 1;
                world.arrive(named, body);
            });
        }
    }

    fn arrive(&self, named: Named, body: Bytes) {
        let mut side = self.collector.borrow_mut();
        side.inbox.push_back(match self.happens(self.case.chances.corruption) {
            true => (Named::Nobody, Bytes::from_static(GARBAGE)),
            false => (named, body),
        });
        if let Some(waker) = side.waker.take() {
            waker.wake();
        }
    }

    /// Gives the collector what has come.
    pub fn collect(&self, max: usize, into: &mut Vec<Arrival>, context: &Context<'_>) -> Poll<()> {
        let mut side = self.collector.borrow_mut();
        if side.inbox.is_empty() {
            side.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        // It reads its mailbox before it counts results.
        self.history.add(Event::Looked { generator: 0, expires: false });
        let count = side.inbox.len().min(max);
        for (named, body) in side.inbox.drain(..count) {
            self.history.add(Event::Arrived { named });
            let ignored = self.planted == Planted::LateCompletionIgnored
                && matches!(named, Named::Request(request) if self.is_overdue(request));
            if !ignored {
                into.push(Arrival { body, sequence: None, refusal: None });
            }
        }
        Poll::Ready(())
    }
}
