//! What became of the requests.

use super::evidence::{Evidence, doubt};
use weighbridge_record::format;
use weighbridge_record::result::{Doubt, DoubtKind, LatencySummary};
use weighbridge_record::terms::Stage;

/// Percentiles of a record.
const QUANTILES: [f64; 5] = [0.5, 0.9, 0.99, 0.999, 0.999_9];

pub fn unbalanced(evidence: &Evidence<'_>) -> Option<Doubt> {
    let error = evidence.ledger.check().err()?;
    doubt(DoubtKind::LedgerUnbalanced, error.to_string())
}

/// Says how many, what became of them, and which percentiles of the window are theirs.
pub fn unanswered(evidence: &Evidence<'_>) -> Option<Doubt> {
    let ledger = evidence.ledger;
    let count = ledger.unanswered();
    // What a stop cut off is told by the stop; a ledger that does not balance tells nothing.
    if count == 0 || !evidence.complete || ledger.check().is_err() {
        return None;
    }
    let in_flight = format::count(u64::from(evidence.point.load.max_in_flight));
    let fates = [
        (ledger.unsent, format!("shed while {in_flight} were in flight")),
        (ledger.rejected, "refused".to_owned()),
        (ledger.parked, "parked by the broker after their last delivery".to_owned()),
        (ledger.lost, "lost".to_owned()),
    ];
    let fates = fates.into_iter().filter(|(count, _)| *count > 0);
    let fates: Vec<String> = fates.map(|(count, fate)| format!("{} {fate}", format::count(count))).collect();
    let detail = format!(
        "{} of {} requests were not answered: {}; {}",
        format::count(count),
        format::count(ledger.attempted),
        fates.join(", "),
        reach(evidence.latencies.get(Stage::ANSWER))
    );
    doubt(DoubtKind::Unanswered, detail)
}

/// How far percentiles of the window reach into the requests without an answer.
fn reach(window: Option<&LatencySummary>) -> String {
    let Some(window) = window else { return "in the window nothing was answered".to_owned() };
    if window.unanswered == 0 {
        return "none of them in the window".to_owned();
    }
    let of = window.count + window.unanswered;
    let (count, share) = (format::count(window.unanswered), window.unanswered as f64 / of as f64 * 100.0);
    let (of, share) = (format::count(of), format::number(share));
    let first = QUANTILES.into_iter().find(|quantile| window.is_unanswered_at(*quantile));
    let reached = match first.map(format::percentile) {
        Some(first) => format!("{first} and all above it lie among them"),
        None => "no percentile that has its samples lies among them".to_owned(),
    };
    format!("in the window {count} of {of} ({share} %): {reached}")
}

pub fn indeterminate(evidence: &Evidence<'_>) -> Option<Doubt> {
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

pub fn unexpected(evidence: &Evidence<'_>) -> Option<Doubt> {
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
