//! Where the time of requests went around a percentile of their turnaround.
//!
//! Percentiles of stages don't add up, so the parts are means over the requests whose turnaround is about that
//! percentile: they add up to the mean turnaround of the very same requests.

use std::collections::BTreeMap;

use super::groups::Entry;
use weighbridge_record::histogram::{SAMPLES_ABOVE_MIN, answers};
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

/// Means around a quantile; none with too few requests above it.
pub fn around(rows: &[BreakdownRow], quantile: f64) -> Option<Around> {
    let total: u64 = rows.iter().map(|row| row.count).sum();
    if !answers(total, quantile) {
        return None;
    }
    let rank = (total as f64 * quantile).ceil().max(1.0) as u64;
    let mut below = 0;
    let place = rows.iter().position(|row| {
        below += row.count;
        below >= rank
    })?;
    let (mut first, mut last) = (place, place);
    let mut sum = rows[place].clone();
    // The tail is thin, and a mean of three requests would be an anecdote: slower ones first, then faster.
    while (sum.count as f64) < SAMPLES_ABOVE_MIN && (first > 0 || last + 1 < rows.len()) {
        let next = if last + 1 < rows.len() {
            last += 1;
            last
        } else {
            first -= 1;
            first
        };
        add(&mut sum, &rows[next]);
    }
    let mean = |ns_sum: u64| ns_sum as f64 / sum.count as f64;
    Some(Around {
        count: sum.count,
        turnaround_ns: (rows[first].turnaround_ns_min, rows[last].turnaround_ns_max),
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
            turnaround_ns_max: turnaround_ns_min + 99,
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
        let rows = [row(100, 900, 0), row(200, 80, 100), row(300, 20, 200)];
        let median = around(&rows, 0.5).unwrap();
        assert_eq!(median.parts_ns, [Some(10.0), None, Some(0.0), Some(40.0), Some(50.0)]);
        let tail = around(&rows, 0.99).unwrap();
        assert_eq!((tail.count, tail.turnaround_ns), (20, (300, 399)));
        assert_eq!(tail.total_ns(), 300.0);
        assert_eq!(tail.largest(), ("queue", 200.0 / 300.0));
    }

    #[test]
    fn a_thin_tail_takes_in_its_neighbours_until_ten_requests_stand_behind_it() {
        let rows = [row(100, 9_985, 0), row(200, 5, 100), row(300, 4, 200), row(400, 6, 300)];
        let tail = around(&rows, 0.999).unwrap();
        assert_eq!((tail.count, tail.turnaround_ns), (15, (200, 499)));
        let rows = [row(100, 9_984, 0), row(200, 5, 100), row(300, 11, 200)];
        assert_eq!(around(&rows, 0.999).unwrap().turnaround_ns, (300, 399), "enough by themselves");
    }

    #[test]
    fn too_few_requests_have_no_tail() {
        assert_eq!(around(&[row(100, 500, 0)], 0.99), None);
        assert_eq!(around(&[], 0.5), None);
    }
}
