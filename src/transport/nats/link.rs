//! A NATS connection over its breaks. The library reconnects and subscribes again by itself; here it is told, and
//! so is what the server refuses.

use async_nats::{Client, connection::State};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::watch::Watch;
use crate::clock::now_ns;
use crate::connect;
use crate::transport::error::TransportError;
use crate::transport::troubles::Troubles;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::result::Side;

pub(super) use super::watch::Change;

/// The changes of one connection, for whom they concern; they are noted whether anybody reads them or not.
pub(super) struct Changes(UnboundedReceiver<Change>);

/// Connects as `side`, with a queue that holds all that may be in flight. Needs a `LocalSet`.
pub(super) async fn connect(
    endpoint: &Endpoint,
    name: &str,
    queue: usize,
    told: (Side, &Troubles),
) -> Result<(Client, Changes), TransportError> {
    let (sender, mut events) = unbounded_channel();
    let options = connect::nats::options(endpoint, name, queue)?.event_callback(move |event| {
        // Nobody listens any more once the end is gone.
        sender.send((event, now_ns())).ok();
        std::future::ready(())
    });
    let client = connect::nats::open(endpoint, options).await?;
    let (changed, changes) = unbounded_channel();
    let mut watch = Watch::new(endpoint.clone(), told);
    tokio::task::spawn_local(async move {
        while let Some((event, at_ns)) = events.recv().await {
            for change in watch.note(&event, at_ns) {
                // Most ends have nothing to do about them.
                changed.send(*change).ok();
            }
        }
    });
    Ok((client, Changes(changes)))
}

/// Whether the connection is there at this moment.
#[inline]
pub(super) fn is_up(client: &Client) -> bool {
    client.connection_state() == State::Connected
}

impl Changes {
    /// The next change. None once the connection is closed for good.
    pub async fn next(&mut self) -> Option<Change> {
        self.0.recv().await
    }
}
