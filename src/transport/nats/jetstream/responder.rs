//! Results into their stream: stored first, and only then is the request acknowledged.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use async_nats::{Client, Subject, Subscriber};
use async_trait::async_trait;
use bytes::Bytes;

use super::acks::stored;
use crate::transport::ends::Responder;
use crate::transport::error::TransportError;
use crate::transport::frame::Reply;
use crate::transport::nats::subjects::{Inbox, last_token};
use crate::transport::nats::subscription;
use crate::transport::troubles::Troubles;

/// Requests whose result is not known to be stored: reply subjects to acknowledge on.
#[derive(Default)]
pub(super) struct Unstored {
    /// On the way into the stream, by result number.
    pending: RefCell<HashMap<u64, Bytes>>,
    /// Were on the way when the connection was lost: the stream's word will not come any more.
    aside: RefCell<Vec<Bytes>>,
    troubles: Troubles,
}

impl Unstored {
    /// The connection is lost. What is published from here on goes out on the next.
    pub fn set_aside(&self) {
        self.aside.borrow_mut().extend(self.pending.borrow_mut().drain().map(|(_, receipt)| receipt));
    }

    /// Gives their requests back to the server, which would hold them for all of `ack_wait` otherwise.
    pub async fn hand_back(&self, client: &Client) {
        let aside = std::mem::take(&mut *self.aside.borrow_mut());
        for receipt in aside {
            if let Err(error) = answer(client, receipt, b"-NAK").await {
                self.troubles.note(&error);
            }
        }
    }
}

/// Stores results, and acknowledges their requests when they are stored.
pub(super) struct StreamResponder {
    client: Client,
    subjects: Vec<Subject>,
    unstored: Rc<Unstored>,
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
        troubles: &Troubles,
    ) -> Result<Self, TransportError> {
        let inbox = Inbox::new(&client);
        let acks = subscription::subscribe(&client, inbox.wildcard(), None).await?;
        let unstored = Rc::new(Unstored { troubles: troubles.clone(), ..Unstored::default() });
        tokio::task::spawn_local(acknowledge(acks, client.clone(), Rc::clone(&unstored)));
        Ok(Self { client, subjects, unstored, state: RefCell::new(State { inbox, next: 0 }) })
    }

    pub fn unstored(&self) -> Rc<Unstored> {
        Rc::clone(&self.unstored)
    }
}

/// Acknowledges a request once its result is stored; a refused result leaves the request to be redelivered.
async fn acknowledge(mut acks: Subscriber, client: Client, unstored: Rc<Unstored>) {
    let mut batch = Vec::new();
    while subscription::take(&mut acks, 1024, |message| batch.push(message)).await.is_ok() {
        for message in batch.drain(..) {
            let number = last_token(&message);
            let request = number.and_then(|number| unstored.pending.borrow_mut().remove(&number));
            let Some(request) = request else { continue };
            if let Err(reason) = stored(&message) {
                unstored.troubles.note(&format!("the stream refused a result: {reason}"));
                continue;
            }
            if let Err(error) = answer(&client, request, b"+ACK").await {
                unstored.troubles.note(&error);
            }
        }
    }
}

async fn answer(client: &Client, receipt: Bytes, word: &'static [u8]) -> Result<(), TransportError> {
    let failed = |reason: &dyn std::fmt::Display| TransportError::failed("acknowledging a request", reason);
    let subject = Subject::from_utf8(receipt).map_err(|error| failed(&error))?;
    client.publish(subject, Bytes::from_static(word)).await.map_err(|error| failed(&error))
}

#[async_trait(?Send)]
impl Responder for StreamResponder {
    async fn reply(&self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        for reply in replies.drain(..) {
            let Some(receipt) = reply.receipt.0 else { continue };
            let Some(body) = reply.body else {
                answer(&self.client, receipt, b"+ACK").await?;
                continue;
            };
            let subject = self.subjects[reply.key as usize].clone();
            let inbox = {
                let mut state = self.state.borrow_mut();
                state.next += 1;
                let number = state.next;
                self.unstored.pending.borrow_mut().insert(number, receipt);
                state.inbox.subject(number)
            };
            let published = self.client.publish_with_reply(subject, inbox, body).await;
            published.map_err(|error| TransportError::failed("publishing a result on JetStream", error))?;
        }
        Ok(())
    }
}
