//! Where a path has two legs: events of a leg are booked there, and those that count for the whole here as well. Without
//! a route every event is one of the whole.

use super::Account;
use crate::load::legs::{Legs, Told, is_exposed};
use crate::transport::Unknown;
use weighbridge_plan::route::{Leg, Takes};

impl Account {
    /// Books an event of a leg, and says whether the whole is to book it too.
    #[inline]
    pub(super) fn counts(&mut self, at_ns: u64, book: impl FnOnce(&mut Legs) -> Told) -> bool {
        self.legs.is_none() || self.counts_over_legs(at_ns, book)
    }

    #[cold]
    fn counts_over_legs(&mut self, at_ns: u64, book: impl FnOnce(&mut Legs) -> Told) -> bool {
        let Some(legs) = &mut self.legs else { return true };
        match book(legs) {
            Told::Whole => true,
            Told::LegOnly => false,
            Told::Stranger => {
                self.unexpected(at_ns);
                false
            }
        }
    }

    /// Books what a broker said over a leg, and whether the whole is to book it too.
    #[inline]
    fn tells(&mut self, sequence: u64, book: impl FnOnce(&mut Legs, u64) -> bool) -> bool {
        match (&mut self.legs, self.stripe.local(sequence)) {
            (Some(legs), Some(number)) => book(legs, number),
            _ => true,
        }
    }

    /// The request goes out now: the legs that it takes; none where there is one.
    #[inline]
    pub fn shared_out(&mut self, sequence: u64, intended_ns: u64, at_ns: u64) -> Option<Takes> {
        let legs = self.legs.as_mut()?;
        let number = self.stripe.local(sequence)?;
        Some(legs.goes_out(sequence, number, intended_ns, at_ns))
    }

    /// These are handed to the client library of a leg now.
    pub fn goes_over(&mut self, leg: Leg, sequences: impl Iterator<Item = u64>) {
        if let Some(legs) = &mut self.legs {
            sequences
                .filter_map(|sequence| self.stripe.local(sequence))
                .for_each(|number| legs.sent(leg, number));
        }
    }

    /// Whether a leg has yet to answer something.
    pub fn is_under_way_over(&self, leg: Leg) -> bool {
        self.legs.as_ref().is_some_and(|legs| legs.under_way(leg) > 0)
    }

    #[inline]
    pub fn accepted_over(&mut self, leg: Leg, sequence: u64, at_ns: u64) {
        if self.tells(sequence, |legs, number| legs.acknowledged(leg, number, at_ns)) {
            self.accepted(sequence, at_ns);
        }
    }

    pub fn rejected_over(&mut self, leg: Leg, sequence: u64, reason: &str, at_ns: u64) {
        match self.tells(sequence, |legs, number| legs.rejected(leg, number)) {
            true => self.rejected(sequence, reason, at_ns),
            false => self.error(reason),
        }
    }

    pub fn indeterminate_over(&mut self, leg: Leg, sequence: u64, reason: &str, at_ns: u64) {
        match self.tells(sequence, |legs, number| legs.indeterminate(leg, number)) {
            true => self.indeterminate(sequence, reason, at_ns),
            false => self.error(reason),
        }
    }

    /// The result came over a leg. The mailbox must have been emptied before.
    #[inline]
    pub fn completed_over(&mut self, leg: Leg, sequence: u64, at_ns: u64, content: u64) {
        let Some(number) = self.stripe.local(sequence) else { return self.unexpected(at_ns) };
        if self.counts(at_ns, |legs| legs.completed(leg, number, at_ns, content)) {
            self.complete(number, at_ns);
        }
    }

    /// A connection of a leg broke that the requests `over` it went out on, or their results were to come in on.
    pub fn broken(&mut self, leg: Leg, over: &dyn Fn(u64) -> bool, unknown: Unknown, at_ns: u64) {
        // Of two legs one may have answered what the other has under way: then all requests are looked at.
        let from = if self.legs.is_some() { 0 } else { self.watched_from };
        for number in from..self.ledger.attempted() {
            let sequence = self.stripe.sequence(number);
            if self.is_exposed(leg, number, unknown) && over(sequence) {
                self.indeterminate_over(leg, sequence, "in flight when the connection was lost", at_ns);
            }
        }
    }

    /// Whether a broken connection leaves the request unknown.
    fn is_exposed(&self, leg: Leg, number: u64, unknown: Unknown) -> bool {
        match &self.legs {
            Some(legs) => legs.is_exposed(leg, number, unknown),
            None => is_exposed(&self.ledger, number, unknown),
        }
    }
}
