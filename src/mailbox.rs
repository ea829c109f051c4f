//! What worker threads tell the generators' accounts: events, handed over in batches.
//!
//! A mailbox wakes nobody. Its generator empties it whenever it looks at its account, and always before it
//! counts a result, so that a request's delivery is known by the time its result is.

use std::sync::{Mutex, PoisonError};

/// Something that happened to a request away from its generator. Times are on the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A worker took the request in hand. `reordered`: after a later one of the same ordering key.
    Received { sequence: u64, at_ns: u64, reordered: bool },
    /// The worker has its score.
    Scored { sequence: u64, received_ns: u64, at_ns: u64 },
    /// Another generator's collector saw the result.
    Completed { sequence: u64, at_ns: u64 },
    /// The broker gave the request up, and still stores it.
    Parked { sequence: u64 },
    /// A message that belongs to no request of this trial.
    Unexpected,
}

impl Event {
    fn sequence(&self) -> u64 {
        match self {
            Self::Received { sequence, .. }
            | Self::Scored { sequence, .. }
            | Self::Completed { sequence, .. }
            | Self::Parked { sequence } => *sequence,
            Self::Unexpected => 0,
        }
    }
}

/// One mailbox per generator; an event goes to the generator whose request it names.
pub struct Mailboxes {
    boxes: Vec<Mutex<Vec<Event>>>,
}

impl Mailboxes {
    pub fn new(generators: u32) -> Self {
        Self { boxes: (0..generators.max(1)).map(|_| Mutex::new(Vec::new())).collect() }
    }

    /// Delivers a batch and empties it.
    pub fn post(&self, events: &mut Vec<Event>) {
        if let [only] = &self.boxes[..] {
            only.lock().unwrap_or_else(PoisonError::into_inner).append(events);
            return;
        }
        for event in events.drain(..) {
            let owner = (event.sequence() % self.boxes.len() as u64) as usize;
            self.boxes[owner].lock().unwrap_or_else(PoisonError::into_inner).push(event);
        }
    }

    /// Takes what has come for generator `index`, leaving `spare` (emptied) in its place.
    pub fn collect(&self, index: u32, spare: &mut Vec<Event>) {
        spare.clear();
        let mut events = self.boxes[index as usize].lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *events, spare);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_reaches_the_generator_of_its_request_once() {
        let mailboxes = Mailboxes::new(3);
        mailboxes.post(&mut (0..9).map(|sequence| Event::Parked { sequence }).collect());
        let mut seen = Vec::new();
        mailboxes.collect(1, &mut seen);
        assert_eq!(seen, [1, 4, 7].map(|sequence| Event::Parked { sequence }));
        mailboxes.collect(1, &mut seen);
        assert!(seen.is_empty());
    }
}
