//! The end that generators hand due requests to, and the task that sends them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use async_trait::async_trait;
use tokio::sync::Notify;

use super::desk::Desk;
use super::flushing::{Pending, one_by_one, together};
use super::gathering::Gathering;
use super::outcome::Reason;
use crate::clock::now_ns;
use crate::transport::{Frame, Producer, TransportError};
use weighbridge_record::terms::Flush;

/// Requests that are due, and whether any will follow.
#[derive(Default)]
pub(super) struct Due {
    requests: RefCell<VecDeque<(Frame, u64)>>,
    ended: Cell<bool>,
    changed: Notify,
}

/// Takes requests over as a publisher is called, and returns at once.
pub(super) struct Publisher {
    pub due: Rc<Due>,
    /// Its connections stay open for as long as the generator has its end: a client may not have written all yet.
    pub desk: Rc<Desk>,
}

#[async_trait(?Send)]
impl Producer for Publisher {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        let now = now_ns();
        self.due.requests.borrow_mut().extend(batch.drain(..).map(|frame| (frame, now)));
        self.due.changed.notify_one();
        Ok(())
    }

    fn end(&mut self) {
        self.due.ended.set(true);
        self.due.changed.notify_one();
    }

    fn markers(&self) -> u64 {
        self.desk.markers.get()
    }
}

/// Puts requests into batches and sends these.
pub(super) struct Batcher {
    pub desk: Rc<Desk>,
    pub due: Rc<Due>,
    pub flush: Flush,
    pub gathering: Gathering,
    /// The guide's `pending_messages`.
    pub pending: Rc<RefCell<Vec<Pending>>>,
}

impl Batcher {
    /// Until nothing follows and the last batch is sent.
    pub async fn run(mut self) {
        loop {
            // One by one, so that a full batch is sent before the next request is added.
            while let Some((frame, at_ns)) = self.next() {
                self.pending.borrow_mut().push(Pending { frame, at_ns, published: false });
                if self.gathering.is_full(self.count()) {
                    self.send(Reason::Size).await;
                }
            }
            let ended = self.due.ended.get();
            let first_ns = self.pending.borrow().first().map(|first| first.at_ns);
            let reason = first_ns.and_then(|first_ns| self.gathering.is_due(first_ns, now_ns(), ended));
            if let Some(reason) = reason {
                self.send(reason).await;
                if reason == Reason::End {
                    return;
                }
                continue;
            }
            if ended && first_ns.is_none() {
                return;
            }
            self.wait(first_ns.and_then(|first_ns| self.gathering.due_ns(first_ns))).await;
        }
    }

    fn next(&self) -> Option<(Frame, u64)> {
        self.due.requests.borrow_mut().pop_front()
    }

    fn count(&self) -> usize {
        self.pending.borrow().len()
    }

    async fn wait(&self, until_ns: Option<u64>) {
        let changed = self.due.changed.notified();
        match until_ns {
            None => changed.await,
            Some(until_ns) => tokio::select! {
                () = changed => {}
                () = self.desk.timer.sleep_until(until_ns) => {}
            },
        }
    }

    async fn send(&mut self, reason: Reason) {
        self.desk.outcome.borrow_mut().flushed(self.count(), reason);
        match self.flush {
            Flush::Together => {
                let batch = self.pending.take();
                let sent = together(Rc::clone(&self.desk), batch);
                if self.desk.is_shared() {
                    sent.await;
                } else {
                    // Others may have a connection meanwhile.
                    tokio::task::spawn_local(sent);
                }
            }
            Flush::OneByOne => {
                one_by_one(&self.desk, &self.pending).await;
                self.gathering.flushed(now_ns());
            }
            Flush::Guide => {
                self.gathering.flushed(now_ns());
                let (desk, pending) = (Rc::clone(&self.desk), Rc::clone(&self.pending));
                tokio::task::spawn_local(async move { one_by_one(&desk, &pending).await });
                // It begins before the next request is added, as a call does.
                tokio::task::yield_now().await;
            }
        }
    }
}
