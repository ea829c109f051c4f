//! What a trial is judged by, and what detectors share.

use crate::metrics::IntervalRow;
use crate::session::probes::Cost;
use weighbridge_plan::PointPlan;
use weighbridge_record::result::{
    BrokerRecord, BusiestThread, Doubt, DoubtKind, Gap, LedgerTotals, Rates, StageLatencies, WakeLateness,
};
use weighbridge_record::terms::Path;

/// What a trial is judged by.
pub struct Evidence<'a> {
    pub point: &'a PointPlan,
    pub path: Path,
    pub rates: &'a Rates,
    pub latencies: &'a StageLatencies,
    pub ledger: &'a LedgerTotals,
    /// The rows of the window, for trends.
    pub rows: &'a [IntervalRow],
    /// Most that the generator can put on the path in memory, where that was measured.
    pub ceiling_per_s: Option<f64>,
    /// What is wrong or unknown about the tier of the site's nodes.
    pub tier_doubts: &'a [String],
    /// What the machine did meanwhile.
    pub cost: &'a Cost,
    pub wakes: &'a WakeLateness,
    /// The kernel's clock.
    pub clock_source: &'a str,
    /// In the order of the site's nodes.
    pub brokers: &'a [BrokerRecord],
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

pub fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

pub fn seconds(s: f64) -> String {
    format!("{s:.3}")
}
