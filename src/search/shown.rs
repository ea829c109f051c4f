//! What one probe can show of a rate.

/// What a probe showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Sustained,
    NotSustained,
    /// The measurement is invalid: a rate that the instrument can't show counts as not sustained.
    InstrumentFailed,
}
