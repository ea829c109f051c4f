//! What is done to a server.

use super::clock::Clock;
use crate::clock::now_ns;
use crate::site::{Data, Server};
use weighbridge_plan::End;

/// Lets a stopped server go on, whatever happens.
struct Resume<'a>(&'a Server);

impl Drop for Resume<'_> {
    fn drop(&mut self) {
        // Fails only if the process is gone, which no longer stands still then.
        let _ = self.0.resume();
    }
}

/// Stops it where it stands. Gives the time at which it went on.
pub async fn pause(server: &Server, lasting_ns: u64, clock: &mut Clock) -> Result<Option<u64>, String> {
    server.pause().map_err(|error| error.to_string())?;
    let resume = Resume(server);
    clock.sleep_until(now_ns() + lasting_ns).await;
    drop(resume);
    Ok(Some(now_ns()))
}

/// Gives it the room back, whatever happens.
struct Free<'a>(&'a Server);

impl Drop for Free<'_> {
    fn drop(&mut self) {
        // Fails only where there is no file system to fill.
        let _ = self.0.free_disk();
    }
}

/// Leaves it no room for more data. Gives the time at which it had room again.
pub async fn fill_disk(server: &Server, lasting_ns: u64, clock: &mut Clock) -> Result<Option<u64>, String> {
    server.fill_disk().map_err(|error| error.to_string())?;
    let free = Free(server);
    clock.sleep_until(now_ns() + lasting_ns).await;
    drop(free);
    Ok(Some(now_ns()))
}

/// Ends it. Gives the time at which it answered again; none if everything was stopped before that.
pub async fn end(server: &Server, how: End, down_ns: u64, clock: &mut Clock) -> Result<Option<u64>, String> {
    let data = match how {
        End::Stop => {
            server.shut_down().await.map_err(|error| error.to_string())?;
            Data::Kept
        }
        End::Kill => {
            server.kill();
            Data::Kept
        }
        End::DropData => {
            server.kill();
            Data::Gone
        }
        End::PowerFailure => {
            server.power_failure().map_err(|error| error.to_string())?;
            Data::Kept
        }
    };
    if !clock.sleep_until(now_ns() + down_ns).await {
        return Ok(None);
    }
    match clock.unless_stopped(server.restart(data)).await {
        None => Ok(None),
        Some(restarted) => restarted.map(|()| Some(now_ns())).map_err(|error| error.to_string()),
    }
}
