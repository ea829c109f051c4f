//! A validated scenario: what will be run, in integers and enums that can't hold nonsense.
//!
//! Made only by `scenario/`, which knows TOML; read by everything that runs or reports.

use crate::endpoint::Endpoint;
use crate::fault::FaultPlan;
use crate::load::{Executor, Load};
use crate::naming::{BaseSubjects, JetStream};
use crate::repeat::Sequential;
use crate::route::RoutePlan;
use crate::workers::Workers;
use weighbridge_record::point::Point;
use weighbridge_record::terms::{
    AuthMode, BrokerKind, CompletedBy, DeliveryMode, Durability, Objective, Path, Stage, Subjects, TlsMode,
    TransportKind,
};

/// Probes of one transport in a search, confirmations included: a broker that flips from probe to probe must not
/// hold the search for ever.
pub const PROBES_MAX: usize = 36;

/// A scenario ready to run: trials are points x transports x repetitions.
#[derive(Debug, Clone)]
pub struct Plan {
    pub name: String,
    /// The one question that the scenario asks.
    pub question: String,
    /// Prose for the reader of the report: how to read the answer.
    pub reading: Option<String>,
    pub paths: Vec<Path>,
    /// Repetitions; the most of them where `sequential` says when there are enough.
    pub repeat: u32,
    pub sequential: Option<Sequential>,
    pub seed: u64,
    /// One for a plain scenario, one per combination for a sweep. Never empty.
    pub points: Vec<PointPlan>,
    /// What `weighbridge search` looks for and where; none where the scenario only runs.
    pub search: Option<SearchPlan>,
    /// The load in a line, for people; of a sweep, that of its first point.
    pub offered: String,
    /// Where the search looks, in a line; none where the scenario only runs.
    pub searched: Option<String>,
    /// The scenario as it is run, overrides applied, as TOML text.
    pub source: String,
    /// Flags that made it another measurement than the one that the question asks for.
    pub changed: Vec<String>,
}

/// Where a search looks. Only with a constant arrival rate and a single point.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchPlan {
    pub objective: Objective,
    pub low_per_s: f64,
    /// Above `low_per_s`.
    pub high_per_s: f64,
    /// Relative width of the bracket at which the search stops, between 0 and 1.
    pub precision: f64,
    /// The measured window of the run that confirms the answer.
    pub confirm_ns: u64,
    /// Whether the scenario has a rate of its own, at which it can be run. Without one its point has the
    /// rate `low_per_s`.
    pub has_rate: bool,
}

impl Plan {
    /// The transports that its paths lead over, each once.
    pub fn transports(&self) -> Vec<TransportKind> {
        let mut all = Vec::new();
        for transport in self.paths.iter().flat_map(|path| path.legs()) {
            if !all.contains(&transport) {
                all.push(transport);
            }
        }
        all
    }

    /// Whether there is no rate to run it at.
    pub fn is_only_searched(&self) -> bool {
        self.search.as_ref().is_some_and(|search| !search.has_rate)
    }
}

/// Everything that describes the trials of one point.
#[derive(Debug, Clone)]
pub struct PointPlan {
    pub point: Point,
    pub load: Load,
    pub payload: Payload,
    pub workers: Workers,
    pub brokers: Brokers,
    /// How the legs of its paths share the requests; none where paths have one leg.
    pub route: Option<RoutePlan>,
    /// What is done on purpose while the load is on.
    pub faults: Vec<FaultPlan>,
    /// One of them is about requests without an answer.
    pub thresholds: Vec<Threshold>,
}

impl PointPlan {
    /// What ends a request here.
    pub fn completed_by(&self) -> CompletedBy {
        match self.workers.work() {
            None => CompletedBy::Acknowledgement,
            Some(work) if !work.results => CompletedBy::Delivery,
            Some(_) => CompletedBy::Result,
        }
    }
}

impl PointPlan {
    /// This point at another rate, which its `point` names. Changes nothing where no rate is constant.
    pub fn at_rate(&self, asked_per_s: f64) -> Self {
        let mut point = self.clone();
        if let Executor::ConstantArrivalRate { rate_per_s, .. } = &mut point.load.executor {
            *rate_per_s = asked_per_s;
            let whole = asked_per_s.fract() == 0.0 && asked_per_s < 1e15;
            let value = if whole { (asked_per_s as i64).into() } else { asked_per_s.into() };
            point.point.insert("load.rate".to_owned(), value);
        }
        point
    }
}

#[derive(Debug, Clone)]
pub struct Payload {
    /// Lengths of `description`, drawn with equal weight.
    pub description_bytes: Vec<u32>,
    /// Categories with weights; a category is also the last token of the subject.
    pub categories: Vec<(String, f64)>,
    pub requester_roles: Vec<(String, f64)>,
}

#[derive(Debug, Clone)]
pub struct Brokers {
    pub durability: Durability,
    /// External brokers; none means a managed process per trial.
    pub redis: Option<Endpoint>,
    pub nats: Option<Endpoint>,
    /// First token of every subject, stream and key; none: empty on managed brokers, one per trial on
    /// external ones.
    pub prefix: Option<String>,
    /// How long a delivery may go unacknowledged before it is repeated, on the paths that store.
    pub ack_wait_ns: u64,
    /// Deliveries of a request in all, on the paths that store; then it is parked.
    pub max_deliver: u32,
    /// How often a request may be answered, on the paths that store.
    pub delivery: DeliveryMode,
    /// Which subjects requests and results are published on.
    pub subjects: Subjects,
    /// What those are called.
    pub base_subjects: BaseSubjects,
    pub jetstream: JetStream,
    /// Whether connections to servers of ours are encrypted.
    pub tls: TlsMode,
    /// What clients of servers of ours show.
    pub auth: AuthMode,
}

/// What the engine asks its brokers for.
const ACK_WAIT_NS: u64 = 30 * 1_000_000_000;
const MAX_DELIVER: u32 = 3;

impl Brokers {
    /// Private servers with the settings of the engine.
    pub fn managed(durability: Durability) -> Self {
        Self {
            durability,
            redis: None,
            nats: None,
            prefix: None,
            ack_wait_ns: ACK_WAIT_NS,
            max_deliver: MAX_DELIVER,
            delivery: DeliveryMode::AtLeastOnce,
            subjects: Subjects::ByCategory,
            base_subjects: BaseSubjects::default(),
            jetstream: JetStream::default(),
            tls: TlsMode::Off,
            auth: AuthMode::None,
        }
    }

    /// The external broker of this kind, if one was named.
    pub fn endpoint(&self, kind: BrokerKind) -> Option<&Endpoint> {
        match kind {
            BrokerKind::RedisServer => self.redis.as_ref(),
            BrokerKind::NatsServer => self.nats.as_ref(),
        }
    }

    pub(crate) fn endpoint_mut(&mut self, kind: BrokerKind) -> Option<&mut Endpoint> {
        match kind {
            BrokerKind::RedisServer => self.redis.as_mut(),
            BrokerKind::NatsServer => self.nats.as_mut(),
        }
    }
}

/// One promise of the scenario, for example `turnaround.p99 < 50ms`.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// As written, for people.
    pub expression: String,
    pub metric: Metric,
    pub operator: Operator,
    /// In the metric's unit: nanoseconds, requests per second, or a count.
    pub bound: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Metric {
    Latency {
        stage: Stage,
        statistic: Statistic,
    },
    /// A count of the ledger: a field by its name in `result.json`, or `unanswered`.
    Ledger {
        field: String,
    },
    /// A field of the rates, by its name in `result.json`.
    Rate {
        field: String,
    },
    /// The worst of all faults, by its name in `result.json`.
    Fault {
        field: String,
    },
    /// Promises that were broken.
    BrokenPromises,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    Min,
    Mean,
    P50,
    P90,
    P99,
    P999,
    P9999,
    Max,
}

impl Statistic {
    /// All statistics by their names in scenarios and in `result.json`.
    pub const NAMED: [(&'static str, Self); 8] = [
        ("min", Self::Min),
        ("mean", Self::Mean),
        ("p50", Self::P50),
        ("p90", Self::P90),
        ("p99", Self::P99),
        ("p999", Self::P999),
        ("p9999", Self::P9999),
        ("max", Self::Max),
    ];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}
