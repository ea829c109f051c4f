//! Carries out the faults of a plan while the load is on, on a thread of its own: nobody else waits for a
//! server that was stopped on purpose.
//!
//! It acts on handles of servers and workers that are ours, and on nothing else. Whatever ends it, nothing is left stopped.

mod aim;
mod clock;
mod lasting;
mod on_network;
mod on_server;
mod on_worker;
mod strike;

use std::io;
use std::thread::JoinHandle;

use tokio::sync::watch;

use crate::clock::now_ns;
use crate::metrics::Timeline;
use crate::start_line::Place;
use weighbridge_record::result::Fault;

pub use aim::{AimError, Aimed, Handles, aim};

use clock::Clock;
use strike::strike;

/// Faults that wait for their time or are under way. Dropped, it ends them as [`Faults::stop`] does.
pub struct Faults {
    thread: Option<JoinHandle<FaultReport>>,
    stop: watch::Sender<bool>,
}

/// What was done on purpose.
#[derive(Debug, Default)]
pub struct FaultReport {
    /// In the order in which they began.
    pub faults: Vec<Fault>,
    /// What could not be done, in words.
    pub errors: Vec<String>,
}

impl Faults {
    /// Reports ready at once, and acts by the timeline. `in_flight` counts the requests that are under way.
    pub fn start(
        aimed: Vec<Aimed>,
        in_flight: impl Fn() -> u64 + Send + 'static,
        place: Place,
    ) -> io::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time();
        // Only a server that is started again is connected to; open files are few where many workers connect.
        if !aimed.is_empty() {
            runtime.enable_io();
        }
        let runtime = runtime.build()?;
        let thread = std::thread::Builder::new()
            .name("faults".to_string())
            .spawn(move || runtime.block_on(carry_out(aimed, &in_flight, place, stopped)))?;
        Ok(Self { thread: Some(thread), stop })
    }

    /// Ends what is still under way, and says what took place. A server that is stopped goes on; one that was
    /// ended stays down.
    pub fn stop(mut self) -> FaultReport {
        self.end().unwrap_or_default()
    }

    fn end(&mut self) -> Option<FaultReport> {
        // No receiver left means that the thread has ended.
        let _ = self.stop.send(true);
        self.thread.take()?.join().ok()
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        self.end();
    }
}

async fn carry_out(
    aimed: Vec<Aimed>,
    in_flight: &dyn Fn() -> u64,
    mut place: Place,
    stopped: watch::Receiver<bool>,
) -> FaultReport {
    place.ready(Ok(()));
    let Some(timeline) = place.started().await else { return FaultReport::default() };
    let lines = aimed.into_iter().map(|line| repeat(line, timeline, in_flight, stopped.clone()));
    let mut report = FaultReport::default();
    for outcome in futures::future::join_all(lines).await.into_iter().flatten() {
        match outcome {
            Ok(fault) => report.faults.push(fault),
            Err(error) => report.errors.push(error),
        }
    }
    report.faults.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
    report
}

/// One fault on one target, as often as it is asked for. An occurrence whose time passes during the one before
/// it is left out.
async fn repeat(
    line: Aimed,
    timeline: Timeline,
    in_flight: &dyn Fn() -> u64,
    stopped: watch::Receiver<bool>,
) -> Vec<Result<Fault, String>> {
    let window_start_ns = timeline.window_start_ns();
    let mut done = Vec::new();
    let mut clock = Clock::new(timeline, stopped);
    for at_ns in line.times(timeline.window_end_ns() - window_start_ns) {
        if !done.is_empty() && now_ns() > window_start_ns + at_ns {
            continue;
        }
        match strike(&line, at_ns, &mut clock, in_flight).await {
            Some(outcome) => done.push(outcome),
            None => break,
        }
    }
    done
}
