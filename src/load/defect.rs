//! Wrongs that a load generator can do, for calibration to notice.

/// Errors that other load generators are known for. Calibration must fail with either; nothing else uses
/// them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Defect {
    #[default]
    None,
    /// Latencies start at the actual send: coordinated omission.
    MeasureFromSend,
    /// Requests whose time has passed are left out.
    SkipLate,
}
