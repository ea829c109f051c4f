//! Runs one trial for a check: a plan from a few settings, on a path in memory or on a managed broker.

use std::sync::Arc;

use crate::session::{self, RunError, Settings, Silent, TrialSpec};
use crate::transport::Transport;
use weighbridge_plan::Plan;
use weighbridge_plan::scenario::{self, Overrides};
use weighbridge_record::result::{LatencySummary, Trial};
use weighbridge_record::terms::{Stage, TransportKind};

/// An even load of 1 000 requests a second for a second.
const EVEN: &str =
    "executor = \"constant-arrival-rate\"\narrivals = \"uniform\"\nrate = 1000\nduration = \"1s\"";
/// One request at a time, the next when the last has ended.
const CLOSED: &str = "executor = \"closed-loop\"\nin_flight = 1\nduration = \"5s\"";
/// As hard as the path lets itself be pushed.
const SATURATE: &str = "executor = \"saturate\"\nduration = \"1s\"";

/// A scenario with this executor and one worker that scores at once.
fn scenario_text(executor: &str) -> String {
    format!(
        r#"
name = "calibration"
question = "Does the instrument give the known answer?"
transports = ["in-process"]
[load]
{executor}
warmup = "300ms"
cooldown = "100ms"
drain = "5s"
[payload]
description_bytes = 64
[workers]
count = 1
concurrency = 1
"#
    )
}

/// A plan of one point: the even load with some keys set, as `--set` would.
pub fn plan(transport: TransportKind, set: &[&str]) -> Result<Plan, RunError> {
    let overrides = Overrides {
        transports: vec![transport],
        set: set.iter().map(|setting| (*setting).to_string()).collect(),
        ..Overrides::default()
    };
    parse(EVEN, &overrides)
}

/// The plan of a closed loop.
pub fn closed_plan() -> Result<Plan, RunError> {
    parse(CLOSED, &Overrides::default())
}

/// The plan of the generator's ceiling.
pub fn saturating_plan() -> Result<Plan, RunError> {
    parse(SATURATE, &Overrides::default())
}

fn parse(executor: &str, overrides: &Overrides) -> Result<Plan, RunError> {
    scenario::plan("calibration", &scenario_text(executor), overrides)
        .map_err(|errors| RunError::Failed { what: "planning a calibration", reason: errors.summary() })
}

fn spec(plan: &Plan) -> TrialSpec<'_> {
    TrialSpec::alone(&plan.points[0], plan.paths[0], plan.seed)
}

/// Measures on the plan's own transport, with managed brokers.
pub async fn measure(plan: &Plan, settings: &Settings) -> Result<Trial, RunError> {
    Ok(session::measure(&spec(plan), settings, &Silent).await?.trial)
}

/// Measures on a path in memory, wrapped into another.
pub async fn measure_wrapped<T: Transport + 'static>(
    plan: &Plan,
    settings: &Settings,
    wrap: impl FnOnce(Arc<dyn Transport>) -> T,
) -> Result<Trial, RunError> {
    session::measure_wrapped(&spec(plan), settings, &Silent, wrap).await
}

/// One figure of a trial, as a float; none where there were too few samples.
pub fn figure(trial: &Trial, stage: Stage, read: fn(&LatencySummary) -> Option<u64>) -> Option<f64> {
    trial.latency_ns.get(stage).and_then(read).map(|ns| ns as f64)
}
