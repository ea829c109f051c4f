//! The broker's side: what it stores, and what befalls it.

use std::collections::BTreeMap;
use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use weighbridge::clock::now_ns;

use crate::case::{Case, Path, Takes, Trouble};
use crate::history::Event;
use crate::model::{self, Loss, Message, Model, Named};
use crate::world::World;

/// Belongs to nobody's trial.
const STRANGER: &[u8] = br#"{"correlation_id":"req_123456"}"#;
pub const GARBAGE: &[u8] = b"\xff\x00 not json";
/// Numbers from here on are never sent.
const FORGED: u64 = 900_000_000_000;

pub struct Broker {
    pub model: Box<dyn Model>,
    /// Results that are stored, with their time, by their place.
    pub results: Vec<(u64, Named, Bytes)>,
    /// Whom a receipt is about.
    pub names: BTreeMap<u64, Named>,
    pub stalled_until_ns: u64,
    pub down_until_ns: u64,
    /// It has lost its data, and nobody has found that yet.
    pub gone: bool,
    /// When it looks for workers again.
    pub feeds_at_ns: u64,
}

impl Broker {
    pub fn new(case: &Case) -> Self {
        Self {
            model: model::build(case),
            results: Vec::new(),
            names: BTreeMap::new(),
            stalled_until_ns: 0,
            down_until_ns: 0,
            gone: false,
            feeds_at_ns: 0,
        }
    }
}

impl World {
    /// Whether the broker keeps what it takes until it is acknowledged.
    pub fn stores(&self) -> bool {
        self.case.path != Path::AtMostOnce
    }

    pub fn befall(self: &Rc<Self>, trouble: Trouble) {
        match trouble {
            Trouble::Break => self.break_one(),
            Trouble::Stall { for_ns } => self.stall(for_ns),
            Trouble::Crash { for_ns, takes } => self.crash(for_ns, takes),
            Trouble::Stranger => self.intrude(Named::Nobody, Bytes::from_static(STRANGER)),
            Trouble::Forgery => {
                let number = FORGED + self.below(u64::from(self.case.load.generators));
                let (_, body) = self.payloads.write(number, b"2025-06-27T14:30:00Z", &mut BytesMut::new());
                self.intrude(Named::Request(number), body);
            }
        }
    }

    fn stall(self: &Rc<Self>, for_ns: u64) {
        self.history.add(Event::Stalled { for_ns });
        let mut broker = self.broker.borrow_mut();
        broker.stalled_until_ns = broker.stalled_until_ns.max(now_ns() + for_ns);
        self.at(broker.stalled_until_ns, |world| {
            world.feed();
            world.push_results();
        });
    }

    fn crash(self: &Rc<Self>, for_ns: u64, takes: Takes) {
        let since_ns = |ns: u64| now_ns() - ns;
        let loss = match takes {
            Takes::Nothing => Loss::Nothing,
            Takes::Tail { ns } => Loss::Tail { since_ns: since_ns(ns) },
            Takes::Counters { ns } => Loss::Counters { since_ns: since_ns(ns) },
            Takes::Everything => Loss::Everything,
        };
        self.history.add(Event::Crashed { loss });
        self.break_all();
        let mut broker = self.broker.borrow_mut();
        broker.model.crash(loss);
        match loss {
            Loss::Nothing | Loss::Counters { .. } => {}
            Loss::Tail { since_ns } => broker.results.retain(|(stored_ns, ..)| *stored_ns < since_ns),
            Loss::Everything => {
                broker.results.clear();
                broker.gone |= self.stores();
            }
        }
        broker.stalled_until_ns = 0;
        broker.down_until_ns = broker.down_until_ns.max(now_ns() + for_ns);
        self.collector.borrow_mut().keep(broker.results.len());
    }

    fn intrude(self: &Rc<Self>, named: Named, body: Bytes) {
        // Nobody can publish while it is down.
        if now_ns() >= self.broker.borrow().down_until_ns {
            self.store(Message { named, body });
            self.feed();
        }
    }

    pub fn store(&self, message: Message) {
        let named = message.named;
        let is_new = self.broker.borrow_mut().model.publish(message, self.is_any_worker_up(), now_ns());
        self.history.add(if is_new { Event::Stored { named } } else { Event::Swallowed { named } });
    }
}
