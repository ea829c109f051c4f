//! `[load]` as its author writes it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Duration;
use weighbridge_record::terms::{Flush, Pool};

const BATCH_DEFAULT: &str = "256, for closed-loop and saturate a quarter of the window and at most 256; with `linger` \
                             or another `flush` 100; with a pool alone 1";
const LINGER_DEFAULT: &str = "`0s`; with a `flush` other than together none: a batch waits until it is full";

/// How requests are sent: who decides when, how many, for how long.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {
    #[schemars(required)]
    pub executor: Option<Executor>,
    /// Who publishes.
    #[schemars(extend("default" = "internal"))]
    pub kind: Option<LoadKind>,
    /// Program and arguments of a publisher; only for kind external, which needs it. A process for each generator is
    /// started and ended with each trial; `docs/OWN-SERVICE.md` says how it is handed requests.
    #[schemars(length(min = 1))]
    pub command: Option<Vec<String>>,
    /// How arrivals are spread around the rate; only for constant-arrival-rate and ramping-arrival-rate.
    #[schemars(extend("default" = "poisson"))]
    pub arrivals: Option<Arrivals>,
    /// Requests per second over all generators; only for constant-arrival-rate, which needs it. A search sets
    /// it. At least one request has to fall into the window.
    #[schemars(range(max = 1e8), extend("exclusiveMinimum" = 0))]
    pub rate: Option<f64>,
    /// Requests per second at the start; only for ramping-arrival-rate.
    #[schemars(range(min = 0, max = 1e8), extend("default" = 0))]
    pub start_rate: Option<f64>,
    /// Stretches over which the rate moves linearly to a target; only for ramping-arrival-rate, which needs
    /// them. Together they last 100 ms to 24 h.
    #[schemars(length(min = 1, max = 100))]
    pub stages: Option<Vec<RampStage>>,
    /// Requests outstanding at any time; only for closed-loop, which needs it.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub in_flight: Option<u32>,
    /// Load before the measured window, for connections and caches to settle. Like `cooldown` and `drain` it takes at
    /// most 1 000 times the window.
    #[schemars(extend("default" = "1s"))]
    pub warmup: Option<Duration>,
    /// The measured window, at least 100 ms. Every executor needs it but ramping-arrival-rate, whose stages say how
    /// long they last.
    pub duration: Option<Duration>,
    /// Load after the measured window, so that its last requests meet the same load as the others.
    #[schemars(extend("default" = "500ms"))]
    pub cooldown: Option<Duration>,
    /// How long after the last send a request may still be accounted for; what is open then is lost. Ends
    /// earlier if everything is back.
    #[schemars(extend("default" = "10s"))]
    pub drain: Option<Duration>,
    /// After it a request no longer counts as in flight; a late result still completes it.
    #[schemars(extend("default" = "30s"))]
    pub timeout: Option<Duration>,
    /// Most requests outstanding. One that falls due beyond it is shed: not sent, and counted as `unsent`. For
    /// saturate, how many are outstanding at any time.
    #[schemars(
        range(min = 1, max = 1_000_000),
        extend("x-default" = "20000; 1024 for saturate; for closed-loop at least `in_flight`")
    )]
    pub max_in_flight: Option<u32>,
    /// Generator threads, which share the rate or the window.
    #[schemars(range(min = 1, max = 256), extend("default" = 1))]
    pub generators: Option<u32>,
    /// Publishing connections of each generator; with a pool, its size.
    #[schemars(range(min = 1, max = 1000), extend("default" = 1))]
    pub connections: Option<u32>,
    /// Whose connection a request goes out on; not under a route.
    #[schemars(extend("default" = "shared"))]
    pub pool: Option<Pool>,
    /// Most requests handed to the client library together, which a Redis client sends as one pipeline; with `linger` or
    /// another `flush`, the size at which a batch is full.
    #[schemars(range(min = 1, max = 100_000), extend("x-default" = BATCH_DEFAULT))]
    pub batch: Option<u32>,
    /// How long the first request of a batch waits for others. With `0s` a batch is what is due at once.
    #[schemars(extend("x-default" = LINGER_DEFAULT))]
    pub linger: Option<Duration>,
    /// How the requests of a batch are sent; not under a route.
    #[schemars(extend("default" = "together"))]
    pub flush: Option<Flush>,
}

/// Who decides when a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Executor {
    /// A schedule with a constant mean rate, whatever the path does. Needs `rate` and `duration`.
    ConstantArrivalRate,
    /// A schedule whose rate moves through stages. Needs `stages`.
    RampingArrivalRate,
    /// The next request starts when one ends, so that `in_flight` are outstanding. Needs `in_flight` and
    /// `duration`. Stalls hide themselves: a slow path is asked for less.
    ClosedLoop,
    /// As fast as the path lets it, with `max_in_flight` outstanding. Needs `duration`. For rates; its latencies
    /// are mostly waiting.
    Saturate,
}

/// Who publishes requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LoadKind {
    /// This harness.
    Internal,
    /// A process of somebody else's, which is handed each request when it is due. Not under a route.
    External,
}

/// How arrivals are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// Equal gaps.
    Uniform,
    /// Independent arrivals, as from many users: exponential gaps, so requests come in clusters.
    Poisson,
}

/// One stage of a ramp.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RampStage {
    /// Requests per second at the end of the stage.
    #[schemars(range(min = 0, max = 1e8))]
    pub target: f64,
    /// How long the rate takes to get there; the same target as before keeps it level.
    pub duration: Duration,
}
