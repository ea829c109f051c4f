//! Whether deliveries come in the order of their requests.

/// Notices first deliveries that come after a later request of the same ordering key.
pub(super) struct Lanes {
    /// Highest sequence number by lane; lanes that a worker hasn't seen yet may be missing at the end.
    newest: Vec<u64>,
    lanes: usize,
}

impl Lanes {
    pub fn of(lanes: u64) -> Self {
        Self { newest: Vec::new(), lanes: lanes as usize }
    }

    #[inline]
    pub fn is_behind(&mut self, sequence: u64) -> bool {
        let lane = if self.lanes == 1 { 0 } else { sequence as usize % self.lanes };
        if lane >= self.newest.len() {
            self.newest.resize(lane + 1, 0);
        }
        let newest = &mut self.newest[lane];
        let behind = sequence < *newest;
        *newest = sequence.max(*newest);
        behind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_judged_lane_by_lane() {
        let mut order = Lanes::of(2);
        let behind: Vec<bool> = [0, 1, 2, 5, 4, 3, 6].map(|sequence| order.is_behind(sequence)).into();
        assert_eq!(behind, [false, false, false, false, false, true, false]);
    }
}
