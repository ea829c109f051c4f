//! What a producer tells of single requests.

/// Where a producer reports what the broker said of a request, and when.
pub trait Outcomes {
    /// The broker confirmed these.
    fn accepted(&self, sequences: &mut dyn Iterator<Item = u64>, at_ns: u64);
    /// Refused for certain.
    fn rejected(&self, sequence: u64, reason: &str);
    /// It may still arrive.
    fn indeterminate(&self, sequence: u64, reason: &str);
    /// A connection broke: of the open requests that went `over` it, nobody knows what becomes of those that
    /// `unknown` says.
    fn broken(&self, over: &dyn Fn(u64) -> bool, unknown: Unknown);
}

/// Which open requests a broken connection leaves unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// Those that the broker had not confirmed; it stores the others.
    Unconfirmed,
    /// All: the broker stores nothing.
    All,
}
