//! Sizes of batches.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use weighbridge_record::histogram::{Damaged, decode_like, encode};
use weighbridge_record::result::BurstSizes;

/// Sizes of batches that were handed over together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bursts(Histogram<u64>);

impl Bursts {
    pub fn new() -> Self {
        // From one to more than any batch holds: constant bounds that satisfy `new_with_bounds`.
        Self(Histogram::new_with_bounds(1, 1_000_000, 3).expect("constant bounds"))
    }

    #[inline]
    pub fn record(&mut self, size: u64) {
        self.0.saturating_record(size);
    }

    pub fn merge(&mut self, other: &Self) {
        // All are made with the same bounds, or were refused when they were read.
        self.0.add(&other.0).expect("same bounds");
    }

    pub fn sizes(&self) -> BurstSizes {
        if self.0.is_empty() {
            return BurstSizes::default();
        }
        BurstSizes {
            wakes: self.0.len(),
            mean: self.0.mean(),
            p50: self.0.value_at_quantile(0.5),
            p99: self.0.value_at_quantile(0.99),
            max: self.0.max(),
        }
    }
}

impl Default for Bursts {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Bursts> for String {
    fn from(bursts: Bursts) -> Self {
        encode(&bursts.0)
    }
}

impl TryFrom<String> for Bursts {
    type Error = Damaged;

    fn try_from(text: String) -> Result<Self, Damaged> {
        decode_like(&text, &Self::new().0, "burst sizes").map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_with_other_bounds_is_refused_when_it_is_read() {
        let foreign = encode(&Histogram::<u64>::new_with_bounds(1, 10, 2).unwrap());
        assert!(Bursts::try_from(foreign).unwrap_err().detail.contains("bounds"));
        assert!(Bursts::try_from("no histogram".to_string()).is_err());
    }
}
