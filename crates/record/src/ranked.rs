//! Percentiles over all requests, those without an answer included: they took longer than any that was measured.

use hdrhistogram::Histogram;

use crate::histogram::answers;

/// What a percentile is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ranked {
    Ns(u64),
    /// Its rank falls among the requests that were never answered.
    NotAnswered,
    /// Fewer than 10 requests lie above it.
    TooFew,
}

impl Ranked {
    pub fn ns(self) -> Option<u64> {
        if let Self::Ns(ns) = self { Some(ns) } else { None }
    }
}

/// The percentile at `quantile` over `answered` requests and `unanswered` more behind them.
pub fn ranked(answered: &Histogram<u64>, unanswered: u64, quantile: f64) -> Ranked {
    let kind = rank(answered.len(), unanswered, quantile);
    match kind {
        Err(kind) => kind,
        Ok(_) if unanswered == 0 => Ranked::Ns(answered.value_at_quantile(quantile)),
        // Half a rank less, because the product with the count may come out a hair above the rank.
        Ok(rank) => Ranked::Ns(answered.value_at_quantile((rank as f64 - 0.5) / answered.len() as f64)),
    }
}

/// Whether the percentile is that of a request that was never answered.
pub fn is_unanswered(answered: u64, unanswered: u64, quantile: f64) -> bool {
    rank(answered, unanswered, quantile) == Err(Ranked::NotAnswered)
}

/// The highest quantile that has a figure; 0 if there are too few requests for any.
pub fn quantile_max(answered: u64, unanswered: u64) -> f64 {
    let total = answered + unanswered;
    let share = if total == 0 { 0.0 } else { answered as f64 / total as f64 };
    crate::histogram::quantile_max(total).min(share)
}

/// The place of a percentile among the answered requests, from 1; what it is where it has none.
fn rank(answered: u64, unanswered: u64, quantile: f64) -> Result<u64, Ranked> {
    let total = answered + unanswered;
    if !answers(total, quantile) {
        return Err(Ranked::TooFew);
    }
    // The small term keeps 99 of 100 the rank of p99 in spite of rounding.
    let rank = (total as f64 * quantile - 1e-6).ceil().max(1.0) as u64;
    if rank > answered { Err(Ranked::NotAnswered) } else { Ok(rank) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hundred_steps(each: u64) -> Histogram<u64> {
        let mut histogram = Histogram::new(3).unwrap();
        (1..=100).for_each(|step| histogram.record_n(step * 1000, each).unwrap());
        histogram
    }

    #[test]
    fn requests_without_an_answer_rank_behind_all_others() {
        let answered = hundred_steps(100);
        let near = |found: Ranked, expected: u64| {
            let ns = found.ns().unwrap();
            assert!(ns.abs_diff(expected) <= expected / 500, "{ns} is not {expected}");
        };
        near(ranked(&answered, 0, 0.9), 90_000);
        // Of 20 000 requests the 10 000th is the slowest that was answered.
        near(ranked(&answered, 10_000, 0.5), 100_000);
        near(ranked(&answered, 10_000, 0.25), 50_000);
        assert_eq!(ranked(&answered, 10_000, 0.9), Ranked::NotAnswered);
        assert_eq!(ranked(&answered, 100, 0.999), Ranked::NotAnswered);
        assert_eq!(ranked(&answered, 0, 0.999_9), Ranked::TooFew);
    }

    #[test]
    fn one_in_a_hundred_is_beyond_p99_and_no_more_than_that() {
        assert!(!is_unanswered(99_000, 1_000, 0.99));
        assert!(is_unanswered(98_999, 1_001, 0.99));
    }

    #[test]
    fn a_curve_ends_where_answers_do() {
        assert_eq!(quantile_max(10_000, 0), 0.999);
        assert_eq!(quantile_max(5_000, 5_000), 0.5);
        assert_eq!(quantile_max(0, 5), 0.0);
    }
}
