//! The instrument's books against the oracle's, and what a run reached.

use std::collections::BTreeSet;

use weighbridge::metrics::{Counts, Recording};
use weighbridge_record::result::{GapKind, LedgerTotals};
use weighbridge_record::terms::CompletedBy;

use crate::history::Event;
use crate::model::{Loss, Named};
use crate::oracle::{Expected, Found, broken_promise, expected};
use crate::run::Run;

/// Of so many runs one is also held against what its intervals count.
const FIGURES_OF: u64 = 8;

/// What the seeds together must reach, or the simulation proves little.
pub const MUST_REACH: [&str; 22] = [
    "a redelivery after an acknowledgement",
    "an epoch",
    "a reconnect within a batch",
    "a loss of the tail",
    "counts of deliveries that restart",
    "a stall",
    "a double that is swallowed",
    "a completion after its timeout",
    "unsent",
    "acknowledged",
    "rejected",
    "indeterminate",
    "delivered",
    "completed",
    "lost_requests",
    "lost_results",
    "lost_acknowledged",
    "duplicated",
    "redelivered",
    "reordered",
    "parked",
    "unexpected",
];

/// Holds a run against the oracle. Gives what it reached, or says where they differ.
pub fn judge(run: Run) -> Result<BTreeSet<&'static str>, String> {
    let Run { case, intended_ns, events, each, merged, worker_breaks } = run;
    for totals in &each {
        totals.check().map_err(|error| error.to_string())?;
    }
    let mut oracle = Expected::default();
    for generator in 0..case.load.generators {
        oracle.merge(expected(generator, &case, &intended_ns, &events));
    }
    let summary = merged.summary;
    summary.totals.check().map_err(|error| error.to_string())?;
    equal("totals", &summary.totals, &oracle.totals)?;
    equal("errors", &summary.errors, &oracle.errors)?;
    let of = |kind| summary.breaks.iter().filter(|noted| noted.kind == kind).count();
    equal("disconnections", &of(GapKind::Disconnected), &oracle.disconnections)?;
    equal("epochs", &of(GapKind::Epoch), &oracle.epochs)?;
    let of_workers = |event: &Event| {
        matches!(event, Event::Reconnected { generator: None } | Event::Epoch { generator: None })
    };
    equal(
        "breaks of workers",
        &worker_breaks,
        &events.iter().filter(|(_, event)| of_workers(event)).count(),
    )?;
    let mut found: Vec<Found> = summary
        .findings
        .iter()
        .map(|finding| (finding.class, finding.sequence, finding.acknowledged))
        .collect();
    found.sort_unstable();
    oracle.findings.sort_unstable();
    equal("findings", &found, &oracle.findings)?;
    let limit = case.load.max_in_flight.div_ceil(case.load.generators) as usize;
    if oracle.under_way_max > limit {
        return Err(format!("{} were under way, of {limit} that may be", oracle.under_way_max));
    }
    let promised = case.completed_by == CompletedBy::Result;
    if let Some(broken) = broken_promise(&events).filter(|_| promised) {
        return Err(broken);
    }
    // Figures take as long as the rest of the run.
    if case.seed.is_multiple_of(FIGURES_OF) {
        of_intervals(summary.recorder.finish(), &oracle.totals)?;
    }
    Ok(reached(&events, &oracle))
}

/// What the intervals count, all together, against the ledger.
fn of_intervals(recording: Recording, totals: &LedgerTotals) -> Result<(), String> {
    let sum = |count: fn(&Counts) -> u64| recording.rows.iter().map(|row| count(&row.counts)).sum::<u64>();
    let answered = recording.rows.iter().filter_map(|row| Some(row.turnaround.as_ref()?.count));
    let counted = [
        sum(|counts| counts.offered),
        sum(|counts| counts.unsent),
        sum(|counts| counts.sent),
        sum(|counts| counts.accepted),
        sum(|counts| counts.delivered),
        sum(|counts| counts.completed),
        answered.sum(),
    ];
    let LedgerTotals { attempted, unsent, sent, acknowledged, delivered, completed, .. } = *totals;
    let expected = [attempted, unsent, sent, acknowledged, delivered, completed, completed];
    equal("counts over all intervals, and samples of turnaround", &counted, &expected)
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, told: &T, expected: &T) -> Result<(), String> {
    if told == expected {
        return Ok(());
    }
    Err(format!("{what}\n  instrument: {told:?}\n  oracle:     {expected:?}"))
}

/// What happened in a run of all that is to happen.
fn reached(events: &[(u64, Event)], oracle: &Expected) -> BTreeSet<&'static str> {
    let mut reached = BTreeSet::new();
    let delivered = |since: usize, named: Named| {
        let later = &events[since..];
        later.iter().any(|(_, event)| matches!(event, Event::Delivered { named: of, .. } if *of == named))
    };
    let reconnected = |since: usize| {
        let later = &events[since..];
        later.iter().any(|(_, event)| matches!(event, Event::Reconnected { .. }))
    };
    for (place, (_, event)) in events.iter().enumerate() {
        let what = match event {
            Event::RedeliveredAfterAcknowledgement { named } if delivered(place, *named) => {
                "a redelivery after an acknowledgement"
            }
            Event::Epoch { .. } => "an epoch",
            Event::BrokeWithinBatch { .. } if reconnected(place) => "a reconnect within a batch",
            Event::Crashed { loss: Loss::Tail { .. } } => "a loss of the tail",
            Event::Crashed { loss: Loss::Counters { .. } } => "counts of deliveries that restart",
            Event::Stalled { .. } => "a stall",
            Event::Swallowed { .. } => "a double that is swallowed",
            _ => continue,
        };
        reached.insert(what);
    }
    if oracle.late_completions > 0 {
        reached.insert("a completion after its timeout");
    }
    reached.extend(
        oracle
            .totals
            .fields()
            .into_iter()
            .filter(|(_, count)| count.is_some_and(|count| count > 0))
            .map(|(name, _)| name),
    );
    reached
}
