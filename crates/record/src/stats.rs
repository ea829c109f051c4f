//! Statistics over repetitions: runs are compared, not messages.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::result::Estimate;

/// Repetitions below which no interval is given.
const REPETITIONS_MIN: usize = 3;
/// Repetitions below which an interval is their range: a bootstrap of five medians reaches from the least to the
/// greatest, and holds the true one in 94 of 100 cases, of three in 75.
pub const INTERVAL_REPETITIONS_MIN: usize = 6;
const RESAMPLES: usize = 2_000;
const SEED: u64 = 0x6269_6f74_7374_7261;

/// Median of at least one value; the mean of the middle two of an even number.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

/// How much worse than its base a figure may be at most, by the interval of its ratio, as a share; rates get worse by
/// falling.
pub fn worse_by_at_most(figure: &str, ratio: Estimate) -> Option<f64> {
    if figure.starts_with("rates.") { Some(1.0 - ratio.low?) } else { Some(ratio.high? - 1.0) }
}

/// The least and the greatest.
pub fn range(values: &[f64]) -> (f64, f64) {
    values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)))
}

/// What intervals over so many repetitions are called.
pub fn interval_name(repetitions: usize) -> &'static str {
    if repetitions < INTERVAL_REPETITIONS_MIN { "range" } else { "95 % intervals" }
}

/// Median with its 95 % percentile-bootstrap interval (Efron and Tibshirani, An Introduction to the
/// Bootstrap, 1993, chapter 13), of fewer than 6 values with their range. None without values. The same values
/// always give the same interval.
pub fn estimate(values: &[f64]) -> Option<Estimate> {
    if values.is_empty() {
        return None;
    }
    let median_of_all = median(values);
    if values.len() < REPETITIONS_MIN {
        return Some(Estimate { median: median_of_all, low: None, high: None });
    }
    if values.len() < INTERVAL_REPETITIONS_MIN {
        let (low, high) = range(values);
        return Some(Estimate { median: median_of_all, low: Some(low), high: Some(high) });
    }
    let mut random = Pcg64::seed_from_u64(SEED);
    let (low, high) = interval((0..RESAMPLES).map(|_| resampled_median(values, &mut random)).collect());
    Some(Estimate { median: median_of_all, low: Some(low), high: Some(high) })
}

/// Whether and how figures move over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Median of the last third over that of the first.
    pub change: f64,
    /// The Mann-Kendall test calls it a trend at the 1 % level.
    pub significant: bool,
}

/// Trend of figures in the order of time (H. B. Mann, Econometrica 13, 1945; M. G. Kendall, Rank Correlation
/// Methods, 1948; normal approximation without ties). None from fewer than 10 figures.
pub fn trend(figures: &[f64]) -> Option<Trend> {
    const FIGURES_MIN: usize = 10;
    /// Two-sided 1 % point of the normal distribution.
    const Z_MIN: f64 = 2.576;
    let count = figures.len();
    if count < FIGURES_MIN {
        return None;
    }
    let mut score = 0.0;
    for (later, figure) in figures.iter().enumerate() {
        for earlier in &figures[..later] {
            score += if figure > earlier {
                1.0
            } else if figure < earlier {
                -1.0
            } else {
                0.0
            };
        }
    }
    let n = count as f64;
    let deviation = (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
    let third = count / 3;
    let first = median(&figures[..third]);
    if first == 0.0 {
        return None;
    }
    let change = median(&figures[count - third..]) / first;
    Some(Trend { change, significant: (score / deviation).abs() > Z_MIN })
}

/// Chance that sides of one kind differ in rank as much as these, in either direction: the exact
/// two-sided rank-sum test (Mann and Whitney, Annals of Mathematical Statistics 18, 1947), ties at their
/// mean rank. 1 where a side is empty.
pub fn rank_sum_p(a: &[f64], b: &[f64]) -> f64 {
    let doubled_ranks = doubled_ranks(a, b);
    let observed: usize = doubled_ranks[..a.len()].iter().sum();
    // Ranks are doubled so that mean ranks of ties stay whole: their sum over all is n (n + 1).
    let total: usize = doubled_ranks.iter().sum();
    // ways[k][s]: how many choices of k values have doubled ranks that add up to s.
    let mut ways = vec![vec![0.0; total + 1]; a.len() + 1];
    ways[0][0] = 1.0;
    for rank in doubled_ranks {
        for chosen in (1..=a.len()).rev() {
            for sum in (rank..=total).rev() {
                ways[chosen][sum] += ways[chosen - 1][sum - rank];
            }
        }
    }
    let of_all: f64 = ways[a.len()].iter().sum();
    let at_most: f64 = ways[a.len()][..=observed].iter().sum();
    let at_least: f64 = ways[a.len()][observed..].iter().sum();
    (2.0 * at_most.min(at_least) / of_all).min(1.0)
}

/// Twice the rank of every value of `a`, then of `b`, among all; equal values share their mean rank.
fn doubled_ranks(a: &[f64], b: &[f64]) -> Vec<usize> {
    let all: Vec<f64> = a.iter().chain(b).copied().collect();
    let rank = |value: &f64| {
        let below = all.iter().filter(|other| *other < value).count();
        let equal = all.iter().filter(|other| *other == value).count();
        2 * below + equal + 1
    };
    all.iter().map(rank).collect()
}

fn resampled_median(values: &[f64], random: &mut Pcg64) -> f64 {
    let resample: Vec<f64> =
        (0..values.len()).map(|_| values[random.random_range(0..values.len())]).collect();
    median(&resample)
}

/// The middle 95 % of resampled figures.
fn interval(mut figures: Vec<f64>) -> (f64, f64) {
    figures.sort_by(f64::total_cmp);
    let at = |share: f64| figures[((figures.len() - 1) as f64 * share).round() as usize];
    (at(0.025), at(0.975))
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
        let values = [10.0, 12.0, 11.0, 13.0, 9.0, 14.0, 8.0, 11.5, 10.5];
        let found = estimate(&values).unwrap();
        let (low, high) = (found.low.unwrap(), found.high.unwrap());
        assert!(low <= found.median && found.median <= high);
        assert!(low > 8.0 && high < 14.0 && low < high);
        assert_eq!(estimate(&values), Some(found), "the same values give the same interval");
    }

    #[test]
    fn the_interval_of_few_is_their_range_and_called_so() {
        let few = estimate(&[10.0, 12.0, 11.0, 13.0, 9.0]).unwrap();
        assert_eq!((few.low, few.high), (Some(9.0), Some(13.0)));
        assert_eq!([3, 5, 6].map(interval_name), ["range", "range", "95 % intervals"]);
    }

    #[test]
    fn a_steady_rise_is_a_trend_and_scatter_is_none() {
        let rising: Vec<f64> = (0..20).map(|step| 100.0 + 5.0 * f64::from(step)).collect();
        let rise = trend(&rising).unwrap();
        assert!(rise.significant && rise.change > 1.5, "{rise:?}");
        let scattered: Vec<f64> = (0..20).map(|step| 100.0 + 10.0 * f64::from(step * 7 % 5)).collect();
        assert!(!trend(&scattered).unwrap().significant);
        assert_eq!(trend(&rising[..9]), None);
    }

    #[test]
    fn the_rank_sum_test_agrees_with_printed_tables() {
        // Every value of one side above the other: 2 of 20, 70 and 252 ways to split.
        for (n, ways) in [(3, 20.0), (4, 70.0), (5, 252.0)] {
            let low: Vec<f64> = (0..n).map(f64::from).collect();
            let high: Vec<f64> = (10..10 + n).map(f64::from).collect();
            assert!((rank_sum_p(&low, &high) - 2.0 / ways).abs() < 1e-12);
        }
        // U = 4 of 5 against 5: p = 0.0952 (Mann and Whitney, table I, doubled).
        let p = rank_sum_p(&[1.0, 2.0, 3.0, 4.0, 9.0], &[5.0, 6.0, 7.0, 8.0, 10.0]);
        assert!((p - 0.0952).abs() < 1e-3, "{p}");
        assert_eq!(rank_sum_p(&[1.0, 1.0], &[1.0, 1.0]), 1.0);
        assert_eq!(rank_sum_p(&[], &[1.0]), 1.0);
    }
}
