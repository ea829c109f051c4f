//! The crew of a trial: who takes requests and answers them.
//!
//! What a worker is told stands in one [`WorkOrder`], what it tells goes through one [`Post`](crate::mailbox::Post),
//! and what is left to say at the end in one [`CrewReport`]; all can be serialized, so that a worker need not be
//! a thread of ours.

mod report;
mod threads;
mod work_order;

use std::io;
use std::sync::Arc;

use crate::mailbox::Post;
use crate::start_line::StartLine;
use crate::transport::Transport;

pub use report::CrewReport;
pub use work_order::WorkOrder;

use threads::Threads;

/// A crew at work.
pub enum Crew {
    /// Requests are only published.
    None,
    Threads(Threads),
}

impl Crew {
    /// Starts whoever the order is for; each thread takes a place at the line and reports there.
    pub fn start(
        order: Option<WorkOrder>,
        transport: &Arc<dyn Transport>,
        post: Arc<dyn Post>,
        line: &StartLine,
    ) -> io::Result<Self> {
        match order {
            None => Ok(Self::None),
            Some(order) => Ok(Self::Threads(Threads::start(&order, transport, &post, line)?)),
        }
    }

    /// Threads of the harness that are part of it.
    pub fn threads(&self) -> u32 {
        match self {
            Self::None => 0,
            Self::Threads(threads) => threads.count(),
        }
    }

    /// Tells the workers to stop, and waits for them.
    pub fn stop(self) -> CrewReport {
        match self {
            Self::None => CrewReport::default(),
            Self::Threads(threads) => threads.stop(),
        }
    }
}
