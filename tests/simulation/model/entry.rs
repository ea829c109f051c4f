//! A stored message, with the times of all that happened to it.

use super::{Handed, Loss, Message};

pub struct Entry {
    pub id: u64,
    pub message: Message,
    pub stored_ns: u64,
    /// To whom it was given, and when.
    pub given: Vec<(u32, u64)>,
    pub acknowledged_ns: Option<u64>,
    /// Outlives every crash: the broker does not know it, the test does.
    was_acknowledged: bool,
}

impl Entry {
    pub fn new(id: u64, message: Message, stored_ns: u64) -> Self {
        Self { id, message, stored_ns, given: Vec::new(), acknowledged_ns: None, was_acknowledged: false }
    }

    pub fn acknowledge(&mut self, now_ns: u64) {
        self.acknowledged_ns.get_or_insert(now_ns);
        self.was_acknowledged = true;
    }

    /// Given and not acknowledged: when it was given last, and to whom.
    pub fn pending(&self) -> Option<(u32, u64)> {
        if self.acknowledged_ns.is_some() { None } else { self.given.last().copied() }
    }

    pub fn is_new(&self) -> bool {
        self.acknowledged_ns.is_none() && self.given.is_empty()
    }

    pub fn give(&mut self, worker: u32, now_ns: u64, parked: bool) -> Handed {
        self.given.push((worker, now_ns));
        self.hand(parked)
    }

    pub fn hand(&self, parked: bool) -> Handed {
        let (receipt, message) = (self.id, self.message.clone());
        Handed { receipt, message, parked, acknowledged_before: self.was_acknowledged }
    }
}

/// What is left of stored messages.
pub fn crash(entries: &mut Vec<Entry>, loss: Loss) {
    match loss {
        Loss::Nothing => {}
        Loss::Everything => entries.clear(),
        Loss::Tail { since_ns } => {
            entries.retain(|entry| entry.stored_ns < since_ns);
            for entry in entries {
                entry.given.retain(|(_, at_ns)| *at_ns < since_ns);
                entry.acknowledged_ns = entry.acknowledged_ns.filter(|at_ns| *at_ns < since_ns);
            }
        }
        Loss::Counters { since_ns } => {
            for entry in entries {
                entry.given.clear();
                entry.acknowledged_ns = entry.acknowledged_ns.filter(|at_ns| *at_ns < since_ns);
            }
        }
    }
}
