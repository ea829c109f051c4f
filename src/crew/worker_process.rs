//! One worker as a process of ours: started with an assignment, ended on purpose, started again alike.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{io, thread};

use super::pipe::{Tells, Told, line_of};
use super::report::CrewReport;
use crate::mailbox::Post;
use crate::process::Process;

/// Longest that a worker may take to stand by its broker, and to end once it is told to.
const READY_WITHIN: Duration = Duration::from_secs(20);
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// A worker process. All may be called from any thread; dropped, it is killed.
pub struct WorkerProcess {
    name: String,
    process: Process,
    /// The line that every life reads first.
    assignment: Vec<u8>,
    post: Arc<dyn Post>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// To the life that goes on.
    line: Option<Line>,
    /// What lives before this one had to say.
    told: CrewReport,
}

/// What goes between the harness and one life.
struct Line {
    told: ChildStdin,
    /// Readiness, once.
    ready: mpsc::Receiver<Result<(), String>>,
    reader: JoinHandle<Heard>,
}

/// What a life said to its end.
#[derive(Default)]
struct Heard {
    report: Option<CrewReport>,
    failure: Option<String>,
}

impl WorkerProcess {
    /// Assigns the work to a process that has just started; [`WorkerProcess::ready`] waits until it is at work.
    pub(super) fn assign(
        name: String,
        process: Process,
        assignment: Vec<u8>,
        post: Arc<dyn Post>,
    ) -> io::Result<Self> {
        let worker = Self { name, process, assignment, post, state: Mutex::default() };
        worker.begin()?;
        Ok(worker)
    }

    /// `worker.2`
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Assigns its work to the life that has just begun.
    fn begin(&self) -> io::Result<()> {
        let pipes = self.process.take_pipes();
        let (mut told, said) = pipes.ok_or_else(|| io::Error::other("a worker process has no pipes"))?;
        told.write_all(&self.assignment)?;
        let (readiness, ready) = mpsc::channel();
        let post = Arc::clone(&self.post);
        let named = thread::Builder::new().name(self.name.clone());
        let reader = named.spawn(move || listen(said, &*post, &readiness))?;
        self.state().line = Some(Line { told, ready, reader });
        Ok(())
    }

    /// Whether it is at work: none while that is not known.
    fn is_ready(&self) -> Option<Result<(), String>> {
        let state = self.state();
        let Some(line) = &state.line else { return Some(Err("it was ended".to_owned())) };
        match line.ready.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(mpsc::TryRecvError::Empty) => None,
            Err(mpsc::TryRecvError::Disconnected) => Some(Err("it ended at its start".to_owned())),
        }
    }

    /// Waits until it is at work.
    pub async fn ready(&self) -> Result<(), String> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if let Some(outcome) = self.is_ready() {
                return outcome.map_err(|error| format!("{}: {error}", self.name));
            }
            if Instant::now() > deadline {
                return Err(format!("{} was not at work within {} s", self.name, READY_WITHIN.as_secs()));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Starts it again after its end, and waits until it is at work.
    pub async fn restart(&self) -> Result<(), String> {
        self.kill();
        let begun = self.process.start_again().and_then(|()| self.begin());
        begun.map_err(|error| format!("starting {} again: {error}", self.name))?;
        self.ready().await
    }

    /// Tells it something.
    pub fn tell(&self, told: Told) -> io::Result<()> {
        let words = line_of(&told)?;
        let mut state = self.state();
        let line = state.line.as_mut().ok_or_else(|| io::Error::other("the worker is down"))?;
        line.told.write_all(&words)
    }

    /// Whether it is down.
    pub fn has_ended(&self) -> bool {
        self.process.ended().is_some()
    }

    /// Stops it where it stands, with SIGSTOP: it no longer reads its socket.
    pub fn pause(&self) -> io::Result<()> {
        self.process.pause()
    }

    /// Lets it go on, with SIGCONT.
    pub fn resume(&self) -> io::Result<()> {
        self.process.resume()
    }

    /// Ends it with SIGKILL. What it had told before is heard to the end.
    pub fn kill(&self) {
        self.process.kill();
        self.hear_out();
    }

    /// Tells it to stop, and waits until it has said its last words; then it is killed.
    pub(super) fn stop(&self) -> CrewReport {
        // Fails only if it has ended.
        let _ = self.tell(Told::Stop);
        let deadline = Instant::now() + GONE_WITHIN;
        while !self.has_ended() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(2));
        }
        let hangs = !self.has_ended();
        self.process.kill();
        let failure = self.hear_out();
        let mut told = std::mem::take(&mut self.state().told);
        if let Some(failure) = failure {
            let how = if hangs { "did not stop within 10 s" } else { "ended" };
            told.merge(CrewReport::ended(format!("{} {how}{failure}", self.name)));
        }
        told
    }

    /// Keeps what an ended life had to say. If there were no last words, why not as far as it said; none also where no
    /// life was left.
    fn hear_out(&self) -> Option<String> {
        let line = self.state().line.take()?;
        let heard = line.reader.join().unwrap_or_default();
        match heard.report {
            Some(report) => {
                self.state().told.merge(report);
                None
            }
            None => Some(heard.failure.map_or(String::new(), |failure| format!(": {failure}"))),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hears a life to its end: events go on to the accounts at once.
fn listen(said: ChildStdout, post: &dyn Post, ready: &mpsc::Sender<Result<(), String>>) -> Heard {
    let mut heard = Heard::default();
    let mut said = BufReader::with_capacity(1 << 18, said);
    let mut line = Vec::new();
    loop {
        line.clear();
        match said.read_until(b'\n', &mut line) {
            // A line that has no end is of one who was killed while writing it.
            Ok(_) if line.last() != Some(&b'\n') => return heard,
            Ok(_) => {}
            Err(error) => {
                heard.failure = Some(error.to_string());
                return heard;
            }
        }
        match serde_json::from_slice(&line) {
            Ok(Tells::Events(mut events)) => post.post(&mut events),
            // Nobody listens any more once it was ready.
            Ok(Tells::Ready) => drop(ready.send(Ok(()))),
            Ok(Tells::Failed(why)) => {
                let _ = ready.send(Err(why.clone()));
                heard.failure = Some(why);
            }
            Ok(Tells::Report(report)) => heard.report = Some(*report),
            Err(error) => heard.failure = Some(format!("it said something unreadable: {error}")),
        }
    }
}
