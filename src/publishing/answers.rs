//! Answers that come back on the connections that published, and end the wait of who did.

use std::rc::Rc;

use async_channel::{Receiver, Sender};
use async_trait::async_trait;

use super::awaited::Awaited;
use crate::transport::{Arrival, Collector, TransportError, Troubles};

/// Most answers of one read.
const READ_MAX: usize = 1024;

/// Reads the answers of one connection of a pool until it ends.
pub(super) async fn forward(
    mut collector: Box<dyn Collector>,
    answers: Sender<Vec<Arrival>>,
    troubles: Troubles,
) {
    loop {
        let mut read = Vec::new();
        if let Err(error) = collector.receive(READ_MAX, &mut read).await {
            return troubles.note(&error);
        }
        if answers.send(read).await.is_err() {
            // Nobody collects any more.
            return;
        }
    }
}

/// The answers of all connections of a pool.
pub(super) struct OfPool {
    pub answers: Receiver<Vec<Arrival>>,
    pub awaited: Rc<Awaited>,
}

#[async_trait(?Send)]
impl Collector for OfPool {
    async fn receive(&mut self, _max: usize, into: &mut Vec<Arrival>) -> Result<(), TransportError> {
        let closed = |_| TransportError::Closed { what: "a pool of connections" };
        let from = into.len();
        into.extend(self.answers.recv().await.map_err(closed)?);
        end(&self.awaited, &into[from..]);
        Ok(())
    }
}

/// The answers over shared connections.
pub(super) struct OfShared {
    pub collector: Box<dyn Collector>,
    pub awaited: Rc<Awaited>,
}

#[async_trait(?Send)]
impl Collector for OfShared {
    async fn receive(&mut self, max: usize, into: &mut Vec<Arrival>) -> Result<(), TransportError> {
        let from = into.len();
        self.collector.receive(max, into).await?;
        end(&self.awaited, &into[from..]);
        Ok(())
    }
}

fn end(awaited: &Awaited, arrivals: &[Arrival]) {
    for arrival in arrivals {
        if let Some(sequence) = arrival.sequence {
            awaited.end(sequence, arrival.refusal.is_none());
        }
    }
}
