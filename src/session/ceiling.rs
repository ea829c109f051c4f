//! The generator's ceiling: what it can put on a path in memory that costs nothing.

use super::error::RunError;
use super::progress::Silent;
use super::settings::Settings;
use super::spec::TrialSpec;
use super::trial;
use weighbridge_plan::{Executor, Plan, PointPlan, ServiceTime, Work, Workers};
use weighbridge_record::terms::TransportKind;

/// Rates up to this are far below the ceiling of any machine that runs a broker; it is not measured then.
const RATE_BEYOND_DOUBT_PER_S: f64 = 10_000.0;
const WARMUP_NS: u64 = 100_000_000;
const WINDOW_NS: u64 = 300_000_000;
const IN_FLIGHT: u32 = 1_024;

/// Measures the ceiling with the payload of the point that asks for the highest rate.
pub async fn measure(plan: &Plan, settings: &Settings) -> Result<Option<f64>, RunError> {
    let peak = |point: &&PointPlan| point.load.peak_per_s().unwrap_or(0.0);
    let Some(highest) = plan.points.iter().max_by(|a, b| peak(a).total_cmp(&peak(b))) else {
        return Ok(None);
    };
    of_point(highest, plan.seed, settings).await
}

/// Measures the ceiling with the payload of this point; none where its rate is beyond doubt.
pub async fn of_point(highest: &PointPlan, seed: u64, settings: &Settings) -> Result<Option<f64>, RunError> {
    if highest.load.peak_per_s().unwrap_or(0.0) <= RATE_BEYOND_DOUBT_PER_S {
        return Ok(None);
    }
    let mut point = highest.clone();
    point.load.executor = Executor::Saturate;
    point.load.warmup_ns = WARMUP_NS;
    point.load.duration_ns = WINDOW_NS;
    point.load.cooldown_ns = 0;
    point.load.max_in_flight = IN_FLIGHT;
    // In memory nobody but a worker takes requests.
    let one = Work { count: 1, concurrency: 1, results: true, service_time: ServiceTime::Constant { ns: 0 } };
    let work = highest.workers.work().cloned().unwrap_or(one);
    point.workers = Workers::Threads(Work { service_time: ServiceTime::Constant { ns: 0 }, ..work });
    let spec = TrialSpec::alone(&point, TransportKind::InProcess, seed);
    let measured = trial::measure(&spec, settings, &Silent).await?;
    Ok(Some(measured.trial.rates.completed_per_s))
}
