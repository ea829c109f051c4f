//! The generators' side of the network: batches out, outcomes back.

use std::collections::BTreeMap;
use std::rc::Rc;

use weighbridge::clock::now_ns;
use weighbridge::transport::{Frame, Outcomes, Unknown};

use crate::case::Path;
use crate::history::Event;
use crate::links::End;
use crate::model::{Message, Named};
use crate::planted::Planted;
use crate::world::World;

pub struct GeneratorSide {
    outcomes: Rc<dyn Outcomes>,
    /// Batches that are not answered, by their number: over which connection, and which requests.
    open: BTreeMap<u64, (u32, Vec<u64>)>,
    next_batch: u64,
}

impl GeneratorSide {
    pub fn new(outcomes: Rc<dyn Outcomes>) -> Self {
        Self { outcomes, open: BTreeMap::new(), next_batch: 0 }
    }
}

/// Part of a batch that goes over one connection.
struct Lane {
    generator: u32,
    connection: u32,
    batch: u64,
    frames: Vec<Frame>,
    /// The connection breaks behind so many of its frames.
    cut: Option<usize>,
}

pub const LOST: &str = "the reply was lost with the connection";
pub const DOWN: &str = "sent while the connection was down";
pub const REFUSED: &str = "the broker is full";

impl World {
    /// Whether a batch is answered as a whole, as a pipeline is.
    fn is_pipeline(&self) -> bool {
        self.case.path == Path::Log || (self.case.path == Path::AtMostOnce && self.case.answers)
    }

    fn is_answered(&self) -> bool {
        self.stores() || self.case.answers
    }

    fn connection(&self, request: u64) -> u32 {
        let load = &self.case.load;
        (request / u64::from(load.generators) % u64::from(load.connections)) as u32
    }

    fn outcomes(&self, generator: u32) -> Rc<dyn Outcomes> {
        Rc::clone(&self.generators.borrow()[generator as usize].outcomes)
    }

    /// Sends a batch, each connection's part by itself.
    pub fn publish(self: &Rc<Self>, generator: u32, batch: &mut Vec<Frame>) {
        let mut lanes: BTreeMap<u32, Vec<Frame>> = BTreeMap::new();
        for frame in batch.drain(..) {
            self.history.add(Event::Sent { request: frame.sequence });
            lanes.entry(self.connection(frame.sequence)).or_default().push(frame);
        }
        for (connection, frames) in lanes {
            let end = End::Generator { generator, connection };
            let requests: Vec<u64> = frames.iter().map(|frame| frame.sequence).collect();
            if !self.is_up(end) {
                self.tell_unknown(generator, &requests, DOWN);
                continue;
            }
            let is_cut = frames.len() > 1 && self.happens(self.case.chances.break_within_batch);
            let cut = is_cut.then(|| 1 + self.below(frames.len() as u64 - 1) as usize);
            let batch = {
                let side = &mut self.generators.borrow_mut()[generator as usize];
                side.next_batch += 1;
                side.open.insert(side.next_batch, (connection, requests));
                side.next_batch
            };
            let lane = Lane { generator, connection, batch, frames, cut };
            self.to_broker(end, move |world| world.published(lane));
        }
    }

    /// A batch has reached the broker, or as much of it as came through.
    fn published(self: &Rc<Self>, lane: Lane) {
        let Lane { generator, connection, batch, frames, cut } = lane;
        let end = End::Generator { generator, connection };
        let (sent, stored) = (frames.len(), cut.unwrap_or(frames.len()));
        let mut answers = Vec::new();
        for frame in frames.into_iter().take(stored) {
            let taken = !self.stores() || !self.happens(self.case.chances.refusal);
            if taken {
                let message = Message { named: Named::Request(frame.sequence), body: frame.body };
                if self.stores() && self.happens(self.case.chances.double) {
                    self.store(message.clone());
                }
                self.store(message);
            }
            answers.push((frame.sequence, taken));
        }
        if cut.is_some() {
            self.history.add(Event::BrokeWithinBatch { stored, unknown: sent - stored });
            if self.is_answered() && !self.is_pipeline() {
                self.answered(generator, batch, answers);
            }
            self.break_link(end);
        } else if self.is_answered() {
            self.out_of_broker(end, move |world| world.answered(generator, batch, answers));
        } else {
            self.generators.borrow_mut()[generator as usize].open.remove(&batch);
        }
        self.feed();
    }

    /// The broker's words on a batch are here.
    fn answered(&self, generator: u32, batch: u64, mut answers: Vec<(u64, bool)>) {
        self.generators.borrow_mut()[generator as usize].open.remove(&batch);
        if !self.is_pipeline() {
            answers.retain(|_| !self.happens(self.case.chances.lost_acknowledgement));
        }
        let outcomes = self.outcomes(generator);
        let accepted = answers.iter().filter(|(_, taken)| *taken).map(|(request, _)| *request);
        let mut told = Vec::new();
        for request in accepted {
            self.history.add(Event::Accepted { request });
            if !(self.planted == Planted::LateAcknowledgementIgnored && self.is_overdue(request)) {
                told.push(request);
            }
        }
        outcomes.accepted(&mut told.into_iter(), now_ns());
        for (request, _) in answers.into_iter().filter(|(_, taken)| !*taken) {
            self.history.add(Event::Rejected { request });
            outcomes.rejected(request, REFUSED);
        }
    }

    fn tell_unknown(&self, generator: u32, requests: &[u64], reason: &'static str) {
        let outcomes = self.outcomes(generator);
        for request in requests.iter().copied() {
            self.history.add(Event::Indeterminate { request, reason });
            outcomes.indeterminate(request, reason);
        }
    }

    /// A generator's connection broke: what was under way on it is unknown now.
    pub fn tell_break(&self, generator: u32, connection: u32) {
        let side = |world: &Self| {
            let open = &mut world.generators.borrow_mut()[generator as usize].open;
            let lost: Vec<u64> =
                open.iter().filter(|(_, (over, _))| *over == connection).map(|(batch, _)| *batch).collect();
            lost.iter().filter_map(|batch| open.remove(batch)).flat_map(|(_, requests)| requests).collect()
        };
        let lost: Vec<u64> = side(self);
        if self.is_pipeline() {
            return self.tell_unknown(generator, &lost, LOST);
        }
        let unknown = if self.stores() { Unknown::Unconfirmed } else { Unknown::All };
        self.history.add(Event::Broken { generator, connection, unknown });
        let over = |request: u64| self.connection(request) == connection;
        match self.planted {
            Planted::BreakUntold => {}
            Planted::BreakTakesAll => self.outcomes(generator).broken(&over, Unknown::All),
            _ => self.outcomes(generator).broken(&over, unknown),
        }
    }
}
