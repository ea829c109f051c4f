//! What a producer tells of single requests.

/// Where a producer reports what the broker said of a request, and when.
pub trait Outcomes {
    /// The broker confirmed these.
    fn accepted(&self, sequences: &mut dyn Iterator<Item = u64>, at_ns: u64);
    /// Refused for certain.
    fn rejected(&self, sequence: u64, reason: &str);
    /// It may still arrive.
    fn indeterminate(&self, sequence: u64, reason: &str);
    /// The client dropped a result because it was read too slowly.
    fn dropped(&self);
}
