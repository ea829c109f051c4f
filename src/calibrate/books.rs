//! The ledger against a path that does a known number of wrongs.

use super::bench::{measure, measure_wrapped, plan};
use super::faulty::{Faulty, Wrong, Wrongs};
use crate::schedule::{Schedule, Stripe};
use crate::session::{RunError, Settings};
use weighbridge_plan::Plan;
use weighbridge_record::result::{Check, LedgerTotals, Trial, Unit};
use weighbridge_record::terms::{Stage, TransportKind};

const GROUP: &str = "ledger";
/// Wrongs of each kind.
const EACH: u64 = 5;
const COUNTS: [&str; 15] = [
    "attempted",
    "unsent",
    "sent",
    "rejected",
    "indeterminate",
    "delivered",
    "completed",
    "lost",
    "lost_requests",
    "lost_results",
    "duplicated",
    "redelivered",
    "reordered",
    "parked",
    "unexpected",
];

/// Requests that get a wrong: every tenth from `first` on, so that no two are neighbours.
fn every_tenth(first: u64, wrong: Wrong) -> impl Iterator<Item = (u64, Wrong)> {
    (0..EACH).map(move |place| (first + 10 * place, wrong))
}

pub async fn check(settings: &Settings) -> Result<Vec<Check>, RunError> {
    let plan = plan(TransportKind::InProcess, &[r#"load.warmup="0s""#, r#"load.drain="500ms""#])?;
    let trial = measure_wrapped(&plan, settings, |inner| Faulty::new(inner, wrongs())).await?;
    let due = due(&plan);
    let mut checks = held_against(&expected(due), "of known wrongs", &trial);
    checks.extend(of_several_generators(settings).await?);
    Ok(checks)
}

/// Some of each kind, far enough from each other to be told apart.
fn wrongs() -> Wrongs {
    let kinds = [
        Wrong::DropRequest,
        Wrong::Reject,
        Wrong::Indeterminate,
        Wrong::Redeliver,
        Wrong::Reorder,
        Wrong::CorruptRequest,
        Wrong::Park,
        Wrong::PrecedeByStranger,
        Wrong::PrecedeByForgery,
        Wrong::DropResult,
        Wrong::DuplicateResult,
        Wrong::CorruptResult,
    ];
    let first = |place: usize| 50 * (place as u64 + 1);
    kinds.into_iter().enumerate().flat_map(|(place, wrong)| every_tenth(first(place), wrong)).collect()
}

/// Requests that the schedule of a plan has, by its own arithmetic.
fn due(plan: &Plan) -> u64 {
    let schedule = Schedule::of(&plan.points[0].load, plan.seed, Stripe::WHOLE);
    schedule.map_or(0, |schedule| schedule.count() as u64)
}

/// What the ledger must say of so many requests with these wrongs.
fn expected(due: u64) -> LedgerTotals {
    // Requests that arrive as garbage, and results; strangers; what is forged comes back as well.
    let (corrupt, strangers, forged) = (EACH, EACH, EACH);
    let (lost_requests, lost_results) = (EACH + corrupt, EACH + corrupt);
    let lost = lost_requests + lost_results;
    LedgerTotals {
        attempted: due,
        sent: due,
        delivered: due - lost_requests - EACH - EACH,
        completed: due - lost - EACH - EACH,
        rejected: EACH,
        indeterminate: EACH,
        lost,
        lost_requests,
        lost_results,
        duplicated: EACH,
        redelivered: EACH,
        reordered: EACH,
        parked: EACH,
        unexpected: 2 * corrupt + strangers + 2 * forged,
        ..LedgerTotals::default()
    }
}

/// What several generators bring home is the sum of what each of them did.
async fn of_several_generators(settings: &Settings) -> Result<Vec<Check>, RunError> {
    let plan = plan(TransportKind::InProcess, &["load.generators=3"])?;
    let trial = measure(&plan, settings).await?;
    let due = due(&plan);
    let sound =
        LedgerTotals { attempted: due, sent: due, delivered: due, completed: due, ..Default::default() };
    let mut checks = held_against(&sound, "of three generators", &trial);
    let window_s = plan.points[0].load.duration_ns as f64 / 1e9;
    let of_window = plan.points[0].load.peak_per_s().unwrap_or(0.0) * window_s;
    let samples = trial.latency_ns.get(Stage::Turnaround).map(|turnaround| turnaround.count as f64);
    let name = "samples of turnaround, of three generators".to_string();
    // Where the window begins and ends between two requests is a matter of rounding.
    checks.push(Check::near(GROUP, name, Unit::Count, of_window, samples, 1.0));
    Ok(checks)
}

/// Every count of the ledger, and its balance.
fn held_against(expected: &LedgerTotals, of: &str, trial: &Trial) -> Vec<Check> {
    let count = |field: &&str| {
        let expected = expected.count(field)? as f64;
        let measured = trial.ledger.count(field).map(|count| count as f64);
        Some(Check::near(GROUP, format!("{field}, {of}"), Unit::Count, expected, measured, 0.0))
    };
    let mut checks: Vec<Check> = COUNTS.iter().filter_map(count).collect();
    let balanced = if trial.ledger.check().is_ok() { 1.0 } else { 0.0 };
    let name = format!("the account balances, {of}");
    checks.push(Check::near(GROUP, name, Unit::Count, 1.0, Some(balanced), 0.0));
    checks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_that_is_checked_is_one_of_the_ledger() {
        assert!(COUNTS.iter().all(|field| LedgerTotals::default().count(field).is_some()));
        assert_eq!(expected(1_000).check(), Ok(()));
    }

    #[test]
    fn no_request_gets_two_wrongs_and_no_wrong_lies_outside_the_load() {
        let wrongs = wrongs();
        assert_eq!(wrongs.len() as u64, 12 * EACH);
        let plan = plan(TransportKind::InProcess, &[]).unwrap();
        assert!(wrongs.keys().all(|sequence| *sequence < due(&plan)));
    }
}
