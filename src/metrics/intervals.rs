//! What happened when: event counts and turnaround histograms, interval by interval.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use weighbridge_record::latency::Latency;
use weighbridge_record::result::{FindingClass, IntervalLatency, Phase};

/// How a trial is cut into intervals. The window begins and ends on interval boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    start_ns: u64,
    warmup_ns: u64,
    duration_ns: u64,
    cooldown_ns: u64,
    interval_ns: u64,
    /// Intervals before the window.
    warmup_intervals: u64,
}

/// Events of one interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub offered: u64,
    pub unsent: u64,
    pub sent: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub delivered: u64,
    pub completed: u64,
    /// Requests in flight when the interval ended.
    pub in_flight: u64,
    /// Requests sent in the interval that were lost.
    pub lost: u64,
    pub lost_acknowledged: u64,
    /// When the first of these was sent.
    pub first_lost_acknowledged_ns: Option<u64>,
    pub duplicated: u64,
    pub redelivered: u64,
    pub parked: u64,
}

/// One interval of the merged recording.
#[derive(Debug, Clone, PartialEq)]
pub struct IntervalRow {
    /// Offset from the start of the window.
    pub start_s: f64,
    pub duration_s: f64,
    pub phase: Phase,
    pub in_window: bool,
    pub counts: Counts,
    pub turnaround: Option<IntervalLatency>,
}

impl Timeline {
    /// A trial whose warm-up starts at `start_ns` on the monotonic clock.
    pub fn new(start_ns: u64, warmup_ns: u64, duration_ns: u64, cooldown_ns: u64) -> Self {
        let interval_ns = interval_for(duration_ns);
        let warmup_intervals = warmup_ns.div_ceil(interval_ns);
        Self { start_ns, warmup_ns, duration_ns, cooldown_ns, interval_ns, warmup_intervals }
    }

    pub fn start_ns(&self) -> u64 {
        self.start_ns
    }

    pub fn window_start_ns(&self) -> u64 {
        self.start_ns + self.warmup_ns
    }

    /// Seconds from the start of the window to a time: what stands in the record.
    pub fn since_window_s(&self, at_ns: u64) -> f64 {
        (at_ns as f64 - self.window_start_ns() as f64) / 1e9
    }

    pub fn window_end_ns(&self) -> u64 {
        self.window_start_ns() + self.duration_ns
    }

    /// End of the cool-down: nothing is intended after it.
    pub fn load_end_ns(&self) -> u64 {
        self.window_end_ns() + self.cooldown_ns
    }

    pub fn window_s(&self) -> f64 {
        self.duration_ns as f64 / 1e9
    }

    pub fn interval_ns(&self) -> u64 {
        self.interval_ns
    }

    #[inline]
    pub fn in_window(&self, at_ns: u64) -> bool {
        at_ns >= self.window_start_ns() && at_ns < self.window_end_ns()
    }

    /// Index of the interval in which `at_ns` lies; times before the trial belong to the first.
    #[inline]
    pub fn interval(&self, at_ns: u64) -> usize {
        let shift = self.warmup_intervals * self.interval_ns;
        ((at_ns + shift).saturating_sub(self.window_start_ns()) / self.interval_ns) as usize
    }

    /// The next interval boundary after `at_ns`.
    pub fn boundary_after(&self, at_ns: u64) -> u64 {
        let first_ns = self.window_start_ns().saturating_sub(self.warmup_intervals * self.interval_ns);
        let intervals = at_ns.saturating_sub(first_ns) / self.interval_ns + 1;
        first_ns + intervals * self.interval_ns
    }

    pub fn interval_in_window(&self, interval: usize) -> bool {
        let start = interval as u64 * self.interval_ns;
        let shift = self.warmup_intervals * self.interval_ns;
        start >= shift && start - shift < self.duration_ns
    }

    fn start_s(&self, interval: usize) -> f64 {
        (interval as f64 - self.warmup_intervals as f64) * self.interval_ns as f64 / 1e9
    }

    fn phase(&self, interval: usize) -> Phase {
        let start = interval as u64 * self.interval_ns;
        let shift = self.warmup_intervals * self.interval_ns;
        if start < shift {
            Phase::Warmup
        } else if start - shift < self.duration_ns {
            Phase::Window
        } else if start - shift < self.duration_ns + self.cooldown_ns {
            Phase::Cooldown
        } else {
            Phase::Drain
        }
    }
}

/// The longest interval of at most a second that cuts the window into equal parts, at least 20 of them if
/// tenths of a second allow it.
fn interval_for(duration_ns: u64) -> u64 {
    const CHOICES_NS: [u64; 4] = [1_000_000_000, 500_000_000, 250_000_000, 100_000_000];
    let fits = |interval: &&u64| duration_ns.is_multiple_of(**interval) && duration_ns / **interval >= 20;
    let exact = || CHOICES_NS.iter().rev().find(|interval| duration_ns.is_multiple_of(**interval));
    match CHOICES_NS.iter().find(fits).or_else(exact) {
        Some(interval) => *interval,
        // A window of an odd length is one interval, or some of nearly a second.
        None => duration_ns.div_ceil(duration_ns.div_ceil(CHOICES_NS[0])),
    }
}

impl Counts {
    /// Something was told of a request for the second time.
    pub fn repeat(&mut self, class: FindingClass) {
        self.duplicated += u64::from(class == FindingClass::Duplicated);
        self.redelivered += u64::from(class == FindingClass::Redelivered);
    }

    /// A request that was sent in the interval was lost.
    pub fn lose(&mut self, sent_ns: u64, acknowledged: bool) {
        self.lost += 1;
        if acknowledged {
            self.lost_acknowledged += 1;
            let first_ns = self.first_lost_acknowledged_ns.unwrap_or(sent_ns);
            self.first_lost_acknowledged_ns = Some(first_ns.min(sent_ns));
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.offered += other.offered;
        self.unsent += other.unsent;
        self.sent += other.sent;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.delivered += other.delivered;
        self.completed += other.completed;
        self.in_flight += other.in_flight;
        self.lost += other.lost;
        self.lost_acknowledged += other.lost_acknowledged;
        let firsts = [self.first_lost_acknowledged_ns, other.first_lost_acknowledged_ns];
        self.first_lost_acknowledged_ns = firsts.into_iter().flatten().min();
        self.duplicated += other.duplicated;
        self.redelivered += other.redelivered;
        self.parked += other.parked;
    }
}

/// Turnaround by interval. Intervals that are over are kept packed, so that an hour's run stays small.
#[derive(Default, Clone, Serialize, Deserialize)]
#[serde(from = "Vec<(usize, Packed)>", into = "Vec<(usize, Packed)>")]
pub(super) struct IntervalHistograms {
    /// The interval recorded into last, kept out of the map.
    current: Option<(usize, Latency)>,
    open: BTreeMap<usize, Latency>,
    packed: Vec<(usize, Packed)>,
}

/// Counts of a histogram as (value, count) pairs.
type Packed = Vec<(u64, u32)>;

/// Intervals kept unpacked: late samples mostly belong to these.
const OPEN_MAX: usize = 4;

impl IntervalHistograms {
    #[inline]
    pub fn record(&mut self, interval: usize, value_ns: u64, count: u64) {
        match &mut self.current {
            Some((current, latency)) if *current == interval => latency.record_n(value_ns, count),
            _ => self.turn_to(interval).record_n(value_ns, count),
        }
    }

    fn turn_to(&mut self, interval: usize) -> &mut Latency {
        let latency = self.open.remove(&interval).unwrap_or_default();
        self.open.extend(self.current.replace((interval, latency)));
        while self.open.len() > OPEN_MAX {
            // After a stall, late samples reopen old intervals; the oldest goes back first.
            if let Some((interval, latency)) = self.open.pop_first() {
                self.packed.push((interval, pack(&latency)));
            }
        }
        &mut self.current.get_or_insert_default().1
    }

    pub fn merge(&mut self, other: Self) {
        for (interval, latency) in other.open.into_iter().chain(other.current) {
            self.packed.push((interval, pack(&latency)));
        }
        self.packed.extend(other.packed);
    }

    /// One histogram an interval.
    pub fn finish(&mut self) -> BTreeMap<usize, Latency> {
        let mut finished = std::mem::take(&mut self.open);
        finished.extend(self.current.take());
        for (interval, packed) in self.packed.drain(..) {
            unpack(&packed, finished.entry(interval).or_default());
        }
        finished
    }
}

impl From<IntervalHistograms> for Vec<(usize, Packed)> {
    fn from(histograms: IntervalHistograms) -> Self {
        let unpacked = histograms.open.into_iter().chain(histograms.current);
        let packed = unpacked.map(|(interval, latency)| (interval, pack(&latency)));
        packed.chain(histograms.packed).collect()
    }
}

impl From<Vec<(usize, Packed)>> for IntervalHistograms {
    fn from(packed: Vec<(usize, Packed)>) -> Self {
        Self { packed, ..Self::default() }
    }
}

/// One row an interval, with the histograms beside the counts.
pub(super) fn rows(
    timeline: &Timeline,
    counts: &[Counts],
    turnaround: &BTreeMap<usize, Latency>,
) -> Vec<IntervalRow> {
    let last = turnaround.keys().next_back().map_or(0, |interval| interval + 1);
    (0..counts.len().max(last))
        .map(|interval| IntervalRow {
            start_s: timeline.start_s(interval),
            duration_s: timeline.interval_ns as f64 / 1e9,
            phase: timeline.phase(interval),
            in_window: timeline.interval_in_window(interval),
            counts: counts.get(interval).copied().unwrap_or_default(),
            turnaround: turnaround.get(&interval).map(|latency| IntervalLatency {
                count: latency.count(),
                p50: latency.quantile(0.5),
                p90: latency.quantile(0.9),
                p99: latency.quantile(0.99),
                p999: latency.quantile(0.999),
                max: latency.max(),
                histogram: latency.encoded(),
            }),
        })
        .collect()
}

fn pack(latency: &Latency) -> Packed {
    latency.recorded().map(|(value, count)| (value, u32::try_from(count).unwrap_or(u32::MAX))).collect()
}

fn unpack(packed: &Packed, into: &mut Latency) {
    for (value, count) in packed {
        into.record_n(*value, u64::from(*count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;

    #[test]
    fn intervals_divide_the_window() {
        for (seconds, expected_ms) in [(1, 100), (5, 250), (10, 500), (60, 1000), (3600, 1000)] {
            assert_eq!(interval_for(seconds * SECOND_NS), expected_ms * 1_000_000, "{seconds} s");
        }
        let odd = 2_777_777_777;
        assert!(interval_for(odd) <= SECOND_NS);
    }

    #[test]
    fn phases_follow_one_another() {
        // A warm-up that is no multiple of the interval still leaves the window on a boundary.
        let timeline = Timeline::new(0, 1_100_000_000, 20 * SECOND_NS, SECOND_NS);
        assert_eq!(timeline.interval(0), 0);
        assert_eq!(timeline.phase(timeline.interval(1_099_999_999)), Phase::Warmup);
        assert_eq!(timeline.phase(timeline.interval(1_100_000_000)), Phase::Window);
        assert_eq!(timeline.phase(timeline.interval(timeline.window_end_ns() - 1)), Phase::Window);
        assert_eq!(timeline.phase(timeline.interval(timeline.window_end_ns())), Phase::Cooldown);
        assert_eq!(timeline.phase(timeline.interval(timeline.load_end_ns())), Phase::Drain);
        assert!((timeline.start_s(timeline.interval(1_100_000_000))).abs() < 1e-9);
    }

    #[test]
    fn packing_and_late_samples_lose_nothing() {
        let mut histograms = IntervalHistograms::default();
        for interval in 0..20 {
            histograms.record(interval, 5_000_000, 1);
        }
        histograms.record(0, 7_000_000, 1);
        let finished = histograms.finish();
        assert_eq!(finished.len(), 20);
        assert_eq!(finished[&0].count(), 2);
        assert!(finished[&0].max() >= 7_000_000 && finished[&0].max() < 7_010_000);
        assert_eq!(finished[&19].count(), 1);
    }
}
