//! Ctrl-C, SIGTERM and SIGHUP: once drains and writes a partial report, twice closes the books within a second, a third
//! time ends the process.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use procfs::process::Process;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::output::tell;
use super::{CommandError, Outcome, runtime};
use crate::remains::Remains;
use crate::stop::{Stop, StopSignal};

/// From the second signal to the end of the process, whatever hangs.
const END_WITHIN: Duration = Duration::from_secs(1);

/// Hears signals as long as the process lives. Until a command heeds them, the first ends the process.
pub struct Interrupt {
    stop: StopSignal,
    remains: Remains,
    heeded: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens on a thread of its own: the control thread may hang when it matters.
    pub fn listen() -> Result<Self, CommandError> {
        let failed = |source| CommandError::Io { action: "listening for signals", source };
        let runtime = runtime()?;
        let signals = {
            let _within = runtime.enter();
            Signals::of_the_process().map_err(failed)?
        };
        let (stop, heeded) = (StopSignal::default(), Arc::new(AtomicBool::new(false)));
        let remains = Remains::default();
        let obeying = obey(signals, stop.clone(), heeded.clone(), remains.clone());
        let obey = move || runtime.block_on(obeying);
        std::thread::Builder::new().name("signals".to_string()).spawn(obey).map_err(failed)?;
        Ok(Self { stop, remains, heeded })
    }

    /// What a command that measures looks at from now on.
    pub fn heed(&self) -> StopSignal {
        self.heeded.store(true, Ordering::Release);
        self.stop.clone()
    }

    /// What is named if the process ends at once.
    pub fn remains(&self) -> Remains {
        self.remains.clone()
    }
}

async fn obey(mut signals: Signals, stop: StopSignal, heeded: Arc<AtomicBool>, remains: Remains) {
    signals.next().await;
    if heeded.load(Ordering::Acquire) {
        stop.set(Stop::Drain);
        tell("stopping: the requests that are out are awaited; once more to stop within a second");
        signals.next().await;
        stop.set(Stop::Now);
        let _ = tokio::time::timeout(END_WITHIN, signals.next()).await;
    }
    remains.lines().iter().for_each(|line| tell(line));
    // The one exit beside `main`. Brokers die with their parent; trials that were measured are on disk.
    std::process::exit(Outcome::Aborted.code().into());
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// None under `nohup`, which is to outlive the terminal.
    hangup: Option<Signal>,
}

impl Signals {
    /// Call it within the runtime that will wait for them.
    fn of_the_process() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: (!ignores_hangup()).then(|| signal(SignalKind::hangup())).transpose()?,
        })
    }

    async fn next(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hangup => {}
        }
    }
}

/// Where nobody can say, it is taken as wanted.
fn ignores_hangup() -> bool {
    let status = Process::myself().and_then(|process| process.status());
    // Bit 0 is signal 1.
    let bit = 1 << (SignalKind::hangup().as_raw_value() - 1);
    status.is_ok_and(|status| status.sigign & bit != 0)
}
