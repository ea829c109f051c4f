//! The scenario file as its author writes it: keys, types, ranges and their meaning.
//!
//! Everything is optional here and nothing is checked against anything else; `structure` checks a
//! document against the schema of these types, `validate` turns them into a plan. The doc comments are
//! the descriptions in `weighbridge schema scenario`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::{duration, pattern};
use crate::terms::{Durability, Objective, TransportKind};

/// JSON Schema of a scenario file.
pub fn schema() -> Schema {
    schemars::schema_for!(Scenario)
}

/// A scenario: one question, and the load, workers, brokers and thresholds that answer it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name of the scenario: small letters, digits and hyphens.
    #[schemars(required, length(min = 1, max = 64), regex(pattern = pattern::NAME))]
    pub name: Option<String>,
    /// The one question that the scenario asks.
    #[schemars(required, length(min = 1, max = 500))]
    pub question: Option<String>,
    /// Prose for the reader of the report: how to read the answer.
    #[schemars(length(max = 20000))]
    pub reading: Option<String>,
    /// The messaging paths to measure.
    #[schemars(required, length(min = 1, max = 6))]
    pub transports: Option<Vec<TransportKind>>,
    /// How often every trial is repeated; default 1.
    #[schemars(range(min = 1, max = 1000))]
    pub repeat: Option<u32>,
    /// Seed of arrivals, payloads and service times; default 1.
    #[schemars(range(min = 0))]
    pub seed: Option<u64>,
    #[schemars(required)]
    pub load: Option<Load>,
    pub payload: Option<Payload>,
    pub workers: Option<Workers>,
    pub brokers: Option<Brokers>,
    /// Promises such as `"turnaround.p99" = "< 50ms"`, `"ledger.lost" = "== 0"` or
    /// `"rates.completed_per_s" = ">= 1900"`.
    #[schemars(extend("maxProperties" = 100))]
    #[expect(dead_code, reason = "read from the document, which keeps their order and places")]
    pub thresholds: Option<BTreeMap<String, String>>,
    pub search: Option<Search>,
    /// Lists of values by key path, such as `"load.rate" = [500, 1000]`; several keys make a grid, the
    /// first key outermost.
    #[schemars(extend("maxProperties" = 8))]
    #[expect(dead_code, reason = "expanded on the document, before it is checked")]
    pub sweep: Option<BTreeMap<String, SweepValues>>,
}

/// The values that a key takes, one after the other.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SweepValues(
    #[schemars(length(min = 1, max = 64))]
    #[expect(dead_code, reason = "only describes the file: `sweep` reads the values from the document")]
    pub Vec<serde_json::Value>,
);

/// How requests are sent.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {
    #[schemars(required)]
    pub executor: Option<Executor>,
    pub arrivals: Option<Arrivals>,
    /// Requests per second over all generators; only for constant-arrival-rate. A search sets it.
    #[schemars(range(max = 1e8), extend("exclusiveMinimum" = 0))]
    pub rate: Option<f64>,
    /// Requests per second at the start; only for ramping-arrival-rate, default 0.
    #[schemars(range(min = 0, max = 1e8))]
    pub start_rate: Option<f64>,
    /// Stretches over which the rate moves linearly to a target; only for ramping-arrival-rate.
    #[schemars(length(min = 1, max = 100))]
    pub stages: Option<Vec<RampStage>>,
    /// Requests outstanding; only for closed-loop.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub in_flight: Option<u32>,
    /// Load before the measured window; default "1s".
    pub warmup: Option<Duration>,
    /// The measured window; not for ramping-arrival-rate, whose stages say how long they last.
    pub duration: Option<Duration>,
    /// Load after the measured window; default "500ms".
    pub cooldown: Option<Duration>,
    /// How long after the last send a request may still be accounted for; default "10s".
    pub drain: Option<Duration>,
    /// After it a request no longer counts as in flight; default "30s".
    pub timeout: Option<Duration>,
    /// Beyond it a request is shed and counted; default 20000, for saturate 1024.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_in_flight: Option<u32>,
    /// Generator threads; default 1.
    #[schemars(range(min = 1, max = 256))]
    pub generators: Option<u32>,
    /// Publishing connections of each generator; default 1.
    #[schemars(range(min = 1, max = 1000))]
    pub connections: Option<u32>,
    /// Most requests handed to the client library together, which a Redis client sends as one pipeline;
    /// default 256, or a quarter of the window of a closed loop or of saturate.
    #[schemars(range(min = 1, max = 100_000))]
    pub batch: Option<u32>,
}

/// Who decides when a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Executor {
    /// A schedule with a constant mean rate.
    ConstantArrivalRate,
    /// A schedule whose rate moves through stages.
    RampingArrivalRate,
    /// The next request starts when one ends.
    ClosedLoop,
    /// As fast as the path accepts.
    Saturate,
}

/// How arrivals are spread; default poisson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// Equal gaps.
    Uniform,
    /// Independent arrivals: exponential gaps.
    Poisson,
}

/// One stage of a ramp.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RampStage {
    /// Requests per second at the end of the stage.
    #[schemars(range(min = 0, max = 1e8))]
    pub target: f64,
    pub duration: Duration,
}

/// What a request carries.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    pub description_bytes: Option<OneOrMany>,
    /// Categories with their weights; a category is the last token of the subject.
    #[schemars(extend("minProperties" = 1, "maxProperties" = 64))]
    pub categories: Option<BTreeMap<Token, Weight>>,
    /// Roles of the requester with their weights.
    #[schemars(extend("minProperties" = 1, "maxProperties" = 64))]
    pub requester_roles: Option<BTreeMap<Token, Weight>>,
}

/// Length of the description in bytes, or a list of lengths to draw from; default 256.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    One(#[schemars(range(min = 0, max = 8_388_608))] u32),
    Many(#[schemars(length(min = 1, max = 64), inner(range(min = 0, max = 8_388_608)))] Vec<u32>),
}

/// A word that may stand in a subject: capitals, digits, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct Token(pub String);

/// How often a word is drawn, relative to the other weights.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Weight(#[schemars(range(max = 1e6), extend("exclusiveMinimum" = 0))] pub f64);

/// Who scores the requests.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workers {
    /// Workers, each with connections of its own; default 4. With 0, requests are only published, and the
    /// broker's acknowledgement ends them.
    #[schemars(range(min = 0, max = 10_000))]
    pub count: Option<u32>,
    /// Requests that one worker scores at a time; default 16.
    #[schemars(range(min = 1, max = 10_000))]
    pub concurrency: Option<u32>,
    /// Whether workers publish results; default true. If not, a request ends when a worker has received it.
    pub results: Option<bool>,
    pub service_time: Option<ServiceTime>,
}

/// How long scoring takes: a duration such as "2ms", or a distribution; default "0s".
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ServiceTime {
    Constant(Duration),
    Drawn(ServiceDistribution),
}

/// A distribution of service times.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceDistribution {
    pub distribution: Distribution,
    /// Of constant.
    pub value: Option<Duration>,
    /// Of exponential.
    pub mean: Option<Duration>,
    /// Of lognormal.
    pub median: Option<Duration>,
    /// Of lognormal: standard deviation of the underlying normal distribution.
    #[schemars(range(max = 10), extend("exclusiveMinimum" = 0))]
    pub sigma: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Distribution {
    /// `value`, always.
    Constant,
    /// Memoryless, with a `mean`.
    Exponential,
    /// With a `median` and the `sigma` of the underlying normal distribution.
    Lognormal,
}

/// Where `weighbridge search` looks for the highest rate that keeps the thresholds; only for
/// constant-arrival-rate. Every rate is tried once: `repeat` and `load.rate` are for `weighbridge run`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// What is looked for; default highest-sustained-rate.
    pub objective: Option<Objective>,
    /// Requests per second to begin with; default `load.rate`.
    #[schemars(range(max = 1e8), extend("exclusiveMinimum" = 0))]
    pub low: Option<f64>,
    /// Requests per second to end at; default a hundred times `low`.
    #[schemars(range(max = 1e8), extend("exclusiveMinimum" = 0))]
    pub high: Option<f64>,
    /// The search stops when the lowest rate that failed is at most this share above the highest that
    /// passed; default 0.1.
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub precision: Option<f64>,
    /// The measured window of the two runs that confirm the answer; default "20s".
    pub confirm: Option<Duration>,
}

/// The servers under test.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Brokers {
    /// What must survive the broker's death, on paths that store requests; default memory.
    pub durability: Option<Durability>,
    /// An external Redis; without it a private process is started for each trial.
    #[schemars(length(max = 2048), regex(pattern = pattern::REDIS_URL))]
    pub redis_url: Option<String>,
    /// An external NATS; without it a private process is started for each trial.
    #[schemars(length(max = 2048), regex(pattern = pattern::NATS_URL))]
    pub nats_url: Option<String>,
    /// First token of every subject, stream and key, so that a run meets nobody else's messages. Empty: the
    /// names of the engine itself. Default: empty on a private process, one per trial on an external server.
    #[schemars(length(max = 64), regex(pattern = pattern::PREFIX))]
    pub prefix: Option<String>,
}

/// A duration with its unit, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Duration {
    pub ns: u64,
}

impl TryFrom<String> for Duration {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        duration::parse(&text).map(|ns| Self { ns })
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number with its unit: \"250us\", \"1.5ms\", \"2s\", \"1m30s\", \"1h\".",
            "type": "string",
            "pattern": pattern::DURATION,
        })
    }
}

impl JsonSchema for Token {
    fn schema_name() -> Cow<'static, str> {
        "Token".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Capitals, digits, `_` and `-`.",
            "type": "string",
            "pattern": pattern::TOKEN,
        })
    }
}
