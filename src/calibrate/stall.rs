//! A stall of known length must show in the percentiles as `T - D (1 - q)`, and a closed loop must hide it.

use super::bench::{closed_plan, figure, measure, measure_wrapped, plan};
use super::stalling::{HeldUp, Stalling};
use super::theory::stalled_quantile_s;
use crate::session::{RunError, Settings};
use weighbridge_plan::{FaultAction, FaultPlan, Plan};
use weighbridge_record::histogram::answers;
use weighbridge_record::result::{Check, LatencySummary, Trial, Unit};
use weighbridge_record::terms::{Stage, TransportKind};

const GROUP: &str = "stall";
const STALL_NS: u64 = 1_000_000_000;
const WINDOW_S: f64 = 5.0;
/// After the start of the window.
const AT_NS: u64 = 1_500_000_000;
const WARMUP_NS: u64 = 300_000_000;
/// Share of the stall by which a percentile may be off.
const TOLERANCE: f64 = 0.05;

type Read = fn(&LatencySummary) -> Option<u64>;

const QUANTILES: [(&str, f64, Read); 3] = [
    ("p90", 0.9, |latency| latency.p90),
    ("p99", 0.99, |latency| latency.p99),
    ("p99.9", 0.999, |latency| latency.p999),
];

/// The rate gives p99.9 its ten samples.
const RATE: &[&str] = &["load.rate=2500", "load.duration=5s"];
/// What has piled up takes the slower paths a while to work off, which theory leaves out: there it is less, and p99.9
/// has no samples.
const LOW_RATE: &[&str] = &["load.rate=500", "load.duration=5s"];

/// Path in memory: held up at its entry, at its exit, and in a closed loop.
pub async fn in_memory(settings: &Settings) -> Result<Vec<Check>, RunError> {
    let mut checks = Vec::new();
    for (end, name) in [(HeldUp::Entry, "sends held up"), (HeldUp::Exit, "worker held up")] {
        let plan = plan(TransportKind::InProcess, RATE)?;
        let trial =
            measure_wrapped(&plan, settings, |inner| Stalling::new(inner, end, WARMUP_NS + AT_NS, STALL_NS));
        checks.extend(held_against_theory(
            &format!("in-process, {name}"),
            &trial.await?,
            STALL_NS as f64 / 1e9,
        ));
    }
    checks.push(closed_loop(settings).await?);
    Ok(checks)
}

/// A closed loop sends nothing while it waits, so one sample of thousands sees the stall.
async fn closed_loop(settings: &Settings) -> Result<Check, RunError> {
    let plan = closed_plan()?;
    let trial = measure_wrapped(&plan, settings, |inner| {
        Stalling::new(inner, HeldUp::Exit, WARMUP_NS + AT_NS, STALL_NS)
    });
    let measured = figure(&trial.await?, Stage::Turnaround, |latency| latency.p99);
    let expected_ns = stalled_quantile_s(0.99, STALL_NS as f64 / 1e9, WINDOW_S) * 1e9;
    let name = "closed loop hides the stall: p99 must be wrong".to_string();
    Ok(Check::far(GROUP, name, Unit::Ns, expected_ns, measured, TOLERANCE * STALL_NS as f64))
}

/// A managed broker stopped with SIGSTOP.
pub async fn broker(transport: TransportKind, settings: &Settings) -> Result<Vec<Check>, RunError> {
    let slower = !matches!(transport, TransportKind::NatsCore | TransportKind::RedisPubsub);
    let mut plan = plan(transport, if slower { LOW_RATE } else { RATE })?;
    pause(&mut plan);
    let trial = measure(&plan, settings).await?;
    // The length that the stall really had.
    let lasted_s =
        trial.faults.iter().map(|fault| fault.end_s.unwrap_or(fault.start_s) - fault.start_s).sum();
    Ok(held_against_theory(&format!("{transport}, broker stopped"), &trial, lasted_s))
}

/// Has the broker stopped for a second.
pub fn pause(plan: &mut Plan) {
    let action = FaultAction::Pause { lasting_ns: STALL_NS };
    let pause = FaultPlan { at_ns: AT_NS, every_ns: None, action, target: None };
    plan.points.iter_mut().for_each(|point| point.faults.push(pause.clone()));
}

fn held_against_theory(name: &str, trial: &Trial, stall_s: f64) -> Vec<Check> {
    let samples = trial.latency_ns.get(Stage::Turnaround).map_or(0, |turnaround| turnaround.count);
    let answered = QUANTILES.iter().filter(|(_, q, _)| answers(samples, *q));
    let checks = answered.map(|(label, q, read)| {
        let expected_ns = stalled_quantile_s(*q, stall_s, WINDOW_S) * 1e9;
        let measured = figure(trial, Stage::Turnaround, *read);
        let tolerance_ns = TOLERANCE * stall_s * 1e9;
        Check::near(GROUP, format!("{name}: {label}"), Unit::Ns, expected_ns, measured, tolerance_ns)
    });
    checks.collect()
}
