//! A transport that does known wrongs to known requests, around the one in memory.
//!
//! Wrongs are named by sequence number, so that it is known exactly what the ledger must say.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use crate::schema::SEQUENCE_DIGITS;
use crate::transport::{
    Consumer, Delivery, Frame, GeneratorEnd, Outcomes, Producer, Reply, Responder, Transport, TransportError,
    Troubles, WorkerEnd,
};
use async_trait::async_trait;
use bytes::Bytes;
use weighbridge_record::result::LeftBehind;

/// What is done to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// The request never reaches a worker.
    DropRequest,
    /// The broker refuses the request for certain.
    Reject,
    /// Nobody can say whether the request went out; it did.
    Indeterminate,
    /// The request is delivered twice, and the first worker dies before it publishes.
    Redeliver,
    /// The next request overtakes it.
    Reorder,
    /// Its body arrives as garbage.
    CorruptRequest,
    /// The broker gives it up.
    Park,
    /// A message of nobody's arrives before it.
    PrecedeByStranger,
    /// A request with a number of this trial that was never sent arrives before it.
    PrecedeByForgery,
    DropResult,
    DuplicateResult,
    /// Its result arrives as garbage.
    CorruptResult,
}

/// Wrongs by sequence number.
pub type Wrongs = BTreeMap<u64, Wrong>;

pub struct Faulty {
    pub inner: Arc<dyn Transport>,
    pub wrongs: Arc<Wrongs>,
    /// Redelivered requests whose first worker has died already.
    died: Arc<Mutex<BTreeSet<u64>>>,
}

impl Faulty {
    pub fn new(inner: Arc<dyn Transport>, wrongs: Wrongs) -> Self {
        Self { inner, wrongs: Arc::new(wrongs), died: Arc::default() }
    }
}

#[async_trait(?Send)]
impl Transport for Faulty {
    async fn prepare(&self, longest_body_bytes: usize) -> Result<(), TransportError> {
        self.inner.prepare(longest_body_bytes).await
    }

    async fn generator(
        &self,
        index: u32,
        outcomes: Rc<dyn Outcomes>,
        troubles: &Troubles,
    ) -> Result<GeneratorEnd, TransportError> {
        let GeneratorEnd { producer, collector } =
            self.inner.generator(index, Rc::clone(&outcomes), troubles).await?;
        let wrongs = Arc::clone(&self.wrongs);
        let producer = Box::new(FaultyProducer { inner: producer, wrongs, outcomes, overtaken: None });
        Ok(GeneratorEnd { producer, collector })
    }

    async fn worker(&self, index: u32, troubles: &Troubles) -> Result<WorkerEnd, TransportError> {
        let WorkerEnd { consumer, responder } = self.inner.worker(index, troubles).await?;
        let wrongs = Arc::clone(&self.wrongs);
        let died = Arc::clone(&self.died);
        Ok(WorkerEnd {
            consumer: Box::new(FaultyConsumer { inner: consumer, wrongs: Arc::clone(&wrongs) }),
            responder: Rc::new(FaultyResponder { inner: responder, wrongs, died }),
        })
    }

    fn creates(&self) -> Vec<LeftBehind> {
        self.inner.creates()
    }

    async fn dismantle(&self, left: &mut Vec<LeftBehind>) {
        self.inner.dismantle(left).await;
    }
}

struct FaultyProducer {
    inner: Box<dyn Producer>,
    wrongs: Arc<Wrongs>,
    outcomes: Rc<dyn Outcomes>,
    /// Waits for the next request to go first.
    overtaken: Option<Frame>,
}

const STRANGER: &[u8] = br#"{"correlation_id":"req_123456"}"#;
const GARBAGE: &[u8] = b"\xff\x00 not json";

#[async_trait(?Send)]
impl Producer for FaultyProducer {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        let mut out = Vec::new();
        for mut frame in batch.drain(..) {
            let wrong = self.wrongs.get(&frame.sequence);
            match wrong {
                Some(Wrong::DropRequest) => continue,
                Some(Wrong::Reject) => {
                    self.outcomes.rejected(frame.sequence, "refused on purpose");
                    continue;
                }
                Some(Wrong::Indeterminate) => {
                    self.outcomes.indeterminate(frame.sequence, "lost on purpose");
                }
                Some(Wrong::Redeliver) => out.push(frame.clone()),
                Some(Wrong::Reorder) => {
                    self.overtaken = Some(frame);
                    continue;
                }
                Some(Wrong::CorruptRequest) => frame.body = Bytes::from_static(GARBAGE),
                Some(Wrong::PrecedeByStranger) => {
                    out.push(Frame { body: Bytes::from_static(STRANGER), ..frame.clone() });
                }
                Some(Wrong::PrecedeByForgery) => {
                    out.push(Frame { body: forged(&frame.body), ..frame.clone() });
                }
                _ => {}
            }
            out.push(frame);
            out.extend(self.overtaken.take());
        }
        self.inner.send(&mut out).await
    }
}

struct FaultyConsumer {
    inner: Box<dyn Consumer>,
    wrongs: Arc<Wrongs>,
}

#[async_trait(?Send)]
impl Consumer for FaultyConsumer {
    async fn receive(&mut self, max: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError> {
        self.inner.receive(max, into).await?;
        for delivery in into {
            let wrong = sequence_of(&delivery.body).and_then(|sequence| self.wrongs.get(&sequence));
            delivery.parked = wrong == Some(&Wrong::Park);
        }
        Ok(())
    }
}

struct FaultyResponder {
    inner: Rc<dyn Responder>,
    wrongs: Arc<Wrongs>,
    died: Arc<Mutex<BTreeSet<u64>>>,
}

#[async_trait(?Send)]
impl Responder for FaultyResponder {
    async fn reply(&self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        let mut out = Vec::new();
        for mut reply in replies.drain(..) {
            let sequence = reply.body.as_deref().and_then(sequence_of);
            let wrong = sequence.and_then(|sequence| self.wrongs.get(&sequence));
            match wrong {
                Some(Wrong::DropResult) => reply.body = None,
                Some(Wrong::Redeliver) if self.dies_first(sequence) => reply.body = None,
                Some(Wrong::DuplicateResult) => {
                    let Reply { request, key, body, receipt } = &reply;
                    out.push(Reply {
                        request: *request,
                        key: *key,
                        body: body.clone(),
                        receipt: receipt.clone(),
                    });
                }
                Some(Wrong::CorruptResult) => reply.body = Some(Bytes::from_static(GARBAGE)),
                _ => {}
            }
            out.push(reply);
        }
        self.inner.reply(&mut out).await
    }
}

impl FaultyResponder {
    fn dies_first(&self, sequence: Option<u64>) -> bool {
        sequence.is_some_and(|sequence| self.died.lock().expect("no panic holds it").insert(sequence))
    }
}

/// The number at the end of `correlation_id`, in a request as in a result.
fn sequence_of(body: &[u8]) -> Option<u64> {
    let message: serde_json::Value = serde_json::from_slice(body).ok()?;
    let (_, number) = message["correlation_id"].as_str()?.rsplit_once('_')?;
    (number.len() == 12).then(|| number.parse().ok())?
}

/// The same request under the highest number that fits.
fn forged(body: &[u8]) -> Bytes {
    let number = SEQUENCE_DIGITS + b"\"}".len();
    let mut body = body.to_vec();
    let end = body.len();
    // `correlation_id` is the last field of a request, and its number the last of it.
    body[end - number..end - 2].fill(b'9');
    body.into()
}
