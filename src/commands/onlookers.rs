//! Those who look on while a run goes on: opened before any load, told by the run's progress.

use std::cell::RefCell;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use super::CommandError;
use super::output::tell;
use crate::broadcast::{Ended, Figures, Server, Telling};
use crate::cli::{ANY_PORT, Conduct};
use crate::session::Progress;
use crate::stop::StopSignal;
use weighbridge_report::live_page;

/// What is served while this is kept; nothing where nobody asked.
pub struct Onlookers(Option<Served>);

struct Served {
    figures: Arc<Figures>,
    server: Server,
    ended: RefCell<Ended>,
}

impl Onlookers {
    /// Listens where the flags say, and tells where that is.
    pub fn open(conduct: &Conduct) -> Result<Self, CommandError> {
        let wanted = addresses(conduct);
        if wanted.is_empty() {
            return Ok(Self(None));
        }
        let listen = |address: &String| {
            let failed = |source| CommandError::Listen { address: address.clone(), source };
            TcpListener::bind(address).map_err(failed)
        };
        let listeners = wanted.iter().map(listen).collect::<Result<_, _>>()?;
        let page = conduct.live.is_some().then(|| live_page::render("[]")).transpose()?;
        let figures = Arc::<Figures>::default();
        let server = Server::start(listeners, Arc::clone(&figures), page);
        let server = server.map_err(|source| CommandError::Io { action: "serving figures", source })?;
        if let (Some(_), Some(address)) = (&conduct.metrics, server.addresses().first()) {
            tell(&format!("Metrics: http://{address}/metrics"));
        }
        if let (Some(_), Some(address)) = (&conduct.live, server.addresses().last()) {
            tell(&format!("Live: http://{address}/"));
        }
        Ok(Self(Some(Served { figures, server, ended: RefCell::default() })))
    }

    /// Takes note of where a report stands.
    pub fn reported(&self, path: &Path) {
        if let Some(served) = &self.0 {
            served.ended.borrow_mut().reports.push(path.display().to_string());
        }
    }

    /// Ends it when they have seen the end of the run, unless that is being stopped.
    pub fn leave(self, stop: &StopSignal) {
        if let Some(Served { server, ended, .. }) = self.0 {
            server.linger(&ended.into_inner(), stop);
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

/// Where to listen, that of the figures first and that of the page last; one where both may be served there.
fn addresses(conduct: &Conduct) -> Vec<String> {
    let mut addresses: Vec<String> = conduct.metrics.iter().cloned().collect();
    let page = conduct.live.iter().filter(|page| addresses.is_empty() || page.as_str() != ANY_PORT);
    addresses.extend(page.cloned().collect::<Vec<_>>());
    addresses.dedup();
    addresses
}
