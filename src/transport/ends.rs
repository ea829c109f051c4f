//! What every transport is made of: the two ends of a path, and what opens them.

use std::rc::Rc;

use async_trait::async_trait;

use super::error::TransportError;
use super::frame::{Arrival, Delivery, Frame, Reply};
use super::limits::Connections;
use super::outcomes::Outcomes;
use super::troubles::Troubles;
use weighbridge_record::result::{Held, LeftBehind};

#[async_trait(?Send)]
pub trait Producer {
    /// Hands a batch to the client library and empties it. Does not wait for the broker: outcomes come
    /// through [`Outcomes`], so that a slow broker never makes the pacer late. What is sent while the connection
    /// is down ends as indeterminate. An error means that no reconnection helps.
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError>;

    /// Nothing more is due for the moment.
    async fn pause(&mut self) -> Result<(), TransportError> {
        Ok(())
    }

    /// No batch follows. Whoever keeps requests back lets them go.
    fn end(&mut self) {}

    /// Lets what was handed over out, and closes its connections. Nothing follows, and nothing more is told of it.
    async fn close(&mut self) -> Result<(), TransportError> {
        Ok(())
    }

    /// Messages published so far that are no requests.
    fn markers(&self) -> u64 {
        0
    }
}

#[async_trait(?Send)]
pub trait Consumer {
    /// Waits for at least one delivery and takes up to `max` that are there, over as many connections as it
    /// takes. An error means that no reconnection helps.
    async fn receive(&mut self, max: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError>;
}

#[async_trait(?Send)]
pub trait Responder {
    /// Hands the results over, to be followed by the acknowledgements. Does not wait for the broker; what it
    /// refuses later is noted among the [`Troubles`], and leaves the delivery unacknowledged.
    async fn reply(&self, replies: &mut Vec<Reply>) -> Result<(), TransportError>;
}

#[async_trait(?Send)]
pub trait Collector {
    /// Waits for at least one arrival and takes up to `max` that are there, over as many connections as it
    /// takes. An error means that no reconnection helps.
    async fn receive(&mut self, max: usize, into: &mut Vec<Arrival>) -> Result<(), TransportError>;
}

/// When a client's publish returns to who called it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returns {
    /// When the client has the message.
    AtOnce,
    /// When the broker has confirmed or refused it. Some clients raise an error when the connection breaks before, others
    /// wait on.
    Confirmed { or_broken: bool },
    /// When it is answered.
    Answered,
}

/// A generator's connections.
pub struct GeneratorEnd {
    pub producer: Box<dyn Producer>,
    /// None where another generator collects the results of all, or where there are none.
    pub collector: Option<Box<dyn Collector>>,
}

/// A worker's connections.
pub struct WorkerEnd {
    pub consumer: Box<dyn Consumer>,
    pub responder: Rc<dyn Responder>,
}

/// One messaging path, ready to be connected to.
#[async_trait(?Send)]
pub trait Transport: Send + Sync {
    /// Checks the broker and creates what the path needs; refuses what exists already.
    async fn prepare(&self, longest_body_bytes: usize) -> Result<(), TransportError>;

    /// Opens the connections of generator `index`, in the runtime that will use them.
    async fn generator(
        &self,
        index: u32,
        outcomes: Rc<dyn Outcomes>,
        troubles: &Troubles,
    ) -> Result<GeneratorEnd, TransportError> {
        let mut end = self.publisher(index, Connections::All, Rc::clone(&outcomes), troubles).await?;
        if end.collector.is_none() {
            end.collector = self.collector(index, outcomes, troubles).await?;
        }
        Ok(end)
    }

    /// Opens publishing connections of generator `index`: all of them, or one by itself, as pools do. With a collector
    /// where answers come back on them.
    async fn publisher(
        &self,
        _index: u32,
        _connections: Connections,
        _outcomes: Rc<dyn Outcomes>,
        _troubles: &Troubles,
    ) -> Result<GeneratorEnd, TransportError> {
        Err(TransportError::failed("opening a connection of a pool", "this path has no pools"))
    }

    /// Opens what reads the results of all generators, where that is for generator `index` to do and answers don't come
    /// back to who published.
    async fn collector(
        &self,
        _index: u32,
        _outcomes: Rc<dyn Outcomes>,
        _troubles: &Troubles,
    ) -> Result<Option<Box<dyn Collector>>, TransportError> {
        Ok(None)
    }

    /// When the publish of a client of this path returns.
    fn returns(&self) -> Returns {
        Returns::AtOnce
    }

    /// Opens the connections of worker `index`, in the runtime that will use them.
    async fn worker(&self, index: u32, troubles: &Troubles) -> Result<WorkerEnd, TransportError>;

    /// Whether somebody takes requests, as far as the server tells; a message that is no request may go out for it.
    async fn is_served(&self) -> Result<bool, TransportError> {
        Ok(true)
    }

    /// What the server stores for this path, the stream of requests first; commands are what the broker's own client
    /// takes. Empty where nothing is stored, or where the server does not say.
    async fn held(&self) -> Vec<Held> {
        Vec::new()
    }

    /// What `prepare` creates on the server.
    fn creates(&self) -> Vec<LeftBehind> {
        Vec::new()
    }

    /// Deletes what `prepare` created, and only that: takes out of `left` what is gone, and says of the rest why it
    /// is not. Goes on after an error; gives up after some seconds.
    async fn dismantle(&self, _left: &mut Vec<LeftBehind>) {}
}
