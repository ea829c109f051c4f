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

/// A rate this many times above the ceiling is not tried. Not fewer times: what is only measured briefly, with workers
/// that share the cores, may fall short of what can be sent, and a sweep may lead up to rates that are too high. Not
/// more: nine requests in ten would be shed, and telling so takes many times the window.
const BEYOND_CEILING: f64 = 10.0;

/// Refuses a rate that this generator can't come near, whatever the path.
pub fn refuse_beyond(
    ceiling_per_s: Option<f64>,
    asked_per_s: Option<f64>,
    settings: &Settings,
) -> Result<(), RunError> {
    match (ceiling_per_s, asked_per_s) {
        // A ceiling that was cut short is none.
        (Some(ceiling_per_s), Some(asked_per_s))
            if is_beyond(asked_per_s, ceiling_per_s) && !settings.was_stopped() =>
        {
            Err(RunError::BeyondCeiling { asked_per_s, ceiling_per_s })
        }
        _ => Ok(()),
    }
}

fn is_beyond(asked_per_s: f64, ceiling_per_s: f64) -> bool {
    asked_per_s > BEYOND_CEILING * ceiling_per_s
}

/// Measures the ceiling with the payload of the point that asks for the highest rate, and refuses that if it is far
/// beyond.
pub async fn measure(plan: &Plan, settings: &Settings) -> Result<Option<f64>, RunError> {
    let peak = |point: &&PointPlan| point.load.peak_per_s().unwrap_or(0.0);
    let Some(highest) = plan.points.iter().max_by(|a, b| peak(a).total_cmp(&peak(b))) else {
        return Ok(None);
    };
    let ceiling_per_s = of_point(highest, plan.seed, settings).await?;
    refuse_beyond(ceiling_per_s, highest.load.peak_per_s(), settings)?;
    Ok(ceiling_per_s)
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
    point.load.publishing = None;
    // In memory there is one leg, and nothing that could be struck.
    point.route = None;
    point.faults.clear();
    // In memory nobody but a worker takes requests.
    let service_time = ServiceTime::Constant { ns: 0 };
    let one = Work { count: 1, concurrency: 1, results: true, service_time, prefetch: None };
    let work = highest.workers.work().cloned().unwrap_or(one);
    point.workers = Workers::Threads(Work { service_time, ..work });
    let spec = TrialSpec::alone(&point, TransportKind::InProcess, seed);
    let measured = trial::measure(&spec, settings, &Silent).await?;
    Ok(Some(measured.trial.rates.completed_per_s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_rate_far_beyond_the_ceiling_is_refused() {
        let settings = Settings::default();
        let refused = |ceiling, asked| refuse_beyond(ceiling, asked, &settings).err();
        let error = refused(Some(300_000.0), Some(1e8)).expect("far beyond").to_string();
        assert!(error.contains("100000000/s") && error.contains("300000/s"), "{error}");
        assert!(refused(Some(300_000.0), Some(1e6)).is_none(), "a doubt says that it was too much");
        assert!(refused(None, Some(1e8)).is_none() && refused(Some(1.0), None).is_none());
        settings.stop.set(crate::stop::Stop::Now);
        assert!(refuse_beyond(Some(1.0), Some(1e8), &settings).is_ok(), "it was stopped, not measured");
    }
}
