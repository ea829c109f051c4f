//! Statistics over repetitions: runs are compared, not messages.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::result::Estimate;

/// Repetitions below which no interval is given.
const REPETITIONS_MIN: usize = 3;
const RESAMPLES: usize = 2_000;

/// Median of at least one value; the mean of the middle two of an even number.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

/// Median with its 95 % percentile-bootstrap interval (Efron and Tibshirani, An Introduction to the
/// Bootstrap, 1993, chapter 13). None without values. The same values always give the same interval.
pub fn estimate(values: &[f64]) -> Option<Estimate> {
    if values.is_empty() {
        return None;
    }
    let median_of_all = median(values);
    if values.len() < REPETITIONS_MIN {
        return Some(Estimate { median: median_of_all, low: None, high: None });
    }
    let mut random = Pcg64::seed_from_u64(0x6269_6f74_7374_7261);
    let mut medians: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let resample: Vec<f64> =
                (0..values.len()).map(|_| values[random.random_range(0..values.len())]).collect();
            median(&resample)
        })
        .collect();
    medians.sort_by(f64::total_cmp);
    let at = |share: f64| medians[((RESAMPLES - 1) as f64 * share).round() as usize];
    Some(Estimate { median: median_of_all, low: Some(at(0.025)), high: Some(at(0.975)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn fewer_than_three_repetitions_give_no_interval() {
        let two = estimate(&[1.0, 2.0]).unwrap();
        assert_eq!((two.median, two.low, two.high), (1.5, None, None));
        assert_eq!(estimate(&[]), None);
    }

    #[test]
    fn the_interval_holds_the_median_and_lies_within_the_values() {
        let values = [10.0, 12.0, 11.0, 13.0, 9.0];
        let found = estimate(&values).unwrap();
        let (low, high) = (found.low.unwrap(), found.high.unwrap());
        assert!(low <= found.median && found.median <= high);
        assert!(low >= 9.0 && high <= 13.0 && low < high);
        assert_eq!(estimate(&values), Some(found), "the same values give the same interval");
    }
}
