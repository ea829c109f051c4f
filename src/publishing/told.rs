//! What the transport tells of single requests, passed on, and heard by whoever waits for them.

use std::cell::RefCell;
use std::rc::Rc;

use super::awaited::Awaited;
use crate::transport::{Outcomes, Returns, Unknown};

/// Which connection of a pool carried a request last.
pub(super) struct Carriers {
    generators: u64,
    /// By number of the request in its generator.
    of: RefCell<Vec<u32>>,
}

impl Carriers {
    pub fn new(generators: u32) -> Self {
        Self { generators: u64::from(generators), of: RefCell::default() }
    }

    pub fn carries(&self, connection: u32, sequence: u64) {
        let (number, mut of) = ((sequence / self.generators) as usize, self.of.borrow_mut());
        if number >= of.len() {
            // No connection has this number.
            of.resize(number + 1, u32::MAX);
        }
        of[number] = connection;
    }

    fn is_with(&self, connection: u32, sequence: u64) -> bool {
        self.of.borrow().get((sequence / self.generators) as usize) == Some(&connection)
    }
}

/// What is told over one connection of a pool, or over the shared ones.
pub(super) struct Told {
    pub book: Rc<dyn Outcomes>,
    pub awaited: Rc<Awaited>,
    pub returns: Returns,
    /// Of a pool, and the number of the connection.
    pub carriers: Option<(Rc<Carriers>, u32)>,
}

impl Outcomes for Told {
    fn accepted(&self, sequences: &mut dyn Iterator<Item = u64>, at_ns: u64) {
        let sequences: Vec<u64> = sequences.collect();
        self.book.accepted(&mut sequences.iter().copied(), at_ns);
        if self.returns != Returns::Answered {
            sequences.into_iter().for_each(|sequence| self.awaited.end(sequence, true));
        }
    }

    fn rejected(&self, sequence: u64, reason: &str) {
        self.book.rejected(sequence, reason);
        self.awaited.end(sequence, false);
    }

    fn indeterminate(&self, sequence: u64, reason: &str) {
        self.book.indeterminate(sequence, reason);
        if self.returns == (Returns::Confirmed { or_broken: true }) {
            self.awaited.end(sequence, false);
        }
    }

    fn broken(&self, over: &dyn Fn(u64) -> bool, unknown: Unknown) {
        match &self.carriers {
            None => self.book.broken(over, unknown),
            Some((carriers, connection)) => {
                self.book.broken(&|sequence| carriers.is_with(*connection, sequence), unknown);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Broken(RefCell<Vec<u64>>);

    impl Outcomes for Broken {
        fn accepted(&self, _sequences: &mut dyn Iterator<Item = u64>, _at_ns: u64) {}
        fn rejected(&self, _sequence: u64, _reason: &str) {}
        fn indeterminate(&self, _sequence: u64, _reason: &str) {}
        fn broken(&self, over: &dyn Fn(u64) -> bool, _unknown: Unknown) {
            self.0.borrow_mut().extend((0..12).filter(|sequence| over(*sequence)));
        }
    }

    #[test]
    fn a_break_concerns_what_its_connection_carried_last() {
        let (book, carriers) = (Rc::new(Broken::default()), Rc::new(Carriers::new(2)));
        for (connection, sequence) in [(0, 1), (1, 3), (0, 7), (0, 9), (1, 9)] {
            carriers.carries(connection, sequence);
        }
        let told = Told {
            book: Rc::clone(&book) as Rc<dyn Outcomes>,
            awaited: Rc::default(),
            returns: Returns::AtOnce,
            carriers: Some((carriers, 0)),
        };
        told.broken(&|_| true, Unknown::All);
        // The other generator's neighbours of 1 and 7 are nobody's here.
        assert_eq!(*book.0.borrow(), [0, 1, 6, 7]);
    }
}
