//! A rate that moves over time, as straight pieces, and its inverse: when is the k-th request due?

use weighbridge_plan::{Load, RampStage};

const NS_PER_S: f64 = 1e9;

/// Rate from `start_per_s` to `end_per_s`, linear over `duration_ns`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    pub start_per_s: f64,
    pub end_per_s: f64,
    pub duration_ns: u64,
}

/// Consecutive segments from the start of the trial.
#[derive(Debug, Clone, PartialEq)]
pub struct RateProfile {
    segments: Vec<Segment>,
    /// Segment that answered last; questions come in ascending order.
    current: usize,
    current_start_ns: u64,
    /// Requests due before the current segment.
    current_count: f64,
}

impl Segment {
    /// Requests due within the segment.
    fn count(&self) -> f64 {
        (self.start_per_s + self.end_per_s) / 2.0 * self.duration_ns as f64 / NS_PER_S
    }

    /// Seconds into the segment at which `count` requests are due: the root of r0 t + a t^2 / 2 = count.
    fn seconds_at(&self, count: f64) -> f64 {
        let slope = (self.end_per_s - self.start_per_s) / (self.duration_ns as f64 / NS_PER_S);
        // This form of the root is stable for slopes around zero and for a start rate of zero.
        let root = (self.start_per_s * self.start_per_s + 2.0 * slope * count).max(0.0).sqrt();
        if self.start_per_s + root == 0.0 { 0.0 } else { 2.0 * count / (self.start_per_s + root) }
    }
}

impl RateProfile {
    pub fn new(segments: Vec<Segment>) -> Self {
        let segments = segments.into_iter().filter(|segment| segment.duration_ns > 0).collect();
        Self { segments, current: 0, current_start_ns: 0, current_count: 0.0 }
    }

    pub fn constant(rate_per_s: f64, duration_ns: u64) -> Self {
        Self::new(vec![Segment { start_per_s: rate_per_s, end_per_s: rate_per_s, duration_ns }])
    }

    /// Warm-up at the start rate (at the first target if that is zero), the stages, cool-down at the last target.
    pub fn ramping(load: &Load, start_per_s: f64, stages: &[RampStage]) -> Self {
        let flat = |rate, duration_ns| Segment { start_per_s: rate, end_per_s: rate, duration_ns };
        let first = stages.first().map_or(start_per_s, |stage| stage.target_per_s);
        let last = stages.last().map_or(start_per_s, |stage| stage.target_per_s);
        let mut segments = vec![flat(if start_per_s > 0.0 { start_per_s } else { first }, load.warmup_ns)];
        let mut from = start_per_s;
        for stage in stages {
            segments.push(Segment {
                start_per_s: from,
                end_per_s: stage.target_per_s,
                duration_ns: stage.duration_ns,
            });
            from = stage.target_per_s;
        }
        segments.push(flat(last, load.cooldown_ns));
        Self::new(segments)
    }

    /// When the `count`-th request is due, in nanoseconds; none past the end. Ask in ascending order.
    pub fn time_ns_at(&mut self, count: f64) -> Option<u64> {
        loop {
            let segment = self.segments.get(self.current)?;
            let within = count - self.current_count;
            if within < segment.count() {
                return Some(self.current_start_ns + (segment.seconds_at(within) * NS_PER_S) as u64);
            }
            self.current_count += segment.count();
            self.current_start_ns += segment.duration_ns;
            self.current += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;

    #[test]
    fn a_ramp_from_zero_is_a_square_root() {
        // 0 to 200/s over 1 s: 100 requests, the k-th at sqrt(k / 100).
        let ramp = Segment { start_per_s: 0.0, end_per_s: 200.0, duration_ns: SECOND_NS };
        let mut profile = RateProfile::new(vec![ramp]);
        assert_eq!(profile.time_ns_at(0.0), Some(0));
        let quarter = profile.time_ns_at(25.0).unwrap();
        assert!(quarter.abs_diff(SECOND_NS / 2) < 10, "{quarter}");
        assert_eq!(profile.time_ns_at(100.0), None);
    }

    #[test]
    fn segments_follow_one_another_without_a_gap() {
        let flat = |rate, seconds: u64| Segment {
            start_per_s: rate,
            end_per_s: rate,
            duration_ns: seconds * SECOND_NS,
        };
        let mut profile = RateProfile::new(vec![flat(10.0, 1), flat(0.0, 1), flat(20.0, 1)]);
        let times: Vec<_> = (0..).map_while(|k| profile.time_ns_at(f64::from(k))).collect();
        assert_eq!(times.len(), 30);
        assert_eq!(times[9], 900_000_000);
        assert_eq!(times[10], 2 * SECOND_NS, "nothing is due while the rate is zero");
        assert_eq!(times[29], 2_950_000_000);
    }
}
