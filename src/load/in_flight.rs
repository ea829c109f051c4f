//! Intended and sent times of requests that are not settled yet: 16 bytes each, freed in blocks.

const BLOCK: usize = 4096;

/// Times by request number. A block is freed when all its requests are settled.
#[derive(Default)]
pub struct InFlight {
    blocks: Vec<Option<Block>>,
    next: u64,
}

struct Block {
    times: Box<[Times; BLOCK]>,
    unsettled: u32,
}

/// Monotonic nanoseconds; `sent_ns` is 0 until the request is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    pub intended_ns: u64,
    pub sent_ns: u64,
}

impl InFlight {
    /// Opens the next request; numbers run from 0 as in the ledger.
    #[inline]
    pub fn open(&mut self, intended_ns: u64) {
        let place = self.next as usize % BLOCK;
        if place == 0 {
            let times = Box::new([Times::default(); BLOCK]);
            self.blocks.push(Some(Block { times, unsettled: BLOCK as u32 }));
        }
        if let Some(Some(block)) = self.blocks.last_mut() {
            block.times[place].intended_ns = intended_ns;
        }
        self.next += 1;
    }

    #[inline]
    pub fn sent(&mut self, number: u64, at_ns: u64) {
        if let Some(Some(block)) = self.blocks.get_mut(number as usize / BLOCK) {
            block.times[number as usize % BLOCK].sent_ns = at_ns;
        }
    }

    /// Times of a request; none once its block is settled.
    #[inline]
    pub fn times(&self, number: u64) -> Option<Times> {
        let block = self.blocks.get(number as usize / BLOCK)?.as_ref()?;
        Some(block.times[number as usize % BLOCK])
    }

    /// Says that a request is settled; must be said once for each.
    #[inline]
    pub fn settle(&mut self, number: u64) {
        let Some(slot) = self.blocks.get_mut(number as usize / BLOCK) else { return };
        if let Some(block) = slot {
            block.unsettled -= 1;
            if block.unsettled == 0 {
                *slot = None;
            }
        }
    }

    #[cfg(test)]
    fn blocks_held(&self) -> usize {
        self.blocks.iter().flatten().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settled_blocks_are_freed_and_a_straggler_holds_only_its_own() {
        let mut in_flight = InFlight::default();
        let total = 10 * BLOCK as u64;
        for number in 0..total {
            in_flight.open(number);
            in_flight.sent(number, number + 1);
        }
        for number in (0..total).filter(|number| *number != 5) {
            in_flight.settle(number);
        }
        assert_eq!(in_flight.blocks_held(), 1);
        assert_eq!(in_flight.times(5), Some(Times { intended_ns: 5, sent_ns: 6 }));
        in_flight.settle(5);
        assert_eq!(in_flight.blocks_held(), 0);
        assert_eq!(in_flight.times(5), None);
    }
}
