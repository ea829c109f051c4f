//! The pacer: how late sends are, in what bursts they go out, and how much the generator can do at most.

use super::bench::{figure, measure, plan, saturating_plan};
use crate::session::{RunError, Settings};
use weighbridge_record::result::{Check, Unit};
use weighbridge_record::terms::{Stage, TransportKind};

const GROUP: &str = "pacing";
const LAG_P99_MAX_NS: f64 = 1_000_000.0;
/// A rate, and the least that the median lag can be there: no timer wakes in less than a microsecond, and above 4 000/s
/// requests gather for 250 us at least, so half of them wait for more than a tenth of that.
const RATES_PER_S: [(u32, f64); 3] = [(1_000, 1_000.0), (20_000, 25_000.0), (100_000, 25_000.0)];
/// The rate at which a collector that is late shows, and what handing a body through memory may take there.
const HURRIED_PER_S: u32 = 50_000;
const IN_MEMORY_NS: (f64, f64) = (1_000.0, 1_000_000.0);
/// A trial is invalid above half of the ceiling, so the highest rate tried needs twice its own.
const CEILING_MIN_PER_S: f64 = 200_000.0;

pub async fn check(settings: &Settings) -> Result<Vec<Check>, RunError> {
    let mut checks = Vec::new();
    for (rate, lag_p50_min_ns) in RATES_PER_S {
        let plan = plan(TransportKind::InProcess, &[&format!("load.rate={rate}")])?;
        let trial = measure(&plan, settings).await?;
        let lag = figure(&trial, Stage::SendLag, |latency| latency.p99);
        let bursts = &trial.generator.bursts;
        let name = format!("send lag p99 at {rate}/s, bursts of {:.1} (p99 {})", bursts.mean, bursts.p99);
        checks.push(Check::at_most(GROUP, name, Unit::Ns, LAG_P99_MAX_NS, lag));
        let lag = figure(&trial, Stage::SendLag, |latency| latency.p50);
        let name = format!("send lag p50 at {rate}/s, not less than a wake takes");
        checks.push(Check::at_least(GROUP, name, Unit::Ns, lag_p50_min_ns, lag));
    }
    checks.extend(collector(settings).await?);
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

/// What it takes from a send until its result is read, where both happen in memory.
async fn collector(settings: &Settings) -> Result<[Check; 2], RunError> {
    let plan = plan(TransportKind::InProcess, &[&format!("load.rate={HURRIED_PER_S}")])?;
    let trial = measure(&plan, settings).await?;
    let measured = figure(&trial, Stage::TurnaroundUncorrected, |latency| latency.p50);
    let (least, most) = IN_MEMORY_NS;
    let name = |bound: &str| format!("from sending to reading the result, p50 at {HURRIED_PER_S}/s, {bound}");
    Ok([
        Check::at_most(GROUP, name("at most"), Unit::Ns, most, measured),
        Check::at_least(GROUP, name("at least"), Unit::Ns, least, measured),
    ])
}
