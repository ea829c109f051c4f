//! One transport measured once.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::zero::is_zero;
use super::{
    BreakdownRow, BurstSizes, Doubt, Fault, Finding, Gap, Held, LedgerTotals, LegalAnomaly, PromiseVerdict,
    PublishingRecord, RouteRecord, SeriesRow, StageLatencies, Storage, TwinAnswers, WakeLateness,
    WorkersRecord,
};
use crate::point::Point;
use crate::terms::{
    AuthMode, BrokerKind, CompletedBy, Durability, Path, Promise, Stage, TlsMode, TransportKind,
};

/// One path measured once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trial {
    pub path: Path,
    /// The transports that the path leads over: one, or two under a route.
    pub legs: Vec<Leg>,
    /// From 1.
    pub repetition: u32,
    /// Place in the order in which the run's trials were measured, from 1.
    pub order: u32,
    pub point: Point,
    /// Whether its figures may be trusted: no doubt forbids it.
    pub valid: bool,
    /// Whether the trial ran to its planned end.
    pub complete: bool,
    pub doubts: Vec<Doubt>,
    /// What ended a request.
    pub completed_by: CompletedBy,
    /// Seconds of the measured window.
    pub window_s: f64,
    pub rates: Rates,
    pub latency_ns: StageLatencies,
    /// Where the time of requests went, by turnaround, shortest first; empty where no result ends them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breakdown: Vec<BreakdownRow>,
    /// Over all legs; a request counts once.
    pub ledger: LedgerTotals,
    /// How a route shared the requests out; left out where the path has one leg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteRecord>,
    /// Of a route that sends every request to both legs: their answers, pair by pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<TwinAnswers>,
    pub series: Vec<SeriesRow>,
    pub faults: Vec<Fault>,
    /// What became of the path's promises. Empty in older records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promises: Vec<PromiseVerdict>,
    /// What looks wrong, and was never promised not to happen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legal: Vec<LegalAnomaly>,
    /// Stretches without a connection, or after stored data was lost; in the order of their start.
    pub gaps: Vec<Gap>,
    /// Requests of which something is to be told, by class and time: at most 100 of each class, the earliest.
    pub findings: Vec<Finding>,
    pub errors: Vec<ErrorGroup>,
    /// What the trial created on a server that is not ours and could not delete; empty where all is gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_behind: Vec<LeftBehind>,
    /// The servers of the trial, in the order of its site.
    pub brokers: Vec<BrokerRecord>,
    pub generator: GeneratorRecord,
    /// Who answered, where that was not the harness alone; left out where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<WorkersRecord>,
}

/// One transport of a path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Leg {
    pub transport: TransportKind,
    /// The durability tier that it really had.
    pub durability: Durability,
    pub promise: Promise,
    /// What became of the requests that went over it.
    pub ledger: LedgerTotals,
    /// Requests that its broker still stored when the trial was over, parked ones among them; left out where none are
    /// stored, or where it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<u64>,
    /// Of a route: what its server held when the trial was over, with the commands that show and delete it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
}

impl Leg {
    /// `at least once, durability memory`.
    pub fn promise_words(&self) -> String {
        format!("{}, durability {}", self.promise.guarantee(), self.durability)
    }
}

impl Trial {
    /// What the path promises; of a route, what each leg does.
    pub fn promise_words(&self) -> String {
        self.of_legs(Leg::promise_words)
    }

    /// The durability tier of the path; of a route, that of each leg.
    pub fn tier_words(&self) -> String {
        self.of_legs(|leg| leg.durability.to_string())
    }

    /// The usual words for the promise; of a route, those of each leg.
    pub fn guarantee(&self) -> String {
        self.of_legs(|leg| leg.promise.guarantee().to_owned())
    }

    /// What is said of a leg; where the legs of a route differ, of each under its name.
    fn of_legs(&self, said: impl Fn(&Leg) -> String) -> String {
        let mut words: Vec<String> = self.legs.iter().map(&said).collect();
        words.dedup();
        match words.as_slice() {
            [only] => only.clone(),
            _ => {
                let named = self.legs.iter().map(|leg| format!("{} {}", leg.transport, said(leg)));
                named.collect::<Vec<_>>().join("; ")
            }
        }
    }

    /// A figure by its path in `result.json`: `rates.completed_per_s`, `latency_ns.turnaround.p99`.
    pub fn figure(&self, path: &str) -> Option<f64> {
        let mut parts = path.split('.');
        match (parts.next()?, parts.next()?, parts.next()) {
            ("rates", field, None) => self.rates.field(field),
            ("latency_ns", stage, Some(statistic)) => {
                let stage = Stage::ALL.into_iter().find(|known| known.name() == stage)?;
                self.latency_ns.get(stage)?.statistic(statistic)
            }
            _ => None,
        }
    }
}

/// Requests per second over the measured window. `offered` counts by intended time, the others by the time of the event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rates {
    /// Null where nothing is scheduled: closed loop and saturation.
    pub offered_per_s: Option<f64>,
    /// Requests handed to the client library, per second.
    pub sent_per_s: f64,
    /// Null where the broker never answers.
    pub accepted_per_s: Option<f64>,
    /// Requests that a worker received for the first time, per second; null where workers are external and don't tell.
    pub delivered_per_s: Option<f64>,
    /// Requests completed, per second.
    pub completed_per_s: f64,
}

impl Rates {
    /// Every rate with its name in `result.json`.
    pub fn fields(&self) -> [(&'static str, Option<f64>); 5] {
        [
            ("offered_per_s", self.offered_per_s),
            ("sent_per_s", Some(self.sent_per_s)),
            ("accepted_per_s", self.accepted_per_s),
            ("delivered_per_s", self.delivered_per_s),
            ("completed_per_s", Some(self.completed_per_s)),
        ]
    }

    pub fn field(&self, name: &str) -> Option<f64> {
        self.fields().into_iter().find(|(field, _)| *field == name).and_then(|(_, value)| value)
    }
}

/// Errors of one wording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorGroup {
    /// The wording.
    pub message: String,
    /// Times that it occurred.
    pub count: u64,
}

/// Something that a trial created on a server and could not delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftBehind {
    /// What it is: `key` or `stream`.
    pub what: String,
    /// Its name on the server, prefix included.
    pub name: String,
    /// The server, without credentials.
    pub server: String,
    /// Why it is still there.
    pub reason: String,
    /// The command that deletes it, for a shell; credentials are left out.
    pub command: String,
}

impl fmt::Display for LeftBehind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, name, server, reason, command } = self;
        write!(f, "{what} `{name}` stays on {server} ({reason}); to delete it: {command}")
    }
}

/// A server of a trial, and what it used during the trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BrokerRecord {
    pub kind: BrokerKind,
    /// Version that it says it has.
    pub version: String,
    /// Started by the harness, or reached by URL.
    pub managed: bool,
    /// Address without credentials.
    pub address: String,
    /// Settings that bear on the figures, read back from the broker.
    pub config: BTreeMap<String, String>,
    /// CPU time of its process; of an external Redis by its own count, null for other external brokers.
    pub cpu_seconds: Option<f64>,
    /// Highest reading of its resident memory, in bytes; of external brokers by their own count, null where they were
    /// not asked.
    pub rss_bytes_max: Option<u64>,
    /// Bytes that it received, as it counts them; null where it was not asked.
    pub net_in_bytes: Option<u64>,
    /// Bytes that it sent, as it counts them; null where it was not asked.
    pub net_out_bytes: Option<u64>,
    /// Bytes that it had written to disk; null for external brokers.
    pub disk_write_bytes: Option<u64>,
    /// Where it stores data; null for external brokers, and in tiers that store none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
    /// What went through the proxy in front of it; left out where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyRecord>,
    /// Whether the connections of the path were encrypted, and who showed a certificate; left out for plain ones.
    #[serde(default, skip_serializing_if = "TlsMode::is_off")]
    pub tls: TlsMode,
    /// What clients showed to be let in; left out for nothing.
    #[serde(default, skip_serializing_if = "AuthMode::is_none")]
    pub auth: AuthMode,
    /// What it cost to ask it for the figures that it tells itself; left out where it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asking: Option<Asking>,
}

/// The cost of asking a server for figures, about once a second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Asking {
    /// Times that it answered.
    pub answered: u64,
    /// Times that it did not answer in time.
    pub unanswered: u64,
    /// All time from questions to answers, in seconds: the server worked on them no longer than this.
    pub answer_seconds: f64,
    /// The longest that it took to answer, in seconds; null where it never did.
    pub answer_seconds_max: Option<f64>,
    /// Time that it spent on the answers by its own count, in seconds; null where it does not count it.
    pub server_seconds: Option<f64>,
}

/// Traffic between a server and the requests' clients, which met the faults of the network in a proxy of the harness.
/// Its own share is in every latency of the trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProxyRecord {
    /// Connections that it let in.
    pub connections: u64,
    /// Bytes that it passed on to the server.
    pub to_server_bytes: u64,
    /// Bytes that it passed on to clients.
    pub to_client_bytes: u64,
    /// Connections that it reset on purpose.
    pub reset: u64,
}

impl BrokerRecord {
    /// What it calls itself, with its version: servers of another name speak the same protocol.
    pub fn product(&self) -> String {
        match self.config.get("server_name") {
            Some(name) => format!("{name}-server {}", self.version),
            None => format!("{} {}", self.kind, self.version),
        }
    }
}

/// What the instrument itself cost. Workers that run inside the harness are part of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GeneratorRecord {
    /// CPU time of the whole harness, in seconds.
    pub cpu_seconds: f64,
    /// Highest reading of the resident memory of the harness, in bytes.
    pub rss_bytes_max: u64,
    /// Generator and worker threads.
    pub threads: u32,
    /// Publishing connections of all generators.
    pub connections: u32,
    /// Messages that were published beside the requests of the whole trial, to hear of their end where the broker
    /// answers no publish: load that is not offered. Left out where there were none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub markers: u64,
    /// The busiest thread of each kind, generators and workers, over the measured window. Empty in older records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub busiest_threads: Vec<BusiestThread>,
    /// What the kernel's scheduler granted the generator threads.
    pub scheduling: String,
    /// Requests handed to the transport per wake of the pacer.
    pub bursts: BurstSizes,
    /// How late its threads woke; null in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wakes: Option<WakeLateness>,
    /// What a pool of connections and batches came to; left out where neither was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publishing: Option<PublishingRecord>,
    /// Who published in the place of the harness; left out where it did itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publishers: Option<PublishersRecord>,
}

/// Publishers of somebody else's: a process for each generator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PublishersRecord {
    /// Program and arguments, without secrets.
    pub command: Vec<String>,
    /// Processes that were started.
    pub started: u32,
    /// CPU time that they used, in seconds; it is not in that of the harness. Null where it could not be read.
    pub cpu_seconds: Option<f64>,
}

impl PublishersRecord {
    /// `1 external publisher, started with "python3 publisher.py"`.
    pub fn words(&self) -> String {
        let plural = if self.started == 1 { "" } else { "s" };
        format!("{} external publisher{plural}, started with `{}`", self.started, self.command.join(" "))
    }
}

/// A thread that did the most of its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BusiestThread {
    /// `generator` or `worker`.
    pub kind: String,
    /// Share of a core that the busiest thread of the kind used in an interval, the median over the window's.
    pub cores: f64,
}
