//! What workers tell the generators' accounts: events, handed over in batches.
//!
//! [`Mailboxes`] take them where both are threads of one process. A generator empties its mailbox whenever it looks at its account, and always before it counts a result,
//! so that a request's delivery is known by the time its result is. Only a generator that waits for
//! deliveries is woken by them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use weighbridge_plan::route::Leg;

/// Something that happened to a request away from its generator. Times are on the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A worker took the request in hand.
    Received { sequence: u64, at_ns: u64, worker: u32 },
    /// The worker has its score.
    Scored { sequence: u64, received_ns: u64, at_ns: u64 },
    /// Another generator's collector saw the result, over one of two legs where there are two; `content` is that of its
    /// answer where somebody compares it.
    Completed { sequence: u64, at_ns: u64, over: Leg, content: u64 },
    /// The broker gave the request up, and still stores it.
    Parked { sequence: u64, at_ns: u64, worker: u32 },
    /// A worker could not score the request, and told its requester nothing.
    Refused { sequence: u64, at_ns: u64, worker: u32 },
    /// A message that belongs to no request of this trial.
    Unexpected { at_ns: u64 },
}

impl Event {
    fn sequence(&self) -> u64 {
        match self {
            Self::Received { sequence, .. }
            | Self::Scored { sequence, .. }
            | Self::Completed { sequence, .. }
            | Self::Parked { sequence, .. }
            | Self::Refused { sequence, .. } => *sequence,
            Self::Unexpected { .. } => 0,
        }
    }
}

/// Carries what workers tell, wherever they are.
pub trait Post: Send + Sync {
    /// Delivers a batch and empties it.
    fn post(&self, events: &mut Vec<Event>);
}

/// One mailbox per generator; an event goes to the generator whose request it names.
pub struct Mailboxes {
    boxes: Vec<Mailbox>,
    /// Events for which a generator is woken; none where generators don't wait for them.
    wakes_at: Option<usize>,
}

#[derive(Default)]
struct Mailbox {
    events: Mutex<Vec<Event>>,
    filled: Notify,
}

impl Mailbox {
    fn events(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailboxes {
    pub fn new(generators: u32, wakes_at: Option<usize>) -> Self {
        Self { boxes: (0..generators.max(1)).map(|_| Mailbox::default()).collect(), wakes_at }
    }

    fn deliver(&self, mailbox: &Mailbox, events: impl Iterator<Item = Event>) {
        let waiting = {
            let mut waiting = mailbox.events();
            waiting.extend(events);
            waiting.len()
        };
        if self.wakes_at.is_some_and(|enough| waiting >= enough) {
            mailbox.filled.notify_one();
        }
    }

    /// Waits until something has come for generator `index`; only where generators are woken.
    pub async fn filled(&self, index: u32) {
        self.boxes[index as usize].filled.notified().await;
    }

    /// Takes what has come for generator `index`, leaving `spare` (emptied) in its place.
    pub fn collect(&self, index: u32, spare: &mut Vec<Event>) {
        spare.clear();
        std::mem::swap(&mut *self.boxes[index as usize].events(), spare);
    }
}

impl Post for Mailboxes {
    fn post(&self, events: &mut Vec<Event>) {
        if events.is_empty() {
            return;
        }
        match &self.boxes[..] {
            [only] => self.deliver(only, events.drain(..)),
            boxes => {
                for (index, mailbox) in boxes.iter().enumerate() {
                    let mine = |event: &&Event| event.sequence() % boxes.len() as u64 == index as u64;
                    self.deliver(mailbox, events.iter().filter(mine).copied());
                }
                events.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_reaches_the_generator_of_its_request_once() {
        let mailboxes = Mailboxes::new(3, None);
        mailboxes.post(&mut (0..9).map(|sequence| Event::Parked { sequence, at_ns: 1, worker: 0 }).collect());
        let mut seen = Vec::new();
        mailboxes.collect(1, &mut seen);
        assert_eq!(seen, [1, 4, 7].map(|sequence| Event::Parked { sequence, at_ns: 1, worker: 0 }));
        mailboxes.collect(1, &mut seen);
        assert!(seen.is_empty());
    }

    #[test]
    fn an_event_can_be_sent_through_a_pipe() {
        let events = [
            Event::Received { sequence: 1, at_ns: u64::MAX, worker: 3 },
            Event::Scored { sequence: 2, received_ns: 3, at_ns: 4 },
            Event::Completed { sequence: 5, at_ns: 6, over: Leg::Second, content: 9 },
            Event::Parked { sequence: 7, at_ns: 8, worker: 2 },
            Event::Refused { sequence: 7, at_ns: 8, worker: 2 },
            Event::Unexpected { at_ns: 9 },
        ];
        let sent = serde_json::to_string(&events).unwrap();
        assert_eq!(serde_json::from_str::<[Event; 6]>(&sent).unwrap(), events);
    }
}
