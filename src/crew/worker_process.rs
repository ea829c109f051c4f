//! One worker as a process of ours: started with an assignment, ended on purpose, started again alike.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{io, thread};

use rustix::process::{Pid, Signal, kill_process};

use super::pipe::{Tells, Told};
use super::report::CrewReport;
use crate::mailbox::Post;
use crate::process::{Parent, Usage, usage};

/// Longest that a worker may take to stand by its broker, and to end once it is told to.
const READY_WITHIN: Duration = Duration::from_secs(20);
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// How every life of the process begins.
pub(super) struct Recipe {
    pub program: PathBuf,
    /// The line of its assignment.
    pub assignment: Vec<u8>,
    pub post: Arc<dyn Post>,
    pub parent: Parent,
}

/// A worker process. All may be called from any thread; dropped, it is killed.
pub struct WorkerProcess {
    name: String,
    recipe: Recipe,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    life: Option<Life>,
    lives: u32,
    /// What lives before this one had to say, and had used.
    told: CrewReport,
    spent: Usage,
}

/// One life.
struct Life {
    child: Child,
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
    /// Starts the first life; [`WorkerProcess::ready`] waits until it is at work.
    pub(super) fn start(name: String, recipe: Recipe) -> io::Result<Self> {
        let worker = Self { name, recipe, state: Mutex::default() };
        worker.begin()?;
        Ok(worker)
    }

    /// `worker.2`
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn lives(&self) -> u32 {
        self.state().lives
    }

    /// Process id; none while it is down.
    pub fn id(&self) -> Option<u32> {
        self.state().life.as_ref().map(|life| life.child.id())
    }

    /// Starts the next life.
    fn begin(&self) -> io::Result<()> {
        let mut command = Command::new(&self.recipe.program);
        command.args(["worker", "--assigned"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = self.recipe.parent.spawn(command)?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (mut told, said) = pipes.ok_or_else(|| io::Error::other("a worker process has no pipes"))?;
        told.write_all(&self.recipe.assignment)?;
        let (readiness, ready) = mpsc::channel();
        let post = Arc::clone(&self.recipe.post);
        let named = thread::Builder::new().name(self.name.clone());
        let reader = named.spawn(move || listen(said, &*post, &readiness))?;
        let mut state = self.state();
        state.lives += 1;
        state.life = Some(Life { child, told, ready, reader });
        Ok(())
    }

    /// Whether it is at work: none while that is not known.
    fn is_ready(&self) -> Option<Result<(), String>> {
        let state = self.state();
        let Some(life) = &state.life else { return Some(Err("it was ended".to_owned())) };
        match life.ready.try_recv() {
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
        self.begin().map_err(|error| format!("starting {} again: {error}", self.name))?;
        self.ready().await
    }

    /// Tells it something.
    pub fn tell(&self, told: Told) -> io::Result<()> {
        let mut line = serde_json::to_vec(&told)?;
        line.push(b'\n');
        let mut state = self.state();
        let life = state.life.as_mut().ok_or_else(|| io::Error::other("the worker is down"))?;
        life.told.write_all(&line)
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&self) -> bool {
        match &mut self.state().life {
            Some(life) => !matches!(life.child.try_wait(), Ok(None)),
            None => true,
        }
    }

    /// Stops it where it stands, with SIGSTOP: it no longer reads its socket.
    pub fn pause(&self) -> io::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on, with SIGCONT.
    pub fn resume(&self) -> io::Result<()> {
        self.signal(Signal::CONT)
    }

    /// Ends it with SIGKILL. What it had told before is heard to the end.
    pub fn kill(&self) {
        let Some(mut life) = self.state().life.take() else { return };
        // Fails only if it has ended, which is what is wanted.
        let _ = life.child.kill();
        self.bury(life);
    }

    /// Tells it to stop, and waits until it has said its last words; then it is killed.
    pub(super) fn stop(&self) -> CrewReport {
        // Fails only if it has ended.
        let _ = self.tell(Told::Stop);
        let deadline = Instant::now() + GONE_WITHIN;
        while !self.has_ended() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(2));
        }
        let Some(mut life) = self.state().life.take() else { return self.told() };
        let hangs = matches!(life.child.try_wait(), Ok(None));
        let _ = life.child.kill();
        let heard = self.bury(life);
        let mut told = self.told();
        if heard.report.is_none() {
            let how = if hangs { "did not stop within 10 s" } else { "ended" };
            let why = heard.failure.map_or(String::new(), |failure| format!(": {failure}"));
            told.merge(CrewReport::ended(format!("{} {how}{why}", self.name)));
        }
        told
    }

    /// What all its lives have used.
    pub fn usage(&self) -> Usage {
        let state = self.state();
        let now = state.life.as_ref().and_then(|life| usage(life.child.id()));
        now.map_or(state.spent, |now| state.spent.with(&now))
    }

    fn told(&self) -> CrewReport {
        std::mem::take(&mut self.state().told)
    }

    /// Keeps what an ended life leaves.
    fn bury(&self, mut life: Life) -> Heard {
        let last = usage(life.child.id());
        // Fails only if it was waited for.
        let _ = life.child.wait();
        let mut heard = life.reader.join().unwrap_or_default();
        let mut state = self.state();
        if let Some(last) = last {
            state.spent = Usage { rss_bytes: 0, ..state.spent.with(&last) };
        }
        if let Some(report) = &mut heard.report {
            state.told.merge(std::mem::take(report));
        }
        heard
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        let state = self.state();
        let id = state.life.as_ref().and_then(|life| Pid::from_raw(i32::try_from(life.child.id()).ok()?));
        let id = id.ok_or_else(|| io::Error::other("the worker is down"))?;
        Ok(kill_process(id, signal)?)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        self.kill();
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
