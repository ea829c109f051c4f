//! The account of every request: what became of it, exactly once.
//!
//! One byte for each request, kept to the end; totals are counted from the bytes when the ledger is closed.
//! The ledger knows no latency and no clock: times of open requests stand in `load/in_flight.rs`.
//! A ledger belongs to one generator and numbers that generator's requests from 0.

use weighbridge_record::result::LedgerTotals;

/// Requests of one block. Blocks are never moved, so that growth never copies what is settled.
const BLOCK: usize = 64 * 1024;

const UNSENT: u8 = 1;
const SENT: u8 = 1 << 1;
const ACKNOWLEDGED: u8 = 1 << 2;
const REJECTED: u8 = 1 << 3;
const INDETERMINATE: u8 = 1 << 4;
const DELIVERED: u8 = 1 << 5;
const COMPLETED: u8 = 1 << 6;
const PARKED: u8 = 1 << 7;

/// Any of these ends a request's open life.
const SETTLED: u8 = UNSENT | REJECTED | COMPLETED | PARKED;

#[derive(Default)]
pub struct Ledger {
    blocks: Vec<Box<[u8]>>,
    attempted: u64,
    settled: u64,
    /// Open requests whose outcome is unknown.
    unknown: u64,
    duplicated: u64,
    redelivered: u64,
    reordered: u64,
    unexpected: u64,
}

/// What an event meant for the request it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The event happened to this request for the first time; `settles` if it also ends its open life.
    First { settles: bool },
    /// It had happened before.
    Again,
    /// No such request was sent.
    Unknown,
}

impl Ledger {
    /// Opens a request and returns its number.
    #[inline]
    pub fn attempt(&mut self) -> u64 {
        let number = self.attempted;
        if (number as usize).is_multiple_of(BLOCK) {
            self.blocks.push(vec![0; BLOCK].into_boxed_slice());
        }
        self.attempted += 1;
        number
    }

    /// The request was shed: it will never be sent.
    #[inline]
    pub fn unsent(&mut self, number: u64) -> Entry {
        self.mark(number, UNSENT, 0)
    }

    /// The request was handed to the client library.
    #[inline]
    pub fn sent(&mut self, number: u64) -> Entry {
        self.mark(number, SENT, 0)
    }

    /// The broker confirmed the request.
    #[inline]
    pub fn acknowledged(&mut self, number: u64) -> Entry {
        self.mark(number, ACKNOWLEDGED, SENT)
    }

    /// The broker, or the worker by an error reply, refused the request for certain.
    pub fn rejected(&mut self, number: u64) -> Entry {
        self.mark(number, REJECTED, SENT)
    }

    /// The outcome of the send is unknown: it may still arrive.
    pub fn indeterminate(&mut self, number: u64) -> Entry {
        let entry = self.mark(number, INDETERMINATE, SENT);
        if let Entry::First { .. } = entry {
            self.unknown += u64::from(!self.is_settled(number));
        }
        entry
    }

    /// A worker received the request.
    #[inline]
    pub fn delivered(&mut self, number: u64) -> Entry {
        let entry = self.mark(number, DELIVERED, SENT);
        match entry {
            Entry::First { .. } => {}
            Entry::Again => self.redelivered += 1,
            Entry::Unknown => self.unexpected += 1,
        }
        entry
    }

    /// A first delivery came after a later request of the same ordering key.
    pub fn reordered(&mut self) {
        self.reordered += 1;
    }

    /// The result reached the collector.
    #[inline]
    pub fn completed(&mut self, number: u64) -> Entry {
        let entry = self.mark(number, COMPLETED, SENT);
        match entry {
            Entry::First { .. } => {}
            Entry::Again => self.duplicated += 1,
            Entry::Unknown => self.unexpected += 1,
        }
        entry
    }

    /// The broker gave the request up after its last delivery, and still stores it.
    pub fn parked(&mut self, number: u64) -> Entry {
        let entry = self.mark(number, PARKED, SENT);
        self.unexpected += u64::from(entry == Entry::Unknown);
        entry
    }

    /// A message arrived that belongs to no request of this trial.
    pub fn unexpected(&mut self) {
        self.unexpected += 1;
    }

    pub fn attempted(&self) -> u64 {
        self.attempted
    }

    /// Requests whose end is not known yet.
    pub fn open(&self) -> u64 {
        self.attempted - self.settled
    }

    /// Open requests whose outcome is unknown: nobody knows whether they are still under way.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    pub fn is_settled(&self, number: u64) -> bool {
        self.has(number, SETTLED)
    }

    pub fn is_acknowledged(&self, number: u64) -> bool {
        self.has(number, ACKNOWLEDGED)
    }

    pub fn is_delivered(&self, number: u64) -> bool {
        self.has(number, DELIVERED)
    }

    pub fn is_sent(&self, number: u64) -> bool {
        self.has(number, SENT)
    }

    pub fn is_rejected(&self, number: u64) -> bool {
        self.has(number, REJECTED)
    }

    pub fn is_completed(&self, number: u64) -> bool {
        self.has(number, COMPLETED)
    }

    /// Whether it has neither ended nor been called unknown.
    pub fn is_under_way(&self, number: u64) -> bool {
        !self.has(number, SETTLED | INDETERMINATE)
    }

    /// Requests that were sent and have not ended, in their order.
    pub fn lost(&self) -> impl Iterator<Item = u64> {
        (0..self.attempted).filter(|number| self.has(*number, SENT) && !self.has(*number, SETTLED))
    }

    /// Totals that are known at any time, without a look at each request; the others are 0.
    pub fn running(&self) -> LedgerTotals {
        LedgerTotals {
            attempted: self.attempted,
            duplicated: self.duplicated,
            redelivered: self.redelivered,
            reordered: self.reordered,
            unexpected: self.unexpected,
            ..LedgerTotals::default()
        }
    }

    /// The totals: whatever is still open is lost, or was never sent.
    pub fn totals(&self) -> LedgerTotals {
        let mut totals = self.running();
        let mut left = self.attempted as usize;
        for block in &self.blocks {
            for state in &block[..left.min(BLOCK)] {
                count(*state, &mut totals);
            }
            left = left.saturating_sub(BLOCK);
        }
        totals
    }

    /// Whether it carries any of the flags.
    fn has(&self, number: u64, flags: u8) -> bool {
        self.state(number).is_some_and(|state| state & flags != 0)
    }

    fn state(&self, number: u64) -> Option<&u8> {
        if number >= self.attempted {
            return None;
        }
        self.blocks.get(number as usize / BLOCK)?.get(number as usize % BLOCK)
    }

    /// Sets `flag` on a request that carries `needs` already.
    #[inline]
    fn mark(&mut self, number: u64, flag: u8, needs: u8) -> Entry {
        if number >= self.attempted {
            return Entry::Unknown;
        }
        let state = &mut self.blocks[number as usize / BLOCK][number as usize % BLOCK];
        if *state & needs != needs {
            return Entry::Unknown;
        }
        if *state & flag != 0 {
            return Entry::Again;
        }
        let settles = flag & SETTLED != 0 && *state & SETTLED == 0;
        *state |= flag;
        self.settled += u64::from(settles);
        self.unknown -= u64::from(settles && *state & INDETERMINATE != 0);
        Entry::First { settles }
    }
}

/// Adds one request to the totals. A completed request is completed, whatever else was said of it.
fn count(state: u8, totals: &mut LedgerTotals) {
    let has = |flag: u8| state & flag != 0;
    if !has(SENT) {
        totals.unsent += 1;
        return;
    }
    totals.sent += 1;
    totals.acknowledged += u64::from(has(ACKNOWLEDGED));
    totals.indeterminate += u64::from(has(INDETERMINATE));
    totals.delivered += u64::from(has(DELIVERED));
    if has(COMPLETED) {
        totals.completed += 1;
    } else if has(REJECTED) {
        totals.rejected += 1;
    } else if has(PARKED) {
        totals.parked += 1;
    } else {
        totals.lost += 1;
        totals.lost_acknowledged += u64::from(has(ACKNOWLEDGED));
        if has(DELIVERED) {
            totals.lost_results += 1;
        } else {
            totals.lost_requests += 1;
        }
    }
}

#[cfg(test)]
mod tests;
