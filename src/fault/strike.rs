//! One fault at its time, from its beginning to its end.

use std::time::Duration;

use tokio::sync::watch;

use super::aim::Aimed;
use crate::clock::now_ns;
use crate::site::{Data, Server};
use weighbridge_plan::FaultAction;
use weighbridge_record::result::Fault;

/// What a fault goes by.
pub struct Strike<'a> {
    line: &'a Aimed,
    window_start_ns: u64,
    stopped: &'a mut watch::Receiver<bool>,
}

/// Lets a stopped server go on, whatever happens.
struct Resume<'a>(&'a Server);

impl Drop for Resume<'_> {
    fn drop(&mut self) {
        // Fails only if the process is gone, which no longer stands still then.
        let _ = self.0.resume();
    }
}

impl<'a> Strike<'a> {
    pub fn new(line: &'a Aimed, window_start_ns: u64, stopped: &'a mut watch::Receiver<bool>) -> Self {
        Self { line, window_start_ns, stopped }
    }

    /// Waits until it is due and carries it out; none if everything was stopped before that.
    pub async fn at(&mut self, at_ns: u64) -> Option<Result<Fault, String>> {
        if !self.sleep_until(self.window_start_ns + at_ns).await {
            return None;
        }
        let outcome = match self.line.action {
            FaultAction::Pause { lasting_ns } => self.pause(lasting_ns).await,
            FaultAction::Kill { down_ns, keeps_data } => {
                let data = if keeps_data { Data::Kept } else { Data::Gone };
                self.kill(down_ns, data).await
            }
        };
        let (action, name) = (self.line.action.name(), self.line.server.name());
        Some(outcome.map_err(|error| format!("{action} of {name}: {error}")))
    }

    async fn pause(&mut self, lasting_ns: u64) -> Result<Fault, String> {
        let server = &*self.line.server;
        server.pause().map_err(|error| error.to_string())?;
        let (start_ns, resume) = (now_ns(), Resume(server));
        self.sleep_until(start_ns + lasting_ns).await;
        drop(resume);
        Ok(self.fault(start_ns, Some(now_ns())))
    }

    /// Down until the server answers again; to the end, if everything is stopped before that.
    async fn kill(&mut self, down_ns: u64, data: Data) -> Result<Fault, String> {
        let start_ns = now_ns();
        self.line.server.kill();
        if !self.sleep_until(start_ns + down_ns).await {
            return Ok(self.fault(start_ns, None));
        }
        let restarted = tokio::select! {
            restarted = self.line.server.restart(data) => Some(restarted),
            _ = self.stopped.wait_for(|stop| *stop) => None,
        };
        match restarted {
            Some(restarted) => restarted.map_err(|error| error.to_string())?,
            None => return Ok(self.fault(start_ns, None)),
        }
        Ok(self.fault(start_ns, Some(now_ns())))
    }

    fn fault(&self, start_ns: u64, end_ns: Option<u64>) -> Fault {
        let since_window_s = |at_ns: u64| (at_ns as f64 - self.window_start_ns as f64) / 1e9;
        Fault {
            action: self.line.action.name(),
            target: self.line.server.name().to_string(),
            start_s: since_window_s(start_ns),
            end_s: end_ns.map(since_window_s),
            lost: None,
            duplicated: None,
        }
    }

    /// False if everything was stopped before that.
    async fn sleep_until(&mut self, at_ns: u64) -> bool {
        let left = Duration::from_nanos(at_ns.saturating_sub(now_ns()));
        // An error means that nobody is left to say so: stop as well.
        let told = self.stopped.wait_for(|stop| *stop);
        tokio::time::timeout(left, told).await.is_err()
    }
}
