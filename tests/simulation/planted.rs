//! Bugs of the instrument, one at a time, where its parts meet: what it is told, in which order it acknowledges, what
//! it makes of its books. The oracle must notice each.

use std::sync::Arc;

use weighbridge::load::GeneratorOutcome;
use weighbridge::mailbox::{Event, Mailboxes, Post};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    Nothing,
    /// A worker acknowledges a request before its result is stored.
    AcknowledgesFirst,
    /// A duplicate counts as a completion.
    DuplicateCompletes,
    /// An acknowledgement of a request that was called unknown is ignored.
    LateAcknowledgementIgnored,
    /// A result of a request that was called unknown is ignored.
    LateCompletionIgnored,
    /// A redelivery counts as a delivery.
    RedeliveryDelivers,
    /// A parked request is lost.
    ParkedIsLost,
    /// A stranger's message counts as a duplicate.
    UnexpectedDuplicates,
    /// What one generator brings home is forgotten.
    MergeForgets,
    /// A rejected request is lost, too.
    RejectedIsLostToo,
    /// Lost data is told to nobody.
    EpochSwallowed,
    /// A break makes unknown what was confirmed, too.
    BreakTakesAll,
    /// A break is told to nobody.
    BreakUntold,
}

impl Planted {
    pub const ALL: [Self; 12] = [
        Self::AcknowledgesFirst,
        Self::DuplicateCompletes,
        Self::LateAcknowledgementIgnored,
        Self::LateCompletionIgnored,
        Self::RedeliveryDelivers,
        Self::ParkedIsLost,
        Self::UnexpectedDuplicates,
        Self::MergeForgets,
        Self::RejectedIsLostToo,
        Self::EpochSwallowed,
        Self::BreakTakesAll,
        Self::BreakUntold,
    ];

    /// What all generators brought home, as one.
    pub fn merge(self, mut outcomes: Vec<GeneratorOutcome>) -> Option<GeneratorOutcome> {
        if self == Self::MergeForgets && outcomes.len() > 1 {
            outcomes.pop();
        }
        let mut merged = outcomes.into_iter().reduce(|mut merged, outcome| {
            merged.merge(outcome);
            merged
        })?;
        let totals = &mut merged.summary.totals;
        match self {
            Self::DuplicateCompletes => totals.completed += totals.duplicated,
            Self::RedeliveryDelivers => totals.delivered += totals.redelivered,
            Self::RejectedIsLostToo => {
                totals.lost += totals.rejected;
                totals.lost_requests += totals.rejected;
            }
            Self::UnexpectedDuplicates => {
                totals.duplicated += totals.unexpected;
                totals.unexpected = 0;
            }
            _ => {}
        }
        Some(merged)
    }
}

/// Hands on what workers tell, but for what the bug keeps back.
pub struct Mail {
    pub mailboxes: Arc<Mailboxes>,
    pub planted: Planted,
}

impl Post for Mail {
    fn post(&self, events: &mut Vec<Event>) {
        if self.planted == Planted::ParkedIsLost {
            events.retain(|event| !matches!(event, Event::Parked { .. }));
        }
        self.mailboxes.post(events);
    }
}
