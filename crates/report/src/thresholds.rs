//! What was observed where a threshold was held against it, in the unit of the threshold.

use weighbridge_record::format;
use weighbridge_record::histogram::answers;
use weighbridge_record::result::ThresholdOutcome;

const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("p9999", 0.9999)];

/// The observed figure in the unit that its expression implies.
pub fn observed(outcome: &ThresholdOutcome) -> String {
    match &outcome.unobserved {
        Some(why) => format!("nothing: {why}"),
        None => figure(&outcome.expression, outcome.observed, outcome.samples),
    }
}

/// Why a latency has no figure: a percentile whose request was never answered has none either.
fn nothing(expression: &str, samples: u64) -> String {
    let statistic = expression.split_whitespace().next().and_then(|metric| metric.rsplit('.').next());
    let quantile =
        QUANTILES.into_iter().find(|(name, _)| Some(*name) == statistic).map(|(_, quantile)| quantile);
    let count = format::count(samples);
    if quantile.is_some_and(|quantile| answers(samples, quantile)) {
        format!("nothing: it was not answered, or a repetition has too few samples ({count} in all)")
    } else {
        format!("nothing: too few samples ({count})")
    }
}

pub fn figure(expression: &str, observed: Option<f64>, samples: u64) -> String {
    let Some(value) = observed else {
        return nothing(expression, samples);
    };
    let metric = expression.split_whitespace().next().unwrap_or("");
    let counts = ["ledger", "promises"].into_iter().any(|group| metric.starts_with(group));
    if counts || (metric.starts_with("faults") && !metric.ends_with("_s")) {
        format::number(value)
    } else if metric.starts_with("rate") {
        format::rate(value)
    } else {
        format::latency(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_without_a_figure_says_whether_samples_were_too_few() {
        let said = |samples| figure("turnaround.p99 < 5ms", None, samples);
        assert_eq!(said(999), "nothing: too few samples (999)");
        assert!(said(100_000).contains("not answered"), "{}", said(100_000));
    }
}
