//! Results off their stream, each once: after a break it goes on behind the last one that was read.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use async_nats::jetstream::stream::{RawMessageErrorKind, Stream};
use async_nats::jetstream::{self, consumer, consumer::pull};
use async_nats::{Message, Subject};
use async_trait::async_trait;

use super::pulls::{Opener, Pulls};
use super::requests::PULL_MAX;
use super::stores::{Stores, is_not_found};
use crate::clock::now_ns;
use crate::connect::patience::ANSWERS_WITHIN;
use crate::transport::ends::Collector;
use crate::transport::error::TransportError;
use crate::transport::frame::Arrival;
use crate::transport::nats::link;
use crate::transport::troubles::Troubles;
use weighbridge_record::result::{GapKind, Side};

pub(super) async fn open(stores: &Stores, troubles: &Troubles) -> Result<Box<dyn Collector>, TransportError> {
    let told = (Side::Collector, troubles);
    let queue = stores.limits.max_in_flight as usize;
    let (client, changes) = link::connect(&stores.endpoint, "weighbridge-collector", queue, told).await?;
    let mut context = stores.context(client);
    context.set_timeout(ANSWERS_WITHIN);
    let last = Last::default();
    let (stores, troubles) = (stores.clone(), troubles.clone());
    let opener = Reading { stores, context, last: Rc::clone(&last), troubles: troubles.clone() };
    Ok(Box::new(Results { pulls: Pulls::open(opener, changes, &troubles).await?, last }))
}

/// Where the server wants the last result that was read acknowledged: that subject says its number and its time.
type Last = Rc<RefCell<Option<Subject>>>;

struct Results {
    pulls: Pulls,
    last: Last,
}

#[async_trait(?Send)]
impl Collector for Results {
    async fn receive(&mut self, max: usize, into: &mut Vec<Arrival>) -> Result<(), TransportError> {
        let mut last = None;
        let each = |message: Message| {
            last = message.reply;
            into.push(Arrival { body: message.payload, sequence: None, refusal: None });
        };
        self.pulls.take(max, each).await;
        if last.is_some() {
            *self.last.borrow_mut() = last;
        }
        Ok(())
    }
}

/// Opens a consumer of its own for each connection, as the library's ordered one does.
struct Reading {
    stores: Stores,
    context: jetstream::Context,
    last: Last,
    troubles: Troubles,
}

#[async_trait(?Send)]
impl Opener for Reading {
    async fn open(&mut self) -> Result<pull::Stream, String> {
        let stream = match self.context.get_stream(self.stores.results()).await {
            Ok(stream) => stream,
            Err(error) if is_not_found(&error) => {
                self.stores.begin_anew(&self.context, (Side::Collector, &self.troubles), &error).await;
                *self.last.borrow_mut() = None;
                return Err("created anew".to_owned());
            }
            Err(error) => return Err(error.to_string()),
        };
        let last = self.last.borrow().clone();
        let deliver_policy = match last {
            None => consumer::DeliverPolicy::All,
            Some(last) => self.behind(last, &stream).await?,
        };
        let ack_policy = consumer::AckPolicy::None;
        let config = pull::Config { deliver_policy, ack_policy, ..pull::Config::default() };
        let consumer = stream.create_consumer(config).await.map_err(|error| error.to_string())?;
        let messages = consumer.stream().max_messages_per_batch(PULL_MAX).messages().await;
        messages.map_err(|error| error.to_string())
    }

    fn keeps_what_was_read(&self) -> bool {
        false
    }
}

impl Reading {
    /// Where to go on behind the last result that was read. If the stream does not have it any more, the server may
    /// have given its number, and those before it, to results that were stored since: they are known by their time.
    async fn behind(&self, last: Subject, stream: &Stream) -> Result<consumer::DeliverPolicy, String> {
        let last = jetstream::Message { message: of(last), context: self.context.clone() };
        let read = last.info().map_err(|error| error.to_string())?;
        match stream.get_raw_message(read.stream_sequence).await {
            Ok(stored) if stored.time == read.published => {
                let start_sequence = read.stream_sequence + 1;
                Ok(consumer::DeliverPolicy::ByStartSequence { start_sequence })
            }
            Err(error) if !matches!(error.kind(), RawMessageErrorKind::NoMessageFound) => {
                Err(error.to_string())
            }
            _ => {
                let (side, at_ns) = (Side::Collector, now_ns());
                let epoch =
                    self.troubles.begin(side, GapKind::Epoch, "results that were read are gone", at_ns);
                self.troubles.end(epoch, at_ns);
                let start_time = read.published + Duration::from_nanos(1);
                Ok(consumer::DeliverPolicy::ByStartTime { start_time })
            }
        }
    }
}

/// Just enough of a message for the library to read what its subject says.
fn of(reply: Subject) -> Message {
    Message {
        subject: reply.clone(),
        reply: Some(reply),
        payload: bytes::Bytes::new(),
        headers: None,
        status: None,
        description: None,
        length: 0,
    }
}
