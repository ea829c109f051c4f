//! The pacer: how late sends are, in what bursts they go out, and how much the generator can do at most.

use super::bench::{figure, measure, plan, saturating_plan};
use crate::session::{RunError, Settings};
use weighbridge_record::result::{Check, Unit};
use weighbridge_record::terms::{Stage, TransportKind};

const GROUP: &str = "pacing";
const LAG_P99_MAX_NS: f64 = 1_000_000.0;
const RATES_PER_S: [u32; 3] = [1_000, 20_000, 100_000];
/// A trial is invalid above half of the ceiling, so the highest rate tried needs twice its own.
const CEILING_MIN_PER_S: f64 = 200_000.0;

pub async fn check(settings: &Settings) -> Result<Vec<Check>, RunError> {
    let mut checks = Vec::new();
    for rate in RATES_PER_S {
        let plan = plan(TransportKind::InProcess, &[&format!("load.rate={rate}")])?;
        let trial = measure(&plan, settings).await?;
        let lag = figure(&trial, Stage::SendLag, |latency| latency.p99);
        let bursts = &trial.generator.bursts;
        let name = format!("send lag p99 at {rate}/s, bursts of {:.1} (p99 {})", bursts.mean, bursts.p99);
        checks.push(Check::at_most(GROUP, name, Unit::Ns, LAG_P99_MAX_NS, lag));
    }
    let trial = measure(&saturating_plan()?, settings).await?;
    let name = "ceiling of the generator, in-process".to_string();
    checks.push(Check::at_least(
        GROUP,
        name,
        Unit::PerS,
        CEILING_MIN_PER_S,
        Some(trial.rates.completed_per_s),
    ));
    Ok(checks)
}
