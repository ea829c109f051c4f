//! Ctrl-C and SIGTERM: once drains and writes a partial report, twice stops at once.

use tokio::signal::unix::{SignalKind, signal};

use super::{CommandError, Outcome};
use crate::stop::{Stop, StopSignal};

/// Listens until the runtime ends. Call it within the runtime.
pub fn listen(stop: StopSignal) -> Result<(), CommandError> {
    let failed = |source| CommandError::Io { action: "listening for signals", source };
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    tokio::spawn(async move {
        let mut count = 0;
        loop {
            tokio::select! {
                _ = interrupt.recv() => count += 1,
                _ = terminate.recv() => count += 1,
            }
            if count == 1 {
                stop.set(Stop::Drain);
                eprintln!("stopping: the requests that are out are awaited; once more to stop at once");
            } else {
                // The one exit beside `main`: whatever hangs, this doesn't. Brokers die with their parent.
                std::process::exit(Outcome::Aborted.code().into());
            }
        }
    });
    Ok(())
}
