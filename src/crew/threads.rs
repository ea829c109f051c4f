//! Workers as threads of the harness: some threads, each with a runtime of its own and its share of the
//! workers.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::watch;

use super::report::CrewReport;
use super::work_order::WorkOrder;
use crate::environment::cores;
use crate::inference::Scorer;
use crate::mailbox::Post;
use crate::scheduling::keep_time;
use crate::start_line::{Place, StartLine};
use crate::timer::Timer;
use crate::transport::{Noted, Transport, TransportError, Troubles};
use crate::worker::{Serving, serve};

/// Running worker threads.
pub struct Threads {
    threads: Vec<JoinHandle<CrewReport>>,
    stop: watch::Sender<bool>,
}

impl Threads {
    /// Starts the workers; each thread reports when all of its workers are connected.
    pub fn start(
        order: &WorkOrder,
        transport: &Arc<dyn Transport>,
        post: &Arc<dyn Post>,
        line: &StartLine,
    ) -> io::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let threads = count(order);
        let mut handles = Vec::new();
        for thread in 0..threads {
            let share = Share {
                order: order.clone(),
                indices: order.workers.clone().filter(|index| index % threads == thread).collect(),
                transport: Arc::clone(transport),
                post: Arc::clone(post),
            };
            let (place, stopped) = (line.place(), stopped.clone());
            let body = move || {
                let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => runtime,
                    Err(error) => return CrewReport::ended(error),
                };
                tokio::task::LocalSet::new().block_on(&runtime, work(share, place, stopped))
            };
            handles.push(std::thread::Builder::new().name(format!("workers-{thread}")).spawn(body)?);
        }
        Ok(Self { threads: handles, stop })
    }

    pub fn count(&self) -> u32 {
        self.threads.len() as u32
    }

    /// Tells the workers to stop, and waits for them.
    pub fn stop(self) -> CrewReport {
        // No receiver left means that all threads have ended.
        let _ = self.stop.send(true);
        let mut all = CrewReport::default();
        for thread in self.threads {
            match thread.join() {
                Ok(report) => all.merge(report),
                Err(_) => all.merge(CrewReport::ended("a worker thread panicked")),
            }
        }
        all
    }
}

/// A quarter of the cores, because generators and servers want some too, and no more than workers.
fn count(order: &WorkOrder) -> u32 {
    (cores() / 4).clamp(1, order.workers.len().max(1) as u32)
}

/// The workers of one thread.
struct Share {
    order: WorkOrder,
    indices: Vec<u32>,
    transport: Arc<dyn Transport>,
    post: Arc<dyn Post>,
}

async fn work(share: Share, place: Place, mut stopped: watch::Receiver<bool>) -> CrewReport {
    let mut serving = FuturesUnordered::new();
    let troubles = Troubles::default();
    let (timer, scorer) = match share.connect(&troubles).await {
        Ok((ends, started)) => {
            serving.extend(ends);
            started
        }
        Err(error) => {
            place.ready(Err(error));
            return CrewReport::default();
        }
    };
    place.ready(Ok(()));
    let mut report = CrewReport::default();
    loop {
        tokio::select! {
            // An error means that the crew is gone: stop as well.
            _ = stopped.wait_for(|stop| *stop) => break,
            Some(ended) = serving.next() => {
                if let Err(error) = ended {
                    let error: TransportError = error;
                    report.merge(CrewReport::ended(format!("a worker stopped: {error}")));
                }
            }
        }
    }
    let Noted { errors, dropped, breaks, refusal } = troubles.noted();
    let timer_lateness = timer.lateness();
    if let Some((calls, errors)) = scorer.map(|scorer| scorer.told()) {
        report.merge(CrewReport { errors, calls: Some(calls), ..CrewReport::default() });
    }
    report.merge(CrewReport { errors, dropped, breaks, refusal, timer_lateness, ..CrewReport::default() });
    report
}

/// What the workers of a thread share and are asked about at the end.
type Started = (Timer, Option<Rc<Scorer>>);

impl Share {
    /// Connects the workers; the futures serve once polled, on the timer of their thread.
    async fn connect(
        self,
        troubles: &Troubles,
    ) -> Result<(Vec<impl Future<Output = Result<(), TransportError>> + use<>>, Started), TransportError>
    {
        let order = self.order;
        keep_time(order.paced);
        let timer = Timer::start()
            .map_err(|error| TransportError::failed("starting the high-resolution timer", error))?;
        let scorer = order.scorer.clone().map(Scorer::new).transpose();
        let scorer = scorer.map_err(|error| TransportError::failed("a scoring service", error))?.map(Rc::new);
        let serving = Serving {
            replies_to_sender: order.replies_to_sender(),
            scoring: Rc::new(order.scoring),
            service_time: order.service_time,
            seed: order.seed,
            concurrency: order.concurrency,
            results: order.results,
            worker: 0,
            scorer: scorer.clone(),
            post: self.post,
            timer: timer.clone(),
        };
        let mut ends = Vec::new();
        for index in self.indices {
            ends.push(serve(
                self.transport.worker(index - order.first, troubles).await?,
                Serving { worker: index, ..serving.clone() },
            ));
        }
        Ok((ends, (timer, scorer)))
    }
}
