//! A Redis connection for commands that is made anew when it has broken, as the library's own manager would, but
//! told, and never waited for by who publishes.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use redis::RedisError;
use redis::aio::MultiplexedConnection;
use tokio::sync::Notify;

use crate::clock::now_ns;
use crate::connect::patience::ANSWERS_WITHIN;
use crate::connect::redis::{Driver, open, ping, plain, unreachable};
use crate::connect::{ConnectError, backoff::delay};
use crate::transport::error::TransportError;
use crate::transport::troubles::{BreakId, Troubles};
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::result::{GapKind, Side};

/// How one connection is made.
#[derive(Clone)]
pub(super) struct Settings {
    pub endpoint: Endpoint,
    /// Longest that the server may be silent while it owes an answer.
    pub response_timeout: Duration,
    /// Commands that may wait before the connection.
    pub queue: usize,
}

/// What an end does about the breaks of its connection.
#[async_trait(?Send)]
pub(super) trait OnBreak {
    /// The connection was lost.
    fn lost(&self) {}

    /// Looks at the server that a connection has come back to, before it is used. An error: not yet.
    async fn look(&self, connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
        // It does not answer while it loads its data.
        ping(connection).await
    }
}

/// Nothing beyond that.
pub(super) struct Wait;

impl OnBreak for Wait {}

/// A connection over its breaks; copies share it.
#[derive(Clone)]
pub(super) struct Link(Rc<Shared>);

struct Shared {
    settings: Settings,
    side: Side,
    troubles: Troubles,
    on_break: Box<dyn OnBreak>,
    state: RefCell<State>,
    /// Times that the connection was made.
    made: Cell<u64>,
    changed: Notify,
}

enum State {
    Up(MultiplexedConnection),
    Down,
}

/// A connection to be used now.
pub(super) struct Lent {
    pub connection: MultiplexedConnection,
    /// Which of the connections of its link.
    pub number: u64,
}

impl Link {
    pub async fn open(
        settings: Settings,
        (side, troubles): (Side, &Troubles),
        on_break: impl OnBreak + 'static,
    ) -> Result<Self, TransportError> {
        let (first, driver) = settings.connect().await?;
        let shared = Rc::new(Shared {
            settings,
            side,
            troubles: troubles.clone(),
            on_break: Box::new(on_break),
            state: RefCell::new(State::Up(first)),
            made: Cell::new(1),
            changed: Notify::new(),
        });
        shared.run(driver);
        Ok(Self(shared))
    }

    /// The connection; none while there is none.
    pub fn lend(&self) -> Option<Lent> {
        match &*self.0.state.borrow() {
            State::Up(connection) => Some(Lent { connection: connection.clone(), number: self.0.made.get() }),
            State::Down => None,
        }
    }

    /// Waits for the connection.
    pub async fn wait(&self) -> Lent {
        loop {
            let changed = self.0.changed.notified();
            if let Some(lent) = self.lend() {
                return lent;
            }
            changed.await;
        }
    }

    /// A command on connection `number` failed. True if that is how the connection is found broken.
    pub fn failed(&self, number: u64, error: &RedisError) -> bool {
        let broken = error.is_timeout() || error.is_unrecoverable_error();
        broken && self.give_up(number, &plain(error))
    }

    /// Lets go of connection `number` and makes another. False if that is under way already.
    pub fn give_up(&self, number: u64, reason: &str) -> bool {
        let shared = &self.0;
        if number != shared.made.get() || !matches!(*shared.state.borrow(), State::Up(_)) {
            return false;
        }
        *shared.state.borrow_mut() = State::Down;
        let detail = format!("the connection to redis-server was lost: {reason}");
        let id = shared.troubles.begin(shared.side, GapKind::Disconnected, detail, now_ns());
        shared.on_break.lost();
        tokio::task::spawn_local(Rc::clone(shared).reconnect(id));
        true
    }
}

impl Settings {
    async fn connect(&self) -> Result<(MultiplexedConnection, Driver), ConnectError> {
        open(&self.endpoint, Some(self.response_timeout), self.queue).await
    }
}

impl Shared {
    /// Runs the connection, and lets go of it as soon as it has ended: an idle end would not notice.
    fn run(self: &Rc<Self>, driver: Driver) {
        let (number, shared) = (self.made.get(), Rc::downgrade(self));
        let running = tokio::spawn(driver);
        tokio::task::spawn_local(async move {
            // It ended, in whatever way.
            let _ = running.await;
            if let Some(shared) = shared.upgrade() {
                Link(shared).give_up(number, "it was closed");
            }
        });
    }

    async fn reconnect(self: Rc<Self>, id: BreakId) {
        let mut attempt = 0;
        loop {
            tokio::time::sleep(delay(attempt)).await;
            attempt += 1;
            match self.connected().await {
                Ok((connection, driver)) => {
                    self.made.set(self.made.get() + 1);
                    self.run(driver);
                    *self.state.borrow_mut() = State::Up(connection);
                    self.troubles.end(id, now_ns());
                    break;
                }
                // Who changed a password may change it back.
                Err(error @ ConnectError::Refused { .. }) => self.troubles.refused(&error),
                Err(error) => self.troubles.note(&error),
            }
        }
        self.changed.notify_waiters();
    }

    async fn connected(&self) -> Result<(MultiplexedConnection, Driver), ConnectError> {
        let (mut connection, mut driver) = self.settings.connect().await?;
        let looked = tokio::select! {
            looked = self.on_break.look(&mut connection) => looked,
            () = &mut driver => Err(io::Error::from(io::ErrorKind::ConnectionReset).into()),
            () = tokio::time::sleep(ANSWERS_WITHIN) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
        };
        match looked {
            // It answers, and doesn't let us look.
            Err(error) if error.code() == Some("NOPERM") => {}
            looked => looked.map_err(|error| unreachable(&self.settings.endpoint, &error))?,
        }
        Ok((connection, driver))
    }
}
