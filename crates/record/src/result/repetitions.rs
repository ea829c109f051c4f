//! How the number of repetitions was chosen while they were measured.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A rule by which repetitions went on, fixed before the first, and what came of it. What is judged is the ratios
/// between paths or settings; of a single path its own figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RepetitionRule {
    /// What is judged is narrow enough if its interval ends within this of it.
    pub margin_percent: f64,
    /// Time that the repetitions might take, in seconds.
    pub budget_s: f64,
    /// Repetitions after which a look was planned, the last one the most that might be measured. Chances and intervals
    /// are corrected for all of them, however many were taken.
    pub looks_planned: Vec<u32>,
    /// Repetitions after which it was looked; the last may stand before a planned one, where the budget was spent.
    pub looks: Vec<u32>,
    /// Why no more were measured; null where the run was ended before that.
    pub stopped: Option<Stopped>,
    /// What was judged at the last look.
    pub judged: u32,
    /// What of it was neither shown to differ nor narrow enough.
    pub open: u32,
    /// Points at which nothing could be judged: a trial was invalid, or no figure was the path's own.
    pub points_unjudged: u32,
}

impl RepetitionRule {
    /// How often it may be looked; at least once.
    pub fn looks_max(&self) -> u32 {
        (self.looks_planned.len() as u32).max(1)
    }
}

/// Why no more repetitions were measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// All that is judged is shown to differ, or narrow enough.
    NarrowEnough,
    /// A trial is invalid and the run with it, however many repetitions follow.
    Invalid,
    /// Another repetition would not have ended within the time.
    Budget,
    /// The most repetitions that were asked for are measured.
    RepetitionsMax,
}
