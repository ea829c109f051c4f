//! A NATS connection over its breaks. The library reconnects and subscribes again by itself; here it is told.

use async_nats::{Client, Event, connection::State};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::clock::now_ns;
use crate::connect;
use crate::transport::error::TransportError;
use crate::transport::troubles::{BreakId, Troubles};
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::result::{GapKind, Side};

/// What happened to a connection after it had been made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Lost,
    Back,
}

/// The changes of one connection. Someone must read them, or they are not told.
pub(super) struct Changes {
    events: UnboundedReceiver<(Change, u64)>,
    side: Side,
    troubles: Troubles,
    under_way: Option<BreakId>,
}

/// Connects as `side`, with a queue that holds all that may be in flight.
pub(super) async fn connect(
    endpoint: &Endpoint,
    name: &str,
    queue: usize,
    (side, troubles): (Side, &Troubles),
) -> Result<(Client, Changes), TransportError> {
    let (sender, events) = unbounded_channel();
    let options = connect::nats::options(endpoint, name, queue).event_callback(move |event| {
        let change = match event {
            Event::Disconnected => Some(Change::Lost),
            Event::Connected => Some(Change::Back),
            _ => None,
        };
        // Nobody listens any more once the end is gone.
        change.map(|change| sender.send((change, now_ns())).ok());
        std::future::ready(())
    });
    let client = connect::nats::open(endpoint, options).await?;
    Ok((client, Changes { events, side, troubles: troubles.clone(), under_way: None }))
}

/// Whether the connection is there at this moment.
#[inline]
pub(super) fn is_up(client: &Client) -> bool {
    client.connection_state() == State::Connected
}

impl Changes {
    /// The next change, noted among the troubles. None once the connection is closed for good.
    pub async fn next(&mut self) -> Option<Change> {
        loop {
            let (change, at_ns) = self.events.recv().await?;
            match (change, self.under_way.take()) {
                (Change::Lost, None) => {
                    let lost = "the connection to nats-server was lost";
                    let id = self.troubles.begin(self.side, GapKind::Disconnected, lost, at_ns);
                    self.under_way = Some(id);
                }
                (Change::Back, Some(id)) => self.troubles.end(id, at_ns),
                // The first connection is no return, and what is lost can't be lost again.
                (_, under_way) => {
                    self.under_way = under_way;
                    continue;
                }
            }
            return Some(change);
        }
    }

    /// Notes all changes, for an end that has nothing else to do about them.
    pub fn note_all(mut self) {
        tokio::task::spawn_local(async move { while self.next().await.is_some() {} });
    }
}
