//! What was observed where a threshold was held against it, in the unit of the threshold.

use weighbridge_record::format;
use weighbridge_record::result::ThresholdOutcome;

/// The observed figure in the unit that its expression implies.
pub fn observed(outcome: &ThresholdOutcome) -> String {
    match &outcome.unobserved {
        Some(why) => format!("nothing: {why}"),
        None => figure(&outcome.expression, outcome.observed, outcome.samples),
    }
}

pub fn figure(expression: &str, observed: Option<f64>, samples: u64) -> String {
    let Some(value) = observed else {
        return format!("nothing: too few samples ({})", format::count(samples));
    };
    let metric = expression.split_whitespace().next().unwrap_or("");
    if metric.starts_with("ledger") {
        format::number(value)
    } else if metric.starts_with("rate") {
        format::rate(value)
    } else {
        format::latency(value)
    }
}
