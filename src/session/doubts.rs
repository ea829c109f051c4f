//! Reasons not to trust a trial: each a pure function of figures, each with the figures that raised it.

mod broker;
mod clients;
mod evidence;
mod ledger;
mod load;
mod machine;
mod ours;
mod redelivery;

pub use evidence::Evidence;

use evidence::doubt;
use weighbridge_record::result::{Doubt, DoubtKind, Trial};

/// All doubts of a trial, in no order of weight.
pub fn judge(evidence: &Evidence<'_>) -> Vec<Doubt> {
    [
        load::incomplete,
        ledger::unbalanced,
        ours::ended_early,
        broker::broker_gone,
        broker::access_lost,
        broker::disconnected,
        ours::queue_full,
        clients::client_limited,
        ours::generator_lagged,
        load::rate_not_reached,
        ours::ceiling_too_low,
        ledger::unanswered,
        ledger::indeterminate,
        ledger::unexpected,
        redelivery::redelivery_storm,
        ours::clock_jump,
        load::not_steady,
        load::too_few_samples,
        ours::cpu_saturated,
        ours::steal_time,
        machine::machine_hiccup,
        machine::swapping,
        machine::resource_pressure,
        machine::clock_source,
        broker::weak_storage,
        broker::broker_core_full,
        load::closed_loop,
        broker::lazy_tier_too_short,
        ours::debug_build,
    ]
    .into_iter()
    .filter_map(|detector| detector(evidence))
    .chain(broker::tier_unverified(evidence))
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

#[cfg(test)]
mod tests;
