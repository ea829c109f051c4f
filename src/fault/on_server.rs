//! What is done to a server.

use super::clock::Clock;
use super::lasting::{back_after, undone_after};
use crate::site::{Data, Server};
use weighbridge_plan::End;

/// Stops it where it stands. Gives the time at which it went on.
pub async fn pause(server: &Server, lasting_ns: u64, clock: &mut Clock) -> Result<Option<u64>, String> {
    server.pause().map_err(|error| error.to_string())?;
    // Fails only if the process is gone, which no longer stands still then.
    let resume = || drop(server.resume());
    Ok(Some(undone_after(lasting_ns, clock, resume).await))
}

/// Leaves it no room for more data. Gives the time at which it had room again.
pub async fn fill_disk(server: &Server, lasting_ns: u64, clock: &mut Clock) -> Result<Option<u64>, String> {
    server.fill_disk().map_err(|error| error.to_string())?;
    // Fails only where there is no file system to fill.
    let free = || drop(server.free_disk());
    Ok(Some(undone_after(lasting_ns, clock, free).await))
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
    back_after(down_ns, clock, server.restart(data)).await
}
