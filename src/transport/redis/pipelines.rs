//! Publishing connections of a generator: a batch goes out as one pipeline, and its replies tell what became of
//! each request.

use std::rc::Rc;

use redis::{Pipeline, RedisError, Value};

use super::link::{Link, OnBreak, Settings};
use crate::clock::now_ns;
use crate::connect::patience::SILENCE_MAX;
use crate::connect::redis::{is_refusal, plain};
use crate::transport::error::TransportError;
use crate::transport::frame::Frame;
use crate::transport::limits::Limits;
use crate::transport::outcomes::Outcomes;
use crate::transport::troubles::Troubles;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::result::Side;

/// Publishing connections of one generator; whole batches go out as one pipeline each.
pub(super) struct Pipelines {
    links: Vec<Link>,
    generators: u64,
    outcomes: Rc<dyn Outcomes>,
    troubles: Troubles,
}

impl Pipelines {
    /// `on_break` makes what each connection does about its breaks.
    pub async fn connect<B: OnBreak + 'static>(
        (endpoint, limits): (&Endpoint, Limits),
        (outcomes, troubles): (Rc<dyn Outcomes>, &Troubles),
        on_break: impl Fn() -> B,
    ) -> Result<Self, TransportError> {
        let mut links = Vec::new();
        for _ in 0..limits.connections {
            let settings = Settings {
                endpoint: endpoint.clone(),
                response_timeout: SILENCE_MAX,
                queue: limits.max_in_flight as usize,
            };
            links.push(Link::open(settings, (Side::Generator, troubles), on_break()).await?);
        }
        let (generators, troubles) = (u64::from(limits.generators), troubles.clone());
        Ok(Self { links, generators, outcomes, troubles })
    }

    /// Sends one command per frame, each batch of a connection as one pipeline. Returns at once; outcomes
    /// come with the replies.
    pub fn send(&mut self, batch: &mut Vec<Frame>, command: impl Fn(&mut Pipeline, &Frame)) {
        if let [only] = &self.links[..] {
            let mut lane = Lane::with_capacity(batch.len());
            batch.drain(..).for_each(|frame| lane.add(&frame, &command));
            lane.send(only, &self.outcomes, &self.troubles);
            return;
        }
        let mut lanes: Vec<Lane> = self.links.iter().map(|_| Lane::with_capacity(batch.len())).collect();
        for frame in batch.drain(..) {
            // By its number, so that each connection stays an ordering key of its own.
            let lane = (frame.sequence / self.generators) as usize % lanes.len();
            lanes[lane].add(&frame, &command);
        }
        for (lane, link) in lanes.into_iter().zip(&self.links) {
            lane.send(link, &self.outcomes, &self.troubles);
        }
    }
}

/// Frames that go out on one connection together.
struct Lane {
    sequences: Vec<u64>,
    pipeline: Pipeline,
}

impl Lane {
    fn with_capacity(frames: usize) -> Self {
        Self { sequences: Vec::with_capacity(frames), pipeline: Pipeline::with_capacity(frames) }
    }

    fn add(&mut self, frame: &Frame, command: impl Fn(&mut Pipeline, &Frame)) {
        command(&mut self.pipeline, frame);
        self.sequences.push(frame.sequence);
    }

    fn send(mut self, link: &Link, outcomes: &Rc<dyn Outcomes>, troubles: &Troubles) {
        if self.sequences.is_empty() {
            return;
        }
        let Some(mut lent) = link.lend() else {
            return indeterminate(&self.sequences, "sent while the connection was down", &**outcomes);
        };
        self.pipeline.ignore_errors();
        let (link, outcomes, troubles) = (link.clone(), Rc::clone(outcomes), troubles.clone());
        tokio::task::spawn_local(async move {
            let replies: Result<Value, RedisError> = self.pipeline.query_async(&mut lent.connection).await;
            if let Err(error) = &replies {
                link.failed(lent.number, error);
            }
            report(&self.sequences, replies, &*outcomes, &troubles);
        });
    }
}

/// Reports the replies of a pipeline, one by one where there are any.
fn report(
    sequences: &[u64],
    replies: Result<Value, RedisError>,
    outcomes: &dyn Outcomes,
    troubles: &Troubles,
) {
    match replies {
        Ok(Value::Array(replies)) if replies.len() == sequences.len() => {
            let is_error = |reply: &Value| matches!(reply, Value::ServerError(_));
            let accepted = sequences.iter().zip(&replies).filter(|(_, reply)| !is_error(reply));
            outcomes.accepted(&mut accepted.map(|(sequence, _)| *sequence), now_ns());
            for (sequence, reply) in sequences.iter().zip(&replies) {
                if let Value::ServerError(error) = reply {
                    let reason = format!("{} {}", error.code(), error.details().unwrap_or_default());
                    if is_refusal(Some(error.code())) {
                        troubles.refused_request(&reason.trim());
                    }
                    outcomes.rejected(*sequence, reason.trim());
                }
            }
        }
        // The timeout or the broken connection covers the whole batch: each entry may still have arrived.
        Ok(_) => indeterminate(sequences, "the pipeline's reply has another length", outcomes),
        Err(error) => indeterminate(sequences, &plain(&error), outcomes),
    }
}

fn indeterminate(sequences: &[u64], reason: &str, outcomes: &dyn Outcomes) {
    sequences.iter().for_each(|sequence| outcomes.indeterminate(*sequence, reason));
}
