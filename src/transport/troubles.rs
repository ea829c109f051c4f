//! What went wrong at connections without ending them, counted.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What went wrong at a worker's connections without ending them, counted by its wording.
#[derive(Debug, Clone, Default)]
pub struct Troubles(Rc<RefCell<Noted>>);

/// The notes of [`Troubles`].
#[derive(Debug, Clone, Default)]
pub struct Noted {
    pub errors: BTreeMap<String, u64>,
    /// Deliveries that the client dropped because they were read too slowly.
    pub dropped: u64,
}

impl Troubles {
    pub fn note(&self, error: &impl ToString) {
        *self.0.borrow_mut().errors.entry(error.to_string()).or_default() += 1;
    }

    pub fn dropped(&self) {
        self.0.borrow_mut().dropped += 1;
    }

    pub fn noted(&self) -> Noted {
        self.0.borrow().clone()
    }
}
