//! The load, as it was meant and as it was.

use super::evidence::{Evidence, doubt, scheduled};
use weighbridge_plan::Executor;
use weighbridge_record::result::{Doubt, DoubtKind};
use weighbridge_record::stats::trend;
use weighbridge_record::terms::Stage;

const SENT_SHARE_MIN: f64 = 0.99;
const TREND_CHANGE_MAX: f64 = 0.2;
/// Samples that p99 needs to have ten above it.
const P99_SAMPLES: u64 = 1_000;

pub fn incomplete(evidence: &Evidence<'_>) -> Option<Doubt> {
    if evidence.complete {
        return None;
    }
    doubt(DoubtKind::Incomplete, "the trial was stopped before its planned end".to_string())
}

pub fn rate_not_reached(evidence: &Evidence<'_>) -> Option<Doubt> {
    let offered = evidence.rates.offered_per_s.filter(|_| scheduled(evidence))?;
    let sent = evidence.rates.sent_per_s;
    if sent >= SENT_SHARE_MIN * offered {
        return None;
    }
    let share = 100.0 * sent / offered;
    let detail =
        format!("sent {sent:.0}/s of the {offered:.0}/s offered ({share:.1} %, at least 99 % is needed)");
    doubt(DoubtKind::RateNotReached, detail)
}

pub fn not_steady(evidence: &Evidence<'_>) -> Option<Doubt> {
    // Where the rate moves, latency should too.
    if !matches!(evidence.point.load.executor, Executor::ConstantArrivalRate { .. }) {
        return None;
    }
    let window = evidence.rows.iter().filter(|row| row.in_window);
    let medians: Vec<f64> =
        window.filter_map(|row| row.turnaround.as_ref()?.p50).map(|median| median as f64).collect();
    let trend = trend(&medians)?;
    if !trend.significant || (trend.change - 1.0).abs() <= TREND_CHANGE_MAX {
        return None;
    }
    let detail = format!(
        "the median turnaround of the window's last third is {:.2} times that of its first, and moves steadily",
        trend.change
    );
    doubt(DoubtKind::NotSteady, detail)
}

pub fn too_few_samples(evidence: &Evidence<'_>) -> Option<Doubt> {
    let count = evidence.latencies.get(Stage::Turnaround).map_or(0, |figures| figures.count);
    if count >= P99_SAMPLES {
        return None;
    }
    let detail = format!("{count} samples of turnaround; p99 needs {P99_SAMPLES}, so that ten lie above it");
    doubt(DoubtKind::TooFewSamples, detail)
}

pub fn closed_loop(evidence: &Evidence<'_>) -> Option<Doubt> {
    if scheduled(evidence) {
        return None;
    }
    let detail =
        "nothing is scheduled, so latencies start at the send and a stall hides itself; read the rates";
    doubt(DoubtKind::ClosedLoop, detail.to_string())
}
