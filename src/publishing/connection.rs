//! A connection to publish over: shared by all, or one of a pool's.

use std::rc::Rc;

use tokio::sync::Mutex;
use tokio::task::AbortHandle;

use super::told::Carriers;
use crate::transport::{Frame, Producer, TransportError};

/// A connection of a pool.
pub(super) struct Connection {
    pub producer: Box<dyn Producer>,
    pub number: u32,
    pub carriers: Rc<Carriers>,
    /// Reads the answers that come back on it, where they do.
    pub answers: Option<AbortHandle>,
}

impl Connection {
    /// Nobody reads what would still come back on it.
    pub async fn close(mut self) -> Result<(), TransportError> {
        if let Some(answers) = self.answers.take() {
            answers.abort();
        }
        self.producer.close().await
    }
}

/// A connection to be used now.
pub(super) enum Lent {
    Shared(Rc<Mutex<Box<dyn Producer>>>),
    Own(Connection),
}

impl Lent {
    /// Hands requests over, and empties the batch. Nothing more is due on the connection for the moment. Gives back how
    /// many messages went out beside them.
    pub async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<u64, TransportError> {
        match self {
            Self::Shared(producer) => hand_over(&mut **producer.lock().await, batch).await,
            Self::Own(Connection { producer, number, carriers, .. }) => {
                batch.iter().for_each(|frame| carriers.carries(*number, frame.sequence));
                hand_over(&mut **producer, batch).await
            }
        }
    }
}

async fn hand_over(producer: &mut dyn Producer, batch: &mut Vec<Frame>) -> Result<u64, TransportError> {
    let before = producer.markers();
    producer.send(batch).await?;
    producer.pause().await?;
    Ok(producer.markers() - before)
}
