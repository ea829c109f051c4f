//! What is done to a worker process.

use std::time::Duration;

use super::clock::Clock;
use crate::clock::now_ns;
use crate::crew::{Told, WorkerProcess};
use weighbridge_record::terms::Moment;

/// How often a worker that is to end by itself is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Lets a stopped worker go on, whatever happens.
struct Resume<'a>(&'a WorkerProcess);

impl Drop for Resume<'_> {
    fn drop(&mut self) {
        // Fails only if the process is gone, which no longer stands still then.
        let _ = self.0.resume();
    }
}

/// Has it scored at its usual pace again, whatever happens.
struct Hasten<'a>(&'a WorkerProcess);

impl Drop for Hasten<'_> {
    fn drop(&mut self) {
        // Fails only if the process is gone; its next life scores at its usual pace.
        let _ = self.0.tell(Told::SlowDown(1.0));
    }
}

/// Ends it where it stands, or at its next request that comes to `moment`; `struck` is called when it is gone. Gives
/// the time at which it was at work again; none if everything was stopped before that.
pub async fn kill(
    worker: &WorkerProcess,
    moment: Option<Moment>,
    down_ns: u64,
    clock: &mut Clock,
    struck: impl FnOnce(),
) -> Result<Option<u64>, String> {
    if let Some(moment) = moment {
        worker.tell(Told::EndAt(moment)).map_err(|error| error.to_string())?;
        let gone = async {
            while !worker.has_ended() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        if clock.unless_stopped(gone).await.is_none() {
            return Err(format!("no request came to the moment {moment}"));
        }
    }
    struck();
    worker.kill();
    if !clock.sleep_until(now_ns() + down_ns).await {
        return Ok(None);
    }
    match clock.unless_stopped(worker.restart()).await {
        None => Ok(None),
        Some(restarted) => restarted.map(|()| Some(now_ns())),
    }
}

/// Has it take `factor` times as long to score.
pub async fn slow_down(
    worker: &WorkerProcess,
    factor: f64,
    lasting_ns: u64,
    clock: &mut Clock,
) -> Result<Option<u64>, String> {
    worker.tell(Told::SlowDown(factor)).map_err(|error| error.to_string())?;
    let hasten = Hasten(worker);
    clock.sleep_until(now_ns() + lasting_ns).await;
    drop(hasten);
    Ok(Some(now_ns()))
}

/// Stops the process, so that nobody reads its socket.
pub async fn stop_reading(
    worker: &WorkerProcess,
    lasting_ns: u64,
    clock: &mut Clock,
) -> Result<Option<u64>, String> {
    worker.pause().map_err(|error| error.to_string())?;
    let resume = Resume(worker);
    clock.sleep_until(now_ns() + lasting_ns).await;
    drop(resume);
    Ok(Some(now_ns()))
}
