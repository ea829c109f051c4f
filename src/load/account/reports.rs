//! What comes through the mailbox: from workers, and from the generator that collects for all.

use super::Account;
use crate::ledger::Entry;
use crate::load::in_flight::Since;
use crate::mailbox::Event;
use weighbridge_plan::route::Leg;
use weighbridge_record::result::FindingClass;
use weighbridge_record::terms::{CompletedBy, Stage};

impl Account {
    /// Books what workers and other generators reported.
    pub fn read_mailbox(&mut self) {
        let mut events = std::mem::take(&mut self.spare);
        self.mailboxes.collect(self.stripe.index, &mut events);
        for event in &events {
            match *event {
                Event::Received { sequence, at_ns, worker } => self.received(sequence, at_ns, worker),
                Event::Scored { sequence, received_ns, at_ns } => {
                    self.scored(sequence, received_ns, at_ns);
                }
                Event::Completed { sequence, at_ns, over, content } => {
                    self.completed_over(over, sequence, at_ns, content);
                }
                Event::Parked { sequence, at_ns, worker } => self.parked(sequence, at_ns, worker),
                Event::Refused { sequence, at_ns, worker } => self.unscored(sequence, at_ns, worker),
                Event::Unexpected { at_ns } => self.unexpected(at_ns),
            }
        }
        self.spare = events;
    }

    fn parked(&mut self, sequence: u64, at_ns: u64, worker: u32) {
        let Some(number) = self.stripe.local(sequence) else { return self.unexpected(at_ns) };
        if !self.counts(at_ns, |legs| legs.parked(worker, number)) {
            return;
        }
        let entry = self.ledger.parked(number);
        match entry {
            Entry::First { .. } => {
                self.recorder.counts_at(at_ns).parked += 1;
                self.find(FindingClass::Parked, number, at_ns);
            }
            Entry::Unknown => self.find(FindingClass::Unexpected, number, at_ns),
            Entry::Again => {}
        }
        self.settle(number, entry);
    }

    /// A worker has the request and no score for it.
    fn unscored(&mut self, sequence: u64, at_ns: u64, worker: u32) {
        let leg = self.legs.as_ref().map_or(Leg::First, |legs| legs.leg_of(worker));
        self.rejected_over(leg, sequence, "worker: no score", at_ns);
    }

    #[inline]
    fn received(&mut self, sequence: u64, at_ns: u64, worker: u32) {
        let Some(number) = self.stripe.local(sequence) else { return self.unexpected(at_ns) };
        if !self.counts(at_ns, |legs| legs.delivered(worker, number)) {
            return;
        }
        let entry = self.ledger.delivered(number);
        let is_behind = entry != Entry::Unknown && self.order.is_behind(worker, number);
        let Entry::First { .. } = entry else {
            return self.told_again(FindingClass::Redelivered, entry, number, at_ns);
        };
        if is_behind {
            self.reordered(number, at_ns, worker);
        }
        if self.completed_by == CompletedBy::Delivery {
            return self.complete(number, at_ns);
        }
        self.recorder.counts_at(at_ns).delivered += 1;
        if let Some(times) = self.in_flight.times(number) {
            let delivery_ns = at_ns.saturating_sub(times.intended_ns);
            self.recorder.record(Stage::Delivery, times.intended_ns, delivery_ns);
            if let Some(way) = self.in_flight.way(number) {
                way.receive(Since::between(times.sent_ns, at_ns), worker);
            }
        }
    }

    #[cold]
    fn reordered(&mut self, number: u64, at_ns: u64, worker: u32) {
        self.ledger.reordered();
        if let Some(legs) = &mut self.legs {
            legs.reordered(worker, number);
        }
        if self.findings.has_room(FindingClass::Reordered) {
            self.find(FindingClass::Reordered, number, at_ns);
        }
    }

    #[inline]
    fn scored(&mut self, sequence: u64, received_ns: u64, at_ns: u64) {
        let Some(number) = self.stripe.local(sequence) else { return };
        let Some(times) = self.in_flight.times(number) else { return };
        self.recorder.record(Stage::Service, times.intended_ns, at_ns.saturating_sub(received_ns));
        if let Some(way) = self.in_flight.way(number)
            && !way.scored.is_known()
        {
            way.received = Since::between(times.sent_ns, received_ns);
            way.scored = Since::between(times.sent_ns, at_ns);
        }
    }
}
