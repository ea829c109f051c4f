//! How a route shared the requests out between its legs, and what became of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::zero::is_zero;
use super::{LatencySummary, SeriesRow, Stretch};
use crate::terms::{OnFailure, RouteKind, TransportKind};

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
    /// Whether the subjects that are published on are heard, leg by leg; empty in older records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seam: Vec<SeamCheck>,
}

/// Messages that were published on the server of a leg before the load, to see whether its workers hear of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeamCheck {
    pub transport: TransportKind,
    /// What was published on; `prioritization.request.{category}` stands for each category once.
    pub subject: String,
    /// Whether the requests of this trial are published on it.
    pub used: bool,
    /// Messages that were published.
    pub published: u64,
    /// Those of them that a worker received.
    pub delivered: u64,
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
    /// Deliveries to a worker behind a later one; left out where there were none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reordered: u64,
    /// Longest stretch in which nobody was answered, in seconds.
    pub silence_s: f64,
    /// How each leg stood when the stage ended. Empty in older records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legs: Vec<LegAtSeam>,
    /// Turnaround of requests that were due in its whole intervals of the series; left out without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turnaround: Option<Stretch>,
}

/// A leg at the end of a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LegAtSeam {
    pub transport: TransportKind,
    /// Requests that had gone out over it and were not answered yet. Those of earlier stages that it never answered count
    /// there alone.
    pub under_way: u64,
    /// Seconds from the end of the stage until it had answered the last of them; null if it never answered some.
    pub drained_s: Option<f64>,
    /// What its server stored then, as it says; left out where nothing is stored, or where it did not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
}

/// What a server stores for a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// `stream`, `key`, `group` or `consumer`.
    pub what: String,
    /// Its name on the server; of a group or a consumer, behind that of its stream.
    pub name: String,
    /// Entries that it holds; of a group or a consumer, those that it has still to deliver. Null where it did not say.
    pub entries: Option<u64>,
    /// Of a group or a consumer: entries that were delivered and are not acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<u64>,
    /// The command that shows it, for a shell.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub show: String,
    /// The command that deletes it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remove: String,
}

impl Held {
    /// The same without commands.
    pub fn counts(self) -> Self {
        Self { show: String::new(), remove: String::new(), ..self }
    }
}

impl RouteStage {
    /// Whether an interval of the series lies wholly in it.
    pub fn holds(&self, row: &SeriesRow) -> bool {
        row.lies_within(self.start_s, self.end_s)
    }

    /// Which share was asked for: `10 %`, or `both` legs of every request.
    pub fn asked(&self) -> String {
        self.asked_percent.map_or_else(|| "both".to_owned(), |percent| format!("{percent} %"))
    }
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
    /// Turnaround of the second answer of a pair. That of the first is the trial's own, where every request took both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_ns: Option<LatencySummary>,
    /// How long the publisher waits for the brokers; left out where not both confirm a publish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish_ns: Option<PublishWaits>,
    /// Which brokers took the requests. Null in older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<TakenBy>,
}

/// From handing a request to both client libraries until brokers have confirmed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PublishWaits {
    /// The broker of the first leg.
    pub from: LatencySummary,
    /// The broker of the second.
    pub to: LatencySummary,
    /// Whichever was first: what a publisher waits that needs one of them.
    pub any: LatencySummary,
    /// Whichever was last: what a publisher waits that needs both.
    pub both: LatencySummary,
}

/// Which brokers took the requests that were sent to both: those that confirmed them, or, where a broker confirms no
/// publish, those of whose loss nothing is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TakenBy {
    /// Requests that both took.
    pub both: u64,
    /// Requests that the first leg's broker alone took.
    pub from_alone: u64,
    /// Requests that the second leg's broker alone took.
    pub to_alone: u64,
    /// Requests that none took.
    pub neither: u64,
    /// Requests that one alone took, and that were answered.
    pub alone_answered: u64,
    /// Requests that none is known to have taken, and that were answered all the same.
    pub neither_answered: u64,
}

impl TakenBy {
    /// Requests of which a publisher is told that they failed, and those of them that were answered all the same.
    pub fn failed(&self, policy: OnFailure) -> (u64, u64) {
        match policy {
            OnFailure::Both => {
                let failed = self.from_alone + self.to_alone + self.neither;
                (failed, self.alone_answered + self.neither_answered)
            }
            OnFailure::Any => (self.neither, self.neither_answered),
        }
    }
}
