//! Everything that happened in a run, in its order.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use weighbridge::clock::now_ns;
use weighbridge::load::Live;
use weighbridge::transport::Unknown;

use crate::model::{Loss, Named};

/// What happened. Requests are named by their number in the run, `generator` and `worker` by their index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A generator handed it to its transport.
    Sent {
        request: u64,
    },
    /// Its generator was told so.
    Accepted {
        request: u64,
    },
    Rejected {
        request: u64,
    },
    Indeterminate {
        request: u64,
        reason: &'static str,
    },
    /// Its generator was told that a connection broke.
    Broken {
        generator: u32,
        connection: u32,
        unknown: Unknown,
    },
    /// A worker was given this.
    Delivered {
        worker: u32,
        receipt: u64,
        named: Named,
        parked: bool,
    },
    /// The collector was given this.
    Arrived {
        named: Named,
    },
    /// A generator read its mailbox; `expires` if it looked for overdue requests too.
    Looked {
        generator: u32,
        expires: bool,
    },
    /// A generator has closed its books.
    Closed {
        generator: u32,
    },
    /// A connection is there again, of a generator or of a worker.
    Reconnected {
        generator: Option<u32>,
    },
    /// The first to come back to a broker without its data has found that.
    Epoch {
        generator: Option<u32>,
    },

    // What follows is known to the broker alone.
    BrokeWithinBatch {
        stored: usize,
        unknown: usize,
    },
    Stored {
        named: Named,
    },
    Swallowed {
        named: Named,
    },
    ResultStored {
        receipt: u64,
    },
    /// A worker's acknowledgement has come.
    Acknowledged {
        receipt: u64,
    },
    RedeliveredAfterAcknowledgement {
        named: Named,
    },
    Stalled {
        for_ns: u64,
    },
    Crashed {
        loss: Loss,
    },
}

/// The list of events. Looks of generators are seen by a mark on what they publish of themselves.
pub struct History {
    events: RefCell<Vec<(u64, Event)>>,
    lives: Vec<Arc<Live>>,
    /// Whether to print each event.
    tells: bool,
}

/// No number of requests in flight.
const MARK: u64 = u64::MAX;

impl History {
    pub fn new(generators: u32, tells: bool) -> Self {
        let lives: Vec<Arc<Live>> = (0..generators).map(|_| Arc::default()).collect();
        lives.iter().for_each(|live: &Arc<Live>| live.in_flight.store(MARK, Ordering::Relaxed));
        Self { events: RefCell::default(), lives, tells }
    }

    pub fn live(&self, generator: u32) -> Arc<Live> {
        Arc::clone(&self.lives[generator as usize])
    }

    pub fn add(&self, event: Event) {
        self.note_looks();
        self.push(event);
    }

    /// Must be called before time goes on, so that looks stand at their time.
    pub fn note_looks(&self) {
        for (generator, live) in (0..).zip(&self.lives) {
            if live.in_flight.swap(MARK, Ordering::Relaxed) != MARK {
                self.push(Event::Looked { generator, expires: true });
            }
        }
    }

    fn push(&self, event: Event) {
        if self.tells {
            println!("{:>12.6} ms  {event:?}", (now_ns() - crate::case::START_NS) as f64 / 1e6);
        }
        self.events.borrow_mut().push((now_ns(), event));
    }

    pub fn take(&self) -> Vec<(u64, Event)> {
        self.events.take()
    }
}
