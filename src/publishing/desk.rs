//! Where connections are lent, publishes awaited, and both counted.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::sync::Mutex;

use super::awaited::{Awaited, Ticket};
use super::connection::Lent;
use super::outcome::PublishingOutcome;
use super::pool::{CheckedOut, Pool};
use crate::clock::now_ns;
use crate::timer::Timer;
use crate::transport::{Frame, Outcomes, Producer, Returns, TransportError, Troubles};

pub(super) enum Source {
    Shared(Rc<Mutex<Box<dyn Producer>>>),
    Pool(Pool),
}

pub(super) struct Desk {
    pub source: Source,
    pub awaited: Rc<Awaited>,
    pub returns: Returns,
    /// How long a client waits for its publish to return, before it raises an error.
    pub patience_ns: u64,
    pub book: Rc<dyn Outcomes>,
    pub troubles: Troubles,
    pub timer: Timer,
    pub outcome: Rc<RefCell<PublishingOutcome>>,
    /// Messages published beside the requests.
    pub markers: Cell<u64>,
}

impl Desk {
    pub fn is_shared(&self) -> bool {
        matches!(self.source, Source::Shared(_))
    }

    /// A connection to publish over, and how long the wait for it was.
    pub async fn lend(&self) -> Result<(Lent, u64), TransportError> {
        let pool = match &self.source {
            Source::Shared(producer) => return Ok((Lent::Shared(Rc::clone(producer)), 0)),
            Source::Pool(pool) => pool,
        };
        let asked_ns = now_ns();
        let checked_out = pool.checkout().await;
        let waited_ns = now_ns().saturating_sub(asked_ns);
        let mut outcome = self.outcome.borrow_mut();
        (outcome.opened, outcome.out_max) = (pool.opened(), pool.out_max());
        match checked_out {
            Ok(CheckedOut { connection, at_once }) => {
                outcome.waited += u64::from(!at_once);
                outcome.checkout.record(waited_ns);
                Ok((Lent::Own(connection), waited_ns))
            }
            Err(error) => {
                outcome.waited += 1;
                outcome.refused += 1;
                Err(error)
            }
        }
    }

    pub async fn give_back(&self, lent: Lent) {
        if let (Source::Pool(pool), Lent::Own(connection)) = (&self.source, lent) {
            pool.give_back(connection).await;
        }
    }

    /// Hands requests to the client. Of what does not go out nothing more is known. Whether all went.
    pub async fn send(&self, lent: &mut Lent, batch: &mut Vec<Frame>) -> bool {
        match lent.send(batch).await {
            Ok(markers) => {
                self.markers.set(self.markers.get() + markers);
                true
            }
            Err(error) => {
                self.troubles.note(&error);
                for frame in batch.drain(..) {
                    self.book.indeterminate(frame.sequence, "a send failed");
                }
                false
            }
        }
    }

    /// Says of requests that no connection could be had for that they are not sent.
    pub fn refuse(&self, sequences: impl Iterator<Item = u64>, error: &TransportError) {
        let reason = error.to_string();
        sequences.for_each(|sequence| self.book.rejected(sequence, &reason));
    }

    /// What is to be awaited of publishes that are about to begin; none where they return at once.
    pub fn expect(&self, sequences: impl Iterator<Item = u64>) -> Option<Rc<Ticket>> {
        (self.returns != Returns::AtOnce).then(|| self.awaited.expect(sequences.collect()))
    }

    /// Waits until publishes have returned, as long as a client does. Whether all succeeded.
    pub async fn returned(&self, ticket: &Rc<Ticket>) -> bool {
        tokio::select! {
            succeeded = ticket.over() => succeeded,
            () = self.timer.sleep_ns(self.patience_ns) => {
                self.awaited.give_up(ticket);
                false
            }
        }
    }
}
