//! A worker process: serves what it is assigned, tells its harness, and ends with it.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use super::pipe::{Assignment, PipePost, Tells, Told};
use super::threads::Threads;
use super::work_order::WorkOrder;
use crate::mailbox::Post;
use crate::sabotage;
use crate::start_line::StartLine;
use crate::transport::{Targets, TransportError};

/// Why a worker process could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    #[error("the harness sent no assignment that can be read: {0}")]
    NoAssignment(String),
    #[error("the harness is gone: {0}")]
    NoHarness(#[from] io::Error),
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// Serves by the assignment on `input`, and tells what it does on `output`, until it is told to stop.
pub fn serve_assigned(input: impl Read, output: impl io::Write + Send + 'static) -> Result<(), WorkerError> {
    let mut lines = io::BufReader::new(input).lines();
    let unread = |why: &dyn ToString| WorkerError::NoAssignment(why.to_string());
    let first = lines.next().ok_or_else(|| unread(&"its input is empty"))??;
    let assignment: Assignment = serde_json::from_str(&first).map_err(|error| unread(&error))?;
    let (order, targets) = assignment.taken().map_err(|error| unread(&error))?;
    let pipe = Arc::new(PipePost::new(output));
    let threads = match at_work(&order, &targets, Arc::clone(&pipe) as Arc<dyn Post>) {
        Ok(threads) => threads,
        Err(error) => {
            pipe.tell(&Tells::Failed(error.to_string()))?;
            return Err(error);
        }
    };
    pipe.tell(&Tells::Ready)?;
    for line in lines {
        match serde_json::from_str(&line?) {
            Ok(Told::EndAt(moment)) => sabotage::end_at(moment),
            Ok(Told::SlowDown(factor)) => sabotage::slow_down(factor),
            Ok(Told::Stop) => break,
            Err(error) => return Err(unread(&error)),
        }
    }
    pipe.tell(&Tells::Report(Box::new(threads.stop())))?;
    Ok(())
}

/// Starts the workers of an order, and waits until all are connected.
pub fn at_work(order: &WorkOrder, targets: &Targets, post: Arc<dyn Post>) -> Result<Threads, WorkerError> {
    let transport = order.wiring.build(targets)?;
    let mut line = StartLine::new();
    let threads = Threads::start(order, &transport, &post, &line)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(line.ready(threads.count()))?;
    Ok(threads)
}
