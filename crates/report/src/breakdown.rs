//! Where the time of requests went around a percentile of their turnaround.
//!
//! Percentiles of stages don't add up, so the parts are means over the requests whose turnaround is about that
//! percentile: they add up to the mean turnaround of the very same requests.

use std::collections::BTreeMap;

use super::groups::Entry;
use weighbridge_record::histogram::SAMPLES_ABOVE_MIN;
use weighbridge_record::result::BreakdownRow;

/// Names of the parts, in the order of a request's life.
pub const PARTS: [&str; 5] = ["send lag", "publish", "queue", "service", "return"];

/// Means over requests of about one turnaround.
#[derive(Debug, Clone, PartialEq)]
pub struct Around {
    /// Requests behind the means.
    pub count: u64,
    /// Their shortest and longest turnaround, as finely as the record tells.
    pub turnaround_ns: (u64, u64),
    /// In the order of `PARTS`; publishing is none where the broker never answers.
    pub parts_ns: [Option<f64>; 5],
}

impl Around {
    pub fn total_ns(&self) -> f64 {
        self.parts_ns.iter().flatten().sum()
    }

    /// Name and share of the largest part.
    pub fn largest(&self) -> (&'static str, f64) {
        let parts = PARTS.into_iter().zip(self.parts_ns.map(|ns| ns.unwrap_or(0.0)));
        let largest = parts.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or(("", 0.0));
        (largest.0, largest.1 / self.total_ns().max(1.0))
    }
}

/// The rows of the trials that count, added up, shortest turnaround first.
pub fn merged(entry: &Entry<'_>) -> Vec<BreakdownRow> {
    let mut sum: BTreeMap<u64, BreakdownRow> = BTreeMap::new();
    for row in entry.counted.iter().flat_map(|trial| &trial.breakdown) {
        match sum.get_mut(&row.turnaround_ns_min) {
            Some(known) => add(known, row),
            None => {
                sum.insert(row.turnaround_ns_min, row.clone());
            }
        }
    }
    sum.into_values().collect()
}

/// Means over the requests whose turnaround is within this share of the percentile.
const NEIGHBOURHOOD: f64 = 0.05;

/// Means over the requests about as long as a percentile. Where they are fewer than ten, those next to them join:
/// a mean of three would be an anecdote.
pub fn around(rows: &[BreakdownRow], percentile_ns: f64) -> Option<Around> {
    let middle = |row: &BreakdownRow| row.turnaround_ns_min.midpoint(row.turnaround_ns_max) as f64;
    let distance = |row: &BreakdownRow| (middle(row) / percentile_ns.max(1.0)).ln().abs();
    let mut nearest: Vec<&BreakdownRow> = rows.iter().collect();
    nearest.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
    let (first, others) = nearest.split_first()?;
    let mut sum = (*first).clone();
    for row in others {
        if distance(row) > NEIGHBOURHOOD.ln_1p() && sum.count as f64 >= SAMPLES_ABOVE_MIN {
            break;
        }
        add(&mut sum, row);
    }
    let mean = |ns_sum: u64| ns_sum as f64 / sum.count as f64;
    Some(Around {
        count: sum.count,
        turnaround_ns: (sum.turnaround_ns_min, sum.turnaround_ns_max),
        parts_ns: [
            Some(mean(sum.send_lag_ns_sum)),
            sum.publish_ns_sum.map(mean),
            Some(mean(sum.queue_ns_sum)),
            Some(mean(sum.service_ns_sum)),
            Some(mean(sum.return_ns_sum)),
        ],
    })
}

fn add(sum: &mut BreakdownRow, row: &BreakdownRow) {
    sum.turnaround_ns_min = sum.turnaround_ns_min.min(row.turnaround_ns_min);
    sum.turnaround_ns_max = sum.turnaround_ns_max.max(row.turnaround_ns_max);
    sum.count += row.count;
    sum.send_lag_ns_sum = sum.send_lag_ns_sum.saturating_add(row.send_lag_ns_sum);
    sum.publish_ns_sum = match (sum.publish_ns_sum, row.publish_ns_sum) {
        (Some(known), Some(more)) => Some(known.saturating_add(more)),
        (known, more) => known.or(more),
    };
    sum.queue_ns_sum = sum.queue_ns_sum.saturating_add(row.queue_ns_sum);
    sum.service_ns_sum = sum.service_ns_sum.saturating_add(row.service_ns_sum);
    sum.return_ns_sum = sum.return_ns_sum.saturating_add(row.return_ns_sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(turnaround_ns_min: u64, count: u64, queue_ns: u64) -> BreakdownRow {
        BreakdownRow {
            turnaround_ns_min,
            turnaround_ns_max: turnaround_ns_min + 9,
            count,
            send_lag_ns_sum: 10 * count,
            publish_ns_sum: None,
            queue_ns_sum: queue_ns * count,
            service_ns_sum: 40 * count,
            return_ns_sum: 50 * count,
        }
    }

    #[test]
    fn the_parts_around_a_percentile_are_those_of_its_requests() {
        let rows = [row(500, 900, 405), row(1_000, 80, 905), row(1_030, 20, 935), row(2_000, 30, 1_905)];
        let median = around(&rows, 505.0).unwrap();
        assert_eq!(median.parts_ns, [Some(10.0), None, Some(405.0), Some(40.0), Some(50.0)]);
        let tail = around(&rows, 1_010.0).unwrap();
        assert_eq!(
            (tail.count, tail.turnaround_ns),
            (100, (1_000, 1_039)),
            "both lie within a twentieth of it"
        );
        assert_eq!(tail.largest(), ("queue", 911.0 / 1_011.0));
    }

    #[test]
    fn the_bar_is_as_long_as_the_percentile_that_the_table_has() {
        let rows: Vec<_> = (0..200).map(|bin| row(1_000 + 10 * bin, 100, 900 + 10 * bin)).collect();
        for percentile_ns in [1_200.0, 1_905.0, 2_500.0] {
            let total = around(&rows, percentile_ns).unwrap().total_ns();
            assert!((total / percentile_ns - 1.0).abs() < 0.02, "{total} for {percentile_ns}");
        }
    }

    #[test]
    fn a_thin_tail_takes_in_its_neighbours_until_ten_requests_stand_behind_it() {
        let rows = [row(1_000, 9_985, 0), row(2_000, 5, 100), row(3_000, 4, 200), row(4_000, 6, 300)];
        let tail = around(&rows, 3_005.0).unwrap();
        assert_eq!((tail.count, tail.turnaround_ns), (10, (3_000, 4_009)));
        let rows = [row(1_000, 9_984, 0), row(2_000, 5, 100), row(3_000, 11, 200)];
        assert_eq!(around(&rows, 3_005.0).unwrap().turnaround_ns, (3_000, 3_009), "enough by themselves");
    }

    #[test]
    fn no_requests_have_no_parts() {
        assert_eq!(around(&[], 100.0), None);
    }
}
