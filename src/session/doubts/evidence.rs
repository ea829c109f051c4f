//! What a trial is judged by, and what detectors share.

use crate::metrics::IntervalRow;
use weighbridge_plan::PointPlan;
use weighbridge_record::result::{BusiestThread, Doubt, DoubtKind, Gap, LedgerTotals, Rates, StageLatencies};
use weighbridge_record::terms::TransportKind;

/// What a trial is judged by.
pub struct Evidence<'a> {
    pub point: &'a PointPlan,
    pub transport: TransportKind,
    pub rates: &'a Rates,
    pub latencies: &'a StageLatencies,
    pub ledger: &'a LedgerTotals,
    /// The rows of the window, for trends.
    pub rows: &'a [IntervalRow],
    /// Most that the generator can put on the path in memory, where that was measured.
    pub ceiling_per_s: Option<f64>,
    /// By how much the wall clock ran ahead of the monotonic one.
    pub clock_jump_ns: i64,
    /// What is wrong or unknown about the tier of the site's nodes.
    pub tier_doubts: &'a [String],
    pub machine_busy: Option<f64>,
    pub machine_steal: Option<f64>,
    pub complete: bool,
    /// Messages that a client dropped because they were read too slowly.
    pub dropped: u64,
    /// Of generators and of workers.
    pub busiest_threads: &'a [BusiestThread],
    /// Workers and collectors that ended before the trial did.
    pub ended_early: u32,
    /// What the broker said when it refused what it had allowed before.
    pub refusal: Option<&'a str>,
    /// Stretches without a connection, or after stored data was lost.
    pub gaps: &'a [Gap],
}

pub fn doubt(kind: DoubtKind, detail: String) -> Option<Doubt> {
    Some(Doubt { kind, detail })
}

pub fn scheduled(evidence: &Evidence<'_>) -> bool {
    evidence.point.load.is_scheduled()
}

pub fn ms(ns: f64) -> String {
    format!("{:.3} ms", ns / 1e6)
}

pub fn seconds(s: f64) -> String {
    format!("{s:.3}")
}
