//! Ratios of sides that share nothing, such as two runs: Welch's t test on logarithms.
//!
//! The rank-sum test asks less of the figures, but has nothing to say of few: its least p is 0.1 with three against
//! three and 0.008 with five against five, which is 0.12 when corrected for the 15 figures of five paths.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::paired::{Logarithms, SIGNIFICANCE};
use crate::result::Estimate;

/// A ratio of two sides, and what it shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unpaired {
    /// Of the geometric means; with the 95 % interval of Welch's t over the logarithms, where both sides have at least
    /// 3 values.
    pub ratio: Estimate,
    /// Chance of a ratio that lies as far from 1 where nothing differs. None with fewer than 3 values on a side.
    pub p: Option<f64>,
}

/// Holds `new` against `base`. None where a side is empty, or a value has no logarithm.
///
/// B. L. Welch, The Generalization of Student's Problem when Several Different Population Variances are Involved,
/// Biometrika 34, 1947; on logarithms because ratios are as far from 1 at twice as at half.
pub fn unpaired(new: &[f64], base: &[f64]) -> Option<Unpaired> {
    let (new, base) = (Logarithms::of(new)?, Logarithms::of(base)?);
    let apart = new.mean - base.mean;
    let alone = Estimate { median: apart.exp(), low: None, high: None };
    let Some((of_new, of_base)) = new.variance_of_mean.zip(base.variance_of_mean) else {
        return Some(Unpaired { ratio: alone, p: None });
    };
    let squared = of_new + of_base;
    let freedom =
        squared * squared / (of_new * of_new / (new.count - 1.0) + of_base * of_base / (base.count - 1.0));
    // Neither spread is zero, so there are at least two degrees of freedom.
    let student = StudentsT::new(0.0, 1.0, freedom).ok()?;
    let half = student.inverse_cdf(1.0 - SIGNIFICANCE / 2.0) * squared.sqrt();
    let ratio = Estimate { low: Some((apart - half).exp()), high: Some((apart + half).exp()), ..alone };
    Some(Unpaired { ratio, p: Some(2.0 * student.cdf(-(apart / squared.sqrt()).abs())) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_agrees_with_a_worked_example() {
        // By hand: means 4 and 3, variances of the means 0.5 and 0.2: t = 1.195, 6.76 degrees of freedom.
        let new = [2.0, 3.0, 4.0, 5.0, 6.0].map(f64::exp);
        let base = [-2.0, -1.0, 0.0, 1.0, 2.0].map(|value| (3.0 + value * 0.4_f64.sqrt()).exp());
        let found = unpaired(&new, &base).unwrap();
        assert!((found.ratio.median.ln() - 1.0).abs() < 1e-9);
        let half = (found.ratio.high.unwrap() / found.ratio.median).ln();
        // t(0.975) lies between 2.447 with 6 and 2.365 with 7 degrees of freedom.
        assert!((2.365..2.447).contains(&(half / 0.7_f64.sqrt())), "{half}");
        assert!((0.26..0.29).contains(&found.p.unwrap()), "{found:?}");
    }

    #[test]
    fn a_ratio_of_clearly_different_sides_lies_beyond_one_and_that_of_a_side_to_itself_holds_it() {
        let base = [100.0, 102.0, 98.0, 101.0, 99.0];
        let slower = unpaired(&base.map(|value| value * 1.2), &base).unwrap();
        assert!((slower.ratio.median - 1.2).abs() < 1e-9 && slower.p.unwrap() < 0.001);
        assert!(slower.ratio.low.unwrap() > 1.1 && slower.ratio.high.unwrap() < 1.3);
        let same = unpaired(&base, &base).unwrap();
        assert!(same.ratio.low.unwrap() < 1.0 && same.ratio.high.unwrap() > 1.0 && same.p == Some(1.0));
    }

    #[test]
    fn two_values_have_no_interval_and_what_has_no_logarithm_no_ratio() {
        let few = unpaired(&[1.0, 2.0], &[1.0, 1.0, 1.0]).unwrap();
        assert_eq!((few.ratio.low, few.p), (None, None));
        assert_eq!(unpaired(&[], &[1.0]), None);
        assert_eq!(unpaired(&[1.0], &[0.0]), None);
    }

    #[test]
    fn the_last_digit_of_a_figure_shows_nothing() {
        let found = unpaired(&[1.0002; 5], &[1.0; 5]).unwrap();
        assert!(found.p.unwrap() > SIGNIFICANCE, "{found:?}");
    }
}
