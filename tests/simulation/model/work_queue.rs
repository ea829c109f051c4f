//! A work queue, as JetStream has it: what is not acknowledged in time is delivered again, and parked after its last
//! delivery, which an advisory tells once. A message with an id that it had lately is swallowed.

use super::entry::{Entry, crash};
use super::{Handed, Loss, Message, Model, Named};

const DELIVERIES_MAX: usize = 3;

pub struct WorkQueue {
    entries: Vec<Entry>,
    next_id: u64,
    ack_wait_ns: u64,
    dedupe_window_ns: u64,
    /// Entries whose advisory went out.
    advised: Vec<u64>,
}

impl WorkQueue {
    pub fn new(ack_wait_ns: u64, dedupe_window_ns: u64) -> Self {
        Self { entries: Vec::new(), next_id: 0, ack_wait_ns, dedupe_window_ns, advised: Vec::new() }
    }

    fn is_double(&self, named: Named, now_ns: u64) -> bool {
        let lately = |entry: &&Entry| entry.stored_ns + self.dedupe_window_ns > now_ns;
        named != Named::Nobody && self.entries.iter().filter(lately).any(|entry| entry.message.named == named)
    }

    fn is_last(entry: &Entry) -> bool {
        entry.given.len() >= DELIVERIES_MAX
    }
}

impl Model for WorkQueue {
    fn publish(&mut self, message: Message, _listening: bool, now_ns: u64) -> bool {
        if self.is_double(message.named, now_ns) {
            return false;
        }
        self.next_id += 1;
        self.entries.push(Entry::new(self.next_id, message, now_ns));
        true
    }

    fn take(&mut self, worker: u32, max: usize, now_ns: u64) -> Vec<Handed> {
        let mut handed = Vec::new();
        for entry in &mut self.entries {
            if handed.len() == max {
                break;
            }
            let overdue = entry.pending().is_some_and(|(_, at_ns)| at_ns + self.ack_wait_ns <= now_ns);
            if entry.is_new() || (overdue && !Self::is_last(entry)) {
                handed.push(entry.give(worker, now_ns, false));
            } else if overdue && !self.advised.contains(&entry.id) {
                self.advised.push(entry.id);
                handed.push(entry.hand(true));
            }
        }
        handed
    }

    fn acknowledge(&mut self, receipt: u64, now_ns: u64) {
        // Gone with a crash: nobody answers the acknowledgement.
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == receipt) {
            entry.acknowledge(now_ns);
        }
    }

    fn next_ns(&self) -> Option<u64> {
        let tells = |entry: &&Entry| !Self::is_last(entry) || !self.advised.contains(&entry.id);
        let pending = self.entries.iter().filter(tells).filter_map(Entry::pending);
        pending.map(|(_, at_ns)| at_ns + self.ack_wait_ns).min()
    }

    fn crash(&mut self, loss: Loss) {
        crash(&mut self.entries, loss);
        if loss != Loss::Nothing {
            self.advised.clear();
        }
    }
}
