//! One trial that is to be measured.

use weighbridge_plan::PointPlan;
use weighbridge_record::terms::Path;

/// One trial of a plan.
#[derive(Debug, Clone)]
pub struct TrialSpec<'a> {
    pub point: &'a PointPlan,
    pub path: Path,
    /// From 1.
    pub repetition: u32,
    /// Where it is decided after each whether another is measured: the most of them.
    pub repetitions_max: Option<u32>,
    /// From 1.
    pub order: u32,
    pub trials: u32,
    /// Of arrivals, payloads and service times.
    pub seed: u64,
    /// Most that the generator can put on the path in memory, where that was measured.
    pub ceiling_per_s: Option<f64>,
}

impl<'a> TrialSpec<'a> {
    /// A trial that stands alone.
    pub fn alone(point: &'a PointPlan, path: impl Into<Path>, seed: u64) -> Self {
        Self {
            point,
            path: path.into(),
            repetition: 1,
            repetitions_max: None,
            order: 1,
            trials: 1,
            seed,
            ceiling_per_s: None,
        }
    }
}
