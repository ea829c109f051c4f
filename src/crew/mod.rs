//! The crew of a trial: who takes requests and answers them; and who publishes them, where a command does.
//!
//! What a worker is told stands in one [`WorkOrder`], what it tells goes through one [`Post`],
//! and what is left to say at the end in one [`CrewReport`]; all can be serialized, so that a worker need not be
//! a thread of ours.

mod alone;
mod commanded;
mod external;
mod hand;
mod notice;
mod pipe;
mod processes;
mod publisher;
mod report;
mod said;
mod threads;
mod work_order;
mod worker_process;

use std::io;
use std::sync::Arc;

use crate::mailbox::Post;
use crate::start_line::StartLine;
use crate::transport::{Targets, Transport};

pub use alone::{WorkerError, at_work, serve_assigned};
pub use external::{External, ExternalError};
pub use hand::Hand;
pub use notice::variables;
pub use pipe::Told;
pub use publisher::Published;
pub use report::CrewReport;
pub use threads::Threads;
pub use work_order::WorkOrder;
pub use worker_process::WorkerProcess;

use processes::Processes;

/// A crew at work.
pub enum Crew {
    /// Requests are only published.
    None,
    Threads(Threads),
    Processes(Processes),
    /// Processes of somebody else's.
    External(External),
}

/// Where a crew works.
pub struct Place<'a> {
    pub transport: &'a Arc<dyn Transport>,
    pub targets: &'a Targets,
}

impl Crew {
    /// Starts whoever the order is for; each thread or process takes a place at the line and reports there.
    pub fn start(
        order: Option<WorkOrder>,
        at: &Place<'_>,
        post: Arc<dyn Post>,
        line: &StartLine,
    ) -> io::Result<Self> {
        let Some(order) = order else { return Ok(Self::None) };
        if order.in_processes {
            return Ok(Self::Processes(Processes::start(&order, at.targets, &post, line)?));
        }
        Ok(Self::Threads(Threads::start(&order, at.transport, &post, line)?))
    }

    /// Who reports at the line.
    pub fn count(&self) -> u32 {
        match self {
            Self::None => 0,
            Self::Threads(threads) => threads.count(),
            Self::Processes(processes) => processes.count(),
            // They are waited for by themselves: see `External::ready`.
            Self::External(_) => 0,
        }
    }

    /// Threads of the harness that are part of it.
    pub fn threads(&self) -> u32 {
        match self {
            Self::None | Self::Processes(_) | Self::External(_) => 0,
            Self::Threads(threads) => threads.count(),
        }
    }

    /// Somebody else's workers, who are to be waited for.
    pub fn external(&self) -> Option<&External> {
        match self {
            Self::External(external) => Some(external),
            _ => None,
        }
    }

    /// Workers that may be struck: those that are processes.
    pub fn workers(&self) -> Vec<Hand> {
        match self {
            Self::None | Self::Threads(_) => Vec::new(),
            Self::Processes(processes) => processes.handles().into_iter().map(Hand::Ours).collect(),
            Self::External(external) => external.handles().into_iter().map(Hand::Theirs).collect(),
        }
    }

    /// Tells the workers to stop, and waits for them.
    pub fn stop(self) -> CrewReport {
        match self {
            Self::None => CrewReport::default(),
            Self::Threads(threads) => threads.stop(),
            Self::Processes(processes) => processes.stop(),
            Self::External(external) => external.stop(),
        }
    }
}
