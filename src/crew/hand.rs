//! A worker process in the hand of whoever carries out a fault: one of ours, or a command's.

use std::io;
use std::sync::Arc;

use super::commanded::Commanded;
use super::pipe::Told;
use super::worker_process::WorkerProcess;

/// One worker that may be struck. All may be called from any thread.
#[derive(Clone)]
pub enum Hand {
    Ours(Arc<WorkerProcess>),
    Theirs(Arc<Commanded>),
}

impl Hand {
    /// `worker.2`
    pub fn name(&self) -> &str {
        match self {
            Self::Ours(worker) => worker.name(),
            Self::Theirs(worker) => worker.name(),
        }
    }

    /// Tells it something, which only one of ours hears.
    pub fn tell(&self, told: Told) -> io::Result<()> {
        match self {
            Self::Ours(worker) => worker.tell(told),
            Self::Theirs(worker) => {
                let name = worker.name();
                Err(io::Error::other(format!("{name} is external, and can't be told where to end")))
            }
        }
    }

    /// Whether it is down.
    pub fn has_ended(&self) -> bool {
        match self {
            Self::Ours(worker) => worker.has_ended(),
            Self::Theirs(worker) => worker.has_ended(),
        }
    }

    /// Stops it where it stands, with SIGSTOP: it no longer reads its socket.
    pub fn pause(&self) -> io::Result<()> {
        match self {
            Self::Ours(worker) => worker.pause(),
            Self::Theirs(worker) => worker.pause(),
        }
    }

    /// Lets it go on, with SIGCONT.
    pub fn resume(&self) -> io::Result<()> {
        match self {
            Self::Ours(worker) => worker.resume(),
            Self::Theirs(worker) => worker.resume(),
        }
    }

    /// Ends it with SIGKILL.
    pub fn kill(&self) {
        match self {
            Self::Ours(worker) => worker.kill(),
            Self::Theirs(worker) => worker.kill(),
        }
    }

    /// Starts it again after its end, and waits until it is at work.
    pub async fn restart(&self) -> Result<(), String> {
        match self {
            Self::Ours(worker) => worker.restart().await,
            Self::Theirs(worker) => worker.restart().await,
        }
    }
}
