//! A latency histogram: 64 ns to one hour, three significant digits.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::histogram::{Damaged, decode_like, encode};
use crate::ranked::ranked;
use crate::result::LatencySummary;

const LOWEST_NS: u64 = 64;
const HIGHEST_NS: u64 = 3_600_000_000_000;
const DIGITS: u8 = 3;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Latency {
    histogram: Histogram<u64>,
}

impl Latency {
    pub fn new() -> Self {
        // The bounds are constants that satisfy `new_with_bounds`.
        let histogram = Histogram::new_with_bounds(LOWEST_NS, HIGHEST_NS, DIGITS).expect("constant bounds");
        Self { histogram }
    }

    /// Records one value; more than an hour is recorded as an hour.
    #[inline]
    pub fn record(&mut self, value_ns: u64) {
        self.histogram.saturating_record(value_ns);
    }

    #[inline]
    pub fn record_n(&mut self, value_ns: u64, count: u64) {
        self.histogram.saturating_record_n(value_ns, count);
    }

    /// Values that were recorded, with their counts.
    pub fn recorded(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.histogram.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value()))
    }

    pub fn merge(&mut self, other: &Self) {
        // Both have the same constant bounds.
        self.histogram.add(&other.histogram).expect("same bounds");
    }

    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    pub fn max(&self) -> u64 {
        self.histogram.max()
    }

    /// The value at a quantile; none with fewer than 10 samples above it.
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        ranked(&self.histogram, 0, quantile).ns()
    }

    /// Its figures; none without samples.
    pub fn figures(&self) -> Option<LatencySummary> {
        (self.count() > 0).then(|| self.summary())
    }

    pub fn summary(&self) -> LatencySummary {
        self.summary_with(0)
    }

    /// Figures over the values recorded and `unanswered` more requests that never got a value.
    pub fn summary_with(&self, unanswered: u64) -> LatencySummary {
        let some = self.count() > 0;
        let quantile = |quantile| ranked(&self.histogram, unanswered, quantile).ns();
        LatencySummary {
            count: self.count(),
            unanswered,
            min: some.then(|| self.histogram.min()),
            mean: some.then(|| self.histogram.mean()),
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            p999: quantile(0.999),
            p9999: quantile(0.9999),
            max: some.then(|| self.histogram.max()),
            histogram: encode(&self.histogram),
        }
    }

    /// Base64 of the V2-deflate encoding.
    pub fn encoded(&self) -> String {
        encode(&self.histogram)
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Latency> for String {
    fn from(latency: Latency) -> Self {
        latency.encoded()
    }
}

impl TryFrom<String> for Latency {
    type Error = Damaged;

    fn try_from(text: String) -> Result<Self, Damaged> {
        decode_like(&text, &Self::new().histogram, "a latency").map(|histogram| Self { histogram })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(values: impl IntoIterator<Item = u64>) -> Latency {
        let mut latency = Latency::new();
        values.into_iter().for_each(|value| latency.record(value));
        latency
    }

    #[test]
    fn a_percentile_needs_ten_samples_above_it() {
        let thousand = filled((1..=1000).map(|i| i * 1000)).summary();
        assert!(thousand.p99.is_some());
        assert_eq!(thousand.p999, None);
        let fewer = filled((1..=999).map(|i| i * 1000)).summary();
        assert_eq!(fewer.p99, None);
    }

    #[test]
    fn values_keep_three_digits() {
        let summary = filled([123_456_789; 100]).summary();
        let p50 = summary.p50.unwrap() as f64;
        assert!((p50 / 123_456_789.0 - 1.0).abs() < 0.001, "{p50}");
    }

    #[test]
    fn merging_adds_both_sides() {
        let mut left = filled([1000; 3]);
        left.merge(&filled([9000; 4]));
        assert_eq!(left.count(), 7);
    }

    #[test]
    fn a_histogram_can_be_sent_and_merges_where_it_arrives() {
        let latency = filled((1..=5000).map(|i| i * i * 977));
        let mut there: Latency = serde_json::from_str(&serde_json::to_string(&latency).unwrap()).unwrap();
        assert_eq!(there.summary(), latency.summary());
        there.merge(&latency);
        assert_eq!(there.count(), 10_000);
        let foreign = encode(&Histogram::new_with_bounds(1, 1000, 2).unwrap());
        assert!(Latency::try_from(foreign).is_err(), "adding it would fail");
    }

    #[test]
    fn nothing_recorded_gives_no_figures() {
        let summary = Latency::new().summary();
        assert_eq!((summary.count, summary.min, summary.mean, summary.max), (0, None, None, None));
    }
}
