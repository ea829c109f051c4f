//! What became of the requests.

use super::evidence::{Evidence, doubt};
use weighbridge_record::result::{Doubt, DoubtKind};

pub fn unbalanced(evidence: &Evidence<'_>) -> Option<Doubt> {
    let error = evidence.ledger.check().err()?;
    doubt(DoubtKind::LedgerUnbalanced, error.to_string())
}

pub fn shed(evidence: &Evidence<'_>) -> Option<Doubt> {
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

pub fn rejected(evidence: &Evidence<'_>) -> Option<Doubt> {
    let detail = of_attempted(evidence, evidence.ledger.rejected)?;
    doubt(DoubtKind::Rejected, format!("{detail} were refused; percentiles rank them behind all others"))
}

pub fn parked(evidence: &Evidence<'_>) -> Option<Doubt> {
    let detail = of_attempted(evidence, evidence.ledger.parked)?;
    doubt(
        DoubtKind::Parked,
        format!("{detail} were given up by the broker after their last delivery, and lie in its store"),
    )
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
