//! Workers of somebody else's: processes that follow the schemas, in any language.
//!
//! With a command each is started for the trial, told where to work by its environment, and ended with it. Without one
//! they are there already, and the server is asked whether somebody takes requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::commanded::Commanded;
use super::notice;
use super::report::CrewReport;
use crate::path::Wiring;
use crate::process::Parent;
use crate::transport::{Targets, Transport, TransportError};
use weighbridge_plan as plan;
use weighbridge_plan::credentials::redact;

/// Longest that somebody may take to start workers by hand.
const THERE_WITHIN: Duration = Duration::from_secs(60);
const ASK_EVERY: Duration = Duration::from_millis(250);

/// The external workers of one path.
pub struct External {
    transport: Arc<dyn Transport>,
    /// Empty where somebody else runs them.
    workers: Vec<Arc<Commanded>>,
    /// What starts the first of them, for whoever runs them by hand.
    shown: String,
    count: u32,
}

/// Why there are no workers.
#[derive(Debug, thiserror::Error)]
pub enum ExternalError {
    #[error("`{command}` (workers.command) can't be started: {error}")]
    Start { command: String, error: std::io::Error },
    #[error("{0}")]
    NotReady(String),
    #[error("nobody took requests within {} s; start {what}", THERE_WITHIN.as_secs())]
    Nobody { what: String },
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl External {
    /// Starts those that a command starts.
    pub fn start(
        asked: &plan::External,
        wiring: &Wiring,
        transport: &Arc<dyn Transport>,
        targets: &Targets,
    ) -> Result<Self, ExternalError> {
        let command = asked.command.as_deref().unwrap_or_default();
        let failed = |error| ExternalError::Start { command: redact(&command.join(" ")), error };
        let mut workers = Vec::new();
        if !command.is_empty() {
            let parent = Parent::start().map_err(failed)?;
            for index in 0..asked.work.count {
                let variables = notice::variables(wiring, targets, &asked.work, index);
                let name = format!("worker.{}", index + 1);
                workers.push(Arc::new(Commanded::start(&parent, name, command, variables).map_err(failed)?));
            }
        }
        let shown = notice::shown(wiring, targets, &asked.work, 0);
        Ok(Self { transport: Arc::clone(transport), workers, shown, count: asked.work.count })
    }

    /// Handles for whoever is to strike them.
    pub fn handles(&self) -> Vec<Arc<Commanded>> {
        self.workers.clone()
    }

    /// Waits until all that were started say that they are ready; of others, until somebody takes requests. `waits` is
    /// told what to start where nobody does yet.
    pub async fn ready(&self, waits: impl FnOnce(&str)) -> Result<(), ExternalError> {
        if !self.workers.is_empty() {
            let all = self.workers.iter().map(|worker| worker.ready());
            return futures::future::try_join_all(all).await.map(drop).map_err(ExternalError::NotReady);
        }
        let deadline = Instant::now() + THERE_WITHIN;
        if self.transport.is_served().await? {
            return Ok(());
        }
        waits(&format!("waiting for {}", self.wanted()));
        while !self.transport.is_served().await? {
            if Instant::now() > deadline {
                return Err(ExternalError::Nobody { what: self.wanted() });
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        Ok(())
    }

    /// `2 external workers with WEIGHBRIDGE_TRANSPORT=nats-core ...`.
    fn wanted(&self) -> String {
        let (count, plural) = (self.count, if self.count == 1 { "" } else { "s" });
        format!("{count} external worker{plural} with {}", self.shown)
    }

    /// Ends those that were started.
    pub fn stop(self) -> CrewReport {
        CrewReport::of_stopping(self.workers, |worker| worker.stop())
    }
}
