//! Wrongs that a load generator can do, for calibration to notice.

use std::time::Duration;

use weighbridge_plan::ServiceTime;

/// Errors that load generators are known for, or that a change could bring. Calibration must fail with each; nothing
/// else uses them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Defect {
    #[default]
    None,
    /// Latencies start at the actual send: coordinated omission.
    MeasureFromSend,
    /// Requests whose time has passed are left out.
    SkipLate,
    /// A completion is stamped a millisecond late.
    AddMillisecond,
    /// Work takes a fifth less than was drawn.
    ShortService,
    /// Results are read some time after they have come.
    LateCollector,
    /// What one generator brings home takes the place of another's, instead of being added to it.
    BrokenMerge,
}

impl Defect {
    pub fn late_stamp_ns(self) -> u64 {
        if self == Self::AddMillisecond { 1_000_000 } else { 0 }
    }

    pub fn collector_waits(self) -> Option<Duration> {
        (self == Self::LateCollector).then_some(Duration::from_millis(2))
    }

    /// What is served of a service time.
    pub fn served(self, service: ServiceTime) -> ServiceTime {
        if self != Self::ShortService {
            return service;
        }
        match service {
            ServiceTime::Constant { ns } => ServiceTime::Constant { ns: ns / 5 * 4 },
            ServiceTime::Exponential { mean_ns } => ServiceTime::Exponential { mean_ns: mean_ns / 5 * 4 },
            ServiceTime::Lognormal { median_ns, sigma } => {
                ServiceTime::Lognormal { median_ns: median_ns / 5 * 4, sigma }
            }
        }
    }
}
