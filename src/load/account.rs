//! A generator's account of its own requests: the ledger, the times of what is open, and the recorder.
//!
//! Belongs to one thread. The pacer opens requests here, the producer reports outcomes, the collector
//! completes; what workers see comes through the mailbox.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::alike::Alike;
use super::findings::{Findings, Known};
use super::in_flight::{InFlight, Since, Times, Way, parts};
use super::legs::Legs;
use super::live::Live;
use super::order::Order;
use super::summary::AccountSummary;
use crate::ledger::{Entry, Ledger};
use crate::mailbox::{Event, Mailboxes};
use crate::metrics::{Counts, Recorder, Timeline};
use crate::schedule::Stripe;
use weighbridge_record::result::FindingClass;
use weighbridge_record::terms::{CompletedBy, Stage};

/// Different error texts kept; more are counted under one.
const ERROR_KINDS_MAX: usize = 50;

mod reports;
mod routed;
mod tallied;

pub struct Account {
    stripe: Stripe,
    completed_by: CompletedBy,
    ledger: Ledger,
    in_flight: InFlight,
    order: Order,
    recorder: Recorder,
    errors: BTreeMap<String, u64>,
    findings: Findings,
    collector_ended: bool,
    mailboxes: Arc<Mailboxes>,
    spare: Vec<Event>,
    live: Arc<Live>,
    timeout_ns: u64,
    /// Requests below this number have ended, or nobody knows what becomes of them.
    watched_from: u64,
    last_interval: usize,
    /// Of the intervals before that one; only where a tally is kept.
    counted_before: Counts,
    completed: u64,
    /// Sent and ended requests that are not recorded yet, because the next may have the same times.
    sending: Alike,
    ending: Alike,
    /// Of a route: the accounts of its legs.
    legs: Option<Box<Legs>>,
}

impl Account {
    pub fn new(
        stripe: Stripe,
        timeline: Timeline,
        mailboxes: Arc<Mailboxes>,
        live: Arc<Live>,
        timeout_ns: u64,
        completed_by: CompletedBy,
        connections: u32,
    ) -> Self {
        Self {
            stripe,
            completed_by,
            ledger: Ledger::default(),
            in_flight: InFlight::new(completed_by == CompletedBy::Result),
            order: Order::over(connections),
            recorder: Recorder::new(timeline, completed_by),
            errors: BTreeMap::new(),
            findings: Findings::new(timeline.window_start_ns()),
            collector_ended: false,
            mailboxes,
            spare: Vec::new(),
            live,
            timeout_ns,
            watched_from: 0,
            last_interval: 0,
            counted_before: Counts::default(),
            completed: 0,
            sending: Alike::default(),
            ending: Alike::default(),
            legs: None,
        }
    }

    /// With an account for each leg of a route.
    pub fn with_legs(self, legs: Option<Legs>) -> Self {
        Self { legs: legs.map(Box::new), ..self }
    }

    /// Opens the next request of this generator and returns its sequence number in the run.
    #[inline]
    pub fn attempt(&mut self, intended_ns: u64) -> u64 {
        self.in_flight.open(intended_ns);
        let sequence = self.stripe.sequence(self.ledger.attempt());
        if let Some(legs) = &mut self.legs {
            legs.attempt(sequence, intended_ns);
        }
        sequence
    }

    /// The request is shed: too many are in flight.
    pub fn shed(&mut self, sequence: u64, intended_ns: u64, at_ns: u64) {
        let Some(number) = self.stripe.local(sequence) else { return };
        self.recorder.counts_at(intended_ns).offered += 1;
        let entry = self.ledger.unsent(number);
        self.recorder.counts_at(at_ns).unsent += 1;
        self.settle(number, entry);
    }

    /// The request goes out now.
    #[inline]
    pub fn sent(&mut self, sequence: u64, intended_ns: u64, at_ns: u64) {
        let Some(number) = self.stripe.local(sequence) else { return };
        self.ledger.sent(number);
        self.in_flight.sent(number, at_ns);
        if let Some(over) = self.sending.extend(Times { intended_ns, sent_ns: at_ns }, at_ns) {
            self.record_sent(over);
        }
    }

    fn record_sent(&mut self, Alike { times, at_ns, count }: Alike) {
        if count == 0 {
            return;
        }
        let lag_ns = at_ns.saturating_sub(times.intended_ns);
        self.recorder.record_n(Stage::SendLag, times.intended_ns, lag_ns, count);
        self.recorder.counts_at(times.intended_ns).offered += count;
        self.recorder.counts_at(at_ns).sent += count;
    }

    #[inline]
    pub fn accepted(&mut self, sequence: u64, at_ns: u64) {
        let Some(number) = self.stripe.local(sequence) else { return };
        let Entry::First { .. } = self.ledger.acknowledged(number) else { return };
        if self.completed_by == CompletedBy::Acknowledgement {
            return self.complete(number, at_ns);
        }
        self.recorder.counts_at(at_ns).accepted += 1;
        if let Some(times) = self.in_flight.times(number) {
            let publish_ns = at_ns.saturating_sub(times.sent_ns);
            self.recorder.record(Stage::Publish, times.intended_ns, publish_ns);
            if let Some(way) = self.in_flight.way(number) {
                way.accepted = Since::between(times.sent_ns, at_ns);
            }
        }
    }

    pub fn rejected(&mut self, sequence: u64, reason: &str, at_ns: u64) {
        self.error(reason);
        let Some(number) = self.stripe.local(sequence) else { return };
        let entry = self.ledger.rejected(number);
        if let Entry::First { .. } = entry {
            self.recorder.counts_at(at_ns).rejected += 1;
            self.find(FindingClass::Rejected, number, at_ns);
        }
        self.settle(number, entry);
    }

    /// Nobody knows what becomes of the request: it no longer counts as in flight, and stays open.
    pub fn indeterminate(&mut self, sequence: u64, reason: &str, at_ns: u64) {
        self.error(reason);
        if let Some(number) = self.stripe.local(sequence)
            && let Entry::First { .. } = self.ledger.indeterminate(number)
        {
            self.find(FindingClass::Indeterminate, number, at_ns);
        }
    }

    /// Keeps what is known of a request that something befell.
    #[cold]
    fn find(&mut self, class: FindingClass, number: u64, at_ns: u64) {
        let known = self.known(number);
        self.findings.add(class, known, Some(at_ns));
    }

    fn known(&mut self, number: u64) -> Known {
        Known {
            sequence: Some(self.stripe.sequence(number)),
            acknowledged: self.ledger.is_acknowledged(number),
            times: self.in_flight.times(number),
            way: self.in_flight.way(number).map_or_else(Way::default, |way| *way),
        }
    }

    /// What ends a request in this scenario has happened.
    #[inline]
    fn complete(&mut self, number: u64, at_ns: u64) {
        let times = self.in_flight.times(number);
        let entry = self.ledger.completed(number);
        let Entry::First { .. } = entry else {
            return self.told_again(FindingClass::Duplicated, entry, number, at_ns);
        };
        self.completed += 1;
        if let (Some(times), Some(way)) = (times, self.in_flight.way(number))
            && let Some(parts) = parts(times, *way, at_ns)
        {
            self.recorder.record_parts(times.intended_ns, &parts);
        }
        if let Some(over) = times.and_then(|times| self.ending.extend(times, at_ns)) {
            self.record_ended(over);
        }
        self.settle(number, entry);
    }

    fn record_ended(&mut self, Alike { times: Times { intended_ns, sent_ns }, at_ns, count }: Alike) {
        if count == 0 {
            return;
        }
        let counts = self.recorder.counts_at(at_ns);
        counts.completed += count;
        match self.completed_by {
            CompletedBy::Acknowledgement => counts.accepted += count,
            CompletedBy::Delivery => counts.delivered += count,
            CompletedBy::Result => {}
        }
        let turnaround_ns = at_ns.saturating_sub(intended_ns);
        self.recorder.record_turnaround(intended_ns, turnaround_ns, count);
        self.live.recent.push(turnaround_ns);
        if let Some(tally) = &self.live.tally {
            tally.ended(turnaround_ns, count);
        }
        let uncorrected_ns = at_ns.saturating_sub(sent_ns);
        self.recorder.record_n(Stage::TurnaroundUncorrected, intended_ns, uncorrected_ns, count);
    }

    /// A message came that belongs to no request of this trial.
    pub fn unexpected(&mut self, at_ns: u64) {
        self.ledger.unexpected();
        self.findings.add(FindingClass::Unexpected, Known::default(), Some(at_ns));
    }

    /// Something was told of a request for the second time, or of one that was never sent.
    #[cold]
    fn told_again(&mut self, class: FindingClass, entry: Entry, number: u64, at_ns: u64) {
        let class = if entry == Entry::Unknown { FindingClass::Unexpected } else { class };
        self.recorder.counts_at(at_ns).repeat(class);
        self.find(class, number, at_ns);
    }

    /// Nobody reads results any more.
    pub fn collector_ended(&mut self, error: &str) {
        self.error(error);
        self.collector_ended = true;
    }

    /// Takes note of an error that belongs to no single request.
    pub fn error(&mut self, message: &str) {
        if let Some(count) = self.errors.get_mut(message) {
            *count += 1;
        } else if self.errors.len() < ERROR_KINDS_MAX {
            self.errors.insert(message.to_string(), 1);
        } else {
            *self.errors.entry("other errors".to_string()).or_default() += 1;
        }
    }

    /// Requests whose end is to be expected: the open ones, but for those whose outcome is unknown.
    pub fn in_flight(&self) -> u64 {
        self.ledger.open() - self.ledger.unknown()
    }

    /// Requests whose end is not known.
    pub fn open(&self) -> u64 {
        self.legs.as_ref().map_or(0, |legs| legs.open()).max(self.ledger.open())
    }

    /// Book-keeping that is due now and then: the mailbox, timeouts, the gauges.
    pub fn tick(&mut self, now_ns: u64, timeline: &Timeline) {
        self.read_mailbox();
        self.expire(now_ns);
        let interval = timeline.interval(now_ns);
        let in_flight = self.in_flight();
        if interval != self.last_interval {
            // The gauge of an interval is read at its end.
            let end_of_last = now_ns.saturating_sub(timeline.interval_ns());
            self.recorder.counts_at(end_of_last).in_flight = in_flight;
            self.last_interval = interval;
            self.count_before(interval);
        }
        self.live.attempted.store(self.ledger.attempted(), Ordering::Relaxed);
        self.live.completed.store(self.completed, Ordering::Relaxed);
        self.live.in_flight.store(in_flight, Ordering::Relaxed);
        self.tell_tally();
    }

    /// Requests older than the timeout no longer count as in flight; their outcome is unknown, not failed.
    fn expire(&mut self, now_ns: u64) {
        while self.watched_from < self.ledger.attempted() {
            let number = self.watched_from;
            if self.ledger.is_under_way(number) {
                let Some(times) = self.in_flight.times(number) else { break };
                if times.intended_ns + self.timeout_ns > now_ns {
                    break;
                }
                if let Some(legs) = &mut self.legs {
                    legs.timed_out(number);
                }
                self.indeterminate(self.stripe.sequence(number), "no result within the timeout", now_ns);
            }
            self.watched_from += 1;
        }
    }

    #[inline]
    fn settle(&mut self, number: u64, entry: Entry) {
        if entry == (Entry::First { settles: true }) {
            self.in_flight.settle(number);
        }
    }

    /// Closes the books: what is still open is lost.
    pub fn close(mut self) -> AccountSummary {
        let (sent, ended) = (self.sending, self.ending);
        self.record_sent(sent);
        self.record_ended(ended);
        let totals = self.ledger.totals();
        self.find_lost(totals.lost);
        AccountSummary {
            totals,
            recorder: self.recorder,
            errors: self.errors,
            findings: self.findings.into_kept(),
            breaks: Vec::new(),
            refusal: None,
            dropped: 0,
            collector_ended: self.collector_ended,
            legs: self.legs.map(|legs| legs.close()),
        }
    }

    /// Counts those that were lost by when they were sent, and keeps the first of them, while their times are known.
    fn find_lost(&mut self, lost: u64) {
        for number in self.ledger.lost().take(lost as usize).collect::<Vec<_>>() {
            let known = self.known(number);
            let sent_ns = known.times.map_or(0, |times| times.sent_ns);
            self.recorder.counts_at(sent_ns).lose(sent_ns, known.acknowledged);
            let had = self.ledger.is_delivered(number);
            let class = if had { FindingClass::LostResult } else { FindingClass::LostRequest };
            self.findings.add(class, known, None);
        }
    }
}

#[cfg(test)]
mod tests;
