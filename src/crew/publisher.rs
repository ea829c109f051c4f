//! Publishers of somebody else's: a command is handed each request when it is due, publishes it by its own client, and says
//! what came of it.
//!
//! To the rest of the house it is a path like any other, on which only the publishing end is not ours. A line goes in
//! for each request, a line comes out for what is known of it; both stand in `docs/OWN-SERVICE.md`.

use std::cell::Cell;
use std::io;
use std::process::{ChildStdin, ChildStdout};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;

use super::commanded::{Commanded, READY, READY_WITHIN};
use super::notice;
use super::report::CrewReport;
use super::said::Said;
use crate::clock::now_ns;
use crate::path::Wiring;
use crate::process::Parent;
use crate::transport::{
    Arrival, Collector, Connections, Frame, GeneratorEnd, Outcomes, Producer, Returns, Targets, Transport,
    TransportError, Troubles, Unknown, WorkerEnd, destinations,
};
use weighbridge_plan::credentials::redact;
use weighbridge_record::result::{Held, LeftBehind};

/// What of a line that can't be understood is repeated.
const SHOWN_BYTES: usize = 100;
/// How long a process that has closed its output may take to be gone, so that how it ended can be told.
const GONE_WITHIN: Duration = Duration::from_secs(1);

/// A path whose requests a command publishes.
pub struct Published {
    path: Arc<dyn Transport>,
    wiring: Wiring,
    targets: Targets,
    command: Vec<String>,
    started: Mutex<Vec<Arc<Commanded>>>,
}

impl Published {
    pub fn new(path: Arc<dyn Transport>, wiring: Wiring, targets: Targets, command: Vec<String>) -> Self {
        Self { path, wiring, targets, command, started: Mutex::default() }
    }

    /// Ends those that were started.
    pub fn stop(&self) -> CrewReport {
        let started = std::mem::take(&mut *self.started.lock().unwrap_or_else(PoisonError::into_inner));
        CrewReport::of_stopping(started, |publisher| publisher.stop())
    }

    fn start(&self, index: u32) -> Result<(Arc<Commanded>, ChildStdin, ChildStdout), TransportError> {
        let failed = |error: io::Error| {
            let command = redact(&self.command.join(" "));
            TransportError::Publisher(format!("`{command}` (load.command) can't be started: {error}"))
        };
        let variables = notice::of_publisher(&self.wiring, &self.targets, index);
        let (parent, name) = (Parent::start().map_err(failed)?, format!("publisher.{}", index + 1));
        let started = Commanded::start_piped(&parent, name, &self.command, variables).map_err(failed)?;
        let (publisher, (reads, writes)) = started;
        let publisher = Arc::new(publisher);
        self.started.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&publisher));
        Ok((publisher, reads, writes))
    }
}

#[async_trait(?Send)]
impl Transport for Published {
    async fn prepare(&self, longest_body_bytes: usize) -> Result<(), TransportError> {
        self.path.prepare(longest_body_bytes).await
    }

    async fn publisher(
        &self,
        index: u32,
        _connections: Connections,
        outcomes: Rc<dyn Outcomes>,
        troubles: &Troubles,
    ) -> Result<GeneratorEnd, TransportError> {
        let (publisher, reads, writes) = self.start(index)?;
        let piped = |error| TransportError::failed("the pipes of a publisher", error);
        let reads = pipe::Sender::from_owned_fd(reads.into()).map_err(piped)?;
        let writes = pipe::Receiver::from_owned_fd(writes.into()).map_err(piped)?;
        let mut lines = BufReader::with_capacity(1 << 16, writes);
        ready(&publisher, &mut lines).await?;
        let (lines_of, due) = async_channel::unbounded();
        tokio::task::spawn_local(hand_over(reads, due));
        let (answers, answered) = async_channel::unbounded();
        let returns = self.path.returns();
        let has_ended = Rc::<Cell<bool>>::default();
        let listening = Listening {
            publisher: Arc::clone(&publisher),
            outcomes: Rc::clone(&outcomes),
            troubles: troubles.clone(),
            returns,
            answers,
            has_ended: Rc::clone(&has_ended),
        };
        tokio::task::spawn_local(listening.listen(lines));
        let Wiring { transport, names, limits, .. } = &self.wiring;
        let producer = Lines {
            publisher,
            to: destinations(*transport, names, limits),
            turn: index as usize,
            lines: lines_of,
            outcomes,
            has_ended,
        };
        let collector =
            (returns == Returns::Answered).then(|| Box::new(Answers(answered)) as Box<dyn Collector>);
        Ok(GeneratorEnd { producer: Box::new(producer), collector })
    }

    async fn collector(
        &self,
        index: u32,
        outcomes: Rc<dyn Outcomes>,
        troubles: &Troubles,
    ) -> Result<Option<Box<dyn Collector>>, TransportError> {
        self.path.collector(index, outcomes, troubles).await
    }

    fn returns(&self) -> Returns {
        self.path.returns()
    }

    async fn worker(&self, index: u32, troubles: &Troubles) -> Result<WorkerEnd, TransportError> {
        self.path.worker(index, troubles).await
    }

    async fn is_served(&self) -> Result<bool, TransportError> {
        self.path.is_served().await
    }

    async fn held(&self) -> Vec<Held> {
        self.path.held().await
    }

    fn creates(&self) -> Vec<LeftBehind> {
        self.path.creates()
    }

    async fn dismantle(&self, left: &mut Vec<LeftBehind>) {
        self.path.dismantle(left).await;
    }
}

type FromIt = BufReader<pipe::Receiver>;

/// Waits until it has said that it is at work.
async fn ready(publisher: &Commanded, lines: &mut FromIt) -> Result<(), TransportError> {
    let said = async {
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).await? > 0 {
            if line.trim_ascii() == READY {
                return Ok(true);
            }
            line.clear();
        }
        Ok::<bool, io::Error>(false)
    };
    let name = publisher.name();
    match tokio::time::timeout(READY_WITHIN, said).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => {
            let how = how_it_ended(publisher).await;
            Err(TransportError::Publisher(format!("{name} ended before it was ready: {how}")))
        }
        Ok(Err(error)) => Err(TransportError::failed("reading what a publisher writes", error)),
        Err(_) => {
            let seconds = READY_WITHIN.as_secs();
            Err(TransportError::Publisher(format!("{name} wrote no line `ready` within {seconds} s")))
        }
    }
}

/// Of one that has closed its output.
async fn how_it_ended(publisher: &Commanded) -> String {
    let looked = async {
        loop {
            if let Some(how) = publisher.ended() {
                return how;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(GONE_WITHIN, looked).await.unwrap_or_else(|_| "it closed its output".to_owned())
}

/// Writes lines as fast as they are read. One that reads slowly makes nobody late: what it was handed waits here, and
/// counts as sent.
async fn hand_over(mut reads: pipe::Sender, due: async_channel::Receiver<Vec<u8>>) {
    while let Ok(lines) = due.recv().await {
        // It has ended, which its output tells as well.
        if reads.write_all(&lines).await.is_err() {
            return;
        }
    }
}

/// The publishing end: lines for the process.
struct Lines {
    publisher: Arc<Commanded>,
    /// By turn and key.
    to: Vec<Vec<String>>,
    turn: usize,
    lines: async_channel::Sender<Vec<u8>>,
    outcomes: Rc<dyn Outcomes>,
    has_ended: Rc<Cell<bool>>,
}

#[async_trait(?Send)]
impl Producer for Lines {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        let mut lines = Vec::with_capacity(batch.iter().map(|frame| frame.body.len() + 64).sum());
        for frame in batch.drain(..) {
            if self.has_ended.get() {
                self.outcomes.indeterminate(frame.sequence, "due when the publisher had ended");
                continue;
            }
            let to = &self.to[self.turn % self.to.len()];
            self.turn = self.turn.wrapping_add(1);
            lines.extend_from_slice(frame.sequence.to_string().as_bytes());
            lines.push(b' ');
            lines.extend_from_slice(to[frame.key as usize].as_bytes());
            lines.push(b' ');
            lines.extend_from_slice(&frame.body);
            lines.push(b'\n');
        }
        // Closed only where the process has ended, which was told.
        let _ = self.lines.try_send(lines);
        Ok(())
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.publisher.let_go();
    }
}

/// Who hears what the process says.
struct Listening {
    publisher: Arc<Commanded>,
    outcomes: Rc<dyn Outcomes>,
    troubles: Troubles,
    returns: Returns,
    answers: async_channel::Sender<Arrival>,
    has_ended: Rc<Cell<bool>>,
}

impl Listening {
    async fn listen(self, mut lines: FromIt) {
        let mut line = Vec::new();
        loop {
            line.clear();
            match lines.read_until(b'\n', &mut line).await {
                // A line that has no end is of one who was killed while writing it.
                Ok(_) if line.last() != Some(&b'\n') => break,
                Ok(_) => self.hear(&line),
                Err(error) => {
                    self.troubles.note(&TransportError::failed("reading what a publisher writes", error));
                    break;
                }
            }
        }
        self.has_ended.set(true);
        self.outcomes.broken(&|_| true, Unknown::Unconfirmed);
        self.troubles.note(&format!(
            "{} ended: {}",
            self.publisher.name(),
            how_it_ended(&self.publisher).await
        ));
    }

    fn hear(&self, line: &[u8]) {
        match Said::read(line) {
            // On the other paths no server confirms, whatever a client's publish returns.
            Some(Said::Confirmed(sequence)) => {
                if let Returns::Confirmed { .. } = self.returns {
                    self.outcomes.accepted(&mut std::iter::once(sequence), now_ns());
                }
            }
            Some(Said::Rejected(sequence, why)) => {
                self.outcomes.rejected(sequence, &format!("publisher: {why}"))
            }
            Some(Said::Unknown(sequence, why)) => {
                self.outcomes.indeterminate(sequence, &format!("publisher: {why}"));
            }
            Some(Said::Answered(sequence, body)) if self.returns == Returns::Answered => {
                let arrival = Arrival { body, sequence: Some(sequence), refusal: None };
                // Nobody reads them any more at the end.
                let _ = self.answers.try_send(arrival);
            }
            Some(Said::Answered(..)) => {
                self.troubles.note(&"the publisher told an answer, which comes over the path here");
            }
            None => {
                let shown = String::from_utf8_lossy(&line[..line.len().min(SHOWN_BYTES)]);
                self.troubles
                    .note(&format!("the publisher wrote what can't be understood: {}", shown.trim()));
            }
        }
    }
}

/// Answers that came back to who asked.
struct Answers(async_channel::Receiver<Arrival>);

#[async_trait(?Send)]
impl Collector for Answers {
    async fn receive(&mut self, max: usize, into: &mut Vec<Arrival>) -> Result<(), TransportError> {
        match self.0.recv().await {
            Ok(first) => into.push(first),
            // The process has ended, which is told where it matters.
            Err(_) => std::future::pending().await,
        }
        into.extend(std::iter::from_fn(|| self.0.try_recv().ok()).take(max.saturating_sub(1)));
        Ok(())
    }
}
