//! Ctrl-C and SIGTERM: once drains and writes a partial report, twice closes the books within a second, a third
//! time ends the process.

use std::io::{self, Write};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{CommandError, Outcome, runtime};
use crate::remains::Remains;
use crate::stop::{Stop, StopSignal};

/// From the second signal to the end of the process, whatever hangs.
const END_WITHIN: Duration = Duration::from_secs(1);

/// Listens as long as the process lives, on a thread of its own: the control thread may hang when it matters.
pub fn listen(stop: StopSignal, remains: Remains) -> Result<(), CommandError> {
    let failed = |source| CommandError::Io { action: "listening for signals", source };
    let runtime = runtime()?;
    let signals = {
        let _within = runtime.enter();
        Signals::of_the_process().map_err(failed)?
    };
    let obey = move || runtime.block_on(obey(signals, stop, remains));
    std::thread::Builder::new().name("signals".to_string()).spawn(obey).map_err(failed)?;
    Ok(())
}

async fn obey(mut signals: Signals, stop: StopSignal, remains: Remains) {
    signals.next().await;
    stop.set(Stop::Drain);
    // A standard error that is closed must not keep the next signal from being heard.
    let _ = writeln!(
        io::stderr(),
        "stopping: the requests that are out are awaited; once more to stop within a second"
    );
    signals.next().await;
    stop.set(Stop::Now);
    let _ = tokio::time::timeout(END_WITHIN, signals.next()).await;
    for line in remains.lines() {
        let _ = writeln!(io::stderr(), "{line}");
    }
    // The one exit beside `main`. Brokers die with their parent; trials that were measured are on disk.
    std::process::exit(Outcome::Aborted.code().into());
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Call it within the runtime that will wait for them.
    fn of_the_process() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
