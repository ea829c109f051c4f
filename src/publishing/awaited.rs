//! Publishes that somebody waits for: whose turn ends with which word of the broker.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use tokio::sync::Notify;

/// By sequence number; a request that is published again while it is awaited is awaited twice, and each word about it
/// ends the oldest wait.
#[derive(Default)]
pub(super) struct Awaited(RefCell<HashMap<u64, VecDeque<Rc<Ticket>>>>);

/// One or more publishes that are waited for together.
pub(super) struct Ticket {
    sequences: Vec<u64>,
    left: Cell<usize>,
    failed: Cell<bool>,
    over: Notify,
}

impl Awaited {
    /// To be called before the first of them can be answered.
    pub fn expect(&self, sequences: Vec<u64>) -> Rc<Ticket> {
        let (left, failed, over) = (Cell::new(sequences.len()), Cell::new(false), Notify::new());
        let ticket = Rc::new(Ticket { sequences, left, failed, over });
        let mut open = self.0.borrow_mut();
        for sequence in &ticket.sequences {
            open.entry(*sequence).or_default().push_back(Rc::clone(&ticket));
        }
        ticket
    }

    /// The broker's word on a request.
    pub fn end(&self, sequence: u64, succeeded: bool) {
        let mut open = self.0.borrow_mut();
        let Some(tickets) = open.get_mut(&sequence) else { return };
        let ticket = tickets.pop_front();
        if tickets.is_empty() {
            open.remove(&sequence);
        }
        let Some(ticket) = ticket else { return };
        ticket.left.set(ticket.left.get() - 1);
        if !succeeded {
            ticket.failed.set(true);
        }
        if ticket.left.get() == 0 {
            ticket.over.notify_one();
        }
    }

    /// Nobody waits for it any more.
    pub fn give_up(&self, ticket: &Rc<Ticket>) {
        let mut open = self.0.borrow_mut();
        for sequence in &ticket.sequences {
            if let Some(tickets) = open.get_mut(sequence) {
                tickets.retain(|other| !Rc::ptr_eq(other, ticket));
                if tickets.is_empty() {
                    open.remove(sequence);
                }
            }
        }
    }
}

impl Ticket {
    /// Waits for the last word. Whether all succeeded.
    pub async fn over(&self) -> bool {
        while self.left.get() > 0 {
            self.over.notified().await;
        }
        !self.failed.get()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn is_over(ticket: &Ticket) -> Option<bool> {
        ticket.over().now_or_never()
    }

    #[test]
    fn a_ticket_is_over_with_the_last_word_and_fails_with_any() {
        let awaited = Awaited::default();
        let (sound, failing) = (awaited.expect(vec![1, 2]), awaited.expect(vec![3, 4]));
        awaited.end(1, true);
        awaited.end(3, false);
        assert_eq!((is_over(&sound), is_over(&failing)), (None, None));
        awaited.end(2, true);
        awaited.end(4, true);
        awaited.end(5, false);
        assert_eq!((is_over(&sound), is_over(&failing)), (Some(true), Some(false)));
        assert!(awaited.0.borrow().is_empty());
    }

    #[test]
    fn who_waits_first_hears_first_and_who_gives_up_hears_nothing() {
        let awaited = Awaited::default();
        let [first, second, third] = [7, 7, 7].map(|sequence| awaited.expect(vec![sequence]));
        awaited.end(7, true);
        assert_eq!((is_over(&first), is_over(&second)), (Some(true), None));
        awaited.give_up(&second);
        awaited.end(7, false);
        assert_eq!((is_over(&second), is_over(&third)), (None, Some(false)));
        assert!(awaited.0.borrow().is_empty());
    }
}
