//! A server process of our own: started in a temporary directory, dead when the harness is.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Signal, set_parent_process_death_signal};
use tempfile::TempDir;

use super::{BrokerError, Stopped};
use crate::terms::BrokerKind;

/// Longest a server may take to answer.
pub const READY_WITHIN: Duration = Duration::from_secs(10);
/// Bytes of a log that are kept, from its end.
const LOG_BYTES_MAX: usize = 256 * 1024;

/// A child process with its directory. Dropping it kills the process.
pub struct Managed {
    kind: BrokerKind,
    child: Child,
    directory: Option<TempDir>,
    path: PathBuf,
}

/// A directory for a server that is about to start.
pub fn directory(kind: BrokerKind) -> Result<TempDir, BrokerError> {
    let prefix = format!("weighbridge-{}-", kind.name());
    tempfile::Builder::new()
        .prefix(&prefix)
        .tempdir()
        .map_err(|source| BrokerError::Io { action: "making a temporary directory".to_string(), source })
}

impl Managed {
    /// Starts `program` in `directory`, its output going to `server.log` there.
    pub fn spawn<A: AsRef<OsStr>>(
        kind: BrokerKind,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
        directory: TempDir,
    ) -> Result<Self, BrokerError> {
        let path = directory.path().to_path_buf();
        let io =
            |action: &str, source| BrokerError::Io { action: format!("{action} {}", path.display()), source };
        let log =
            fs::File::create(path.join("server.log")).map_err(|source| io("writing a log in", source))?;
        let errors = log.try_clone().map_err(|source| io("writing a log in", source))?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&path).stdin(Stdio::null()).stdout(log).stderr(errors);
        // Ctrl-C at a terminal goes to the whole process group; a server must outlive it to be measured.
        command.process_group(0);
        let harness = rustix::process::getpid();
        // SAFETY: between fork and exec only two system calls are made; nothing allocates or locks.
        unsafe {
            command.pre_exec(move || {
                // Dies with the thread that started it, which lives as long as the run: also when the
                // harness is killed with SIGKILL. If it was killed before this line, don't start at all.
                set_parent_process_death_signal(Some(Signal::KILL))?;
                if rustix::process::getppid() != Some(harness) {
                    return Err(std::io::Error::other("the harness is gone"));
                }
                Ok(())
            });
        }
        let child = command.spawn().map_err(|source| {
            let action = format!("starting {}", program.display());
            BrokerError::Io { action, source }
        })?;
        Ok(Self { kind, child, directory: Some(directory), path })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Calls `ready` until it gives something, the process ends, or time is up.
    pub async fn poll<T>(&mut self, mut ready: impl AsyncFnMut() -> Option<T>) -> Result<T, BrokerError> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if let Some(found) = ready().await {
                return Ok(found);
            }
            let ended = self.child.try_wait();
            let reason = match ended {
                Ok(Some(status)) => format!("it ended with {status}: {}", self.last_line()),
                Err(error) => format!("it can't be watched: {error}"),
                Ok(None) if Instant::now() > deadline => {
                    format!("no answer within {} s: {}", READY_WITHIN.as_secs(), self.last_line())
                }
                Ok(None) => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    continue;
                }
            };
            return Err(self.fail(reason));
        }
    }

    /// An error that keeps the directory for the user to look at.
    pub fn fail(&mut self, reason: String) -> BrokerError {
        if let Some(directory) = self.directory.take() {
            let _kept = directory.keep();
        }
        BrokerError::Start { kind: self.kind, reason, directory: self.path.clone() }
    }

    /// Kills the process and returns what it logged.
    pub fn stop(mut self, keep: bool) -> Stopped {
        self.kill();
        let log = self.log();
        let directory = match self.directory.take() {
            Some(directory) if keep => Some(directory.keep()),
            Some(_deleted) => None,
            None => Some(self.path.clone()),
        };
        Stopped { log, directory }
    }

    fn kill(&mut self) {
        // Both fail only if the process has ended and was waited for, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn log(&self) -> Vec<u8> {
        let mut log = fs::read(self.path.join("server.log")).unwrap_or_default();
        let surplus = log.len().saturating_sub(LOG_BYTES_MAX);
        log.drain(..surplus);
        log
    }

    fn last_line(&self) -> String {
        let log = self.log();
        let text = String::from_utf8_lossy(&log);
        text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing was logged").to_string()
    }
}

impl Drop for Managed {
    fn drop(&mut self) {
        self.kill();
    }
}
