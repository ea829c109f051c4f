//! Connections: messages keep their order on one, and are dropped with it. It comes back by itself.

use std::collections::BTreeMap;
use std::rc::Rc;

use weighbridge::clock::now_ns;
use weighbridge::transport::Troubles;
use weighbridge_record::result::{GapKind, Side};

use crate::case::MS;
use crate::history::Event;
use crate::planted::Planted;
use crate::world::World;

/// Whose connection it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    Generator { generator: u32, connection: u32 },
    Worker(u32),
    Collector,
}

impl End {
    fn side(self) -> Side {
        match self {
            Self::Generator { .. } => Side::Generator,
            Self::Worker(_) => Side::Worker,
            Self::Collector => Side::Collector,
        }
    }

    /// The generator whose books have what befalls it.
    fn generator(self) -> Option<u32> {
        match self {
            Self::Generator { generator, .. } => Some(generator),
            Self::Worker(_) => None,
            Self::Collector => Some(0),
        }
    }
}

pub type Links = BTreeMap<End, Link>;

pub struct Link {
    up: bool,
    /// Counts its breaks: what belongs to an earlier life is dropped.
    life: u64,
    down_since_ns: u64,
    troubles: Troubles,
    /// When what was sent last reaches the other end, by direction.
    to_broker_ns: u64,
    from_broker_ns: u64,
}

impl World {
    pub fn connect(&self, end: End, troubles: &Troubles) {
        let troubles = troubles.clone();
        let link = Link { up: true, life: 0, down_since_ns: 0, troubles, to_broker_ns: 0, from_broker_ns: 0 };
        self.links.borrow_mut().insert(end, link);
    }

    pub fn is_up(&self, end: End) -> bool {
        self.links.borrow().get(&end).is_some_and(|link| link.up)
    }

    pub fn is_any_worker_up(&self) -> bool {
        (0..self.case.workers).any(|worker| self.is_up(End::Worker(worker)))
    }

    /// Something goes to the broker, unless the connection is down or breaks before it is there.
    pub fn to_broker(&self, end: End, then: impl FnOnce(&Rc<Self>) + 'static) {
        let at_ns = now_ns() + self.latency_ns();
        let mut links = self.links.borrow_mut();
        let Some(link) = links.get_mut(&end).filter(|link| link.up) else { return };
        link.to_broker_ns = at_ns.max(link.to_broker_ns);
        let (at_ns, life) = (link.to_broker_ns, link.life);
        self.at(at_ns, move |world| world.reach(end, life, then));
    }

    /// A broker that stands still answers when it goes on.
    fn reach(self: &Rc<Self>, end: End, life: u64, then: impl FnOnce(&Rc<Self>) + 'static) {
        let stalled_until_ns = self.broker.borrow().stalled_until_ns;
        if now_ns() < stalled_until_ns {
            self.at(stalled_until_ns, move |world| world.reach(end, life, then));
        } else if self.is_same(end, life) {
            then(self);
        }
    }

    pub fn out_of_broker(&self, end: End, then: impl FnOnce(&Rc<Self>) + 'static) {
        let at_ns = now_ns() + self.latency_ns();
        let mut links = self.links.borrow_mut();
        let Some(link) = links.get_mut(&end).filter(|link| link.up) else { return };
        link.from_broker_ns = at_ns.max(link.from_broker_ns);
        let (at_ns, life) = (link.from_broker_ns, link.life);
        self.at(at_ns, move |world| {
            if world.is_same(end, life) {
                then(world);
            }
        });
    }

    fn is_same(&self, end: End, life: u64) -> bool {
        self.links.borrow().get(&end).is_some_and(|link| link.up && link.life == life)
    }

    pub fn break_all(self: &Rc<Self>) {
        let ends: Vec<End> = self.links.borrow().keys().copied().collect();
        ends.into_iter().for_each(|end| self.break_link(end));
    }

    pub fn break_one(self: &Rc<Self>) {
        let ends: Vec<End> = self.links.borrow().keys().copied().collect();
        if !ends.is_empty() {
            self.break_link(ends[self.below(ends.len() as u64) as usize]);
        }
    }

    pub fn break_link(self: &Rc<Self>, end: End) {
        if let Some(link) = self.links.borrow_mut().get_mut(&end) {
            if !link.up {
                return;
            }
            link.up = false;
            link.life += 1;
            link.down_since_ns = now_ns();
        }
        match end {
            End::Generator { generator, connection } => self.tell_break(generator, connection),
            End::Worker(worker) => self.workers.borrow_mut()[worker as usize].asked = false,
            End::Collector => self.collector.borrow_mut().begin_again(),
        }
        self.after(MS / 10 + self.below(60 * MS), move |world| world.restore(end));
    }

    fn restore(self: &Rc<Self>, end: End) {
        let down_until_ns = self.broker.borrow().down_until_ns;
        if now_ns() < down_until_ns {
            let at_ns = down_until_ns + self.latency_ns();
            return self.at(at_ns, move |world| world.restore(end));
        }
        let troubles = match self.links.borrow_mut().get_mut(&end) {
            Some(link) => {
                link.up = true;
                let since_ns = link.down_since_ns;
                let lost = link.troubles.begin(end.side(), GapKind::Disconnected, "lost", since_ns);
                link.troubles.end(lost, now_ns());
                link.troubles.clone()
            }
            None => return,
        };
        let generator = end.generator();
        self.history.add(Event::Reconnected { generator });
        if std::mem::take(&mut self.broker.borrow_mut().gone) {
            self.history.add(Event::Epoch { generator });
            if self.planted != Planted::EpochSwallowed {
                troubles.end(troubles.begin(end.side(), GapKind::Epoch, "created anew", now_ns()), now_ns());
            }
        }
        match end {
            End::Generator { .. } => {}
            End::Worker(worker) => self.is_back(worker),
            End::Collector => self.push_results(),
        }
    }
}
