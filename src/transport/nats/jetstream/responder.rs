//! Results into their stream: stored first, and only then is the request acknowledged.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use async_nats::message::OutboundMessage;
use async_nats::{Client, Message, Subject, Subscriber};
use async_trait::async_trait;
use bytes::Bytes;

use super::acks::stored;
use super::dedupe::message_id;
use super::double_ack::DoubleAcks;
use crate::sabotage;
use crate::transport::ends::Responder;
use crate::transport::error::TransportError;
use crate::transport::frame::Reply;
use crate::transport::nats::publishers;
use crate::transport::nats::subjects::{Inbox, last_token};
use crate::transport::nats::subscription;
use crate::transport::troubles::Troubles;
use weighbridge_record::terms::{DeliveryMode, Moment};

/// What a worker says of a delivery: it is done with, or somebody else may have it.
const ACK: &[u8] = b"+ACK";
const NAK: &[u8] = b"-NAK";
const ACKNOWLEDGING: &str = "acknowledging a request";

/// Requests whose result is not known to be stored: reply subjects to acknowledge on.
#[derive(Default)]
pub(super) struct Unstored {
    /// On the way into the stream, by result number.
    pending: RefCell<HashMap<u64, Bytes>>,
    /// Were on the way when the connection was lost: the stream's word will not come any more.
    aside: RefCell<Vec<Bytes>>,
    /// Where the server confirms acknowledgements.
    double_acks: Option<DoubleAcks>,
    troubles: Troubles,
}

impl Unstored {
    /// The connection is lost. What is published from here on goes out on the next.
    pub fn set_aside(&self) {
        self.aside.borrow_mut().extend(self.pending.borrow_mut().drain().map(|(_, receipt)| receipt));
        self.double_acks.iter().for_each(DoubleAcks::set_aside);
    }

    /// Gives their requests back to the server, which would hold them for all of `ack_wait` otherwise; and says again
    /// which acknowledgements it has not confirmed.
    pub async fn hand_back(&self, client: &Client) {
        let aside = std::mem::take(&mut *self.aside.borrow_mut());
        let given_back =
            aside.into_iter().filter_map(|receipt| self.subject(receipt)).map(|at| word(at, NAK));
        let unconfirmed = self.double_acks.iter().flat_map(DoubleAcks::take_aside);
        self.say(client, given_back.chain(unconfirmed.map(|at| self.acknowledgement(at)))).await;
    }

    /// The stream's word on a result, made into ours on its request. A result that was refused leaves its request to
    /// be delivered again.
    fn settled(&self, message: &Message) -> Option<OutboundMessage> {
        let request = self.pending.borrow_mut().remove(&last_token(message)?)?;
        match stored(message) {
            Ok(()) => {
                sabotage::at(Moment::BeforeAck);
                self.subject(request).map(|at| self.acknowledgement(at))
            }
            Err(reason) => {
                self.troubles.note(&format!("the stream refused a result: {reason}"));
                None
            }
        }
    }

    fn acknowledgement(&self, at: Subject) -> OutboundMessage {
        let mut word = word(at, ACK);
        if let Some(double_acks) = &self.double_acks {
            double_acks.ask(&mut word);
        }
        word
    }

    /// Where a request is acknowledged.
    fn subject(&self, receipt: Bytes) -> Option<Subject> {
        let subject = Subject::from_utf8(receipt);
        subject.map_err(|error| self.troubles.note(&TransportError::failed(ACKNOWLEDGING, error))).ok()
    }

    async fn say(&self, client: &Client, words: impl Iterator<Item = OutboundMessage>) {
        if let Err(error) = publishers::feed(client, ACKNOWLEDGING, words).await {
            self.troubles.note(&error);
        }
    }
}

fn word(subject: Subject, word: &'static [u8]) -> OutboundMessage {
    OutboundMessage { subject, reply: None, payload: Bytes::from_static(word), headers: None }
}

/// Stores results, and acknowledges their requests when they are stored.
pub(super) struct StreamResponder {
    client: Client,
    subjects: Vec<Subject>,
    unstored: Rc<Unstored>,
    delivery: DeliveryMode,
    state: RefCell<State>,
}

struct State {
    inbox: Inbox,
    next: u64,
}

impl StreamResponder {
    /// Opens the inbox on which the stream says that it has stored a result.
    pub async fn open(
        client: Client,
        subjects: Vec<Subject>,
        delivery: DeliveryMode,
        troubles: &Troubles,
    ) -> Result<Self, TransportError> {
        let inbox = Inbox::new(&client);
        let acks = subscription::subscribe(&client, inbox.wildcard(), None).await?;
        let double_acks = (delivery == DeliveryMode::ExactlyOnce).then(|| DoubleAcks::new(&client));
        let unstored = Rc::new(Unstored { double_acks, troubles: troubles.clone(), ..Unstored::default() });
        if let Some(double_acks) = &unstored.double_acks {
            let confirmations = subscription::subscribe(&client, double_acks.wildcard(), None).await?;
            tokio::task::spawn_local(confirm(confirmations, Rc::clone(&unstored)));
        }
        tokio::task::spawn_local(acknowledge(acks, client.clone(), Rc::clone(&unstored)));
        Ok(Self { client, subjects, unstored, delivery, state: RefCell::new(State { inbox, next: 0 }) })
    }

    /// The result on its way into the stream, or the word that there is none.
    fn message(&self, reply: Reply) -> Option<OutboundMessage> {
        let receipt = reply.receipt.0?;
        let Some(payload) = reply.body else {
            return self.unstored.subject(receipt).map(|at| self.unstored.acknowledgement(at));
        };
        let subject = self.subjects[reply.key as usize].clone();
        let state = &mut *self.state.borrow_mut();
        state.next += 1;
        self.unstored.pending.borrow_mut().insert(state.next, receipt);
        let inbox = state.inbox.subject(state.next);
        let headers = reply.request.and_then(|request| message_id(self.delivery, request));
        Some(OutboundMessage { subject, reply: Some(inbox), payload, headers })
    }

    pub fn unstored(&self) -> Rc<Unstored> {
        Rc::clone(&self.unstored)
    }
}

/// Acknowledges requests once their results are stored.
async fn acknowledge(mut acks: Subscriber, client: Client, unstored: Rc<Unstored>) {
    let mut batch = Vec::new();
    while subscription::take(&mut acks, 1024, |message| batch.push(message)).await.is_ok() {
        let words = batch.drain(..).filter_map(|message| unstored.settled(&message));
        unstored.say(&client, words).await;
        if sabotage::ends_at(Moment::AfterAck) {
            // An error leaves the acknowledgement unsent, as a crash may.
            let _ = client.flush().await;
            sabotage::at(Moment::AfterAck);
        }
    }
}

/// Hears which acknowledgements the server has taken.
async fn confirm(mut confirmations: Subscriber, unstored: Rc<Unstored>) {
    let confirmed = |message| unstored.double_acks.iter().for_each(|acks| acks.confirmed(&message));
    while subscription::take(&mut confirmations, 1024, confirmed).await.is_ok() {}
}

#[async_trait(?Send)]
impl Responder for StreamResponder {
    async fn reply(&self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        let messages = replies.drain(..).filter_map(|reply| self.message(reply));
        publishers::feed(&self.client, "publishing a result on JetStream", messages).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a request when the stream answers so to its result.
    fn settled(answer: &'static str) -> (Option<OutboundMessage>, Unstored) {
        let unstored = Unstored::default();
        unstored.pending.borrow_mut().insert(7, Bytes::from_static(b"$JS.ACK.REQUESTS.workers.1.1.1.1.0"));
        let message = Message {
            subject: Subject::from_static("_INBOX.worker.7"),
            reply: None,
            payload: Bytes::from_static(answer.as_bytes()),
            headers: None,
            status: None,
            description: None,
            length: 0,
        };
        (unstored.settled(&message), unstored)
    }

    #[test]
    fn a_request_is_acknowledged_when_its_result_is_stored() {
        let (word, unstored) = settled(r#"{"stream":"RESULTS","seq":1}"#);
        let word = word.expect("an acknowledgement");
        assert_eq!(
            (word.subject.as_str(), &word.payload[..]),
            ("$JS.ACK.REQUESTS.workers.1.1.1.1.0", &b"+ACK"[..])
        );
        assert!(unstored.pending.borrow().is_empty());
        assert!(unstored.troubles.noted().errors.is_empty());
    }

    #[test]
    fn a_request_whose_result_is_refused_is_left_to_be_delivered_again() {
        for answer in [r#"{"error":{"code":400,"description":"maximum bytes exceeded"}}"#, "", "{"] {
            let (word, unstored) = settled(answer);
            assert!(word.is_none(), "{answer}: {word:?}");
            assert_eq!(unstored.troubles.noted().errors.len(), 1, "{answer}");
        }
    }
}
