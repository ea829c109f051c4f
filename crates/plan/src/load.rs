//! The load of a point: who decides when a request is sent, and within which limits.

use crate::publishing::Publishing;

#[derive(Debug, Clone)]
pub struct Load {
    pub executor: Executor,
    pub warmup_ns: u64,
    /// The measured window. For ramping rates the sum of the stages.
    pub duration_ns: u64,
    /// Load goes on this long after the window, so that its last samples see the same load as its first.
    pub cooldown_ns: u64,
    /// How long after the last send a request may still be accounted for.
    pub drain_ns: u64,
    /// Beyond it a request is shed and counted, never silently delayed.
    pub max_in_flight: u32,
    /// After it a request no longer counts as in flight; it stays open in the ledger.
    pub timeout_ns: u64,
    /// Generator threads.
    pub generators: u32,
    /// Publishing connections of each generator.
    pub connections: u32,
    /// Most requests that are handed over together: to the client library, or to the policy of publishing.
    pub batch: u32,
    /// Program and arguments of who publishes in our place, a process for each generator; none where we do.
    pub command: Option<Vec<String>>,
    /// What stands between; none where connections are shared and nothing waits for company.
    pub publishing: Option<Publishing>,
}

impl Load {
    /// How long it is on: warm-up, window and cool-down.
    pub fn on_ns(&self) -> u64 {
        self.warmup_ns.saturating_add(self.duration_ns).saturating_add(self.cooldown_ns)
    }

    /// The highest rate that is asked for, per second; none where nothing is scheduled.
    pub fn peak_per_s(&self) -> Option<f64> {
        match &self.executor {
            Executor::ConstantArrivalRate { rate_per_s, .. } => Some(*rate_per_s),
            Executor::RampingArrivalRate { start_rate_per_s, stages, .. } => {
                Some(stages.iter().map(|stage| stage.target_per_s).fold(*start_rate_per_s, f64::max))
            }
            Executor::ClosedLoop { .. } | Executor::Saturate => None,
        }
    }

    /// Requests that the schedule has in the measured window, on average; none where nothing is scheduled.
    pub fn expected_requests(&self) -> Option<f64> {
        let seconds = |ns: u64| ns as f64 / 1e9;
        match &self.executor {
            Executor::ConstantArrivalRate { rate_per_s, .. } => Some(rate_per_s * seconds(self.duration_ns)),
            Executor::RampingArrivalRate { start_rate_per_s, stages, .. } => {
                let mut from_per_s = *start_rate_per_s;
                Some(stages.iter().fold(0.0, |sum, stage| {
                    let mean_per_s = (from_per_s + stage.target_per_s) / 2.0;
                    from_per_s = stage.target_per_s;
                    sum + mean_per_s * seconds(stage.duration_ns)
                }))
            }
            Executor::ClosedLoop { .. } | Executor::Saturate => None,
        }
    }

    /// Most requests that are open at a time.
    pub fn window(&self) -> u32 {
        match self.executor {
            Executor::ClosedLoop { in_flight } => in_flight,
            _ => self.max_in_flight,
        }
    }

    /// Requests that are worth a wake-up where nothing is scheduled: a batch, or a quarter of the window of
    /// a generator.
    pub fn worth_waking(&self) -> u32 {
        self.batch.min(self.window() / self.generators / 4).max(1)
    }

    /// Whether requests have intended times; else the next goes out when one has ended.
    pub fn is_scheduled(&self) -> bool {
        !matches!(self.executor, Executor::ClosedLoop { .. } | Executor::Saturate)
    }

    /// Connections of a generator that take its requests in turn, each in their order; 0 where they take them as it
    /// happens.
    pub fn ordered_lanes(&self) -> u32 {
        match &self.publishing {
            Some(publishing) if !publishing.keeps_order() => 0,
            // In which order somebody else publishes is not known.
            _ if self.command.is_some() => 0,
            _ => self.connections,
        }
    }
}

#[derive(Debug, Clone)]
pub enum Executor {
    ConstantArrivalRate {
        rate_per_s: f64,
        arrivals: Arrivals,
    },
    /// The rate moves linearly from `start_rate_per_s` through the stages. Warm-up runs at the start
    /// rate (or at the first target if that is zero), cool-down at the last target.
    RampingArrivalRate {
        start_rate_per_s: f64,
        stages: Vec<RampStage>,
        arrivals: Arrivals,
    },
    /// `in_flight` requests are outstanding; the next one starts when one ends.
    ClosedLoop {
        in_flight: u32,
    },
    /// As fast as the path accepts, with `load.max_in_flight` outstanding.
    Saturate,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RampStage {
    pub target_per_s: f64,
    pub duration_ns: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrivals {
    Uniform,
    Poisson,
}
