//! Stops managed brokers for a while in the middle of a window, with SIGSTOP and SIGCONT.
//!
//! A thread of its own does it: the control thread may be waiting for an answer of the very broker that is
//! stopped.

use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::broker::Broker;
use crate::clock::now_ns;
use crate::metrics::Timeline;
use crate::result::Fault;

/// One pause of every managed broker of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// After the start of the window.
    pub at_ns: u64,
    pub lasting_ns: u64,
}

/// Pauses under way.
pub struct Pausing {
    threads: Vec<JoinHandle<Option<Fault>>>,
}

impl Pausing {
    /// Starts a thread for each pause of each broker. Call `finish` before the brokers are stopped: until
    /// then their process ids can't belong to anyone else.
    pub fn start(pauses: &[Pause], brokers: &[Broker], timeline: &Timeline) -> Self {
        let mut threads = Vec::new();
        for broker in brokers {
            let Some(pid) = broker.pid() else { continue };
            for pause in pauses.iter().copied() {
                let (target, window_start_ns) = (broker.kind().name(), timeline.window_start_ns());
                threads.push(std::thread::spawn(move || carry_out(pause, pid, target, window_start_ns)));
            }
        }
        Self { threads }
    }

    /// Waits for all pauses, and says when they took place.
    pub fn finish(self) -> Vec<Fault> {
        self.threads.into_iter().filter_map(|thread| thread.join().ok().flatten()).collect()
    }
}

fn carry_out(pause: Pause, pid: u32, target: &str, window_start_ns: u64) -> Option<Fault> {
    let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
    sleep_until(window_start_ns + pause.at_ns);
    let stopped = kill_process(pid, Signal::STOP);
    let start_ns = now_ns();
    sleep_until(start_ns + pause.lasting_ns);
    let continued = kill_process(pid, Signal::CONT);
    let end_ns = now_ns();
    if let Err(error) = stopped.and(continued) {
        tracing::warn!("cannot pause {target}: {error}");
        return None;
    }
    let since_window_s = |at_ns: u64| (at_ns as f64 - window_start_ns as f64) / 1e9;
    Some(Fault {
        kind: "pause".to_string(),
        target: target.to_string(),
        start_s: since_window_s(start_ns),
        end_s: Some(since_window_s(end_ns)),
        lost: None,
        duplicated: None,
    })
}

fn sleep_until(at_ns: u64) {
    std::thread::sleep(Duration::from_nanos(at_ns.saturating_sub(now_ns())));
}
