//! Counts that the record leaves out.

/// Whether a count is left out.
pub(super) fn is_zero(count: &u64) -> bool {
    *count == 0
}
