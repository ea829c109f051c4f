//! What is done to a worker process.

use std::time::Duration;

use super::clock::Clock;
use super::lasting::{back_after, undone_after};
use crate::crew::{Hand, Told};
use weighbridge_record::terms::Moment;

/// How often a worker that is to end by itself is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Ends it where it stands, or at its next request that comes to `moment`; `struck` is called when it is gone. Gives
/// the time at which it was at work again; none if everything was stopped before that.
pub async fn kill(
    worker: &Hand,
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
    back_after(down_ns, clock, worker.restart()).await
}

/// Has it take `factor` times as long to score.
pub async fn slow_down(
    worker: &Hand,
    factor: f64,
    lasting_ns: u64,
    clock: &mut Clock,
) -> Result<Option<u64>, String> {
    worker.tell(Told::SlowDown(factor)).map_err(|error| error.to_string())?;
    // Fails only if the process is gone; its next life scores at its usual pace.
    let hasten = || drop(worker.tell(Told::SlowDown(1.0)));
    Ok(Some(undone_after(lasting_ns, clock, hasten).await))
}

/// Stops the process, so that nobody reads its socket.
pub async fn stop_reading(worker: &Hand, lasting_ns: u64, clock: &mut Clock) -> Result<Option<u64>, String> {
    worker.pause().map_err(|error| error.to_string())?;
    // Fails only if the process is gone, which no longer stands still then.
    let resume = || drop(worker.resume());
    Ok(Some(undone_after(lasting_ns, clock, resume).await))
}
