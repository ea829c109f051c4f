//! Subjects that are used again and again, and reply subjects that carry a sequence number.
//!
//! The library's request multiplexer and acknowledgement futures would cost an allocation and a timer for each
//! message, start their clocks when polled rather than when sent, and leak on timeouts (nats.rs #1617).

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use async_nats::{Client, Message, Subject};

/// The queue group of the workers.
pub(in crate::transport) const QUEUE_GROUP: &str = "weighbridge";

/// A subject that lives as long as the process, each once: copies of it cost no counting of references.
pub(super) fn lasting(subject: &str) -> Subject {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = known.get(subject).copied().unwrap_or_else(|| {
        let kept: &'static str = Box::leak(subject.into());
        known.insert(kept);
        kept
    });
    Subject::from_static(kept)
}

/// Reply subjects of our own, `{inbox}.{sequence}`, so that replies need no lookup table.
pub(super) struct Inbox {
    base: String,
    text: String,
}

impl Inbox {
    pub fn new(client: &Client) -> Self {
        Self { base: format!("{}.", client.new_inbox()), text: String::new() }
    }

    pub fn wildcard(&self) -> String {
        format!("{}*", self.base)
    }

    pub fn subject(&mut self, sequence: u64) -> Subject {
        use std::fmt::Write;
        self.text.clear();
        self.text.push_str(&self.base);
        // Writing into a String does not fail.
        let _ = write!(self.text, "{sequence}");
        Subject::from(self.text.as_str())
    }
}

/// The number in the last token of an [`Inbox`] subject.
pub(super) fn last_token(message: &Message) -> Option<u64> {
    message.subject.rsplit_once('.').and_then(|(_, last)| last.parse().ok())
}
