//! The ledger against a path that does a known number of wrongs.

use super::bench::{measure_wrapped, plan};
use super::faulty::{Faulty, Wrong, Wrongs};
use crate::session::{RunError, Settings};
use weighbridge_record::result::{Check, LedgerTotals, Unit};
use weighbridge_record::terms::TransportKind;

const GROUP: &str = "ledger";
/// Wrongs of each kind.
const EACH: u64 = 5;

/// Requests that get a wrong: every tenth from `first` on, so that no two are neighbours.
fn every_tenth(first: u64, wrong: Wrong) -> impl Iterator<Item = (u64, Wrong)> {
    (0..EACH).map(move |place| (first + 10 * place, wrong))
}

pub async fn check(settings: &Settings) -> Result<Vec<Check>, RunError> {
    let plan = plan(TransportKind::InProcess, &[r#"load.warmup="0s""#, r#"load.drain="500ms""#])?;
    let wrongs: Wrongs = every_tenth(100, Wrong::DropRequest)
        .chain(every_tenth(200, Wrong::DropResult))
        .chain(every_tenth(300, Wrong::DuplicateResult))
        .chain(every_tenth(400, Wrong::Reorder))
        .collect();
    let trial = measure_wrapped(&plan, settings, |inner| Faulty::new(inner, wrongs)).await?;
    let checks = expected().into_iter().map(|(field, expected)| {
        let measured = trial.ledger.count(field).map(|count| count as f64);
        Check::near(GROUP, format!("{field}, of known wrongs"), Unit::Count, expected as f64, measured, 0.0)
    });
    let balanced = if trial.ledger.check().is_ok() { 1.0 } else { 0.0 };
    let balance =
        Check::near(GROUP, "the account balances".to_string(), Unit::Count, 1.0, Some(balanced), 0.0);
    Ok(checks.chain([balance]).collect())
}

fn expected() -> Vec<(&'static str, u64)> {
    let told = LedgerTotals {
        lost: 2 * EACH,
        lost_requests: EACH,
        lost_results: EACH,
        duplicated: EACH,
        reordered: EACH,
        ..LedgerTotals::default()
    };
    let kinds =
        ["lost", "lost_requests", "lost_results", "duplicated", "redelivered", "reordered", "unexpected"];
    kinds.into_iter().filter_map(|kind| Some((kind, told.count(kind)?))).collect()
}
