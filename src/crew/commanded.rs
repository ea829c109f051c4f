//! One process that a command has started, a worker or a publisher: ready when it says so, ended on purpose, started
//! again alike.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::process::{ChildStdin, ChildStdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::report::CrewReport;
use crate::process::{Parent, Process, Recipe, Talk, Variables};

/// The line that it writes when its connections stand.
pub(super) const READY: &[u8] = b"ready";
/// Longest that it may take to write it: interpreters start slowly, and twenty at a time more so.
pub(super) const READY_WITHIN: Duration = Duration::from_secs(60);
/// From SIGTERM to SIGKILL.
const GONE_WITHIN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Most that is kept of what it wrote, the end.
const LOG_BYTES_MAX: u64 = 1 << 20;
/// Lines of it that an error repeats.
const LAST_LINES: usize = 8;

/// A process of somebody else's. All may be called from any thread; dropped, it is killed.
pub struct Commanded {
    name: String,
    process: Process,
    log: Arc<File>,
    /// Length of the log when the life that goes on began.
    from: AtomicU64,
    /// Whether its end is ours: a fault has ended it, or it was let go.
    struck: AtomicBool,
}

impl Commanded {
    pub(super) fn start(
        parent: &Parent,
        name: String,
        command: &[String],
        variables: Variables,
    ) -> io::Result<Self> {
        Self::start_talking(parent, name, (command, variables), Talk::Kept)
    }

    /// Starts one that is talked to, and gives what it reads and what it writes. Its log is what it writes as errors.
    pub(super) fn start_piped(
        parent: &Parent,
        name: String,
        command: &[String],
        variables: Variables,
    ) -> io::Result<(Self, (ChildStdin, ChildStdout))> {
        let started = Self::start_talking(parent, name, (command, variables), Talk::PipesBeside)?;
        let pipes = started.process.take_pipes();
        Ok((started, pipes.ok_or_else(|| io::Error::other("the process has no pipes"))?))
    }

    fn start_talking(
        parent: &Parent,
        name: String,
        (command, variables): (&[String], Variables),
        talk: impl Fn(Arc<File>) -> Talk,
    ) -> io::Result<Self> {
        let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        // Without a name, so that nothing is left of it whatever ends the harness.
        let log = Arc::new(tempfile::tempfile()?);
        let recipe = Recipe {
            program: program.into(),
            arguments: arguments.iter().map(Into::into).collect(),
            directory: ".".into(),
            talk: talk(Arc::clone(&log)),
            variables,
            with_offspring: true,
            mount: None,
        };
        let process = Process::start(parent, recipe)?;
        Ok(Self { name, process, log, from: AtomicU64::new(0), struck: AtomicBool::new(false) })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn has_ended(&self) -> bool {
        self.process.ended().is_some()
    }

    pub fn pause(&self) -> io::Result<()> {
        self.process.pause()
    }

    pub fn resume(&self) -> io::Result<()> {
        self.process.resume()
    }

    /// Why it does not run, with what it wrote last, if it does not.
    pub(super) fn ended(&self) -> Option<String> {
        self.process.ended().map(|how| format!("{how}{}", self.last_words()))
    }

    /// From here on it may end by itself.
    pub(super) fn let_go(&self) {
        if !self.has_ended() {
            self.struck.store(true, Ordering::Relaxed);
        }
    }

    /// Ends it with SIGKILL, for a fault.
    pub fn kill(&self) {
        self.struck.store(true, Ordering::Relaxed);
        self.process.kill();
    }

    /// Starts it again after its end, and waits until it is at work.
    pub async fn restart(&self) -> Result<(), String> {
        self.kill();
        let written = self.log.metadata().map_or(0, |log| log.len());
        self.from.store(written, Ordering::Relaxed);
        self.process.start_again().map_err(|error| format!("starting {} again: {error}", self.name))?;
        self.struck.store(false, Ordering::Relaxed);
        self.ready().await
    }

    /// Waits until it has said that it is at work.
    pub async fn ready(&self) -> Result<(), String> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            // In this order: what ended may have been ready before.
            let ended = self.process.ended();
            if self.has_said_ready() {
                return Ok(());
            }
            if let Some(how) = ended {
                return Err(format!("{} ended before it was ready: {how}{}", self.name, self.last_words()));
            }
            if Instant::now() > deadline {
                return Err(format!(
                    "{} wrote no line `ready` within {} s{}",
                    self.name,
                    READY_WITHIN.as_secs(),
                    self.last_words()
                ));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn has_said_ready(&self) -> bool {
        let said = self.written_from(self.from.load(Ordering::Relaxed));
        // A line counts when it has its end.
        let whole = said.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
        whole.map(<[u8]>::trim_ascii).any(|line| line == READY)
    }

    /// What it has written behind a place.
    fn written_from(&self, from: u64) -> Vec<u8> {
        let length = self.log.metadata().map_or(0, |log| log.len());
        let mut bytes = vec![0; length.saturating_sub(from) as usize];
        let read = self.log.read_at(&mut bytes, from).unwrap_or(0);
        bytes.truncate(read);
        bytes
    }

    /// `; it wrote: ...`; empty where it wrote nothing.
    fn last_words(&self) -> String {
        let said = self.written_from(self.from.load(Ordering::Relaxed));
        let said = String::from_utf8_lossy(&said);
        let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
        if last.is_empty() { String::new() } else { format!("; it wrote:\n{last}") }
    }

    /// Asks it to end, waits, then kills it with all that it has started.
    pub(super) fn stop(&self) -> CrewReport {
        // Before anything asks whether it has ended, after which the kernel has forgotten it.
        let cpu_seconds = self.process.usage().map(|usage| usage.cpu_seconds);
        let mut report = CrewReport { started: self.process.lives(), cpu_seconds, ..CrewReport::default() };
        let ended = self.process.ended().filter(|_| !self.struck.load(Ordering::Relaxed));
        if let Some(how) = &ended {
            report.merge(CrewReport::ended(format!("{} ended before the trial did: {how}", self.name)));
        }
        // Fails only if it has ended.
        if self.process.terminate().is_ok() {
            // One that is stopped hears nothing.
            let _ = self.process.resume();
            let deadline = Instant::now() + GONE_WITHIN;
            while !self.has_ended() && Instant::now() < deadline {
                std::thread::sleep(LOOK_EVERY);
            }
        }
        self.process.kill();
        let length = self.log.metadata().map_or(0, |log| log.len());
        let written = self.written_from(length.saturating_sub(LOG_BYTES_MAX));
        report.logs = vec![(self.name.clone(), written)];
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(script: &str) -> Commanded {
        let command = ["sh", "-c", script].map(str::to_owned);
        let parent = Parent::start().unwrap();
        Commanded::start(&parent, "worker.1".to_owned(), &command, Variables::default()).unwrap()
    }

    fn ready(worker: &Commanded) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(worker.ready())
    }

    #[test]
    fn it_is_ready_when_it_says_so_and_ends_when_it_is_asked_to() {
        let worker = started("echo starting; echo ready; echo unready; exec sleep 60");
        ready(&worker).unwrap();
        let began = Instant::now();
        let report = worker.stop();
        assert!(began.elapsed() < GONE_WITHIN, "SIGTERM ends it");
        assert_eq!((report.ended_early, report.started), (0, 1));
        assert_eq!(report.logs, [("worker.1".to_owned(), b"starting\nready\nunready\n".to_vec())]);
    }

    #[test]
    fn one_that_ends_at_its_start_says_why() {
        let error = ready(&started("echo no broker >&2; exit 3")).unwrap_err();
        assert!(error.contains("exit status: 3") && error.ends_with("it wrote:\nno broker"), "{error}");
    }

    #[test]
    fn one_that_ends_by_itself_is_told_apart_from_one_that_a_fault_ended() {
        let worker = started("echo ready; exit 0");
        ready(&worker).unwrap();
        while !worker.has_ended() {
            std::thread::sleep(LOOK_EVERY);
        }
        let report = worker.stop();
        assert_eq!(report.ended_early, 1);
        assert!(report.errors.keys().any(|error| error.contains("exit status: 0")), "{:?}", report.errors);
        let struck = started("echo ready; exec sleep 60");
        ready(&struck).unwrap();
        struck.kill();
        assert_eq!(struck.stop().ended_early, 0);
    }

    #[test]
    fn a_second_life_has_to_say_for_itself_that_it_is_ready() {
        let worker = started("test -t 0; echo ready; exec sleep 60");
        ready(&worker).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(worker.restart()).unwrap();
        let report = worker.stop();
        assert_eq!((report.ended_early, report.started), (0, 2));
        assert_eq!(report.logs[0].1, b"ready\nready\n");
    }
}
