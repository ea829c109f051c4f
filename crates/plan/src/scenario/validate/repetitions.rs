//! `repeat` and `[repetitions]`: how often, or until when.

use super::check::Check;
use super::load::SECOND_NS;
use crate::Sequential;
use crate::scenario::wire;

const MARGIN_PERCENT: f64 = 5.0;
const BUDGET_NS: u64 = 600 * SECOND_NS;
const REPETITIONS_MAX: u32 = 20;

/// The number of repetitions, and the rule that may end them earlier; none where they are counted.
pub fn check(check: &mut Check<'_>, wire: &wire::Scenario) -> (u32, Option<Sequential>) {
    let asked = wire.repetitions.clone();
    if let Some(wire::Repeat::Auto(_)) = wire.repeat {
        let asked = asked.unwrap_or_default();
        let rule = Sequential {
            margin_percent: asked.margin_percent.unwrap_or(MARGIN_PERCENT),
            budget_ns: check.positive_duration(&["repetitions", "budget"], asked.budget, BUDGET_NS),
            repetitions_max: asked.max.unwrap_or(REPETITIONS_MAX),
        };
        return (rule.repetitions_max, Some(rule));
    }
    // What is wrong with `repeat` itself has been said.
    let is_counted = wire.repeat.is_some() || !check.wrote(&["repeat"]);
    for key in ["margin_percent", "budget", "max"] {
        if is_counted && check.wrote(&["repetitions", key]) {
            let message = format!(
                "`repetitions.{key}` says when repetitions suffice, and these are counted: ask for `repeat = \"auto\"`, \
                 or --repeat auto"
            );
            check.report(&["repetitions", key], message);
        }
    }
    match wire.repeat {
        Some(wire::Repeat::Times(times)) => (times, None),
        _ => (1, None),
    }
}
