//! Service times: nobody works for less time than was drawn, and wakes from work are not late.

use super::bench::{figure, measure, plan};
use crate::session::{RunError, Settings};
use weighbridge_record::result::{Check, Unit};
use weighbridge_record::terms::{Stage, TransportKind};

const GROUP: &str = "service";
/// What every request is served for, at a rate at which none waits for a worker.
const DRAWN_NS: f64 = 1_000_000.0;
const SET: [&str; 2] = ["load.rate=300", r#"workers.service_time="1ms""#];
/// What waking late may add to the mean: some tens of microseconds on an idle machine, more on a busy one.
const ADDED_NS: f64 = 150_000.0;
/// Histograms have three significant digits.
const DIGITS: f64 = 0.001;

pub async fn check(transport: TransportKind, settings: &Settings) -> Result<Vec<Check>, RunError> {
    let trial = measure(&plan(transport, &SET)?, settings).await?;
    let least = figure(&trial, Stage::Service, |latency| latency.min);
    let mean = trial.latency_ns.get(Stage::Service).and_then(|latency| latency.mean);
    let name = |what: &str| format!("{transport}: {what}, of 1 ms each");
    Ok(vec![
        Check::at_least(GROUP, name("shortest service"), Unit::Ns, DRAWN_NS * (1.0 - DIGITS), least),
        Check::at_most(GROUP, name("mean service"), Unit::Ns, DRAWN_NS + ADDED_NS, mean),
    ])
}
