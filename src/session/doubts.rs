//! Reasons not to trust a trial: each a pure function of figures, each with the figures that raised it.

use crate::metrics::IntervalRow;
use weighbridge_plan::{Executor, PointPlan};
use weighbridge_record::result::{
    Doubt, DoubtKind, Gap, GapKind, LedgerTotals, Rates, StageLatencies, Trial,
};
use weighbridge_record::stats::trend;
use weighbridge_record::terms::{Durability, Stage, TransportKind};

/// p99 of send lag that is always tolerated.
const LAG_TOLERATED_NS: f64 = 1_000_000.0;
/// Beyond that, the share of the p99 reported.
const LAG_SHARE: f64 = 0.10;
const SENT_SHARE_MIN: f64 = 0.99;
const BUSY_SHARE_MAX: f64 = 0.95;
const STEAL_SHARE_MAX: f64 = 0.05;
/// Rule 5.5: a generator that can't do twice the rate in memory is part of what is measured.
const CEILING_SHARE_MIN: f64 = 2.0;
const CLOCK_JUMP_MAX_NS: i64 = 50_000_000;
const TREND_CHANGE_MAX: f64 = 0.2;
/// A lazy tier syncs once a second; fewer syncs than this in a window show nothing.
const LAZY_WINDOW_MIN_S: f64 = 3.0;
/// Samples that p99 needs to have ten above it.
const P99_SAMPLES: u64 = 1_000;

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
    /// Workers and collectors that ended before the trial did.
    pub ended_early: u32,
    /// What the broker said when it refused what it had allowed before.
    pub refusal: Option<&'a str>,
    /// Stretches without a connection, or after stored data was lost.
    pub gaps: &'a [Gap],
}

/// All doubts of a trial, in no order of weight.
pub fn judge(evidence: &Evidence<'_>) -> Vec<Doubt> {
    [
        incomplete,
        unbalanced,
        ended_early,
        broker_gone,
        access_lost,
        disconnected,
        queue_full,
        generator_lagged,
        rate_not_reached,
        ceiling_too_low,
        shed,
        rejected,
        parked,
        indeterminate,
        unexpected,
        clock_jump,
        not_steady,
        too_few_samples,
        cpu_saturated,
        steal_time,
        closed_loop,
        lazy_tier_too_short,
        debug_build,
    ]
    .into_iter()
    .filter_map(|detector| detector(evidence))
    .chain(tier_unverified(evidence))
    .collect()
}

/// Whether a trial is invalid only because the machine held the generator up: chance, which another attempt
/// may spare.
pub fn was_disturbed(trial: &Trial) -> bool {
    let mut invalidating = trial.doubts.iter().filter(|doubt| doubt.kind.invalidates()).peekable();
    // Requests that were shed speak of a slow path, not of a disturbed machine.
    trial.complete
        && trial.ledger.unsent == 0
        && trial.gaps.is_empty()
        && invalidating.peek().is_some()
        && invalidating
            .all(|doubt| matches!(doubt.kind, DoubtKind::GeneratorLagged | DoubtKind::RateNotReached))
}

/// The doubt that keeps discarded attempts on record.
pub fn measured_again(discarded: &[String]) -> Option<Doubt> {
    if discarded.is_empty() {
        return None;
    }
    let detail =
        format!("{} earlier attempt(s) discarded as invalid: {}", discarded.len(), discarded.join("; "));
    doubt(DoubtKind::MeasuredAgain, detail)
}

fn doubt(kind: DoubtKind, detail: String) -> Option<Doubt> {
    Some(Doubt { kind, detail })
}

fn scheduled(evidence: &Evidence<'_>) -> bool {
    evidence.point.load.is_scheduled()
}

fn ms(ns: f64) -> String {
    format!("{:.3} ms", ns / 1e6)
}

fn seconds(s: f64) -> String {
    format!("{s:.3}")
}

fn incomplete(evidence: &Evidence<'_>) -> Option<Doubt> {
    if evidence.complete {
        return None;
    }
    doubt(DoubtKind::Incomplete, "the trial was stopped before its planned end".to_string())
}

fn unbalanced(evidence: &Evidence<'_>) -> Option<Doubt> {
    let error = evidence.ledger.check().err()?;
    doubt(DoubtKind::LedgerUnbalanced, error.to_string())
}

fn ended_early(evidence: &Evidence<'_>) -> Option<Doubt> {
    if evidence.ended_early == 0 {
        return None;
    }
    let detail = format!("{} worker(s) or collector(s) ended before the trial did", evidence.ended_early);
    doubt(DoubtKind::EndedEarly, detail)
}

fn broker_gone(evidence: &Evidence<'_>) -> Option<Doubt> {
    let gone = evidence.gaps.iter().find(|gap| gap.end_s.is_none())?;
    let detail = format!(
        "{} s into the window the {} noticed: {}; that was not over when the trial ended",
        seconds(gone.start_s),
        gone.side.name(),
        gone.detail
    );
    doubt(DoubtKind::BrokerGone, detail)
}

fn access_lost(evidence: &Evidence<'_>) -> Option<Doubt> {
    let refusal = evidence.refusal?;
    doubt(DoubtKind::AccessLost, format!("the broker refused what it had allowed before: {refusal}"))
}

fn disconnected(evidence: &Evidence<'_>) -> Option<Doubt> {
    let first = evidence.gaps.first()?;
    let last_s = evidence
        .gaps
        .iter()
        .filter_map(|gap| gap.end_s)
        .fold(None, |last: Option<f64>, end_s| Some(last.map_or(end_s, |last_s| last_s.max(end_s))))?;
    let lost_data = evidence.gaps.iter().any(|gap| gap.kind == GapKind::Epoch);
    let detail = format!(
        "connections were lost between {} s and {} s of the window{}; what was in flight and what was due \
         meanwhile is in the figures",
        seconds(first.start_s),
        seconds(last_s),
        if lost_data { ", and the broker came back without its data" } else { "" }
    );
    doubt(DoubtKind::Disconnected, detail)
}

fn queue_full(evidence: &Evidence<'_>) -> Option<Doubt> {
    if evidence.dropped == 0 {
        return None;
    }
    let detail = format!("a client dropped {} messages because they were read too slowly", evidence.dropped);
    doubt(DoubtKind::QueueFull, detail)
}

fn generator_lagged(evidence: &Evidence<'_>) -> Option<Doubt> {
    if !scheduled(evidence) {
        return None;
    }
    let lag = evidence.latencies.get(Stage::SendLag)?;
    // Too few samples for p99: the maximum is the stricter stand-in.
    let (name, lag_ns) = lag.p99.map_or(("max", lag.max), |p99| ("p99", Some(p99)));
    let lag_ns = lag_ns? as f64;
    let reported = evidence.latencies.get(Stage::Turnaround);
    let reported_ns = reported.and_then(|figures| figures.p99.or(figures.max)).unwrap_or(0) as f64;
    let limit_ns = LAG_TOLERATED_NS.max(LAG_SHARE * reported_ns);
    if lag_ns <= limit_ns {
        return None;
    }
    let detail = format!(
        "send lag {name} is {}, more than {} (the larger of 1 ms and 10 % of the turnaround p99 of {})",
        ms(lag_ns),
        ms(limit_ns),
        ms(reported_ns)
    );
    doubt(DoubtKind::GeneratorLagged, detail)
}

fn rate_not_reached(evidence: &Evidence<'_>) -> Option<Doubt> {
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

fn ceiling_too_low(evidence: &Evidence<'_>) -> Option<Doubt> {
    let ceiling = evidence.ceiling_per_s?;
    let asked = evidence.point.load.peak_per_s()?;
    if ceiling >= CEILING_SHARE_MIN * asked {
        return None;
    }
    let detail =
        format!("in memory the generator reaches {ceiling:.0}/s, less than twice the {asked:.0}/s asked for");
    doubt(DoubtKind::CeilingTooLow, detail)
}

fn clock_jump(evidence: &Evidence<'_>) -> Option<Doubt> {
    if evidence.clock_jump_ns.abs() <= CLOCK_JUMP_MAX_NS {
        return None;
    }
    let detail = format!(
        "the wall clock moved by {} against the monotonic one; latencies don't use it, timestamps do",
        ms(evidence.clock_jump_ns as f64)
    );
    doubt(DoubtKind::ClockJump, detail)
}

fn not_steady(evidence: &Evidence<'_>) -> Option<Doubt> {
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

/// One for each thing that is wrong or unknown.
fn tier_unverified(evidence: &Evidence<'_>) -> Vec<Doubt> {
    if !evidence.transport.stores() {
        return Vec::new();
    }
    let doubts = evidence.tier_doubts.iter();
    doubts.map(|detail| Doubt { kind: DoubtKind::TierUnverified, detail: detail.clone() }).collect()
}

fn shed(evidence: &Evidence<'_>) -> Option<Doubt> {
    let unsent = evidence.ledger.unsent;
    if unsent == 0 || !evidence.complete {
        return None;
    }
    let limit = evidence.point.load.max_in_flight;
    let attempted = evidence.ledger.attempted;
    doubt(
        DoubtKind::Shed,
        format!("{unsent} of {attempted} requests were shed: {limit} were in flight already"),
    )
}

fn rejected(evidence: &Evidence<'_>) -> Option<Doubt> {
    let detail = of_attempted(evidence, evidence.ledger.rejected)?;
    doubt(DoubtKind::Rejected, format!("{detail} were refused; the latencies leave them out"))
}

fn parked(evidence: &Evidence<'_>) -> Option<Doubt> {
    let detail = of_attempted(evidence, evidence.ledger.parked)?;
    doubt(
        DoubtKind::Parked,
        format!("{detail} were given up by the broker after their last delivery, and lie in its store"),
    )
}

fn indeterminate(evidence: &Evidence<'_>) -> Option<Doubt> {
    let detail = of_attempted(evidence, evidence.ledger.indeterminate)?;
    doubt(
        DoubtKind::Indeterminate,
        format!("{detail} had an unknown outcome for a while; what became of them is in the ledger"),
    )
}

/// Some of the requests, in words; none where there are none.
fn of_attempted(evidence: &Evidence<'_>, count: u64) -> Option<String> {
    (count > 0).then(|| format!("{count} of {} requests", evidence.ledger.attempted))
}

fn unexpected(evidence: &Evidence<'_>) -> Option<Doubt> {
    let count = evidence.ledger.unexpected;
    if count == 0 {
        return None;
    }
    let what = match &evidence.point.brokers.prefix {
        Some(prefix) if !prefix.is_empty() => format!("under the prefix `{prefix}`"),
        _ => "on the names of this trial".to_owned(),
    };
    doubt(
        DoubtKind::Unexpected,
        format!("{count} message(s) {what} belong to no request of this trial: somebody else uses them too"),
    )
}

fn too_few_samples(evidence: &Evidence<'_>) -> Option<Doubt> {
    let count = evidence.latencies.get(Stage::Turnaround).map_or(0, |figures| figures.count);
    if count >= P99_SAMPLES {
        return None;
    }
    let detail = format!("{count} samples of turnaround; p99 needs {P99_SAMPLES}, so that ten lie above it");
    doubt(DoubtKind::TooFewSamples, detail)
}

fn cpu_saturated(evidence: &Evidence<'_>) -> Option<Doubt> {
    let busy = evidence.machine_busy?;
    // Saturating the machine is what an unpaced load is for.
    if busy <= BUSY_SHARE_MAX || !scheduled(evidence) {
        return None;
    }
    let detail = format!(
        "the machine's cores were {:.0} % busy: broker, workers and generator slowed each other",
        busy * 100.0
    );
    doubt(DoubtKind::CpuSaturated, detail)
}

fn steal_time(evidence: &Evidence<'_>) -> Option<Doubt> {
    let steal = evidence.machine_steal.filter(|steal| *steal > STEAL_SHARE_MAX)?;
    let detail = format!("{:.0} % of the machine's CPU time went to other guests of its host", steal * 100.0);
    doubt(DoubtKind::StealTime, detail)
}

fn closed_loop(evidence: &Evidence<'_>) -> Option<Doubt> {
    if scheduled(evidence) {
        return None;
    }
    let detail =
        "nothing is scheduled, so latencies start at the send and a stall hides itself; read the rates";
    doubt(DoubtKind::ClosedLoop, detail.to_string())
}

fn lazy_tier_too_short(evidence: &Evidence<'_>) -> Option<Doubt> {
    let tier = evidence.transport.durability(evidence.point.brokers.durability);
    let window_s = evidence.point.load.duration_ns as f64 / 1e9;
    if tier != Durability::Lazy || window_s >= LAZY_WINDOW_MIN_S {
        return None;
    }
    let detail =
        format!("tier lazy syncs once a second; a window of {window_s} s sees fewer than three syncs");
    doubt(DoubtKind::LazyTierTooShort, detail)
}

fn debug_build(_evidence: &Evidence<'_>) -> Option<Doubt> {
    if env!("WEIGHBRIDGE_PROFILE") == "release" {
        return None;
    }
    let detail = "this is a debug build: the instrument is several times slower than a release build";
    doubt(DoubtKind::DebugBuild, detail.to_string())
}

#[cfg(test)]
mod tests;
