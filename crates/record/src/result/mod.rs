//! The versioned record of a run: the only thing that reports may read.
//!
//! Units stand last in names; latencies are integer nanoseconds on one monotonic clock.

pub mod bounds;
mod bursts;
mod check;
#[cfg(test)]
mod documented;
mod doubt;
mod fault;
mod finding;
mod gap;
mod latency;
mod ledger;
mod pair;
mod promise;
mod publishing;
mod ratio;
mod repetitions;
mod route;
mod search;
mod series;
mod summary;
mod trial;
mod wakes;
mod workers;
mod zero;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use bounds::OutOfBounds;
pub use bursts::BurstSizes;
pub use check::{Check, Rule, Unit};
pub use doubt::{Doubt, DoubtKind};
pub use fault::{AroundFault, Fault, Stretch};
pub use finding::{FINDINGS_MAX, Finding, FindingClass};
pub use gap::{Gap, GapKind, Side};
pub use latency::{BreakdownRow, LatencySummary, StageLatencies};
pub use ledger::{LedgerTotals, LedgerUnbalanced};
pub use pair::{Change, ChangeVerdict, Cost, PairRecord};
pub use promise::{Kept, LegalAnomaly, PromiseVerdict, Promised};
pub use publishing::{BatchesRecord, PoolRecord, PublishingRecord};
pub use ratio::{PairVerdict, PathRatio};
pub use repetitions::{RepetitionRule, Stopped};
pub use route::{Held, LegAtSeam, PublishWaits, RouteRecord, RouteStage, SeamCheck, TakenBy, TwinAnswers};
pub use search::{BacklogGrowth, Probe, Reason, SearchOutcome, SearchRecord};
pub use series::{BrokerSample, IntervalLatency, Phase, SeriesRow};
pub use summary::{Estimate, SummaryRow, ThresholdOutcome};
pub use trial::{
    Asking, BrokerRecord, BusiestThread, ErrorGroup, GeneratorRecord, LeftBehind, Leg, ProxyRecord,
    PublishersRecord, Rates, Trial,
};
pub use wakes::{Storage, WakeLateness};
pub use workers::{OthersKind, ScorerCalls, ScorerRecord, WorkersRecord};

/// Version of the layout of `result.json`; raised when a reader of the old one would misread the new one.
pub const SCHEMA_VERSION: u32 = 2;

/// Everything a run found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunResult {
    /// Version of this layout.
    pub schema_version: u32,
    /// A ULID; sorts by time.
    pub run_id: String,
    /// What the run comes to.
    pub verdict: Verdict,
    /// What was asked.
    pub scenario: ScenarioRecord,
    pub environment: Environment,
    pub thresholds: Vec<ThresholdOutcome>,
    /// Every trial, in the order in which they were measured.
    pub trials: Vec<Trial>,
    pub summary: Vec<SummaryRow>,
    /// The instrument against known answers, where the run was asked to calibrate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calibration: Vec<Check>,
    /// Ratios between the paths of a point; none for a point with an invalid trial.
    pub ratios: Vec<PathRatio>,
    /// What was searched for and found, a path each; empty unless the run was a search.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub searches: Vec<SearchRecord>,
    /// What the values of a swept setting cost against the first; empty unless one key was swept over words, and with an
    /// invalid trial.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub costs: Vec<Cost>,
    /// What two settings came to; null unless the run was a pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair: Option<PairRecord>,
}

/// What a run comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Measured, and every threshold holds.
    Passed,
    /// Measured, and a threshold does not hold.
    Failed,
    /// The measurement can't be trusted; nothing is ranked.
    Invalid,
    /// Stopped by a signal or a failure; what stands here is what was measured until then.
    Aborted,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::Aborted => "aborted",
        }
    }
}

/// The scenario of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioRecord {
    /// Name of the scenario.
    pub name: String,
    /// The one question that it asks.
    pub question: String,
    /// How to read the answer, in the scenario author's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<String>,
    /// The scenario as run, overrides applied, as TOML text.
    pub source: String,
    /// Flags that made it another measurement than the one that the scenario's question and reading are about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// Seed of the first repetition; each further one adds 1.
    pub seed: u64,
    /// Repetitions that were asked for; where `repetitions` is there, those that were measured.
    pub repeat: u32,
    /// How their number was chosen while they were measured; null where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repetitions: Option<RepetitionRule>,
    /// The load in a line, for people.
    pub offered: String,
}

impl ScenarioRecord {
    /// How often the ratios might be looked at while they were measured.
    pub fn looks(&self) -> u32 {
        self.repetitions.as_ref().map_or(1, RepetitionRule::looks_max)
    }
}

/// Where and with what the run took place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// Version of Weighbridge.
    pub weighbridge_version: String,
    /// Commit the binary was built from, where it was built from a checkout.
    pub git_commit: Option<String>,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub finished_at: String,
    /// The command that reproduces the run; secrets are left out.
    pub command: String,
    /// Name and version of the operating system.
    pub os: String,
    /// Version of the kernel.
    pub kernel: String,
    /// Model of the processor.
    pub cpu_model: String,
    /// Cores that the harness may use.
    pub cores: u32,
    /// Memory of the machine, in bytes.
    pub memory_bytes: u64,
    /// What the kernel reads the time from.
    pub clock_source: String,
    /// Memory allocator of the harness.
    pub allocator: String,
    /// `release`, or another profile of the build.
    pub build_profile: String,
    /// How processes share the cores, in words.
    pub placement: String,
    /// Versions of the client libraries.
    pub clients: std::collections::BTreeMap<String, String>,
    /// How long servers are waited for; null in records of versions that did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<ConnectionSettings>,
}

/// How long servers are waited for, alike by the clients of all brokers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionSettings {
    /// Longest that connecting may take, in seconds.
    pub connect_timeout_s: f64,
    /// Silence after which the server is asked for a sign of life, in seconds.
    pub ping_interval_s: f64,
    /// Pings without an answer when the next one that is due ends the connection.
    pub pings_unanswered_max: u32,
    /// Longest silence on a connection whose server owes an answer, in seconds; then it is given up.
    pub silence_max_s: f64,
    /// Longest wait before a lost connection is tried again, in seconds.
    pub reconnect_delay_max_s: f64,
}
