//! The accounts of the two legs of a route, beside that of the whole: which request went over which leg, and what became
//! of it there. Of each event they say whether it is one of the whole as well, in which a request counts once.

use std::sync::Arc;

use super::seam::Seams;
use super::twins::Twins;
use crate::ledger::{Entry, Ledger};
use crate::metrics::Timeline;
use crate::route::Route;
use crate::transport::Unknown;
use weighbridge_plan::route::{Leg, Takes};
use weighbridge_record::result::LedgerTotals;
use weighbridge_record::terms::OnFailure;

/// What an event of a leg is to the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// An event of the whole.
    Whole,
    /// The other leg has told it already, or is still to.
    LegOnly,
    /// The request never went over this leg.
    Stranger,
}

/// Requests go by their numbers in the generator, as in the ledger of the whole. What books events is kept out of line: the
/// account of a path of one leg calls it never, and must not grow by it.
pub struct Legs {
    route: Arc<Route>,
    timeline: Timeline,
    /// Each opens every request, whichever leg it takes.
    ledgers: [Ledger; 2],
    /// Requests that were to take each leg, and that went over it.
    routed: [u64; 2],
    sent: [u64; 2],
    seams: Seams,
    twins: Twins,
}

/// Whether a broken connection leaves a request unknown that went over it.
pub(super) fn is_exposed(ledger: &Ledger, number: u64, unknown: Unknown) -> bool {
    let stored =
        unknown == Unknown::Unconfirmed && (ledger.is_acknowledged(number) || ledger.is_delivered(number));
    !stored && ledger.is_under_way(number)
}

/// What the legs of one generator come to.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LegsSummary {
    pub totals: [LedgerTotals; 2],
    pub seams: super::seam::SeamsSummary,
    pub twins: super::twins::TwinsSummary,
}

impl LegsSummary {
    /// Adds those of another generator.
    pub fn merge(&mut self, other: &Self) {
        for (own, other) in self.totals.iter_mut().zip(&other.totals) {
            own.merge(other);
        }
        self.seams.merge(&other.seams);
        self.twins.merge(&other.twins);
    }
}

impl Legs {
    pub fn new(route: Arc<Route>, timeline: Timeline) -> Self {
        let window_ns = timeline.window_end_ns() - timeline.window_start_ns();
        let seams = Seams::new(route.stages().len(), window_ns);
        let twins = Twins::new(route.confirms());
        Self { route, timeline, ledgers: Default::default(), routed: [0; 2], sent: [0; 2], seams, twins }
    }

    /// A request is opened; it takes its legs whether it is sent or shed.
    #[cold]
    pub fn attempt(&mut self, sequence: u64, intended_ns: u64) {
        self.ledgers.iter_mut().for_each(|ledger| _ = ledger.attempt());
        let due_ns = self.since_window_ns(intended_ns);
        let takes = self.route.takes(sequence, due_ns);
        for leg in Leg::ALL.into_iter().filter(|leg| takes.takes(*leg)) {
            self.routed[leg as usize] += 1;
        }
        self.seams.attempt(self.route.stage(due_ns), takes, due_ns);
    }

    fn since_window_ns(&self, at_ns: u64) -> i64 {
        at_ns.wrapping_sub(self.timeline.window_start_ns()) as i64
    }

    /// The request goes out now; the legs that it takes are told when it is handed to them.
    #[inline(never)]
    pub fn goes_out(&mut self, sequence: u64, number: u64, intended_ns: u64, at_ns: u64) -> Takes {
        let takes = self.route.takes(sequence, self.since_window_ns(intended_ns));
        for leg in Leg::ALL.into_iter().filter(|leg| takes.takes(*leg)) {
            self.seams.sent(number, leg);
        }
        if takes == Takes::Both {
            self.twins.sent(number, intended_ns, at_ns);
        }
        takes
    }

    /// The request is handed to the client library of a leg.
    #[inline(never)]
    pub fn sent(&mut self, leg: Leg, number: u64) {
        if let Entry::First { .. } = self.ledger(leg).sent(number) {
            self.sent[leg as usize] += 1;
        }
    }

    /// Whether the whole counts as confirmed with this.
    #[inline(never)]
    pub fn acknowledged(&mut self, leg: Leg, number: u64, at_ns: u64) -> bool {
        self.ledger(leg).acknowledged(number);
        let needs = self.needs(number);
        if needs.is_some() {
            self.twins.confirmed(number, leg, at_ns);
        }
        match needs {
            Some(OnFailure::Both) => self.ledgers[leg.other() as usize].is_acknowledged(number),
            Some(OnFailure::Any) | None => true,
        }
    }

    /// Whether the whole counts as refused with this.
    #[inline(never)]
    pub fn rejected(&mut self, leg: Leg, number: u64) -> bool {
        self.ledger(leg).rejected(number);
        match self.needs(number) {
            Some(OnFailure::Any) => self.ledgers[leg.other() as usize].is_rejected(number),
            Some(OnFailure::Both) | None => true,
        }
    }

    /// Whether the outcome of the whole is unknown with this.
    #[inline(never)]
    pub fn indeterminate(&mut self, leg: Leg, number: u64) -> bool {
        self.ledger(leg).indeterminate(number);
        match self.needs(number) {
            Some(OnFailure::Any) => !self.ledgers[leg.other() as usize].is_under_way(number),
            Some(OnFailure::Both) | None => true,
        }
    }

    /// The whole has waited long enough: what is under way over either leg is unknown.
    pub fn timed_out(&mut self, number: u64) {
        for ledger in &mut self.ledgers {
            if ledger.is_sent(number) && ledger.is_under_way(number) {
                ledger.indeterminate(number);
            }
        }
    }

    /// Whether a break of a connection of this leg leaves the request unknown.
    pub fn is_exposed(&self, leg: Leg, number: u64, unknown: Unknown) -> bool {
        let ledger = &self.ledgers[leg as usize];
        ledger.is_sent(number) && is_exposed(ledger, number, unknown)
    }

    /// The leg that a worker serves.
    pub(super) fn leg_of(&self, worker: u32) -> Leg {
        self.route.leg_of_worker(worker)
    }

    #[inline(never)]
    pub(super) fn delivered(&mut self, worker: u32, number: u64) -> Told {
        let leg = self.route.leg_of_worker(worker);
        self.told(leg, number, Ledger::delivered, Ledger::is_delivered)
    }

    /// A result came over a leg, at that time and with that content.
    #[inline(never)]
    pub(super) fn completed(&mut self, leg: Leg, number: u64, at_ns: u64, answer: u64) -> Told {
        let again = self.ledger(leg).is_completed(number);
        let told = self.told(leg, number, Ledger::completed, Ledger::is_completed);
        if told == Told::Stranger {
            return told;
        }
        let since_ns = self.since_window_ns(at_ns);
        if again {
            self.seams.duplicated(number, since_ns);
            return told;
        }
        self.seams.answered_over(number, leg, self.route.stage(since_ns), since_ns);
        if told == Told::Whole {
            self.seams.answered(number);
        }
        if self.needs(number).is_some() {
            self.twins.answered(number, leg, at_ns, answer);
        }
        told
    }

    /// A delivery to a worker came behind a later one.
    #[inline(never)]
    pub fn reordered(&mut self, worker: u32, number: u64) {
        let leg = self.route.leg_of_worker(worker);
        self.ledger(leg).reordered();
        self.seams.reordered(number);
    }

    #[inline(never)]
    pub(super) fn parked(&mut self, worker: u32, number: u64) -> Told {
        let leg = self.route.leg_of_worker(worker);
        self.told(leg, number, Ledger::parked, Ledger::is_settled)
    }

    fn told(
        &mut self,
        leg: Leg,
        number: u64,
        book: impl Fn(&mut Ledger, u64) -> Entry,
        has: impl Fn(&Ledger, u64) -> bool,
    ) -> Told {
        match book(self.ledger(leg), number) {
            Entry::Unknown => Told::Stranger,
            Entry::First { .. } if has(&self.ledgers[leg.other() as usize], number) => Told::LegOnly,
            Entry::First { .. } | Entry::Again => Told::Whole,
        }
    }

    /// Requests of a leg whose end is to be expected.
    pub fn under_way(&self, leg: Leg) -> u64 {
        self.open_over(leg) - self.ledgers[leg as usize].unknown()
    }

    /// Requests whose end over one of their legs is not known.
    pub fn open(&self) -> u64 {
        Leg::ALL.into_iter().map(|leg| self.open_over(leg)).max().unwrap_or(0)
    }

    fn open_over(&self, leg: Leg) -> u64 {
        let ledger = &self.ledgers[leg as usize];
        self.sent[leg as usize] - (ledger.attempted() - ledger.open())
    }

    pub fn close(self) -> LegsSummary {
        let of_leg = |leg: Leg| {
            let totals = self.ledgers[leg as usize].totals();
            let routed = self.routed[leg as usize];
            LedgerTotals { attempted: routed, unsent: routed - totals.sent, ..totals }
        };
        let totals = Leg::ALL.map(of_leg);
        let twins = self.twins.close(&self.ledgers);
        LegsSummary { totals, seams: self.seams.close(), twins }
    }

    /// Of a request that took both legs: which of them must take it.
    fn needs(&self, number: u64) -> Option<OnFailure> {
        let both = self.ledgers.iter().all(|ledger| ledger.is_sent(number));
        self.route.on_failure().filter(|_| both)
    }

    fn ledger(&mut self, leg: Leg) -> &mut Ledger {
        &mut self.ledgers[leg as usize]
    }
}
