//! A log with one consumer group, as Redis Streams: new entries, those pending for a worker, and those that another
//! takes over once they lie idle. After its last delivery an entry is parked, and stays pending.

use std::collections::BTreeSet;

use super::entry::{Entry, crash};
use super::{Handed, Loss, Message, Model};

const DELIVERIES_MAX: usize = 3;

pub struct Log {
    entries: Vec<Entry>,
    next_id: u64,
    idle_ns: u64,
    /// Workers that will read their own pending entries first.
    back: BTreeSet<u32>,
}

impl Log {
    pub fn new(idle_ns: u64) -> Self {
        Self { entries: Vec::new(), next_id: 0, idle_ns, back: BTreeSet::new() }
    }
}

impl Model for Log {
    fn publish(&mut self, message: Message, _listening: bool, now_ns: u64) -> bool {
        self.next_id += 1;
        self.entries.push(Entry::new(self.next_id, message, now_ns));
        true
    }

    fn take(&mut self, worker: u32, max: usize, now_ns: u64) -> Vec<Handed> {
        let own = self.back.remove(&worker);
        let idle_ns = self.idle_ns;
        let due = |entry: &Entry| match entry.pending() {
            Some((whose, at_ns)) => at_ns + idle_ns <= now_ns || (own && whose == worker),
            None => entry.is_new(),
        };
        let due = self.entries.iter_mut().filter(|entry| due(entry)).take(max);
        due.map(|entry| {
            let parked = entry.given.len() >= DELIVERIES_MAX;
            entry.give(worker, now_ns, parked)
        })
        .collect()
    }

    fn acknowledge(&mut self, receipt: u64, now_ns: u64) {
        let entry = self.entries.iter_mut().find(|entry| entry.id == receipt);
        // Gone with a crash: acknowledging it says 0.
        if let Some(entry) = entry {
            entry.acknowledge(now_ns);
        }
    }

    fn is_back(&mut self, worker: u32) {
        self.back.insert(worker);
    }

    fn next_ns(&self) -> Option<u64> {
        let pending = self.entries.iter().filter_map(Entry::pending);
        pending.map(|(_, at_ns)| at_ns + self.idle_ns).min()
    }

    fn crash(&mut self, loss: Loss) {
        crash(&mut self.entries, loss);
        self.back.clear();
    }
}
