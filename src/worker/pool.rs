//! The workers of a trial: some threads, each with a runtime of its own and its share of the workers.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{mpsc, watch};

use super::scoring::Scoring;
use super::serve::serve;
use super::serving::Serving;
use crate::mailbox::Mailboxes;
use crate::plan::Workers;
use crate::scheduling::keep_time;
use crate::timer::Timer;
use crate::transport::{Break, Noted, Transport, TransportError, Troubles};

/// What all workers of a trial have in common.
#[derive(Clone)]
pub struct PoolRun {
    pub transport: Arc<dyn Transport>,
    pub scoring: Scoring,
    pub workers: Workers,
    pub seed: u64,
    /// Whether the work is bounded by a schedule.
    pub paced: bool,
    /// Different publishing connections of the run.
    pub lanes: u64,
    /// Whether a reply goes to the requester alone.
    pub replies_to_sender: bool,
    pub mailboxes: Arc<Mailboxes>,
}

/// Running worker threads.
pub struct Pool {
    threads: Vec<JoinHandle<PoolOutcome>>,
    stop: watch::Sender<bool>,
}

/// What went wrong with the workers.
#[derive(Debug, Default)]
pub struct PoolOutcome {
    /// Errors by their wording.
    pub errors: BTreeMap<String, u64>,
    /// Workers that ended before they were told to.
    pub ended_early: u32,
    /// Deliveries that a client dropped because they were read too slowly.
    pub dropped: u64,
    /// What befell the workers' connections.
    pub breaks: Vec<Break>,
}

impl PoolOutcome {
    fn ended(error: impl ToString) -> Self {
        Self { errors: BTreeMap::from([(error.to_string(), 1)]), ended_early: 1, ..Self::default() }
    }

    fn merge(&mut self, other: Self) {
        for (error, count) in other.errors {
            *self.errors.entry(error).or_default() += count;
        }
        self.ended_early += other.ended_early;
        self.dropped += other.dropped;
        self.breaks.extend(other.breaks);
    }

    fn add(&mut self, noted: Noted) {
        let Noted { errors, dropped, breaks } = noted;
        self.merge(Self { errors, ended_early: 0, dropped, breaks });
    }
}

impl Pool {
    /// Starts the workers; each thread says on `ready` when all of its workers are connected.
    pub fn start(
        run: &PoolRun,
        threads: u32,
        ready: &mpsc::UnboundedSender<Result<(), TransportError>>,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let threads = threads.clamp(1, run.workers.count.max(1));
        let mut handles = Vec::new();
        for thread in 0..threads {
            let (run, ready, stopped) = (run.clone(), ready.clone(), stopped.clone());
            let body = move || {
                let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => runtime,
                    Err(error) => return PoolOutcome::ended(error),
                };
                let indices = (0..run.workers.count).filter(|index| index % threads == thread).collect();
                tokio::task::LocalSet::new().block_on(&runtime, work(run, indices, ready, stopped))
            };
            handles.push(std::thread::Builder::new().name(format!("workers-{thread}")).spawn(body)?);
        }
        Ok(Self { threads: handles, stop })
    }

    pub fn threads(&self) -> u32 {
        self.threads.len() as u32
    }

    /// Tells the workers to stop, and waits for them.
    pub fn stop(self) -> PoolOutcome {
        // No receiver left means that all threads have ended.
        let _ = self.stop.send(true);
        let mut all = PoolOutcome::default();
        for thread in self.threads {
            match thread.join() {
                Ok(outcome) => all.merge(outcome),
                Err(_) => all.merge(PoolOutcome::ended("a worker thread panicked")),
            }
        }
        all
    }
}

async fn work(
    run: PoolRun,
    indices: Vec<u32>,
    ready: mpsc::UnboundedSender<Result<(), TransportError>>,
    mut stopped: watch::Receiver<bool>,
) -> PoolOutcome {
    let mut serving = FuturesUnordered::new();
    let troubles = Troubles::default();
    let connected = connect(&run, indices, &troubles).await;
    let ends = match connected {
        Ok(ends) => ends,
        Err(error) => {
            // The receiver is gone only if the trial was given up already.
            let _ = ready.send(Err(error));
            return PoolOutcome::default();
        }
    };
    serving.extend(ends);
    let _ = ready.send(Ok(()));
    let mut outcome = PoolOutcome::default();
    loop {
        tokio::select! {
            // An error means that the pool is gone: stop as well.
            _ = stopped.wait_for(|stop| *stop) => break,
            Some(ended) = serving.next() => {
                if let Err(error) = ended {
                    let error: TransportError = error;
                    outcome.merge(PoolOutcome::ended(format!("a worker stopped: {error}")));
                }
            }
        }
    }
    outcome.add(troubles.noted());
    outcome
}

/// Connects the workers of one thread; the futures serve once polled.
async fn connect(
    run: &PoolRun,
    indices: Vec<u32>,
    troubles: &Troubles,
) -> Result<Vec<impl Future<Output = Result<(), TransportError>> + use<>>, TransportError> {
    keep_time(run.paced);
    let timer = Timer::start()
        .map_err(|error| TransportError::failed("starting the high-resolution timer", error))?;
    let serving = Serving {
        scoring: Rc::new(run.scoring.clone()),
        service_time: run.workers.service_time,
        seed: run.seed,
        concurrency: run.workers.concurrency,
        results: run.workers.results,
        lanes: run.lanes,
        replies_to_sender: run.replies_to_sender,
        mailboxes: Arc::clone(&run.mailboxes),
        timer,
    };
    let mut ends = Vec::new();
    for index in indices {
        ends.push(serve(run.transport.worker(index, troubles).await?, serving.clone()));
    }
    Ok(ends)
}
