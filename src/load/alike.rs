//! Requests with the same times: an unpaced batch, mostly. Recorded together, they cost little more than one.

use super::in_flight::Times;

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Alike {
    pub times: Times,
    pub at_ns: u64,
    pub count: u64,
}

impl Alike {
    /// Takes one more request, and gives back the run that it doesn't belong to.
    #[inline]
    pub fn extend(&mut self, times: Times, at_ns: u64) -> Option<Self> {
        if self.times == times && self.at_ns == at_ns {
            self.count += 1;
            return None;
        }
        let over = std::mem::replace(self, Self { times, at_ns, count: 1 });
        Some(over)
    }
}
