//! A server of our own: a process in a temporary directory, which can be ended and started again on the same
//! port, with its data or without.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::LocalBoxFuture;
use tempfile::TempDir;

use super::abandoned::{self, Lock};
use super::error::SiteError;
use super::storage;
use super::stored::{self, Stored};
use crate::process::{Mount, Parent, Process, Recipe, Talk, Usage, Variables};
use weighbridge_record::result::Storage;
use weighbridge_unsynced::FileSystem;

/// Longest a server may take to answer.
const READY_WITHIN: Duration = Duration::from_secs(10);
/// Longest that a server may take to end when it is asked to.
const GONE_WITHIN: Duration = Duration::from_secs(10);
/// Bytes of a log that are kept, from its end.
const LOG_BYTES_MAX: usize = 256 * 1024;
/// What servers say whose port somebody else has.
const PORT_TAKEN: &str = "address already in use";

/// Whether the process with this id is the one that answers, and serves.
type Answers = Box<dyn Fn(u32) -> LocalBoxFuture<'static, bool> + Send + Sync>;

/// What a server finds when it is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    Kept,
    Gone,
}

/// The directory of a server: its settings and its log, and below that its data.
pub struct Directory {
    path: PathBuf,
    /// Where it has one of its own, only the server sees what is in there.
    data: Option<FileSystem>,
    /// None once it is to be kept.
    temporary: Mutex<Option<TempDir>>,
    /// Tells later runs that it is in use. Let go of after the folder is deleted.
    lock: Lock,
}

impl Directory {
    /// A directory for a server that is about to start.
    pub fn new(name: &str, stored: Stored) -> Result<Self, SiteError> {
        let made = tempfile::Builder::new().prefix(&abandoned::prefix(name)).tempdir();
        let made = made.map_err(SiteError::io("making a temporary directory"))?;
        let lock = Lock::take(made.path()).map_err(SiteError::io("locking a temporary directory"))?;
        let path = made.path().to_path_buf();
        let data = stored::file_system(stored);
        let directory = Self { path, data, temporary: Mutex::new(Some(made)), lock };
        fs::create_dir(directory.data())
            .map_err(SiteError::io(format!("making {}", directory.data().display())))?;
        Ok(directory)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the server stores what it is given.
    pub fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    fn log(&self) -> PathBuf {
        self.path.join("server.log")
    }

    fn mount(&self) -> Option<Mount> {
        Some(Mount { file_system: self.data.clone()?, at: self.data() })
    }

    fn empty(&self) -> std::io::Result<()> {
        if let Some(data) = &self.data {
            data.clear();
            return Ok(());
        }
        fs::remove_dir_all(self.data())?;
        fs::create_dir(self.data())
    }

    /// Leaves it for the user to look at.
    fn keep(&self) {
        if let Some(temporary) = self.temporary.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _kept = temporary.keep();
            if let Err(error) = self.lock.give_away() {
                tracing::warn!("the next run deletes {}: {error}", self.path.display());
            }
        }
    }

    /// Deletes it, unless it is to be kept; then says where it is.
    fn close(&self) -> Option<PathBuf> {
        match self.temporary.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(_deleted) => None,
            None => Some(self.path.clone()),
        }
    }
}

/// What a server that was stopped leaves behind.
#[derive(Debug, Default)]
pub struct Stopped {
    pub log: Vec<u8>,
    /// Its directory, where that was kept.
    pub directory: Option<PathBuf>,
}

/// A server of ours. All may be called from any thread; dropping it kills the process.
pub struct Server {
    name: String,
    process: Process,
    directory: Directory,
    answers: Answers,
}

impl Server {
    /// Starts `program`; [`Server::ready`] waits until it answers.
    pub fn start(
        parent: &Parent,
        name: &str,
        directory: Directory,
        program: &Path,
        arguments: impl IntoIterator<Item = impl Into<std::ffi::OsString>>,
        answers: Answers,
    ) -> Result<Self, SiteError> {
        let recipe = Recipe {
            program: program.to_path_buf(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            directory: directory.path().to_path_buf(),
            talk: Talk::Log(directory.log()),
            variables: Variables::default(),
            with_offspring: false,
            mount: directory.mount(),
        };
        let process = Process::start(parent, recipe)
            .map_err(SiteError::io(format!("starting {}", program.display())))?;
        Ok(Self { name: name.to_string(), process, directory, answers })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Process id; none while it is down.
    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }

    pub fn lives(&self) -> u32 {
        self.process.lives()
    }

    /// What all its lives together have used.
    pub fn usage(&self) -> Option<Usage> {
        self.process.usage()
    }

    /// Stops it where it stands, with SIGSTOP.
    pub fn pause(&self) -> std::io::Result<()> {
        self.process.pause()
    }

    /// Lets it go on, with SIGCONT.
    pub fn resume(&self) -> std::io::Result<()> {
        self.process.resume()
    }

    /// Ends it with SIGKILL.
    pub fn kill(&self) {
        self.process.kill();
    }

    /// Ends it as an operator does, with SIGTERM; with SIGKILL if it takes longer than a server may.
    pub async fn shut_down(&self) -> std::io::Result<()> {
        self.process.terminate()?;
        let deadline = Instant::now() + GONE_WITHIN;
        while self.process.ended().is_none() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.kill();
        Ok(())
    }

    /// Ends it as a pulled plug does: what it had not synced is gone when it is started again.
    pub fn power_failure(&self) -> std::io::Result<()> {
        let data = self.data()?;
        // First: a server that is told of errors is not one whose power fails.
        self.kill();
        data.power_failure();
        Ok(())
    }

    /// Makes durable what it has stored so far, where its data lies on a file system of its own: a power failure finds
    /// what was prepared as it finds what has been there for long.
    pub fn settle_data(&self) {
        if let Some(data) = &self.directory.data {
            data.sync_all();
        }
    }

    /// Leaves no room where it stores its data, but what it has taken already.
    pub fn fill_disk(&self) -> std::io::Result<()> {
        let data = self.data()?;
        data.set_capacity(data.space().used_bytes);
        Ok(())
    }

    /// Gives it the room back that [`Server::fill_disk`] took.
    pub fn free_disk(&self) -> std::io::Result<()> {
        self.data()?.set_capacity(stored::capacity_bytes());
        Ok(())
    }

    /// The file system of its own.
    fn data(&self) -> std::io::Result<&FileSystem> {
        let none = || std::io::Error::other(format!("{} has no file system of its own", self.name));
        self.directory.data.as_ref().ok_or_else(none)
    }

    /// What syncing costs where it stores its data; it must be up.
    pub fn storage(&self) -> std::io::Result<Storage> {
        let path = self.directory.data();
        let Some(_own) = &self.directory.data else { return storage::measure(&path) };
        let id = self.id().ok_or_else(|| std::io::Error::other("it is down"))?;
        // The way into what only the server sees.
        let seen = Path::new("/proc")
            .join(id.to_string())
            .join("root")
            .join(path.strip_prefix("/").unwrap_or(&path));
        Ok(Storage { in_memory: true, forgets_unsynced: true, ..storage::measure(&seen)? })
    }

    /// Starts it again on the same port, and waits until it answers.
    pub async fn restart(&self, data: Data) -> Result<(), SiteError> {
        self.kill();
        if data == Data::Gone {
            let action = format!("emptying {}", self.directory.data().display());
            self.directory.empty().map_err(SiteError::io(action))?;
        }
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            self.process.start_again().map_err(SiteError::io(format!("starting {} again", self.name)))?;
            match self.answering().await {
                // A connection of somebody else's may have its port for the moment.
                Err(reason) if port_taken(&reason) && Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                outcome => return outcome.map_err(|reason| self.failure(reason)),
            }
        }
    }

    /// Waits until it answers for the first time.
    pub async fn ready(&self) -> Result<(), SiteError> {
        self.answering().await.map_err(|reason| self.failure(reason))
    }

    /// Waits until it answers, the process ends, or time is up.
    async fn answering(&self) -> Result<(), String> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if let Some(id) = self.id()
                && (self.answers)(id).await
            {
                return Ok(());
            }
            if let Some(end) = self.process.ended() {
                return Err(format!("{end}: {}", self.last_line()));
            }
            if Instant::now() > deadline {
                return Err(format!("no answer within {} s: {}", READY_WITHIN.as_secs(), self.last_line()));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// An error that keeps the directory for the user to look at, unless it holds nothing but word of a port
    /// that was taken.
    pub fn failure(&self, reason: String) -> SiteError {
        if !port_taken(&reason) {
            self.directory.keep();
        }
        SiteError::Start { name: self.name.clone(), reason, directory: self.directory.path().to_path_buf() }
    }

    /// Ends the process, and deletes its directory unless `keep` is set.
    pub fn stop(&self, keep: bool) -> Stopped {
        self.kill();
        let log = self.log();
        if keep {
            self.directory.keep();
        }
        Stopped { log, directory: self.directory.close() }
    }

    fn log(&self) -> Vec<u8> {
        let mut log = fs::read(self.directory.log()).unwrap_or_default();
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

/// Whether a failure to start says so.
pub fn port_taken(reason: &str) -> bool {
    reason.to_lowercase().contains(PORT_TAKEN)
}
