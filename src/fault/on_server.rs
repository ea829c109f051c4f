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
        End::PowerFailure => return Err("it is not available".to_owned()),
    };
    if !clock.sleep_until(now_ns() + down_ns).await {
        return Ok(None);
    }
    match clock.unless_stopped(server.restart(data)).await {
        None => Ok(None),
        Some(restarted) => restarted.map(|()| Some(now_ns())).map_err(|error| error.to_string()),
    }
}
