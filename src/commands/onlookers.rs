//! Those who look on while a run goes on: opened before any load, told by the run's progress.

use std::sync::Arc;

use super::CommandError;
use super::output::tell;
use crate::broadcast::{Figures, Server, Telling};
use crate::cli::Conduct;
use crate::session::Progress;
use crate::stop::StopSignal;

/// What is served while this is kept; nothing where nobody asked.
pub struct Onlookers(Option<Served>);

struct Served {
    figures: Arc<Figures>,
    server: Server,
}

impl Onlookers {
    /// Listens where the flags say, and tells where that is.
    pub fn open(conduct: &Conduct) -> Result<Self, CommandError> {
        let Some(address) = &conduct.metrics else { return Ok(Self(None)) };
        let figures = Arc::<Figures>::default();
        let server = Server::start(address, Arc::clone(&figures))
            .map_err(|source| CommandError::Listen { address: address.clone(), source })?;
        tell(&format!("Metrics: http://{}/metrics", server.address()));
        Ok(Self(Some(Served { figures, server })))
    }

    /// Ends it when they have seen the end of the run, unless that is being stopped.
    pub fn leave(self, stop: &StopSignal) {
        if let Some(served) = self.0 {
            served.server.linger(stop);
        }
    }

    /// The progress of a scenario, told to onlookers too. `searches` where nobody knows how many trials there will be.
    pub fn told(&self, progress: Box<dyn Progress>, scenario: &str, searches: bool) -> Box<dyn Progress> {
        match &self.0 {
            None => progress,
            Some(Served { figures, .. }) => {
                let (figures, scenario) = (Arc::clone(figures), scenario.to_owned());
                Box::new(Telling { figures, scenario, searches, progress })
            }
        }
    }
}
