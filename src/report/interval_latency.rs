//! Latencies of intervals of the series: decoded once, merged into longer intervals, asked for percentiles.
//!
//! Kept as values with counts. A decoded histogram of the record takes a quarter of a megabyte whatever it
//! holds, and an hour's run has thousands of them.

use super::ReportError;
use super::histogram::{answers, decode};
use crate::result::Trial;

/// Latencies in nanoseconds with their counts, smallest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples {
    values: Vec<(u64, u64)>,
}

/// The latencies of every row of a trial's series.
pub fn of(trial: &Trial) -> Result<Vec<Samples>, ReportError> {
    let samples = |text: &str, t_s: f64| -> Result<Samples, ReportError> {
        let histogram = decode(text, &format!("{} at {t_s} s", trial.transport))?;
        let steps = histogram.iter_recorded();
        Ok(Samples { values: steps.map(|step| (step.value_iterated_to(), step.count_at_value())).collect() })
    };
    let rows = trial.series.iter().map(|row| match &row.turnaround {
        Some(latency) if !latency.histogram.is_empty() => samples(&latency.histogram, row.t_s),
        _ => Ok(Samples::default()),
    });
    rows.collect()
}

impl Samples {
    pub fn merge(parts: &[&Self]) -> Self {
        if let [only] = parts {
            return (*only).clone();
        }
        let mut values: Vec<(u64, u64)> = parts.iter().flat_map(|part| &part.values).copied().collect();
        values.sort_unstable();
        values.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        Self { values }
    }

    pub fn values(&self) -> &[(u64, u64)] {
        &self.values
    }

    pub fn count(&self) -> u64 {
        self.values.iter().map(|(_, count)| count).sum()
    }

    pub fn min(&self) -> Option<u64> {
        self.values.first().map(|(value, _)| *value)
    }

    pub fn max(&self) -> Option<u64> {
        self.values.last().map(|(value, _)| *value)
    }

    /// The value at a quantile; none with too few samples above it.
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        let count = self.count();
        if !answers(count, quantile) {
            return None;
        }
        let rank = (count as f64 * quantile).ceil().max(1.0) as u64;
        let mut below = 0;
        let reached = |&&(_, count): &&(u64, u64)| {
            below += count;
            below >= rank
        };
        self.values.iter().find(reached).map(|(value, _)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;
    use crate::report::histogram;
    use crate::terms::TransportKind;

    fn trial() -> Trial {
        let transports = vec![TransportKind::NatsCore];
        Fixture { transports, seconds: 4, ..Fixture::default() }.build().trials.remove(0)
    }

    #[test]
    fn merged_intervals_have_the_percentiles_of_the_merged_histograms() {
        let trial = trial();
        let rows = of(&trial).unwrap();
        let merged = Samples::merge(&rows.iter().collect::<Vec<_>>());
        let texts = trial.series.iter().map(|row| row.turnaround.as_ref().unwrap().histogram.as_str());
        let whole = histogram::merge(texts, "test").unwrap().unwrap();
        assert_eq!(merged.count(), whole.len());
        for quantile in [0.1, 0.5, 0.9, 0.99] {
            assert_eq!(merged.quantile(quantile), Some(whole.value_at_quantile(quantile)), "{quantile}");
        }
        assert_eq!(merged.max(), Some(whole.max()));
    }

    #[test]
    fn an_interval_with_too_few_samples_has_no_percentile() {
        let samples = Samples { values: vec![(5, 10), (7, 9)] };
        assert_eq!((samples.quantile(0.47), samples.quantile(0.5)), (Some(5), None));
        assert_eq!(Samples::merge(&[]).quantile(0.0), None);
    }

    #[test]
    fn a_damaged_interval_is_named() {
        let mut trial = trial();
        trial.series[2].turnaround.as_mut().unwrap().histogram = "bm9uZQ==".to_owned();
        let error = of(&trial).unwrap_err().to_string();
        assert!(error.contains("nats-core at 1 s"), "{error}");
    }
}
