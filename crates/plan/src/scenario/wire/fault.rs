//! `[[faults]]` as their author writes them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Duration;
use crate::scenario::pattern;
use weighbridge_record::terms::{Action, Moment};

/// Something that is done on purpose while the load is on: to servers that are started for the trial, or to workers
/// that are processes. Servers that are reached by URL are never touched. For partition, delay, throttle and reset every
/// connection of the trial goes through a proxy of the harness, before and after the fault as well.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What is done.
    pub action: Action,
    /// When, since the measured window began; within the window.
    pub at: Duration,
    /// Repeats it that often until the window ends; longer than the fault itself.
    pub every: Option<Duration>,
    /// Of kill-broker, stop-broker, drop-data, power-failure and kill-worker: how long the target stays down.
    #[schemars(extend("default" = "1s"))]
    pub down_for: Option<Duration>,
    /// Of pause-broker, fill-disk, slow-worker, stop-reading, partition, delay and throttle: how long it lasts.
    #[serde(rename = "for")]
    #[schemars(extend("default" = "1s"))]
    pub lasting: Option<Duration>,
    /// Whom it befalls: `redis-server`, `nats-server`, one of several such as `nats-server.2`; or `worker`, which
    /// is every worker, or one such as `worker.2`.
    #[schemars(
        regex(pattern = pattern::TARGET),
        extend("x-default" = "the servers that the path uses, or the first worker")
    )]
    pub target: Option<String>,
    /// Of kill-worker: where in the life of a request it ends. Without it the worker is ended from outside,
    /// wherever it stands.
    pub moment: Option<Moment>,
    /// Of slow-worker: how many times as long scoring takes.
    #[schemars(range(max = 1e6), extend("exclusiveMinimum" = 0, "default" = 10))]
    pub factor: Option<f64>,
    /// Of delay, which needs it: how much later all arrives, each way.
    pub delay: Option<Duration>,
    /// Of delay: the most that is added to it by chance, drawn anew for all that is read at once.
    #[schemars(extend("default" = "0s"))]
    pub jitter: Option<Duration>,
    /// Of throttle, which needs it: bytes per second over all connections, each way.
    #[schemars(range(min = 1000, max = 1_000_000_000_000_u64))]
    pub bytes_per_s: Option<u64>,
}
