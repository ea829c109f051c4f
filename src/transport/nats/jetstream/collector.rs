//! Results off their stream, each once: after a break it goes on behind the last one that was read.

use std::cell::Cell;
use std::rc::Rc;

use async_nats::jetstream::{self, consumer, consumer::pull};
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
    let mut context = jetstream::new(client);
    context.set_timeout(ANSWERS_WITHIN);
    let position = Rc::new(Cell::new(0));
    let opener = Reading {
        stores: stores.clone(),
        context,
        position: Rc::clone(&position),
        created: None,
        troubles: troubles.clone(),
    };
    Ok(Box::new(Results { pulls: Pulls::open(opener, changes, troubles).await?, position }))
}

struct Results {
    pulls: Pulls,
    /// Number in the stream of the last result that was read; 0 before the first.
    position: Rc<Cell<u64>>,
}

#[async_trait(?Send)]
impl Collector for Results {
    async fn receive(&mut self, max: usize, into: &mut Vec<Arrival>) -> Result<(), TransportError> {
        let mut last = None;
        let each = |message: async_nats::Message| {
            last = message.reply;
            into.push(Arrival { body: message.payload, sequence: None, refusal: None });
        };
        self.pulls.take(max, each).await;
        if let Some(number) = last.as_deref().and_then(number_in_stream) {
            self.position.set(number);
        }
        Ok(())
    }
}

/// The stream's number of a message, from its acknowledgement subject.
fn number_in_stream(reply: &str) -> Option<u64> {
    // $JS.ACK.<stream>.<consumer>.<delivered>.<number>.<in consumer>.<time>.<pending>, or with domain and account
    // before the stream.
    let place = if reply.split('.').count() < 11 { 5 } else { 7 };
    reply.split('.').nth(place)?.parse().ok()
}

/// Opens a consumer of its own for each connection, as the library's ordered one does.
struct Reading {
    stores: Stores,
    context: jetstream::Context,
    position: Rc<Cell<u64>>,
    /// When the stream that `position` belongs to was created, as the server words it.
    created: Option<String>,
    troubles: Troubles,
}

#[async_trait(?Send)]
impl Opener for Reading {
    async fn open(&mut self) -> Result<pull::Stream, String> {
        let mut stream = match self.context.get_stream(self.stores.results()).await {
            Ok(stream) => stream,
            Err(error) if is_not_found(&error) => {
                self.stores.begin_anew(&self.context, (Side::Collector, &self.troubles), &error).await;
                self.position.set(0);
                self.created = None;
                return Err("created anew".to_owned());
            }
            Err(error) => return Err(error.to_string()),
        };
        let info = stream.info().await.map_err(|error| error.to_string())?;
        let created = info.created.to_string();
        if self.created.as_ref().is_some_and(|known| *known != created) {
            // Somebody else has created it anew already.
            let at_ns = now_ns();
            let epoch = self.troubles.begin(Side::Collector, GapKind::Epoch, "the results are gone", at_ns);
            self.troubles.end(epoch, at_ns);
            self.position.set(0);
        }
        self.created = Some(created);
        let deliver_policy = match self.position.get() {
            0 => consumer::DeliverPolicy::All,
            last => consumer::DeliverPolicy::ByStartSequence { start_sequence: last + 1 },
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

#[cfg(test)]
mod tests {
    use super::number_in_stream;

    #[test]
    fn the_number_in_the_stream_stands_in_either_form_of_the_subject() {
        assert_eq!(number_in_stream("$JS.ACK.RESULTS.c.1.77.12.1700000000.0"), Some(77));
        assert_eq!(number_in_stream("$JS.ACK._.acc.RESULTS.c.1.77.12.1700000000.0"), Some(77));
        assert_eq!(number_in_stream("$JS.ACK._.acc.RESULTS.c.1.77.12.1700000000.0.random"), Some(77));
        assert_eq!(number_in_stream("anything"), None);
    }
}
