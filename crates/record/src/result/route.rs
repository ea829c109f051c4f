//! How a route shared the requests out between its legs, and what became of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LatencySummary, Stretch};
use crate::terms::{RouteKind, TransportKind};

/// How a route shared the requests out, stage by stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RouteRecord {
    pub kind: RouteKind,
    /// The first leg and the second.
    pub from: TransportKind,
    pub to: TransportKind,
    pub stages: Vec<RouteStage>,
    /// Longest stretch of the window in which nobody was answered, in seconds.
    pub silence_s_max: f64,
}

/// A stage of a route. Requests belong to it by when they were due; those of the warm-up to the first, those of the
/// cool-down to the last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RouteStage {
    /// Share that was to take the second leg alone, in percent; null where every request takes both.
    pub asked_percent: Option<u32>,
    /// Share that took the second leg, alone or not; null without requests.
    pub observed_percent: Option<f64>,
    /// Seconds since the window began.
    pub start_s: f64,
    /// Likewise; the next stage begins then.
    pub end_s: f64,
    /// Requests that the schedule asked for.
    pub attempted: u64,
    /// Those of them without a result.
    pub unanswered: u64,
    /// Results beyond the first over the same leg.
    pub duplicated: u64,
    /// Longest stretch in which nobody was answered, in seconds.
    pub silence_s: f64,
    /// Turnaround of requests that were due in its whole intervals of the series; left out without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turnaround: Option<Stretch>,
}

/// The two answers to each request that took both legs, held against each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TwinAnswers {
    /// Requests that both sides answered.
    pub compared: u64,
    /// Those with the same level and score.
    pub equal: u64,
    /// Those with another.
    pub different: u64,
    /// Answered by the second leg alone.
    pub missing_from: u64,
    /// Answered by the first leg alone.
    pub missing_to: u64,
    /// Pairs of which the first leg's answer came first.
    pub from_ahead: u64,
    /// Between the two answers of a pair, whichever came first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_ns: Option<LatencySummary>,
}
