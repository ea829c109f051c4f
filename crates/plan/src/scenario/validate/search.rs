//! `[search]`: where to look for the highest rate that is sustained.

use super::check::Check;
use super::load::SECOND_NS;
use crate::SearchPlan;
use crate::scenario::prose::span;
use crate::scenario::wire;

const PRECISION: f64 = 0.1;
const CONFIRM_NS: u64 = 20 * SECOND_NS;
/// A scenario's own rate is a rate that it was written for; the capacity seldom lies farther away.
const HIGH_OVER_LOW: f64 = 100.0;
const RATE_MAX_PER_S: f64 = 1e8;

/// Checks the section, and gives a load without a rate the lowest one of the search. Call it before the
/// load is checked, which needs a rate.
pub fn check(check: &mut Check<'_>, wire: &mut wire::Scenario) -> Option<SearchPlan> {
    let search = wire.search.clone()?;
    let load = wire.load.as_mut()?;
    let executor = load.executor?;
    if executor != wire::Executor::ConstantArrivalRate {
        let message = "a search sets a constant rate: it needs executor constant-arrival-rate";
        check.report(&["load", "executor"], message.to_owned());
        return None;
    }
    let has_rate = check.wrote(&["load", "rate"]);
    let Some(low_per_s) = search.low.or(load.rate) else {
        if !has_rate && check.lacks(&["search", "low"]) && check.lacks(&["load", "rate"]) {
            check.report(&["search", "low"], "`[search]` needs `low`, or `rate` in [load]".to_owned());
        }
        return None;
    };
    if !has_rate {
        load.rate = Some(low_per_s);
    }
    if check.wrote(&["search", "high"]) && search.high.is_none() {
        return None;
    }
    let high_per_s = search.high.unwrap_or((HIGH_OVER_LOW * low_per_s).min(RATE_MAX_PER_S));
    if high_per_s <= low_per_s {
        let place = if search.high.is_some() { ["search", "high"] } else { ["search", "low"] };
        let message =
            format!("`search.high` is {high_per_s}, which must be more than `search.low`, {low_per_s}");
        check.report(&place, message);
    }
    let confirm_ns = check.window(&["search", "confirm"], search.confirm, CONFIRM_NS);
    Some(SearchPlan {
        objective: search.objective.unwrap_or_default(),
        low_per_s,
        high_per_s,
        precision: search.precision.unwrap_or(PRECISION),
        confirm_ns,
        has_rate,
    })
}

/// The load of the longest trial at the highest rate must be one that can be accounted for, and that of the
/// shortest at the lowest one that sends something.
pub fn check_requests(check: &mut Check<'_>, search: &SearchPlan, load: &crate::Load) {
    let fewest = search.low_per_s * (load.duration_ns as f64 / SECOND_NS as f64);
    if fewest < 1.0 && load.duration_ns > 0 && check.wrote(&["search", "low"]) {
        let window = span(load.duration_ns);
        let message = format!(
            "`search.low` puts less than one request into the window of {window}: raise it, or lengthen \
             `load.duration`"
        );
        check.report(&["search", "low"], message);
    }
    let window_ns = load.duration_ns.max(search.confirm_ns);
    let longest_ns = load.warmup_ns.saturating_add(window_ns).saturating_add(load.cooldown_ns);
    super::load::too_many_requests(check, search.high_per_s, longest_ns, &["search", "high"]);
}
