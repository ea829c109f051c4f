//! Histograms and counters of one thread, merged once at the end.
//!
//! A recorder belongs to one thread and is never shared. Samples belong to the interval, and to the measured
//! window, by the request's *intended* time; counted events by the time at which they happened.

mod bursts;
mod intervals;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use weighbridge_record::breakdown::{Breakdown, Parts};
use weighbridge_record::latency::Latency;
use weighbridge_record::result::{BreakdownRow, LatencySummary};
use weighbridge_record::terms::{CompletedBy, Stage};

pub use bursts::Bursts;
pub use intervals::{Counts, IntervalRow, Timeline};

use intervals::IntervalHistograms;

/// All latencies and counts that one thread saw. It can be sent to another process and merged there.
#[derive(Serialize, Deserialize)]
pub struct Recorder {
    timeline: Timeline,
    completed_by: CompletedBy,
    /// By `Stage as usize`.
    stages: [Latency; Stage::ALL.len()],
    turnaround: IntervalHistograms,
    breakdown: Breakdown,
    counts: Vec<Counts>,
    /// The interval looked up last: its index, its start and its end.
    #[serde(skip)]
    looked_up: (usize, u64, u64),
}

impl Recorder {
    pub fn new(timeline: Timeline, completed_by: CompletedBy) -> Self {
        Self {
            timeline,
            completed_by,
            stages: std::array::from_fn(|_| Latency::new()),
            turnaround: IntervalHistograms::default(),
            breakdown: Breakdown::default(),
            counts: Vec::new(),
            looked_up: (0, 0, 0),
        }
    }

    /// Records `value_ns` of a request intended at `intended_ns`, if it belongs to the measured window.
    #[inline]
    pub fn record(&mut self, stage: Stage, intended_ns: u64, value_ns: u64) {
        self.record_n(stage, intended_ns, value_ns, 1);
    }

    /// Records the value of `count` requests.
    #[inline]
    pub fn record_n(&mut self, stage: Stage, intended_ns: u64, value_ns: u64, count: u64) {
        if self.timeline.in_window(intended_ns) {
            self.stages[stage as usize].record_n(value_ns, count);
        }
    }

    /// Records the turnaround, which is also kept interval by interval, warm-up and cool-down included.
    #[inline]
    pub fn record_turnaround(&mut self, intended_ns: u64, value_ns: u64, count: u64) {
        let interval = self.interval(intended_ns);
        self.turnaround.record(interval, value_ns, count);
    }

    /// Records where the time of a request went, if it belongs to the measured window.
    #[inline]
    pub fn record_parts(&mut self, intended_ns: u64, parts: &Parts) {
        if self.timeline.in_window(intended_ns) {
            self.breakdown.record(parts);
            self.stages[Stage::Transit as usize].record(parts.transit_ns());
        }
    }

    /// [`Timeline::interval`], which divides, looked up again only in another interval.
    #[inline]
    fn interval(&mut self, at_ns: u64) -> usize {
        let (index, start_ns, end_ns) = self.looked_up;
        if (start_ns..end_ns).contains(&at_ns) {
            return index;
        }
        let index = self.timeline.interval(at_ns);
        let end_ns = self.timeline.boundary_after(at_ns);
        let start_ns = if index == 0 { 0 } else { end_ns - self.timeline.interval_ns() };
        self.looked_up = (index, start_ns, end_ns);
        index
    }

    /// The counters of the interval in which `at_ns` lies.
    #[inline]
    pub fn counts_at(&mut self, at_ns: u64) -> &mut Counts {
        let interval = self.interval(at_ns);
        if interval >= self.counts.len() {
            self.counts.resize(interval + 1, Counts::default());
        }
        &mut self.counts[interval]
    }

    /// Events of one interval so far.
    pub fn counted_in(&self, interval: usize) -> Counts {
        self.counts.get(interval).copied().unwrap_or_default()
    }

    /// The sum of all intervals but one.
    pub fn counted_beside(&self, interval: usize) -> Counts {
        let others = self.counts.iter().enumerate().filter(|(other, _)| *other != interval);
        others.fold(Counts::default(), |mut sum, (_, counts)| {
            sum.merge(*counts);
            sum
        })
    }

    /// Adds what another thread recorded on the same timeline.
    pub fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.stages.iter_mut().zip(&other.stages) {
            mine.merge(theirs);
        }
        self.turnaround.merge(other.turnaround);
        self.breakdown.merge(other.breakdown);
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), Counts::default());
        }
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts) {
            mine.merge(theirs);
        }
    }

    /// Turns the recordings into figures. Turnaround over the window is the sum of its interval histograms.
    pub fn finish(mut self) -> Recording {
        let mut latencies = BTreeMap::new();
        let intervals = self.turnaround.finish();
        let mut turnaround = Latency::new();
        for (interval, latency) in &intervals {
            if self.timeline.interval_in_window(*interval) {
                turnaround.merge(latency);
            }
        }
        match self.completed_by {
            // The stage that ends a request is its turnaround, and isn't recorded twice.
            CompletedBy::Delivery => self.stages[Stage::Delivery as usize] = turnaround.clone(),
            CompletedBy::Acknowledgement => {
                let sent_to_end = self.stages[Stage::TurnaroundUncorrected as usize].clone();
                self.stages[Stage::Publish as usize] = sent_to_end;
            }
            CompletedBy::Result => {}
        }
        self.stages[Stage::Turnaround as usize] = turnaround;
        let rows = intervals::rows(&self.timeline, &self.counts, &intervals);
        let offered = rows.iter().filter(|row| row.in_window).map(|row| row.counts.offered).sum();
        for stage in Stage::ALL {
            let latency = &self.stages[stage as usize];
            if latency.count() > 0 {
                latencies.insert(stage, latency.summary_with(self.unanswered(stage, offered)));
            }
        }
        let acknowledged = self.counts.iter().any(|counts| counts.accepted > 0);
        let breakdown = self.breakdown.rows(acknowledged);
        Recording { latencies, rows, breakdown, timeline: self.timeline }
    }
}

impl Recorder {
    /// Of the requests offered in the window, those that never came to the end of a stage. What comes before the
    /// end of a request is left to the ledger, but for its delivery.
    fn unanswered(&self, stage: Stage, offered: u64) -> u64 {
        let reached = match stage {
            Stage::Turnaround | Stage::TurnaroundUncorrected | Stage::Transit => Stage::Turnaround,
            Stage::Publish if self.completed_by == CompletedBy::Acknowledgement => Stage::Turnaround,
            Stage::Delivery => Stage::Delivery,
            Stage::SendLag | Stage::Publish | Stage::Service => return 0,
        };
        offered.saturating_sub(self.stages[reached as usize].count())
    }
}

/// The figures of a trial, all threads merged.
pub struct Recording {
    pub latencies: BTreeMap<Stage, LatencySummary>,
    pub rows: Vec<IntervalRow>,
    pub breakdown: Vec<BreakdownRow>,
    pub timeline: Timeline,
}

impl Recording {
    /// Events of the measured window, over all its intervals.
    pub fn window_counts(&self) -> Counts {
        let mut sum = Counts::default();
        for row in self.rows.iter().filter(|row| row.in_window) {
            sum.merge(row.counts);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;

    fn timeline() -> Timeline {
        Timeline::new(10 * SECOND_NS, SECOND_NS, 20 * SECOND_NS, SECOND_NS)
    }

    fn recorder(values: &[(u64, u64)]) -> Recorder {
        let mut recorder = Recorder::new(timeline(), CompletedBy::Result);
        for (intended, value) in values {
            recorder.record(Stage::SendLag, *intended, *value);
            recorder.record_turnaround(*intended, *value, 1);
            recorder.counts_at(*intended).offered += 1;
        }
        recorder
    }

    #[test]
    fn only_samples_intended_in_the_window_count() {
        let before = 10 * SECOND_NS;
        let inside = 12 * SECOND_NS;
        let after = 31 * SECOND_NS + 1;
        let recording = recorder(&[(before, 1000), (inside, 2000), (after, 3000)]).finish();
        for stage in [Stage::SendLag, Stage::Turnaround] {
            let summary = &recording.latencies[&stage];
            assert_eq!((summary.count, summary.max), (1, Some(2047)), "{stage:?}");
        }
        assert_eq!(recording.rows.len(), 22, "warm-up, twenty of the window, cool-down");
        assert_eq!(recording.window_counts().offered, 1);
    }

    #[test]
    fn requests_of_the_window_without_an_end_rank_behind_those_that_have_one() {
        let mut recorder = Recorder::new(timeline(), CompletedBy::Result);
        for number in 0..4000 {
            let intended_ns = 12 * SECOND_NS + number;
            recorder.counts_at(intended_ns).offered += 1;
            recorder.record(Stage::SendLag, intended_ns, 1000);
            if number % 2 == 0 {
                recorder.record_turnaround(intended_ns, 1000 + number, 1);
            }
        }
        // The warm-up is not asked for.
        recorder.counts_at(10 * SECOND_NS).offered += 100;
        let recording = recorder.finish();
        let turnaround = &recording.latencies[&Stage::Turnaround];
        assert_eq!((turnaround.count, turnaround.unanswered), (2000, 2000));
        assert!(turnaround.p50.is_some(), "the slowest that was answered");
        assert_eq!((turnaround.p90, turnaround.p99), (None, None));
        assert!(turnaround.is_unanswered_at(0.9));
        let lag = &recording.latencies[&Stage::SendLag];
        assert_eq!((lag.unanswered, lag.p99.is_some()), (0, true));
    }

    #[test]
    fn merging_two_recorders_gives_what_one_would_have_recorded() {
        let all: Vec<(u64, u64)> =
            (0..4000).map(|i| (11 * SECOND_NS + i * 1_000_000, 1000 + 37 * i)).collect();
        let (left, right) = all.split_at(1234);
        let mut merged = recorder(left);
        merged.merge(recorder(right));
        let (merged, whole) = (merged.finish(), recorder(&all).finish());
        assert_eq!(merged.latencies, whole.latencies);
        assert_eq!(merged.rows, whole.rows);
    }
}
