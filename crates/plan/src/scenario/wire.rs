//! The scenario file as its author writes it: keys, types, ranges and their meaning.
//!
//! Everything is optional here and nothing is checked against anything else; `structure` checks a
//! document against the schema of these types, `validate` turns them into a plan. The doc comments are
//! the descriptions in `weighbridge schema scenario` and in `docs/SCENARIOS.md`. A `default` here only says
//! what `validate` does; a test holds the two together. `x-default` is for those that depend on other keys.

mod fault;
mod load;
mod repetitions;
mod route;
mod time;
mod workers;

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::pattern;
use crate::Statistic;
use weighbridge_record::result::{self, LedgerTotals, Rates};
use weighbridge_record::terms::{
    AuthMode, DeliveryMode, Durability, Objective, Stage, Subjects, TlsMode, TransportKind,
};

pub use fault::Fault;
pub use load::{Arrivals, Executor, Load, LoadKind};
pub use repetitions::{Repeat, Repetitions};
pub use route::{Route, ShareStage};
pub use time::Duration;
pub use workers::{Distribution, ScoringFormat, ServiceDistribution, ServiceTime, WorkerKind, Workers};

/// JSON Schema of a scenario file.
pub fn schema() -> Schema {
    schemars::schema_for!(Scenario)
}

/// Schema of the names that a threshold may be put on.
fn metrics() -> serde_json::Value {
    let stages = Stage::ALL.into_iter();
    let latencies =
        stages.flat_map(|stage| Statistic::NAMED.map(|(name, _)| format!("{}.{name}", stage.name())));
    let ledger = LedgerTotals::default().counts().map(|(name, _)| format!("ledger.{name}"));
    let rates = Rates::default().fields().map(|(name, _)| format!("rates.{name}"));
    let faults = result::Fault::FIELDS.into_iter().map(|(name, _)| format!("faults.{name}"));
    let promises = ["promises.broken".to_owned()];
    let names: Vec<_> = latencies.chain(ledger).chain(rates).chain(faults).chain(promises).collect();
    serde_json::json!({ "enum": names })
}

/// A scenario: one question, and the load, workers, brokers and thresholds that answer it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name of the scenario, by which it is listed and found; it stands in the name of the report folder.
    #[schemars(required, length(min = 1, max = 64), regex(pattern = pattern::NAME))]
    pub name: Option<String>,
    /// The one question that the scenario asks; the heading of the report.
    #[schemars(required, length(min = 1, max = 500))]
    pub question: Option<String>,
    /// Prose for the reader of the report: how to read the answer. Words between backticks are set as code.
    #[schemars(length(max = 20000))]
    pub reading: Option<String>,
    /// The messaging paths to measure, each once. Every scenario needs them but one with `[route]`.
    #[schemars(length(min = 1, max = 6))]
    pub transports: Option<Vec<TransportKind>>,
    pub route: Option<Route>,
    /// How often every trial is repeated: a number, or `"auto"` to go on until the intervals are narrow enough, as
    /// `[repetitions]` says. Intervals and ratios need at least 3.
    #[schemars(extend("default" = 1))]
    pub repeat: Option<Repeat>,
    /// Seed of arrivals, payloads and service times. Repetition n uses the seed plus n - 1.
    #[schemars(range(min = 0), extend("default" = 1))]
    pub seed: Option<u64>,
    #[schemars(required)]
    pub load: Option<Load>,
    pub payload: Option<Payload>,
    pub workers: Option<Workers>,
    pub brokers: Option<Brokers>,
    /// What must hold for every transport at every point, such as `"turnaround.p99" = "< 50ms"`,
    /// `"ledger.lost" = "== 0"` or `"rates.completed_per_s" = ">= 1900"`: a metric in quotes, and one of `<`,
    /// `<=`, `==`, `>=`, `>` with a duration for a latency, a whole number for the ledger, a number of requests
    /// per second for a rate. Of `faults.` the worst of all counts, in durations for what ends with `_s`, such as
    /// `"faults.recovered_s" = "< 5s"`; `"promises.broken" = "== 0"` counts what was promised and not kept.
    /// A metric without a figure does not pass. Every request has to be answered
    /// (`"ledger.unanswered" = "== 0"`) unless the scenario says how many need not be; a path that completes
    /// nothing never passes.
    #[schemars(extend("maxProperties" = 100, "propertyNames" = metrics()))]
    #[expect(dead_code, reason = "read from the document, which keeps their order and places")]
    pub thresholds: Option<BTreeMap<String, String>>,
    /// What is done on purpose while the load is on, each in a `[[faults]]` of its own.
    #[schemars(length(min = 1, max = 32))]
    pub faults: Option<Vec<Fault>>,
    pub search: Option<Search>,
    pub repetitions: Option<Repetitions>,
    /// Lists of values by key path, such as `"load.rate" = [500, 1000]`: everything is measured at each value,
    /// which stands there once. Several keys make a grid, the first key outermost, of at most 64 points. Keys of `load`, `payload`,
    /// `workers`, `brokers` and `faults` can be swept, but for the URLs; the first fault is `"faults.0"`. Not together with `[search]`.
    #[schemars(extend(
        "maxProperties" = 8,
        "propertyNames" = serde_json::json!({ "pattern": "^((load|payload|workers|brokers|faults)($|\\.)|route\\.(percent|draw|at|back_at|seam|on_failure)$)" })
    ))]
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

/// What a request carries.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// Length of the description, of which most of a body consists: bytes, or a list of lengths that are
    /// drawn equally often.
    #[schemars(extend("default" = 256))]
    pub description_bytes: Option<OneOrMany>,
    /// Categories with their weights, such as `{ NETWORK = 3, SECURITY = 1 }`. A category is the last token of
    /// the subject.
    #[schemars(extend(
        "minProperties" = 1,
        "maxProperties" = 64,
        "x-default" = "six: ACCESS, APPLICATION, HARDWARE, INFRASTRUCTURE, NETWORK, SECURITY"
    ))]
    pub categories: Option<BTreeMap<Token, Weight>>,
    /// Roles of the requester with their weights.
    #[schemars(extend(
        "minProperties" = 1,
        "maxProperties" = 64,
        "x-default" = "four: DEVELOPER, EMPLOYEE, IT_ADMIN, MANAGER"
    ))]
    pub requester_roles: Option<BTreeMap<Token, Weight>>,
}

/// Length of the description in bytes, or a list of lengths to draw from.
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

/// Where `weighbridge search` looks for the highest rate that keeps the thresholds; only for
/// constant-arrival-rate. Every rate is tried once: `repeat` and `load.rate` are for `weighbridge run`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// What is looked for.
    #[schemars(extend("default" = "highest-sustained-rate"))]
    pub objective: Option<Objective>,
    /// Requests per second to begin with.
    #[schemars(range(max = 1e8), extend("exclusiveMinimum" = 0, "x-default" = "`load.rate`"))]
    pub low: Option<f64>,
    /// Requests per second to end at; more than `low`.
    #[schemars(range(max = 1e8), extend("exclusiveMinimum" = 0, "x-default" = "a hundred times `low`"))]
    pub high: Option<f64>,
    /// The search stops when the lowest rate that failed is at most this share above the highest that
    /// passed.
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1, "default" = 0.1))]
    pub precision: Option<f64>,
    /// The measured window of the two runs that confirm the answer, at least 100 ms.
    #[schemars(extend("default" = "20s"))]
    pub confirm: Option<Duration>,
}

/// The servers under test. Without a URL, a private broker is started for each trial and ended after it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Brokers {
    /// When what is stored reaches the disk, on the paths that store requests: `redis-streams` and
    /// `nats-jetstream`. Set on private brokers; on others it is as their operator set it.
    #[schemars(extend("default" = "memory"))]
    pub durability: Option<Durability>,
    /// An external Redis; the flag `--redis-url` and the variable `REDIS_URL` go before it. `rediss://` encrypts; flags
    /// and variables name certificates. User and password are percent-decoded.
    #[schemars(length(max = 2048), regex(pattern = pattern::REDIS_URL))]
    pub redis_url: Option<String>,
    /// An external NATS, or the servers of a cluster with commas between; the flag `--nats-url` and the variable
    /// `NATS_URL` go before it. `tls://` encrypts; flags and variables name certificates and credentials files. User,
    /// password or token stand before the host and are percent-decoded.
    #[schemars(length(max = 2048), regex(pattern = pattern::NATS_URL))]
    pub nats_url: Option<String>,
    /// First token of every subject, stream and key, so that a run meets nobody else's messages. Empty: the
    /// names of the engine itself. Runs at the same time on one server need prefixes that differ.
    #[schemars(
        length(max = 64),
        regex(pattern = pattern::PREFIX),
        extend("x-default" = "empty on a private broker, one for each trial on an external server")
    )]
    pub prefix: Option<String>,
    /// How long a delivery may go unacknowledged before it is repeated, on the paths that store requests:
    /// JetStream's `ack_wait`, and the idle time after which workers reclaim from Redis Streams.
    #[schemars(extend("default" = "30s"))]
    pub ack_wait: Option<Duration>,
    /// Deliveries of a request in all, on the paths that store requests; then it is parked.
    #[schemars(range(min = 1, max = 1000), extend("default" = 3))]
    pub max_deliver: Option<u32>,
    /// How often a request may be answered, for `redis-streams` and `nats-jetstream` alone.
    #[schemars(extend("default" = "at-least-once"))]
    pub delivery: Option<DeliveryMode>,
    /// Which subjects and channels requests and results are published on.
    #[schemars(extend("default" = "by-category"))]
    pub subjects: Option<Subjects>,
    /// What requests are published on: the subject or channel that their category follows, and the key of the stream in
    /// Redis; `PRIORITY_REQUEST_SUBJECT` goes before it.
    #[schemars(length(max = 128), regex(pattern = pattern::SUBJECT), extend("default" = "prioritization.request"))]
    pub request_subject: Option<String>,
    /// The same for results; `PRIORITY_RESULT_SUBJECT` goes before it.
    #[schemars(length(max = 128), regex(pattern = pattern::SUBJECT), extend("default" = "prioritization.result"))]
    pub result_subject: Option<String>,
    /// What `nats-request` asks on; `PRIORITY_SYNC_SUBJECT` goes before it.
    #[schemars(length(max = 128), regex(pattern = pattern::SUBJECT), extend("default" = "prioritization.sync"))]
    pub sync_subject: Option<String>,
    /// The domain in which JetStream is asked, and of which a private server is; `JETSTREAM_DOMAIN` goes before it.
    #[schemars(length(max = 64), regex(pattern = pattern::PREFIX), extend("x-default" = "none"))]
    pub jetstream_domain: Option<String>,
    /// Memory that JetStream of a private server may fill, as `nats-server` writes sizes; `JETSTREAM_MAX_MEMORY` goes
    /// before it.
    #[schemars(length(max = 24), regex(pattern = pattern::SIZE), extend("default" = "4GB"))]
    pub jetstream_max_memory: Option<String>,
    /// The same for its files; `JETSTREAM_MAX_STORAGE` goes before it.
    #[schemars(length(max = 24), regex(pattern = pattern::SIZE), extend("default" = "16GB"))]
    pub jetstream_max_storage: Option<String>,
    /// Whether connections to private servers are encrypted, with certificates made for the run. On other servers the
    /// URL and what is given beside it say so.
    #[schemars(extend("default" = "off"))]
    pub tls: Option<TlsMode>,
    /// What clients of private servers show to be let in, made for the run. On other servers the URL and what is given
    /// beside it say so.
    #[schemars(extend("default" = "none"))]
    pub auth: Option<AuthMode>,
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
