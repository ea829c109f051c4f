//! Acknowledgements that the server confirms. One that a broken connection took with it is said again on the next, so
//! that its request is not delivered again for want of it.

use std::cell::RefCell;
use std::collections::HashMap;

use async_nats::message::OutboundMessage;
use async_nats::{Client, Message, Subject};

use crate::transport::nats::subjects::{Inbox, last_token};

/// Acknowledgements that are not confirmed yet.
pub(super) struct DoubleAcks(RefCell<State>);

struct State {
    inbox: Inbox,
    next: u64,
    /// Where each was said, by its number.
    open: HashMap<u64, Subject>,
    /// Were open when the connection was lost.
    aside: Vec<Subject>,
}

impl DoubleAcks {
    pub fn new(client: &Client) -> Self {
        let inbox = Inbox::new(client);
        Self(RefCell::new(State { inbox, next: 0, open: HashMap::new(), aside: Vec::new() }))
    }

    /// Where the server's confirmations come.
    pub fn wildcard(&self) -> String {
        self.0.borrow().inbox.wildcard()
    }

    /// Has the server confirm an acknowledgement.
    pub fn ask(&self, acknowledgement: &mut OutboundMessage) {
        let state = &mut *self.0.borrow_mut();
        state.next += 1;
        state.open.insert(state.next, acknowledgement.subject.clone());
        acknowledgement.reply = Some(state.inbox.subject(state.next));
    }

    pub fn confirmed(&self, message: &Message) {
        if let Some(number) = last_token(message) {
            self.0.borrow_mut().open.remove(&number);
        }
    }

    /// The connection is lost.
    pub fn set_aside(&self) {
        let state = &mut *self.0.borrow_mut();
        state.aside.extend(state.open.drain().map(|(_, subject)| subject));
    }

    /// What is to be said again on the next connection.
    pub fn take_aside(&self) -> Vec<Subject> {
        std::mem::take(&mut self.0.borrow_mut().aside)
    }
}
