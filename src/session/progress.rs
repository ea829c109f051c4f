//! What a run says of itself while it goes on.

use std::sync::Arc;
use std::time::Duration;

use super::spec::TrialSpec;
use crate::load::Live;
use crate::metrics::Timeline;
use crate::probe::Latest;
use weighbridge_record::result::{Probe, Trial};

/// What is known while a trial runs.
#[derive(Debug, Clone, Default)]
pub struct Glance {
    pub elapsed: Duration,
    /// Planned time of warm-up, window and cool-down.
    pub planned: Duration,
    pub attempted: u64,
    pub completed: u64,
    pub in_flight: u64,
    /// The latest turnarounds in nanoseconds, sorted; some hundreds at most of each generator.
    pub recent_ns: Vec<u64>,
}

impl Glance {
    /// A percentile of the latest turnarounds; none with fewer than 10 above it.
    pub fn recent_quantile_ns(&self, quantile: f64) -> Option<u64> {
        let rank = (self.recent_ns.len() as f64 * quantile).ceil().max(1.0) as usize;
        (self.recent_ns.len() >= rank + 10).then(|| self.recent_ns[rank - 1])
    }
}

/// What may be looked at from any thread while a trial runs, and still after it.
#[derive(Debug, Clone)]
pub struct Sight {
    pub timeline: Timeline,
    /// Of each generator.
    pub live: Vec<Arc<Live>>,
    /// Of each node of the site, with its name.
    pub nodes: Vec<(String, Arc<Latest>)>,
}

/// Told how a run gets on.
pub trait Progress {
    fn trial_started(&self, spec: &TrialSpec<'_>);

    /// The load begins.
    fn load_started(&self, _spec: &TrialSpec<'_>, _sight: Sight) {}

    /// Whether generators are to keep a tally for whoever gets sight of them.
    fn wants_tallies(&self) -> bool {
        false
    }

    fn glance(&self, spec: &TrialSpec<'_>, glance: &Glance);
    fn trial_finished(&self, spec: &TrialSpec<'_>, trial: &Trial);

    /// The trial goes on when what these words say is there.
    fn waits(&self, _words: &str) {}

    /// After the last attempt at a rate of a search.
    fn probe_judged(&self, _probe: &Probe, _trial: &Trial) {}
}

/// Says nothing.
pub struct Silent;

impl Progress for Silent {
    fn trial_started(&self, _spec: &TrialSpec<'_>) {}

    fn glance(&self, _spec: &TrialSpec<'_>, _glance: &Glance) {}

    fn trial_finished(&self, _spec: &TrialSpec<'_>, _trial: &Trial) {}
}
