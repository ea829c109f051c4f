//! Where the time of requests went, kept apart by how long they took.
//!
//! Percentiles of stages don't add up to the percentile of the whole: the slowest deliveries and the slowest
//! services are different requests. Sums over requests of about the same turnaround do.

use serde::{Deserialize, Serialize};

use crate::result::BreakdownRow;

/// Bits of a turnaround, below its highest, that tell bins apart: a bin is 1.6 to 3.1 % wide.
const BITS: u32 = 5;
/// Bins for each doubling of the turnaround.
const BINS_PER_OCTAVE: usize = 1 << BITS;
const BINS: usize = 64 * BINS_PER_OCTAVE;

/// What one request spent, in nanoseconds; together its turnaround.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    pub send_lag_ns: u64,
    pub publish_ns: u64,
    pub queue_ns: u64,
    pub service_ns: u64,
    pub return_ns: u64,
}

impl Parts {
    fn turnaround_ns(&self) -> u64 {
        self.transit_ns() + self.service_ns
    }

    /// What the path took: all but the service.
    pub fn transit_ns(&self) -> u64 {
        self.send_lag_ns + self.publish_ns + self.queue_ns + self.return_ns
    }

    fn add(&mut self, other: &Self) {
        self.send_lag_ns += other.send_lag_ns;
        self.publish_ns += other.publish_ns;
        self.queue_ns += other.queue_ns;
        self.service_ns += other.service_ns;
        self.return_ns += other.return_ns;
    }
}

/// Sums of parts by turnaround. Nothing is allocated before the first request.
#[derive(Default, Serialize, Deserialize)]
pub struct Breakdown {
    bins: Vec<(u64, Parts)>,
}

impl Breakdown {
    #[inline]
    pub fn record(&mut self, parts: &Parts) {
        if self.bins.is_empty() {
            self.bins.resize(BINS, (0, Parts::default()));
        }
        let (count, sum) = &mut self.bins[bin(parts.turnaround_ns())];
        *count += 1;
        sum.add(parts);
    }

    pub fn merge(&mut self, other: Self) {
        if self.bins.is_empty() {
            self.bins = other.bins;
            return;
        }
        for ((count, sum), (more, parts)) in self.bins.iter_mut().zip(&other.bins) {
            *count += more;
            sum.add(parts);
        }
    }

    /// The bins that hold requests. Where the broker never acknowledged, nobody can tell publishing from
    /// queueing: both are queueing then, and there is no publishing.
    pub fn rows(self, acknowledged: bool) -> Vec<BreakdownRow> {
        let filled = self.bins.into_iter().enumerate().filter(|(_, (count, _))| *count > 0);
        let row = |(bin, (count, sum)): (usize, (u64, Parts))| BreakdownRow {
            turnaround_ns_min: lower_edge(bin),
            turnaround_ns_max: lower_edge(bin + 1) - 1,
            count,
            send_lag_ns_sum: sum.send_lag_ns,
            publish_ns_sum: acknowledged.then_some(sum.publish_ns),
            queue_ns_sum: if acknowledged { sum.queue_ns } else { sum.queue_ns + sum.publish_ns },
            service_ns_sum: sum.service_ns,
            return_ns_sum: sum.return_ns,
        };
        filled.map(row).collect()
    }
}

/// The octave from the highest bit, the bin in it from the bits below.
#[inline]
fn bin(ns: u64) -> usize {
    let ns = ns.max(BINS_PER_OCTAVE as u64);
    let octave = ns.ilog2();
    octave as usize * BINS_PER_OCTAVE + ((ns >> (octave - BITS)) as usize & (BINS_PER_OCTAVE - 1))
}

fn lower_edge(bin: usize) -> u64 {
    let (octave, step) = (bin / BINS_PER_OCTAVE, bin % BINS_PER_OCTAVE);
    let edge = ((BINS_PER_OCTAVE + step) as u128) << octave >> BITS;
    u64::try_from(edge).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(service_ns: u64) -> Parts {
        Parts { send_lag_ns: 10, publish_ns: 20, queue_ns: 30, service_ns, return_ns: 40 }
    }

    fn of(values: impl IntoIterator<Item = u64>) -> Breakdown {
        let mut breakdown = Breakdown::default();
        values.into_iter().for_each(|service_ns| breakdown.record(&parts(service_ns)));
        breakdown
    }

    #[test]
    fn a_turnaround_lies_within_the_edges_of_its_bin() {
        for ns in (32..100_000u64).chain([u64::from(u32::MAX), 3_600_000_000_000]) {
            let bin = bin(ns);
            assert!((lower_edge(bin)..lower_edge(bin + 1)).contains(&ns), "{ns} is not in bin {bin}");
        }
        assert_eq!(bin(0), bin(32), "less than a clock can tell");
        assert_eq!(bin(u64::MAX), BINS - 1);
    }

    #[test]
    fn the_parts_of_a_bin_add_up_to_the_turnarounds_in_it() {
        let rows = of(1052..1072).rows(true);
        let row = &rows[0];
        assert_eq!((rows.len(), row.count), (1, 20));
        let sum = row.send_lag_ns_sum
            + row.publish_ns_sum.unwrap()
            + row.queue_ns_sum
            + row.service_ns_sum
            + row.return_ns_sum;
        assert_eq!(sum, (1052..1072).map(|service_ns| service_ns + 100).sum::<u64>());
        let mean = sum / row.count;
        assert!((row.turnaround_ns_min..=row.turnaround_ns_max).contains(&mean), "{row:?}");
    }

    #[test]
    fn without_acknowledgements_publishing_counts_as_queueing() {
        let row = of([1000]).rows(false)[0].clone();
        assert_eq!((row.publish_ns_sum, row.queue_ns_sum), (None, 50));
    }

    #[test]
    fn merging_two_gives_what_one_would_have_recorded() {
        let mut merged = of((0..500).map(|i| i * 977));
        merged.merge(of((500..900).map(|i| i * 977)));
        assert_eq!(merged.rows(true), of((0..900).map(|i| i * 977)).rows(true));
        let mut empty = Breakdown::default();
        empty.merge(of([5]));
        assert_eq!(empty.rows(true), of([5]).rows(true));
    }
}
