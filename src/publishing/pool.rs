//! Pools of connections: a bounded one, one whose connections are opened and closed each time, and the integration
//! guide's.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use async_channel::Sender;
use tokio::sync::Semaphore;

use super::answers;
use super::awaited::Awaited;
use super::connection::Connection;
use super::told::{Carriers, Told};
use crate::transport::{Arrival, Connections, Outcomes, Returns, Transport, TransportError, Troubles};

/// What connections of a pool are opened with.
pub(super) struct Opener {
    pub transport: Arc<dyn Transport>,
    pub generator: u32,
    pub book: Rc<dyn Outcomes>,
    pub troubles: Troubles,
    pub awaited: Rc<Awaited>,
    pub carriers: Rc<Carriers>,
    pub returns: Returns,
    /// Where answers go that come back on them.
    pub answers: Sender<Vec<Arrival>>,
}

pub(super) struct Pool {
    opener: Opener,
    /// The one that was given back last is taken first.
    free: RefCell<Vec<Connection>>,
    rule: Rule,
    /// Those that were opened, or are being opened.
    opened: Cell<u32>,
    out: Cell<u64>,
    out_max: Cell<u64>,
}

enum Rule {
    /// Who finds none free waits for its turn.
    Bounded { turns: Semaphore },
    /// None is ever free: each is opened when its turn has come, and closed when it is given back.
    Fresh { turns: Semaphore },
    /// Who finds none free opens so many more, one after the other, as the guide's `get_connection` does; others may
    /// take them meanwhile.
    Guide { each_time: u32, most: u32 },
}

/// A connection, and whether one was free at once.
pub(super) struct CheckedOut {
    pub connection: Connection,
    pub at_once: bool,
}

impl Pool {
    /// Opens all of its connections before anybody asks.
    pub async fn bounded(opener: Opener, size: u32) -> Result<Self, TransportError> {
        let pool = Self::new(opener, Rule::Bounded { turns: Semaphore::new(size as usize) });
        for _ in 0..size {
            let connection = pool.open().await?;
            pool.free.borrow_mut().push(connection);
        }
        Ok(pool)
    }

    /// Opens a connection for each that asks, at most `size` at a time.
    pub fn fresh(opener: Opener, size: u32) -> Self {
        Self::new(opener, Rule::Fresh { turns: Semaphore::new(size as usize) })
    }

    /// Opens nothing before somebody asks.
    pub fn of_the_guide(opener: Opener, each_time: u32, most: u32) -> Self {
        Self::new(opener, Rule::Guide { each_time, most })
    }

    fn new(opener: Opener, rule: Rule) -> Self {
        let (opened, out, out_max) = Default::default();
        Self { opener, free: RefCell::default(), rule, opened, out, out_max }
    }

    pub async fn checkout(&self) -> Result<CheckedOut, TransportError> {
        let at_once = match &self.rule {
            Rule::Bounded { turns } => turn(turns).await?,
            Rule::Fresh { turns } => {
                turn(turns).await?;
                match self.open().await {
                    Ok(connection) => self.free.borrow_mut().push(connection),
                    Err(error) => {
                        turns.add_permits(1);
                        return Err(error);
                    }
                }
                false
            }
            Rule::Guide { each_time, most } => {
                let at_once = !self.free.borrow().is_empty();
                if !at_once {
                    self.open_more(*each_time, *most).await?;
                }
                at_once
            }
        };
        let connection = self.free.borrow_mut().pop();
        let none = TransportError::failed("taking a connection out of the pool", "it is empty");
        let connection = connection.ok_or(none)?;
        self.out.set(self.out.get() + 1);
        self.out_max.set(self.out_max.get().max(self.out.get()));
        Ok(CheckedOut { connection, at_once })
    }

    pub async fn give_back(&self, connection: Connection) {
        self.out.set(self.out.get() - 1);
        let turns = match &self.rule {
            Rule::Fresh { turns } => {
                if let Err(error) = connection.close().await {
                    self.opener.troubles.note(&error);
                }
                return turns.add_permits(1);
            }
            Rule::Bounded { turns } => Some(turns),
            Rule::Guide { .. } => None,
        };
        self.free.borrow_mut().push(connection);
        turns.into_iter().for_each(|turns| turns.add_permits(1));
    }

    pub fn opened(&self) -> u64 {
        u64::from(self.opened.get())
    }

    pub fn out_max(&self) -> u64 {
        self.out_max.get()
    }

    async fn open_more(&self, count: u32, most: u32) -> Result<(), TransportError> {
        for _ in 0..count {
            if self.opened.get() >= most {
                // As a process ends up that may open no further file.
                let reason = format!("the harness lets a pool grow to {most} connections");
                return match self.free.borrow().is_empty() {
                    true => Err(TransportError::failed("opening a connection of a pool", reason)),
                    false => Ok(()),
                };
            }
            let connection = self.open().await?;
            self.free.borrow_mut().push(connection);
        }
        Ok(())
    }

    async fn open(&self) -> Result<Connection, TransportError> {
        let number = self.opened.get();
        self.opened.set(number + 1);
        let opened = self.opener.open(number).await;
        if opened.is_err() {
            self.opened.set(self.opened.get() - 1);
        }
        opened
    }
}

/// Waits for a turn, which is given back by hand. Whether there was one at once.
async fn turn(turns: &Semaphore) -> Result<bool, TransportError> {
    let at_once = turns.available_permits() > 0;
    let turn = turns.acquire().await;
    turn.map_err(|error| TransportError::failed("waiting for a connection", error))?.forget();
    Ok(at_once)
}

impl Opener {
    async fn open(&self, number: u32) -> Result<Connection, TransportError> {
        let told = Told {
            book: Rc::clone(&self.book),
            awaited: Rc::clone(&self.awaited),
            returns: self.returns,
            carriers: Some((Rc::clone(&self.carriers), number)),
        };
        let end =
            self.transport.publisher(self.generator, Connections::One, Rc::new(told), &self.troubles).await?;
        let answers = end.collector.map(|collector| {
            let (answers, troubles) = (self.answers.clone(), self.troubles.clone());
            tokio::task::spawn_local(answers::forward(collector, answers, troubles)).abort_handle()
        });
        Ok(Connection { producer: end.producer, number, carriers: Rc::clone(&self.carriers), answers })
    }
}
