//! `[workers]`: who scores the requests.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Duration;

/// Who scores the requests.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workers {
    /// Who they are.
    #[schemars(extend("default" = "threads"))]
    pub kind: Option<WorkerKind>,
    /// Workers, each with connections of its own. With 0, requests are only published, and the broker's
    /// acknowledgement ends them.
    #[schemars(range(min = 0, max = 10_000), extend("default" = 4))]
    pub count: Option<u32>,
    /// Requests that one worker scores at a time.
    #[schemars(range(min = 1, max = 10_000), extend("default" = 16))]
    pub concurrency: Option<u32>,
    /// Whether workers publish results. If not, a request ends when a worker has received it.
    #[schemars(extend("default" = true))]
    pub results: Option<bool>,
    /// How long scoring takes: always the same, or drawn from a distribution. Drawn from seed and sequence
    /// number, so a request takes as long on every path. At most 1 h.
    #[schemars(extend("default" = "0s"))]
    pub service_time: Option<ServiceTime>,
    /// Requests that a worker's client may take ahead of those that it scores, on nats-jetstream. What waits there
    /// uses up `brokers.ack_wait`.
    #[schemars(
        range(min = 1, max = 100_000),
        extend("x-default" = "what a worker scores in half of `brokers.ack_wait`, at most twice `concurrency`")
    )]
    pub prefetch: Option<u32>,
    /// Of kind external: program and arguments that start one worker, such as `["python3", "worker.py"]`; it is run
    /// `count` times for each trial, in the folder where the run was started, and ended with the trial. Where requests are
    /// stands in its environment. Without it somebody else runs the workers.
    #[schemars(length(min = 1, max = 64), inner(length(max = 4096)))]
    pub command: Option<Vec<String>>,
    /// Of kind http, which needs it: where the scoring service takes a POST, such as `http://127.0.0.1:8000/score`. A key
    /// that it asks for stands in `WEIGHBRIDGE_SCORER_KEY`, never here.
    #[schemars(length(max = 2048))]
    pub url: Option<String>,
    /// Of kind http: what the service takes and answers.
    #[schemars(extend("default" = "json"))]
    pub format: Option<ScoringFormat>,
    /// Of format openai, which needs it: the model that is asked.
    #[schemars(length(min = 1, max = 256))]
    pub model: Option<String>,
    /// Of kind http: longest that one answer may take.
    #[schemars(extend("default" = "10s"))]
    pub timeout: Option<Duration>,
    /// Of kind http: how often the service is asked again for a request after no answer in time, a lost connection, status
    /// 429 or 500 and above; after 50 ms, doubling up to 1 s.
    #[schemars(range(min = 0, max = 100), extend("default" = 2))]
    pub retries: Option<u32>,
}

/// What goes to a scoring service, and what comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScoringFormat {
    /// The `PriorityRequest` as it is; an object with `urgency_level` and `priority_score` comes back.
    Json,
    /// A chat completion in OpenAI's format, whose content is such an object.
    Openai,
}

/// Who the workers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WorkerKind {
    /// Threads of the harness.
    Threads,
    /// Nobody: requests are only published, as with `count = 0`.
    None,
    /// Processes of the harness, one a worker, which can be ended on purpose. On redis-pubsub the publisher spreads
    /// requests over a channel for each.
    Processes,
    /// Processes of somebody else's, in any language, that follow the schemas: with `command` started for each trial,
    /// else run by somebody. What they receive and how long they take nobody tells; their results count.
    External,
    /// Threads of the harness that ask a scoring service behind HTTP, `concurrency` at a time each. A request that gets no
    /// score is refused.
    Http,
}

/// How long scoring takes: a duration such as "2ms", or a distribution.
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
    /// The form of the distribution.
    pub distribution: Distribution,
    /// Of constant, which needs it: the one value.
    pub value: Option<Duration>,
    /// Of exponential, which needs it: the mean, longer than zero.
    pub mean: Option<Duration>,
    /// Of lognormal, which needs it: the median, longer than zero.
    pub median: Option<Duration>,
    /// Of lognormal, which needs it: standard deviation of the underlying normal distribution. The mean is the
    /// median times exp(sigma^2 / 2).
    #[schemars(range(max = 10), extend("exclusiveMinimum" = 0))]
    pub sigma: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Distribution {
    /// `value`, always.
    Constant,
    /// Memoryless, with a `mean`: most are short, p99 is 4.6 times the mean.
    Exponential,
    /// With a `median` and the `sigma` of the underlying normal distribution.
    Lognormal,
}
