//! What Weighbridge is asked: a scenario in TOML, with flags over it, becomes a validated [`Plan`]; a URL becomes an
//! [`endpoint::Endpoint`] where it was written.
//!
//! Nothing is run here, and no server is asked: the engine does that, and knows no TOML.

pub mod credentials;
pub mod endpoint;
mod fault;
mod load;
mod naming;
mod places;
mod plan;
mod publishing;
mod repeat;
pub mod route;
pub mod scenario;
mod workers;

pub use fault::{End, FaultAction, FaultPlan, Network};
pub use load::{Arrivals, Executor, Load, RampStage};
pub use naming::{BaseSubjects, JetStream};
pub use plan::{
    Brokers, Metric, Operator, PROBES_MAX, Payload, Plan, PointPlan, SearchPlan, Statistic, Threshold,
};
pub use publishing::{POOL_MAX, Publishing};
pub use repeat::{Repeat, Sequential};
pub use route::RoutePlan;
pub use workers::{AskingWork, External, ScoringFormat, ScoringService, ServiceTime, Work, Workers};
