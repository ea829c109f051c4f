//! Times of requests that are not settled yet, freed in blocks: 16 bytes each, and 16 more where it is wanted
//! what became of a request on its way.

use weighbridge_record::breakdown::Parts;

const BLOCK: usize = 4096;

/// Times by request number. A block is freed when all its requests are settled.
pub struct InFlight {
    blocks: Vec<Option<Block>>,
    next: u64,
    keeps_way: bool,
}

struct Block {
    times: Box<[Times; BLOCK]>,
    way: Option<Box<[Way; BLOCK]>>,
    unsettled: u32,
}

/// Monotonic nanoseconds; `sent_ns` is 0 until the request is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    pub intended_ns: u64,
    pub sent_ns: u64,
}

/// What happened between sending and completion, as time since sending.
#[derive(Debug, Clone, Copy, Default)]
pub struct Way {
    pub accepted: Since,
    pub received: Since,
    /// Number from 1 of the worker that received it; 0 until it is known.
    pub received_by: u16,
    pub scored: Since,
}

impl Way {
    #[inline]
    pub fn receive(&mut self, since: Since, worker: u32) {
        self.received = since;
        self.received_by = u16::try_from(worker + 1).unwrap_or(0);
    }
}

/// A time span in steps of 32 ns, which 4 bytes hold up to 137 s; unknown until it is set, and if it is longer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Since(u32);

impl Since {
    const STEP_NS: u64 = 32;

    #[inline]
    pub fn between(from_ns: u64, to_ns: u64) -> Self {
        let steps = to_ns.saturating_sub(from_ns) / Self::STEP_NS + 1;
        Self(u32::try_from(steps).unwrap_or(0))
    }

    #[inline]
    pub fn ns(self) -> Option<u64> {
        self.0.checked_sub(1).map(|steps| u64::from(steps) * Self::STEP_NS)
    }

    #[inline]
    pub fn is_known(self) -> bool {
        self.0 > 0
    }
}

impl InFlight {
    /// `keeps_way`: whether [`InFlight::way`] is wanted.
    pub fn new(keeps_way: bool) -> Self {
        Self { blocks: Vec::new(), next: 0, keeps_way }
    }

    /// Opens the next request; numbers run from 0 as in the ledger.
    #[inline]
    pub fn open(&mut self, intended_ns: u64) {
        let place = self.next as usize % BLOCK;
        if place == 0 {
            let times = Box::new([Times::default(); BLOCK]);
            let way = self.keeps_way.then(|| Box::new([Way::default(); BLOCK]));
            self.blocks.push(Some(Block { times, way, unsettled: BLOCK as u32 }));
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

    /// Times of a request; none once its block is settled, and none of one that was not opened.
    #[inline]
    pub fn times(&self, number: u64) -> Option<Times> {
        if number >= self.next {
            return None;
        }
        let block = self.blocks.get(number as usize / BLOCK)?.as_ref()?;
        Some(block.times[number as usize % BLOCK])
    }

    /// What became of a request between sending and completion; none where that isn't kept.
    #[inline]
    pub fn way(&mut self, number: u64) -> Option<&mut Way> {
        let block = self.blocks.get_mut(number as usize / BLOCK)?.as_mut()?;
        Some(&mut block.way.as_mut()?[number as usize % BLOCK])
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

/// Where the time of a request went; none where nobody saw it scored.
#[inline]
pub fn parts(Times { intended_ns, sent_ns }: Times, way: Way, at_ns: u64) -> Option<Parts> {
    let (received_ns, scored_ns) = (way.received.ns()?, way.scored.ns()?);
    // A worker may have the request before its acknowledgement is read.
    let published_ns = way.accepted.ns().map_or(received_ns, |accepted_ns| accepted_ns.min(received_ns));
    Some(Parts {
        send_lag_ns: sent_ns.saturating_sub(intended_ns),
        publish_ns: published_ns,
        queue_ns: received_ns - published_ns,
        service_ns: scored_ns.saturating_sub(received_ns),
        return_ns: at_ns.saturating_sub(sent_ns).saturating_sub(scored_ns),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settled_blocks_are_freed_and_a_straggler_holds_only_its_own() {
        let mut in_flight = InFlight::new(true);
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
        assert!(in_flight.way(5).is_none());
        in_flight.open(total);
        assert!(in_flight.times(total).is_some());
        assert_eq!(in_flight.times(total + 1), None, "its block is there, but nobody opened it");
    }

    #[test]
    fn spans_are_kept_to_32_ns_and_unknown_beyond_two_minutes() {
        assert_eq!(Since::default().ns(), None);
        assert_eq!(Since::between(1000, 1000).ns(), Some(0));
        assert_eq!(Since::between(1000, 900).ns(), Some(0), "clocks of threads are read one after the other");
        assert_eq!(Since::between(1000, 6_000_050).ns(), Some(5_999_040));
        assert_eq!(Since::between(0, 200_000_000_000).ns(), None);
    }
}
