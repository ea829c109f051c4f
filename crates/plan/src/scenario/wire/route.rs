//! `[route]` as its author writes it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Duration;
use weighbridge_record::terms::{Draw, OnFailure, RouteKind, Seam, TransportKind};

/// Requests take two paths in one trial, as in a migration; in the place of `transports`. Each leg has workers of its
/// own, as many as `[workers]` says.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// How requests are shared out.
    #[schemars(required)]
    pub kind: Option<RouteKind>,
    /// Pairs of transports, from and to; each pair is a path that is measured.
    #[schemars(required, length(min = 1, max = 6))]
    pub legs: Option<Vec<[TransportKind; 2]>>,
    /// Of split, which needs it: whole per cent of the requests that take the second leg.
    #[schemars(range(min = 0, max = 100))]
    pub percent: Option<u32>,
    /// Of split and shift: how they are chosen.
    #[schemars(extend("default" = "exact"))]
    pub draw: Option<Draw>,
    /// Of shift, which needs them: the share, stage by stage, from the beginning of the window; together no longer than
    /// the window. Before it the first holds, after it the last.
    #[schemars(length(min = 1, max = 100))]
    pub stages: Option<Vec<ShareStage>>,
    /// Of cutover, which needs it: when the second leg is taken, since the window began.
    pub at: Option<Duration>,
    /// Of cutover: when the first leg is taken again, later than `at`.
    pub back_at: Option<Duration>,
    /// Of cutover: what is done at the seam.
    #[schemars(extend("default" = "drain-first"))]
    pub seam: Option<Seam>,
    /// Of dual, and of stages of a shift that take both: which brokers must take a request for it to count as sent.
    #[schemars(extend("default" = "both"))]
    pub on_failure: Option<OnFailure>,
}

/// A share of the requests, for a while.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareStage {
    /// Whole per cent that take the second leg; each stage has it, or `both`.
    #[schemars(range(min = 0, max = 100))]
    pub percent: Option<u32>,
    /// Whether every request takes both legs, as with dual.
    pub both: Option<bool>,
    /// How long it lasts.
    pub duration: Duration,
}
