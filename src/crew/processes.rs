//! Workers as processes of ours, one a worker.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::pipe::{Assignment, line_of};
use super::report::CrewReport;
use super::work_order::WorkOrder;
use super::worker_process::WorkerProcess;
use crate::mailbox::Post;
use crate::process::{Parent, Process, Recipe, Talk, Variables};
use crate::start_line::StartLine;
use crate::transport::{Targets, TransportError};

/// Running worker processes.
pub struct Processes {
    workers: Vec<Arc<WorkerProcess>>,
}

impl Processes {
    /// Starts a process for each worker of the order; a thread of each takes a place at the line.
    pub fn start(
        order: &WorkOrder,
        targets: &Targets,
        post: &Arc<dyn Post>,
        line: &StartLine,
    ) -> io::Result<Self> {
        let (parent, program) = (Parent::start()?, std::env::current_exe()?);
        let mut workers = Vec::new();
        for number in order.workers.clone() {
            let order = WorkOrder { workers: number..number + 1, ..order.clone() };
            let assignment = line_of(&Assignment::new(order, targets))?;
            let process = Process::start(&parent, recipe(&program))?;
            let name = format!("worker.{}", number + 1);
            workers.push(Arc::new(WorkerProcess::assign(name, process, assignment, Arc::clone(post))?));
        }
        let (place, all) = (line.place(), workers.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        std::thread::Builder::new().name("workers-ready".to_owned()).spawn(move || {
            for worker in all {
                let ready = runtime.block_on(worker.ready());
                place
                    .ready(ready.map_err(|error| TransportError::failed("starting a worker process", error)));
            }
        })?;
        Ok(Self { workers })
    }

    pub fn count(&self) -> u32 {
        self.workers.len() as u32
    }

    /// Handles for whoever is to strike them.
    pub fn handles(&self) -> Vec<Arc<WorkerProcess>> {
        self.workers.clone()
    }

    /// Tells the workers to stop, and waits for them.
    pub fn stop(self) -> CrewReport {
        CrewReport::of_stopping(self.workers, |worker| worker.stop())
    }
}

/// How every life of a worker process begins: where the harness stands, with pipes to it.
fn recipe(program: &Path) -> Recipe {
    Recipe {
        program: program.to_path_buf(),
        arguments: ["worker", "--assigned"].map(Into::into).into(),
        directory: PathBuf::from("."),
        talk: Talk::Pipes,
        variables: Variables::default(),
        with_offspring: false,
        mount: None,
    }
}
