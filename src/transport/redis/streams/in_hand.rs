//! What a worker has in hand: entries that it was given and has not settled. Counted by the batch.
//!
//! After a break the worker's own pending entries are read again, since nobody else would before `ack_wait` is over. Among them
//! are those that it is working on; so it first finishes those.

use std::cell::Cell;

use tokio::sync::Notify;

#[derive(Default)]
pub(super) struct InHand {
    /// Given to the worker, and not yet answered.
    unanswered: Cell<usize>,
    /// Batches that are being settled.
    settling: Cell<usize>,
    /// The worker may have pending entries that it does not know of, or could not settle.
    look_again: Cell<bool>,
    changed: Notify,
}

impl InHand {
    pub fn given(&self, entries: usize) {
        self.unanswered.set(self.unanswered.get() + entries);
    }

    /// The worker has answered these; settling them begins.
    pub fn settle(&self, entries: usize) {
        self.unanswered.set(self.unanswered.get().saturating_sub(entries));
        self.settling.set(self.settling.get() + 1);
    }

    /// Settling a batch is over.
    pub fn settled(&self, well: bool) {
        self.settling.set(self.settling.get() - 1);
        if !well {
            self.look_again.set(true);
        }
        self.changed.notify_one();
    }

    pub fn look_again(&self) {
        self.look_again.set(true);
    }

    /// Whether own pending entries are to be read again; that is asked once.
    pub fn is_to_look_again(&self) -> bool {
        self.look_again.replace(false)
    }

    /// Waits until nothing is in hand.
    pub async fn empty(&self) {
        while self.unanswered.get() > 0 || self.settling.get() > 0 {
            self.changed.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn it_is_empty_once_all_are_answered_and_settled() {
        let in_hand = InHand::default();
        in_hand.given(3);
        in_hand.settle(2);
        in_hand.settled(true);
        assert!(in_hand.empty().now_or_never().is_none(), "one is not answered");
        in_hand.settle(1);
        assert!(in_hand.empty().now_or_never().is_none(), "one is not settled");
        in_hand.settled(false);
        assert!(in_hand.empty().now_or_never().is_some());
        assert!(in_hand.is_to_look_again(), "the last could not be settled");
        assert!(!in_hand.is_to_look_again());
    }
}
