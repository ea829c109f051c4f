//! A broker that stands still for T while requests come at rate l, before workers that score m a second, works off what
//! has piled up in T l / (m - l): arithmetic of a fluid queue (L. Kleinrock, Queueing Systems, volume 2 (1976), section
//! 2.7).

use super::bench::{measure, plan};
use super::stall::pause;
use crate::session::{RunError, Settings};
use weighbridge_record::result::{Check, Unit};
use weighbridge_record::terms::TransportKind;

const GROUP: &str = "stall";
/// One slot that scores for 5 ms serves 200 a second.
const SET: &[&str] = &["load.rate=130", "load.duration=6s", "workers.service_time=5ms"];
const ARRIVING_PER_S: f64 = 130.0;
const SERVED_PER_S: f64 = 200.0;
/// Share by which it may be off: the next request costs a hand-over beside its service, and time is read by intervals.
const TOLERANCE: f64 = 0.25;

/// Paths that keep what arrives: elsewhere some of it may be lost.
pub fn is_for(transport: TransportKind) -> bool {
    transport.stores()
}

pub async fn check(transport: TransportKind, settings: &Settings) -> Result<Vec<Check>, RunError> {
    let mut plan = plan(transport, SET)?;
    pause(&mut plan);
    let trial = measure(&plan, settings).await?;
    let fault = trial.faults.first();
    let times = fault
        .and_then(|fault| Some((fault.end_s? - fault.start_s, fault.first_completion_s?, fault.drained_s?)));
    let stopped_s = times.map_or(0.0, |(lasted_s, ..)| lasted_s);
    let expected_ns = stopped_s * ARRIVING_PER_S / (SERVED_PER_S - ARRIVING_PER_S) * 1e9;
    // Both are read at ends of intervals, so their difference is not.
    let measured_ns = times.map(|(_, first_s, drained_s)| (drained_s - first_s) * 1e9);
    let name = format!("{transport}, broker stopped: what piled up is worked off");
    Ok(vec![Check::near(GROUP, name, Unit::Ns, expected_ns, measured_ns, TOLERANCE * expected_ns)])
}
