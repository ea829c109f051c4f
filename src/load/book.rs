//! What the transport tells of single requests goes straight into the account: they share a thread.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::sync::Notify;

use super::account::Account;
use crate::clock::now_ns;
use crate::transport::{Outcomes, Unknown};
use weighbridge_plan::route::Leg;

/// Books outcomes straight into the account.
pub(super) struct Book {
    pub account: Rc<RefCell<Account>>,
    pub freed: Rc<Notify>,
    /// The leg of which it is told.
    pub leg: Leg,
}

impl Outcomes for Book {
    fn accepted(&self, sequences: &mut dyn Iterator<Item = u64>, at_ns: u64) {
        let mut account = self.account.borrow_mut();
        sequences.for_each(|sequence| account.accepted_over(self.leg, sequence, at_ns));
        self.freed.notify_one();
    }

    fn rejected(&self, sequence: u64, reason: &str) {
        self.account.borrow_mut().rejected_over(self.leg, sequence, reason, now_ns());
        self.freed.notify_one();
    }

    fn indeterminate(&self, sequence: u64, reason: &str) {
        self.account.borrow_mut().indeterminate_over(self.leg, sequence, reason, now_ns());
    }

    fn broken(&self, over: &dyn Fn(u64) -> bool, unknown: Unknown) {
        self.account.borrow_mut().broken(self.leg, over, unknown, now_ns());
        self.freed.notify_one();
    }
}
