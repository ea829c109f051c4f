//! Ratios judged pair by pair, and what many judgements do to each other.
//!
//! Repetitions that share their seed share arrivals, bodies and service times: what they have in common falls
//! out of their ratio.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::result::Estimate;
use crate::stats::range;

/// Pairs below which nothing is judged.
pub const PAIRS_MIN: usize = 3;
/// Pairs from which on an interval of their mean says more than their range does.
pub const INTERVAL_PAIRS_MIN: usize = 5;
/// Chance of a false alarm that is put up with, over all judgements that belong together.
pub const SIGNIFICANCE: f64 = 0.05;

/// Least standard deviation of log ratios: figures of three digits, as histograms give them, tell no finer.
const DEVIATION_MIN: f64 = 0.000_5;

/// What a t test needs of values that are compared by their ratios.
pub(crate) struct Logarithms {
    pub count: f64,
    pub mean: f64,
    /// None of fewer than 3 values.
    pub variance_of_mean: Option<f64>,
}

impl Logarithms {
    /// None without values, and where one has no logarithm.
    pub fn of(values: &[f64]) -> Option<Self> {
        let has_logarithm = |value: &f64| value.is_finite() && *value > 0.0;
        if values.is_empty() || !values.iter().all(has_logarithm) {
            return None;
        }
        let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
        let count = logs.len() as f64;
        let mean = logs.iter().sum::<f64>() / count;
        let variance_of_mean = (logs.len() >= PAIRS_MIN).then(|| {
            let squares: f64 = logs.iter().map(|log| (log - mean).powi(2)).sum();
            (squares / (count - 1.0)).max(DEVIATION_MIN * DEVIATION_MIN) / count
        });
        Some(Self { count, mean, variance_of_mean })
    }
}

/// The ratios of pairs, and what they show.
#[derive(Debug, Clone, PartialEq)]
pub struct Paired {
    /// Pair by pair.
    pub ratios: Vec<f64>,
    /// Their geometric mean; from 5 pairs on with the 95 % interval of Student's t over their logarithms, with
    /// 3 or 4 pairs with their range.
    pub ratio: Estimate,
    /// Chance of ratios that lie as far from 1 where nothing differs: the two-sided t test of the mean of their
    /// logarithms against 0, at any of the looks. None of fewer than 3 pairs.
    pub p: Option<f64>,
}

/// Holds `new` against `base`, value by value. None where there is no pair, or a figure that has no ratio.
///
/// The paired t test: Student, The Probable Error of a Mean, Biometrika 6, 1908; on logarithms because ratios
/// are as far from 1 at twice as at half.
pub fn paired(new: &[f64], base: &[f64]) -> Option<Paired> {
    paired_at_look(new, base, 1)
}

/// As [`paired`], for pairs that are looked at up to `looks` times as they come in: each look has its share of the
/// error (Bonferroni), so chance and interval hold at whichever look the measuring ends.
pub fn paired_at_look(new: &[f64], base: &[f64], looks: u32) -> Option<Paired> {
    let looks = f64::from(looks.max(1));
    let ratios: Vec<f64> = new.iter().zip(base).map(|(new, base)| new / base).collect();
    let Logarithms { count, mean, variance_of_mean } = Logarithms::of(&ratios)?;
    let spread = variance_of_mean.map(f64::sqrt);
    // Freedom of at least 2 is no error.
    let student = StudentsT::new(0.0, 1.0, count - 1.0).ok();
    let Some((spread, student)) = spread.zip(student) else {
        return Some(Paired {
            ratios,
            ratio: Estimate { median: mean.exp(), low: None, high: None },
            p: None,
        });
    };
    let (low, high) = if ratios.len() < INTERVAL_PAIRS_MIN {
        range(&ratios)
    } else {
        let half = student.inverse_cdf(1.0 - SIGNIFICANCE / looks / 2.0) * spread;
        ((mean - half).exp(), (mean + half).exp())
    };
    let p = (2.0 * student.cdf(-(mean / spread).abs()) * looks).min(1.0);
    let ratio = Estimate { median: mean.exp(), low: Some(low), high: Some(high) };
    Some(Paired { ratios, ratio, p: Some(p) })
}

/// Corrects the chances of judgements that belong together, as [`holm`] says.
pub fn correct<'a>(chances: impl Iterator<Item = &'a mut f64>) {
    let chances: Vec<&mut f64> = chances.collect();
    let found: Vec<f64> = chances.iter().map(|chance| **chance).collect();
    for (chance, adjusted) in chances.into_iter().zip(holm(&found)) {
        *chance = adjusted;
    }
}

/// The chances of judgements that belong together, each made so much larger that to act on those of at most 5 %
/// raises a false alarm among all of them in 5 % of cases (S. Holm, A Simple Sequentially Rejective Multiple
/// Test Procedure, Scandinavian Journal of Statistics 6, 1979).
pub fn holm(chances: &[f64]) -> Vec<f64> {
    let mut in_order: Vec<usize> = (0..chances.len()).collect();
    in_order.sort_by(|a, b| chances[*a].total_cmp(&chances[*b]));
    let mut adjusted = vec![1.0; chances.len()];
    let mut largest = 0.0_f64;
    for (rank, index) in in_order.into_iter().enumerate() {
        largest = largest.max(chances[index] * (chances.len() - rank) as f64).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_t_test_agrees_with_student_s_own_example() {
        // Hours of sleep gained by ten patients with two drugs: mean 1.58, t = 4.06, p = 0.0028.
        let gained: [f64; 10] = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4];
        let found = paired(&gained.map(f64::exp), &[1.0; 10]).unwrap();
        assert!((found.ratio.median.ln() - 1.58).abs() < 1e-9);
        assert!((found.p.unwrap() - 0.0028).abs() < 1e-4, "{found:?}");
        // 1.58 +- 2.262 * 0.389.
        assert!((found.ratio.low.unwrap().ln() - 0.70).abs() < 0.01, "{found:?}");
    }

    #[test]
    fn what_pairs_have_in_common_falls_out() {
        let base = [100.0, 140.0, 80.0, 210.0, 95.0];
        let new = [103.0, 144.0, 82.0, 217.0, 98.0];
        let found = paired(&new, &base).unwrap();
        assert!(
            found.ratio.low.unwrap() > 1.02 && found.ratio.high.unwrap() < 1.04 && found.p.unwrap() < 0.001
        );
    }

    #[test]
    fn three_and_four_pairs_have_a_range_and_two_have_none() {
        let of = |count: usize| paired(&[1.02, 1.05, 1.07, 1.03, 1.04][..count], &[1.0; 5]).unwrap();
        for few in [3, 4] {
            assert_eq!((of(few).ratio.low, of(few).ratio.high), (Some(1.02), Some(1.07)));
        }
        assert!(of(3).p.unwrap() > SIGNIFICANCE, "all on one side, and yet chance is not excluded");
        assert!(of(5).ratio.low.unwrap() < 1.02 && of(5).p.unwrap() < SIGNIFICANCE);
        assert_eq!((of(2).ratio.low, of(2).p), (None, None));
    }

    #[test]
    fn figures_without_a_ratio_are_not_judged_and_equal_ones_are_not_certain() {
        assert_eq!(paired(&[], &[]), None);
        assert_eq!(paired(&[1.0, 1.0, 1.0], &[0.0, 1.0, 1.0]), None);
        let equal = paired(&[1.0; 5], &[1.0; 5]).unwrap();
        assert_eq!((equal.ratio.median, equal.p), (1.0, Some(1.0)));
        let rounded = paired(&[1.0002; 5], &[1.0; 5]).unwrap();
        assert!(rounded.p.unwrap() > SIGNIFICANCE, "less than the last digit of a figure: {rounded:?}");
    }

    #[test]
    fn each_of_several_looks_has_its_share_of_the_error() {
        let new = [1.02, 1.05, 1.07, 1.03, 1.04];
        let at = |looks: u32| paired_at_look(&new, &[1.0; 5], looks).unwrap();
        assert_eq!(at(1), paired(&new, &[1.0; 5]).unwrap());
        assert!((at(4).p.unwrap() - 4.0 * at(1).p.unwrap()).abs() < 1e-12);
        assert!(at(4).ratio.low < at(1).ratio.low && at(4).ratio.high > at(1).ratio.high);
        assert_eq!(at(4).ratio.median, at(1).ratio.median);
        assert_eq!(paired_at_look(&[1.0; 5], &[1.0; 5], 9).unwrap().p, Some(1.0));
    }

    #[test]
    fn holm_holds_the_least_chance_against_all_and_the_last_against_itself() {
        assert_eq!(holm(&[0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]);
        assert_eq!(holm(&[0.6, 0.7]), [1.0, 1.0]);
        assert_eq!(holm(&[]), [] as [f64; 0]);
    }
}
