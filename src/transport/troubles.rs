//! What befell the connections of a thread without ending them: errors, drops, breaks.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use weighbridge_record::result::{GapKind, Side};

/// Breaks of one thread that are kept; a connection that flaps must not fill the memory.
const BREAKS_MAX: usize = 1_000;
/// Wordings of errors that are kept apart; a server that words each one differently must not either.
const WORDINGS_MAX: usize = 200;

/// Shared by all ends of a thread.
#[derive(Debug, Clone, Default)]
pub struct Troubles(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    noted: Noted,
    /// Generator's connections that are down.
    down: usize,
}

/// The notes of [`Troubles`].
#[derive(Debug, Clone, Default)]
pub struct Noted {
    /// How often, by wording.
    pub errors: BTreeMap<String, u64>,
    /// Messages that the client dropped because they were read too slowly.
    pub dropped: u64,
    pub breaks: Vec<Break>,
    /// What the broker said first when it refused what it had allowed before.
    pub refusal: Option<String>,
}

impl Noted {
    fn count(&mut self, error: String) {
        let known = self.errors.len() < WORDINGS_MAX || self.errors.contains_key(&error);
        let error = if known { error } else { "errors of other wordings".to_owned() };
        *self.errors.entry(error).or_default() += 1;
    }
}

/// A stretch in which one end had no connection, or found stored data gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    pub side: Side,
    pub kind: GapKind,
    pub detail: String,
    pub start_ns: u64,
    /// None while it lasts.
    pub end_ns: Option<u64>,
}

/// A break under way.
#[derive(Debug)]
pub struct BreakId {
    /// None where there were too many to keep it.
    index: Option<usize>,
    stops_sending: bool,
}

impl Troubles {
    pub fn note(&self, error: &impl ToString) {
        self.0.borrow_mut().noted.count(error.to_string());
    }

    /// The broker refuses what it had allowed before: a password or a right was changed.
    pub fn refused(&self, error: &impl ToString) {
        self.note(error);
        self.refused_request(error);
    }

    /// The same, where the error is told as a request's.
    pub fn refused_request(&self, error: &impl ToString) {
        self.0.borrow_mut().noted.refusal.get_or_insert_with(|| error.to_string());
    }

    pub fn dropped(&self) {
        self.0.borrow_mut().noted.dropped += 1;
    }

    /// A break has begun.
    pub fn begin(&self, side: Side, kind: GapKind, detail: impl ToString, start_ns: u64) -> BreakId {
        let stops_sending = side == Side::Generator && kind == GapKind::Disconnected;
        let mut state = self.0.borrow_mut();
        state.down += usize::from(stops_sending);
        let index = state.noted.breaks.len();
        if index >= BREAKS_MAX {
            state.noted.count("breaks beyond those that are kept".to_owned());
            return BreakId { index: None, stops_sending };
        }
        let detail = detail.to_string();
        state.noted.breaks.push(Break { side, kind, detail, start_ns, end_ns: None });
        BreakId { index: Some(index), stops_sending }
    }

    /// It is over.
    pub fn end(&self, id: BreakId, end_ns: u64) {
        let mut state = self.0.borrow_mut();
        state.down -= usize::from(id.stops_sending);
        if let Some(index) = id.index {
            state.noted.breaks[index].end_ns = Some(end_ns);
        }
    }

    /// Whether a connection that requests go out on is down.
    pub fn cut_off(&self) -> bool {
        self.0.borrow().down > 0
    }

    pub fn noted(&self) -> Noted {
        self.0.borrow().noted.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sending_is_cut_off_while_a_generators_connection_is_down() {
        let troubles = Troubles::default();
        let worker = troubles.begin(Side::Worker, GapKind::Disconnected, "reset", 1);
        assert!(!troubles.cut_off(), "a worker's connection is not what requests go out on");
        let generator = troubles.begin(Side::Generator, GapKind::Disconnected, "reset", 2);
        assert!(troubles.cut_off());
        troubles.end(generator, 5);
        assert!(!troubles.cut_off());
        let ends: Vec<_> = troubles.noted().breaks.iter().map(|noted| noted.end_ns).collect();
        assert_eq!(ends, [None, Some(5)]);
        troubles.end(worker, 6);
    }

    #[test]
    fn the_first_refusal_is_kept_and_every_one_is_counted() {
        let troubles = Troubles::default();
        troubles.note(&"slow");
        assert_eq!(troubles.noted().refusal, None);
        ["no right", "no password", "no right"].iter().for_each(|error| troubles.refused(error));
        let noted = troubles.noted();
        assert_eq!(noted.refusal.as_deref(), Some("no right"));
        assert_eq!((noted.errors["no right"], noted.errors["no password"]), (2, 1));
    }

    #[test]
    fn wordings_without_end_are_counted_together() {
        let troubles = Troubles::default();
        (0..WORDINGS_MAX + 7).for_each(|number| troubles.note(&number));
        let noted = troubles.noted();
        assert_eq!((noted.errors.len(), noted.errors["errors of other wordings"]), (WORDINGS_MAX + 1, 7));
    }

    #[test]
    fn breaks_without_end_are_counted_and_not_all_kept() {
        let troubles = Troubles::default();
        for at_ns in 0..BREAKS_MAX as u64 + 7 {
            let id = troubles.begin(Side::Generator, GapKind::Disconnected, "reset", at_ns);
            troubles.end(id, at_ns);
        }
        let noted = troubles.noted();
        assert_eq!((noted.breaks.len(), noted.errors.values().sum::<u64>()), (BREAKS_MAX, 7));
        assert!(!troubles.cut_off());
    }
}
