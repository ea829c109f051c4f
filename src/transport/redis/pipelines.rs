//! What the two Redis paths share: sending a batch as one pipeline, telling errors apart.

use std::rc::Rc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, RedisError, Value};

use crate::clock::now_ns;
use crate::connect::{
    Endpoint,
    redis::{connect, plain},
};
use crate::transport::error::TransportError;
use crate::transport::frame::Frame;
use crate::transport::limits::Limits;
use crate::transport::outcomes::Outcomes;

/// Publishing connections of one generator; whole batches go out as one pipeline each.
pub(super) struct Pipelines {
    connections: Vec<MultiplexedConnection>,
    generators: u64,
    outcomes: Rc<dyn Outcomes>,
}

impl Pipelines {
    pub async fn connect(
        endpoint: &Endpoint,
        limits: Limits,
        outcomes: Rc<dyn Outcomes>,
    ) -> Result<Self, TransportError> {
        let mut connections = Vec::new();
        for _ in 0..limits.connections {
            let timeout = Duration::from_nanos(limits.timeout_ns);
            connections.push(connect(endpoint, Some(timeout), limits.max_in_flight as usize).await?);
        }
        Ok(Self { connections, generators: u64::from(limits.generators), outcomes })
    }

    /// Sends one command per frame, each batch of a connection as one pipeline. Returns at once; outcomes
    /// come with the replies.
    pub fn send(&mut self, batch: &mut Vec<Frame>, command: impl Fn(&mut Pipeline, &Frame)) {
        if let [only] = &self.connections[..] {
            let mut lane = Lane::with_capacity(batch.len());
            batch.drain(..).for_each(|frame| lane.add(&frame, &command));
            lane.send(only.clone(), Rc::clone(&self.outcomes));
            return;
        }
        let mut lanes: Vec<Lane> =
            self.connections.iter().map(|_| Lane::with_capacity(batch.len())).collect();
        for frame in batch.drain(..) {
            // By its number, so that each connection stays an ordering key of its own.
            let lane = (frame.sequence / self.generators) as usize % lanes.len();
            lanes[lane].add(&frame, &command);
        }
        for (lane, connection) in lanes.into_iter().zip(&self.connections) {
            lane.send(connection.clone(), Rc::clone(&self.outcomes));
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

    fn send(mut self, mut connection: MultiplexedConnection, outcomes: Rc<dyn Outcomes>) {
        if self.sequences.is_empty() {
            return;
        }
        self.pipeline.ignore_errors();
        tokio::task::spawn_local(async move {
            let replies: Result<Value, RedisError> = self.pipeline.query_async(&mut connection).await;
            report(&self.sequences, replies, &*outcomes, now_ns());
        });
    }
}

/// Reports the replies of a pipeline, one by one where there are any.
fn report(sequences: &[u64], replies: Result<Value, RedisError>, outcomes: &dyn Outcomes, at_ns: u64) {
    match replies {
        Ok(Value::Array(replies)) if replies.len() == sequences.len() => {
            let is_refusal = |reply: &Value| matches!(reply, Value::ServerError(_));
            let accepted = sequences.iter().zip(&replies).filter(|(_, reply)| !is_refusal(reply));
            outcomes.accepted(&mut accepted.map(|(sequence, _)| *sequence), at_ns);
            for (sequence, reply) in sequences.iter().zip(&replies) {
                if let Value::ServerError(error) = reply {
                    let reason = format!("{} {}", error.code(), error.details().unwrap_or_default());
                    outcomes.rejected(*sequence, reason.trim());
                }
            }
        }
        // The timeout or the broken connection covers the whole batch: each entry may still have arrived.
        Ok(_) => sequences.iter().for_each(|sequence| {
            outcomes.indeterminate(*sequence, "the pipeline's reply has another length");
        }),
        Err(error) => {
            let reason = plain(&error);
            sequences.iter().for_each(|sequence| outcomes.indeterminate(*sequence, &reason));
        }
    }
}
