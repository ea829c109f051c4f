//! What goes through the pipes between the harness and a worker process: JSON, a line each.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::report::CrewReport;
use super::work_order::WorkOrder;
use crate::mailbox::{Event, Post};
use crate::transport::Targets;
use weighbridge_plan::endpoint::{Endpoint, Exposed, UrlError};
use weighbridge_record::terms::Moment;

/// The first line that a worker process reads: what it is to do, and where.
#[derive(Serialize, Deserialize)]
pub struct Assignment {
    pub order: WorkOrder,
    /// With whatever the servers are shown: they go through a pipe, and stand in no process listing.
    redis: Option<Exposed>,
    nats: Option<Exposed>,
}

impl Assignment {
    pub fn new(order: WorkOrder, targets: &Targets) -> Self {
        let exposed = |endpoint: &Option<Endpoint>| endpoint.as_ref().map(Exposed::new);
        Self { order, redis: exposed(&targets.redis), nats: exposed(&targets.nats) }
    }

    /// The work, and where it is done.
    pub fn taken(self) -> Result<(WorkOrder, Targets), UrlError> {
        let read = |exposed: Option<Exposed>| exposed.map(Exposed::endpoint).transpose();
        Ok((self.order, Targets { redis: read(self.redis)?, nats: read(self.nats)? }))
    }
}

/// What a worker process is told later on. The end of its input tells it to stop, too.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// End at this moment of the next request that comes to it.
    EndAt(Moment),
    /// Take that many times as long to score.
    SlowDown(f64),
    Stop,
}

/// What a worker process tells.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tells {
    /// All its connections stand.
    Ready,
    /// It can't start, or go on.
    Failed(String),
    Events(Vec<Event>),
    /// Its last words.
    Report(Box<CrewReport>),
}

/// Words as they go through a pipe.
pub fn line_of(words: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(words)?;
    line.push(b'\n');
    Ok(line)
}

/// Posts events to the harness.
pub struct PipePost<W>(Mutex<W>);

impl<W: Write> PipePost<W> {
    pub fn new(pipe: W) -> Self {
        Self(Mutex::new(pipe))
    }

    /// An error means that the harness is gone.
    pub fn tell(&self, tells: &Tells) -> io::Result<()> {
        // One write a line: a process that is killed leaves no half of it, but where the pipe is full.
        let line = line_of(tells)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
    }
}

impl<W: Write + Send> Post for PipePost<W> {
    fn post(&self, events: &mut Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let told = self.tell(&Tells::Events(std::mem::take(events)));
        if let Err(error) = told {
            // Nobody is left to work for; the end of the input says so too.
            tracing::debug!("the harness does not listen: {error}");
        }
    }
}
