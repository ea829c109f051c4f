//! Publish and subscribe: a message is handed over once or not at all.

use std::collections::VecDeque;

use super::{Handed, Loss, Message, Model};

#[derive(Default)]
pub struct AtMostOnce {
    waiting: VecDeque<(u64, Message)>,
    next_id: u64,
}

impl Model for AtMostOnce {
    fn publish(&mut self, message: Message, listening: bool, _now_ns: u64) -> bool {
        if listening {
            self.next_id += 1;
            self.waiting.push_back((self.next_id, message));
        }
        true
    }

    fn take(&mut self, _worker: u32, max: usize, _now_ns: u64) -> Vec<Handed> {
        let taken = self.waiting.drain(..max.min(self.waiting.len()));
        let each =
            |(receipt, message)| Handed { receipt, message, parked: false, acknowledged_before: false };
        taken.map(each).collect()
    }

    fn acknowledge(&mut self, _receipt: u64, _now_ns: u64) {}

    fn next_ns(&self) -> Option<u64> {
        None
    }

    /// Nothing was stored, so everything goes.
    fn crash(&mut self, _loss: Loss) {
        self.waiting.clear();
    }
}
