//! Redis Streams: `XADD` into one stream, workers in a consumer group, results in a second stream.
//!
//! Entries carry the guide's two parts, `subject` and `data`. An acknowledged request is deleted, as a
//! work-queue stream in JetStream does. What a dead worker left pending is reclaimed after 30 s, at most
//! three deliveries in all; then it is parked.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, RedisError, Value};

use super::pipelines::Pipelines;
use super::preflight::{preflight, refused};
use crate::clock::now_ns;
use crate::connect::{self, ConnectError, Endpoint, redis::plain};
use crate::transport::ends::{Collector, Consumer, GeneratorEnd, Producer, Responder, Transport, WorkerEnd};
use crate::transport::error::TransportError;
use crate::transport::frame::{Arrival, Delivery, Frame, Receipt, Reply};
use crate::transport::limits::Limits;
use crate::transport::names::Names;
use crate::transport::outcomes::Outcomes;
use crate::transport::troubles::Troubles;

const GROUP: &str = "priority-workers";
const CLAIM_AFTER_MS: u64 = 30_000;
const DELIVERIES_MAX: i64 = 3;
/// How often a worker looks for entries to reclaim.
const CLAIM_EVERY_NS: u64 = 5_000_000_000;
/// Longest wait of a blocking read; the connection itself waits without limit.
const BLOCK_MS: usize = 1_000;
/// Most entries of one read where scoring takes no time.
const READ_MAX: usize = 500;

pub struct RedisStreams {
    endpoint: Endpoint,
    names: Names,
    limits: Limits,
}

impl RedisStreams {
    pub fn new(endpoint: Endpoint, names: Names, limits: Limits) -> Self {
        Self { endpoint, names, limits }
    }

    async fn commands(&self) -> Result<MultiplexedConnection, ConnectError> {
        let timeout = Duration::from_nanos(self.limits.timeout_ns);
        connect::redis::connect(&self.endpoint, Some(timeout), self.limits.max_in_flight as usize).await
    }

    /// Tries what generators, workers and the collector will do, on keys that do not exist: nothing is
    /// stored, and nothing is found.
    async fn try_rights(&self, connection: &mut MultiplexedConnection) -> Result<(), TransportError> {
        let (requests, results) = (self.names.request(), self.names.result());
        for key in [&requests, &results] {
            let add = ["NOMKSTREAM", "*", "subject", "", "data", ""];
            self.run("XADD", key, redis::cmd("XADD").arg(key).arg(&add), connection).await?;
        }
        for command in ["XDEL", "XACK"] {
            let mut attempt = redis::cmd(command);
            attempt.arg(&requests);
            if command == "XACK" {
                attempt.arg(GROUP);
            }
            self.run(command, &requests, attempt.arg("0-1"), connection).await?;
        }
        let read = redis::cmd("XREAD").arg(&["COUNT", "1", "STREAMS"]).arg(&results).arg("0-0").clone();
        self.run("XREAD", &results, &read, connection).await
    }

    /// Tries what needs the group; `worker-0` is a consumer that the run will have anyway.
    async fn try_group(&self, connection: &mut MultiplexedConnection) -> Result<(), TransportError> {
        let requests = self.names.request();
        let read = redis::cmd("XREADGROUP")
            .arg(&["GROUP", GROUP, "worker-0", "COUNT", "1", "STREAMS"])
            .arg(&requests)
            .arg(">")
            .clone();
        self.run("XREADGROUP", &requests, &read, connection).await?;
        let claim = redis::cmd("XAUTOCLAIM").arg(&requests).arg(&[GROUP, "worker-0", "30000", "0-0"]).clone();
        self.run("XAUTOCLAIM", &requests, &claim, connection).await?;
        let pending = redis::cmd("XPENDING").arg(&requests).arg(GROUP).clone();
        self.run("XPENDING", &requests, &pending, connection).await
    }

    async fn run(
        &self,
        name: &str,
        key: &str,
        command: &redis::Cmd,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), TransportError> {
        let reply: Result<Value, RedisError> = command.query_async(connection).await;
        reply.map(|_| ()).map_err(|error| refused(&self.endpoint, name, key, &error))
    }

    /// Entries of one read: no hoard beyond twice what a worker scores at a time.
    fn read_count(&self) -> usize {
        if self.limits.service_ns_mean == 0 {
            return READ_MAX;
        }
        (2 * self.limits.worker_concurrency as usize).min(READ_MAX)
    }
}

#[async_trait(?Send)]
impl Transport for RedisStreams {
    async fn prepare(&self, longest_body_bytes: usize) -> Result<(), TransportError> {
        preflight(&self.endpoint, longest_body_bytes).await?;
        let mut connection = self.commands().await?;
        for key in [self.names.request(), self.names.result()] {
            let exists: Result<bool, _> = redis::cmd("EXISTS").arg(&key).query_async(&mut connection).await;
            if exists.map_err(|error| refused(&self.endpoint, "EXISTS", &key, &error))? {
                let address = self.endpoint.address();
                return Err(TransportError::Exists { what: "key", name: key, address });
            }
        }
        self.try_rights(&mut connection).await?;
        let requests = self.names.request();
        let create = redis::cmd("XGROUP").arg("CREATE").arg(&requests).arg(&[GROUP, "0", "MKSTREAM"]).clone();
        self.run("XGROUP CREATE", &requests, &create, &mut connection).await?;
        let tried = self.try_group(&mut connection).await;
        if tried.is_err()
            && let Err(error) = self.dismantle().await
        {
            // The error that led here is the one to tell.
            tracing::warn!("key `{requests}` is left behind: {error}");
        }
        tried
    }

    async fn generator(
        &self,
        index: u32,
        outcomes: Rc<dyn Outcomes>,
    ) -> Result<GeneratorEnd, TransportError> {
        let pipelines = Pipelines::connect(&self.endpoint, self.limits, outcomes).await?;
        let (stream, subjects) = (self.names.request(), self.names.request_subjects());
        let collector: Option<Box<dyn Collector>> = if self.limits.collects(index) {
            let connection = connect::redis::connect(&self.endpoint, None, 0).await?;
            let position = "0-0".to_string();
            Some(Box::new(Results { connection, stream: self.names.result(), position }))
        } else {
            None
        };
        Ok(GeneratorEnd { producer: Box::new(Adder { pipelines, stream, subjects }), collector })
    }

    async fn worker(&self, index: u32, troubles: &Troubles) -> Result<WorkerEnd, TransportError> {
        // A connection of its own for blocking reads: shared with publishers, it would hold them up.
        let reader = connect::redis::connect(&self.endpoint, None, 0).await?;
        let commands = self.commands().await?;
        let consumer = Requests {
            reader,
            commands: commands.clone(),
            stream: self.names.request(),
            consumer: format!("worker-{index}"),
            count: self.read_count(),
            claim_at_ns: Cell::new(now_ns() + CLAIM_EVERY_NS),
        };
        let responder = ResultAdder {
            connection: commands,
            requests: self.names.request(),
            results: self.names.result(),
            subjects: self.names.result_subjects(),
            troubles: troubles.clone(),
        };
        Ok(WorkerEnd { consumer: Box::new(consumer), responder: Rc::new(responder) })
    }

    async fn dismantle(&self) -> Result<(), TransportError> {
        let mut connection = self.commands().await?;
        let keys = [self.names.request(), self.names.result()];
        let deleted: Result<i64, _> = redis::cmd("DEL").arg(&keys).query_async(&mut connection).await;
        deleted.map(|_| ()).map_err(|error| refused(&self.endpoint, "DEL", &keys.join(" "), &error))
    }
}

fn add(pipeline: &mut Pipeline, stream: &str, subject: &str, body: &[u8]) {
    let words = ["XADD", stream, "*", "subject", subject, "data"];
    let bytes = words.iter().map(|word| word.len()).sum::<usize>() + body.len();
    let mut command = Cmd::with_capacity(words.len() + 1, bytes);
    command.arg(&words).arg(body);
    pipeline.add_command(command);
}

struct Adder {
    pipelines: Pipelines,
    stream: String,
    subjects: Vec<String>,
}

#[async_trait(?Send)]
impl Producer for Adder {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        let (stream, subjects) = (&self.stream, &self.subjects);
        self.pipelines.send(batch, |pipeline, frame| {
            add(pipeline, stream, &subjects[frame.key as usize], &frame.body);
        });
        Ok(())
    }
}

struct Requests {
    reader: MultiplexedConnection,
    commands: MultiplexedConnection,
    stream: String,
    consumer: String,
    count: usize,
    claim_at_ns: Cell<u64>,
}

#[async_trait(?Send)]
impl Consumer for Requests {
    async fn receive(&mut self, max: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError> {
        while into.is_empty() {
            if now_ns() >= self.claim_at_ns.get() {
                self.claim_at_ns.set(now_ns() + CLAIM_EVERY_NS);
                self.reclaim(into).await?;
                continue;
            }
            let read: Result<Value, RedisError> = redis::cmd("XREADGROUP")
                .arg("GROUP")
                .arg(GROUP)
                .arg(&self.consumer)
                .arg("COUNT")
                .arg(self.count.min(max))
                .arg("BLOCK")
                .arg(BLOCK_MS)
                .arg("STREAMS")
                .arg(&self.stream)
                .arg(">")
                .query_async(&mut self.reader)
                .await;
            let read = read.map_err(|error| TransportError::failed("XREADGROUP", plain(&error)))?;
            for entry in entries_of_read(read)? {
                into.push(entry.delivery(false));
            }
        }
        Ok(())
    }
}

impl Requests {
    /// Takes over what other workers left pending for too long; entries past their last delivery are parked.
    async fn reclaim(&mut self, into: &mut Vec<Delivery>) -> Result<(), TransportError> {
        let failed = |error: RedisError| TransportError::failed("XAUTOCLAIM", plain(&error));
        let claimed: Value = redis::cmd("XAUTOCLAIM")
            .arg(&self.stream)
            .arg(GROUP)
            .arg(&self.consumer)
            .arg(CLAIM_AFTER_MS)
            .arg("0-0")
            .arg("COUNT")
            .arg(self.count)
            .query_async(&mut self.commands)
            .await
            .map_err(failed)?;
        // Reply: next cursor, entries, ids that were deleted meanwhile.
        let Value::Array(parts) = claimed else { return Ok(()) };
        let Some(entries) = parts.into_iter().nth(1) else { return Ok(()) };
        for entry in entries_of(entries)? {
            let pending: Vec<(String, String, i64, i64)> = redis::cmd("XPENDING")
                .arg(&self.stream)
                .arg(GROUP)
                .arg(&entry.id[..])
                .arg(&entry.id[..])
                .arg(1)
                .query_async(&mut self.commands)
                .await
                .map_err(failed)?;
            let deliveries = pending.first().map_or(1, |(_, _, _, deliveries)| *deliveries);
            into.push(entry.delivery(deliveries > DELIVERIES_MAX));
        }
        Ok(())
    }
}

/// One entry of a stream.
struct Entry {
    id: Bytes,
    data: Bytes,
}

impl Entry {
    fn delivery(self, parked: bool) -> Delivery {
        Delivery { body: self.data, receipt: Receipt(Some(self.id)), parked }
    }
}

/// Reads the reply of `XREADGROUP` or `XREAD`: nil, or for each stream its name and entries.
fn entries_of_read(reply: Value) -> Result<Vec<Entry>, TransportError> {
    let mut all = Vec::new();
    if let Value::Array(streams) = reply {
        for stream in streams {
            if let Value::Array(parts) = stream
                && let Some(entries) = parts.into_iter().nth(1)
            {
                all.append(&mut entries_of(entries)?);
            }
        }
    }
    Ok(all)
}

fn entries_of(reply: Value) -> Result<Vec<Entry>, TransportError> {
    let malformed = || TransportError::failed("reading a stream", "the reply has an unknown shape");
    let Value::Array(entries) = reply else { return Ok(Vec::new()) };
    let mut all = Vec::with_capacity(entries.len());
    for entry in entries {
        // Redis 6.2 lists a deleted entry as nil.
        if entry == Value::Nil {
            continue;
        }
        let Value::Array(parts) = entry else { return Err(malformed()) };
        let mut parts = parts.into_iter();
        let (Some(Value::BulkString(id)), Some(Value::Array(fields))) = (parts.next(), parts.next()) else {
            return Err(malformed());
        };
        // A foreign entry has no `data`; an empty body makes it count as unexpected.
        let mut data = Bytes::new();
        let mut fields = fields.into_iter();
        while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
            if let (Value::BulkString(name), Value::BulkString(value)) = (name, value)
                && name == b"data"
            {
                data = Bytes::from(value);
            }
        }
        all.push(Entry { id: Bytes::from(id), data });
    }
    Ok(all)
}

struct ResultAdder {
    connection: MultiplexedConnection,
    requests: String,
    results: String,
    subjects: Vec<String>,
    troubles: Troubles,
}

#[async_trait(?Send)]
impl Responder for ResultAdder {
    async fn reply(&self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        let mut add_results = Pipeline::with_capacity(replies.len());
        let mut done = Vec::with_capacity(replies.len());
        for reply in replies.drain(..) {
            if let Some(body) = reply.body {
                add(&mut add_results, &self.results, &self.subjects[reply.key as usize], &body);
            }
            done.extend(reply.receipt.0);
        }
        let acknowledgement = Acknowledgement { stream: self.requests.clone(), done };
        let connection = self.connection.clone();
        let troubles = self.troubles.clone();
        tokio::task::spawn_local(async move {
            if let Err(error) = settle(connection, add_results, acknowledgement).await {
                troubles.note(&error);
            }
        });
        Ok(())
    }
}

/// Requests to acknowledge.
struct Acknowledgement {
    stream: String,
    done: Vec<Bytes>,
}

/// Adds results, then acknowledges their requests and deletes them. A refused `XADD` leaves them pending.
async fn settle(
    mut connection: MultiplexedConnection,
    add_results: Pipeline,
    Acknowledgement { stream, done }: Acknowledgement,
) -> Result<(), TransportError> {
    if !add_results.is_empty() {
        let added: Result<Value, _> = add_results.query_async(&mut connection).await;
        added.map_err(|error| TransportError::failed("XADD of results", plain(&error)))?;
    }
    if done.is_empty() {
        return Ok(());
    }
    let ids: Vec<&[u8]> = done.iter().map(|id| &id[..]).collect();
    let mut settle = Pipeline::with_capacity(2);
    settle.cmd("XACK").arg(&stream).arg(GROUP).arg(&ids);
    settle.cmd("XDEL").arg(&stream).arg(&ids);
    let settled: Result<Value, _> = settle.query_async(&mut connection).await;
    settled.map(|_| ()).map_err(|error| TransportError::failed("XACK", plain(&error)))
}

struct Results {
    connection: MultiplexedConnection,
    stream: String,
    position: String,
}

#[async_trait(?Send)]
impl Collector for Results {
    async fn receive(&mut self, max: usize, into: &mut Vec<Arrival>) -> Result<(), TransportError> {
        while into.is_empty() {
            let read: Result<Value, RedisError> = redis::cmd("XREAD")
                .arg("COUNT")
                .arg(max)
                .arg("BLOCK")
                .arg(BLOCK_MS)
                .arg("STREAMS")
                .arg(&self.stream)
                .arg(&self.position)
                .query_async(&mut self.connection)
                .await;
            let read = read.map_err(|error| TransportError::failed("XREAD", plain(&error)))?;
            for entry in entries_of_read(read)? {
                self.position = String::from_utf8_lossy(&entry.id).into_owned();
                into.push(Arrival { body: entry.data, sequence: None, refusal: None });
            }
        }
        Ok(())
    }
}
