//! The versioned record of a run: the only thing that reports may read.
//!
//! Units stand last in names; latencies are integer nanoseconds on one monotonic clock.

mod check;
mod finding;
mod gap;
mod latency;
mod ledger;
mod ratio;
mod search;
mod series;
mod summary;
mod trial;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::{Check, Rule, Unit};
pub use finding::{FINDINGS_MAX, Finding, FindingClass};
pub use gap::{Gap, GapKind, Side};
pub use latency::{BreakdownRow, LatencySummary, StageLatencies};
pub use ledger::{LedgerTotals, LedgerUnbalanced};
pub use ratio::{PairVerdict, PathRatio};
pub use search::{BacklogGrowth, Probe, Reason, SearchOutcome, SearchRecord};
pub use series::{BrokerSample, IntervalLatency, Phase, SeriesRow};
pub use summary::{Estimate, SummaryRow, ThresholdOutcome};
pub use trial::{
    BrokerRecord, BurstSizes, Doubt, DoubtKind, ErrorGroup, Fault, GeneratorRecord, Leg, Rates, Trial,
};

/// Version of the layout of `result.json`; raised when a reader of the old one would misread the new one.
pub const SCHEMA_VERSION: u32 = 2;

/// Everything a run found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunResult {
    pub schema_version: u32,
    /// A ULID; sorts by time.
    pub run_id: String,
    pub verdict: Verdict,
    pub scenario: ScenarioRecord,
    pub environment: Environment,
    pub thresholds: Vec<ThresholdOutcome>,
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
}

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

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioRecord {
    pub name: String,
    pub question: String,
    /// How to read the answer, in the scenario author's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<String>,
    /// The scenario as run, overrides applied, as TOML text.
    pub source: String,
    pub seed: u64,
    pub repeat: u32,
    pub offered: String,
}

/// Where and with what the run took place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    pub weighbridge_version: String,
    /// Commit the binary was built from, where it was built from a checkout.
    pub git_commit: Option<String>,
    /// RFC 3339, UTC.
    pub started_at: String,
    pub finished_at: String,
    /// The command that reproduces the run; secrets are left out.
    pub command: String,
    pub os: String,
    pub kernel: String,
    pub cpu_model: String,
    pub cores: u32,
    pub memory_bytes: u64,
    pub clock_source: String,
    pub allocator: String,
    pub build_profile: String,
    /// How processes share the cores, in words.
    pub placement: String,
    /// Versions of the client libraries.
    pub clients: std::collections::BTreeMap<String, String>,
}
