//! The figures of a run so far, over all its trials: counters only ever rise.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::clock::now_ns;
use crate::load::Turnarounds;
use crate::probe::column;
use crate::session::Sight;
use weighbridge_record::result::{LedgerTotals, Trial};

/// What was measured, by the words that tell it apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub scenario: String,
    pub path: String,
    /// As in `load.rate=500`; empty where nothing is swept.
    pub point: String,
}

/// A trial that is beginning.
#[derive(Debug, Clone)]
pub struct Begun {
    pub place: Place,
    /// Its place among the trials of its scenario, from 1.
    pub order: u32,
    /// How many there will be, where that is known.
    pub trials: Option<u32>,
    /// Whether nobody tells what workers receive, as they are somebody else's.
    pub untold: bool,
    /// In the order of their times.
    pub faults: Vec<FaultAhead>,
}

/// Something that is to be done on purpose.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaultAhead {
    /// After the load began.
    pub at_s: f64,
    /// `kill-broker`, with its target where one is named.
    pub words: String,
}

/// Sums over trials at one place, those that were measured again among them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sums {
    /// By the names that `result.json` has for them; those that nobody tells are left out.
    pub requests: BTreeMap<&'static str, u64>,
    pub turnarounds: Turnarounds,
    pub valid: u64,
    pub invalid: u64,
}

/// The trial that is under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Now {
    pub place: Place,
    /// When its load began, on the monotonic clock; no other trial has the same.
    pub began_ns: u64,
    pub order: u32,
    pub trials: Option<u32>,
    /// Since its load began.
    pub elapsed: Duration,
    /// Planned time of warm-up, window and cool-down.
    pub planned: Duration,
    pub in_flight: u64,
    /// Open requests whose outcome is unknown.
    pub unknown: u64,
    /// Names of the nodes of its site.
    pub nodes: Vec<String>,
    pub faults: Vec<FaultAhead>,
}

/// All figures at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    pub places: BTreeMap<Place, Sums>,
    pub now: Option<Now>,
    /// Where the last trial that has ended was measured, and whether it is valid.
    pub last: Option<(Place, bool)>,
    /// How far the counters of each node rose during trials, by column and node.
    pub counters: BTreeMap<(&'static str, String), f64>,
    /// What the nodes of the trial under way showed last.
    pub gauges: BTreeMap<(&'static str, String), f64>,
}

/// The figures of a run. Trials report here as they begin and end; anybody may read at any time.
#[derive(Debug, Default)]
pub struct Figures(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Of trials that are over.
    over: Reading,
    current: Option<(Begun, Sight)>,
}

impl Figures {
    /// The load of a trial begins. One that has not been told as ended has failed; what it counted stays.
    pub fn begin(&self, begun: Begun, sight: Sight) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle(None);
        state.current = Some((begun, sight));
    }

    /// The trial that has begun last has ended.
    pub fn end(&self, trial: &Trial) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).settle(Some(trial));
    }

    pub fn read(&self) -> Reading {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).read(now_ns())
    }
}

impl State {
    /// Adds the trial under way to what is over, with its books if they were closed.
    fn settle(&mut self, trial: Option<&Trial>) {
        let Some((begun, sight)) = self.current.take() else { return };
        self.over.add(&begun, &sight, trial.map(|trial| &trial.ledger));
        if let Some(trial) = trial {
            let sums = self.over.places.entry(begun.place.clone()).or_default();
            *(if trial.valid { &mut sums.valid } else { &mut sums.invalid }) += 1;
            self.over.last = Some((begun.place, trial.valid));
        }
    }

    fn read(&self, now_ns: u64) -> Reading {
        let mut reading = self.over.clone();
        let Some((begun, sight)) = &self.current else { return reading };
        reading.add(begun, sight, None);
        reading.look_at(sight, now_ns);
        reading.now = Some(now(begun, sight, now_ns));
        reading
    }
}

impl Reading {
    /// Adds what a trial counted: at least what its generators told, and what its ledger says where that is closed.
    fn add(&mut self, begun: &Begun, sight: &Sight, ledger: Option<&LedgerTotals>) {
        let sums = self.places.entry(begun.place.clone()).or_default();
        let mut told = LedgerTotals { untold: begun.untold, ..LedgerTotals::default() };
        for tally in sight.live.iter().filter_map(|live| live.tally.as_deref()) {
            told.merge(&tally.totals());
            sums.turnarounds.merge(&tally.turnarounds());
        }
        let closed = ledger.copied().unwrap_or_default();
        for ((name, told), (_, closed)) in told.fields().into_iter().zip(closed.fields()) {
            if let Some(told) = told {
                *sums.requests.entry(name).or_default() += told.max(closed.unwrap_or(0));
            }
        }
        for (node, latest) in &sight.nodes {
            for (name, figure) in latest.figures() {
                if column::COUNTERS.contains(&name) {
                    *self.counters.entry((name, node.clone())).or_default() += figure.rise();
                }
            }
        }
    }

    /// Notes what nodes show that rises and falls, where it was seen a short time ago.
    fn look_at(&mut self, sight: &Sight, now_ns: u64) {
        for (node, latest) in &sight.nodes {
            let shown = latest.figures().into_iter().filter(|(name, _)| !column::COUNTERS.contains(name));
            let fresh = shown.filter(|(_, figure)| figure.is_fresh(now_ns));
            self.gauges.extend(fresh.map(|(name, figure)| ((name, node.clone()), figure.last)));
        }
    }
}

fn now(begun: &Begun, sight: &Sight, now_ns: u64) -> Now {
    use std::sync::atomic::Ordering::Relaxed;
    let timeline = &sight.timeline;
    let Begun { place, order, trials, faults, .. } = begun.clone();
    Now {
        place,
        began_ns: timeline.start_ns(),
        nodes: sight.nodes.iter().map(|(node, _)| node.clone()).collect(),
        faults,
        order,
        trials,
        elapsed: Duration::from_nanos(now_ns.saturating_sub(timeline.start_ns())),
        planned: Duration::from_nanos(timeline.load_end_ns() - timeline.start_ns()),
        in_flight: sight.live.iter().map(|live| live.in_flight.load(Relaxed)).sum(),
        unknown: sight.live.iter().filter_map(|live| Some(live.tally.as_ref()?.unknown())).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::load::Live;
    use crate::metrics::Timeline;
    use crate::probe::Latest;
    use weighbridge_record::fixture::Fixture;

    fn place(path: &str) -> Place {
        Place { scenario: "s".to_owned(), path: path.to_owned(), point: String::new() }
    }

    /// A trial that is about to begin, and what it is seen by.
    fn begun(path: &str) -> (Begun, Sight) {
        let (live, latest) = (Arc::new(Live::tallied(true)), Arc::<Latest>::default());
        let timeline = Timeline::new(now_ns(), 0, 1_000_000_000, 0);
        let sight = Sight { timeline, live: vec![live], nodes: vec![("nats-server".to_owned(), latest)] };
        (Begun { place: place(path), order: 1, trials: Some(2), untold: false, faults: Vec::new() }, sight)
    }

    fn count(sight: &Sight, completed: u64, cpu_seconds: f64) {
        let tally = sight.live[0].tally.as_ref().unwrap();
        tally.tell(&LedgerTotals { completed, sent: completed + 3, ..LedgerTotals::default() }, 1);
        tally.ended(1_000_000, completed);
        let row = vec![(column::CPU_SECONDS, cpu_seconds), (column::RSS_BYTES, 7.0)];
        sight.nodes[0].1.note(now_ns(), &row);
    }

    #[test]
    fn counters_go_on_over_trials_and_what_rises_and_falls_ends_with_its_own() {
        let figures = Figures::default();
        let cpu = |reading: &Reading| reading.counters[&(column::CPU_SECONDS, "nats-server".to_owned())];
        for trial in 1..=2 {
            let (begun, sight) = begun("nats-core");
            figures.begin(begun, sight.clone());
            // What a server used before the trial is none of it.
            count(&sight, 0, 5.0);
            count(&sight, 100, 6.0);
            let reading = figures.read();
            assert_eq!(reading.places[&place("nats-core")].requests["completed"], 100 * trial);
            assert_eq!((reading.gauges.len(), cpu(&reading)), (1, trial as f64));
            assert_eq!(reading.now.as_ref().unwrap().unknown, 1);
            let mut ended = Fixture::default().build().trials.remove(0);
            (ended.valid, ended.ledger.completed, ended.ledger.sent) = (trial == 1, 100, 103);
            ended.ledger.lost = 3;
            figures.end(&ended);
            let over = figures.read();
            assert_eq!((&over.now, over.gauges.len(), cpu(&over)), (&None, 0, trial as f64));
            let sums = &over.places[&place("nats-core")];
            assert_eq!((sums.requests["completed"], sums.requests["lost"]), (100 * trial, 3 * trial));
            assert_eq!(sums.turnarounds.count(), 100 * trial);
            assert_eq!((sums.valid, sums.invalid), (1, trial - 1));
            assert_eq!(over.last, Some((place("nats-core"), trial == 1)));
        }
    }

    #[test]
    fn a_trial_that_failed_keeps_what_it_counted_and_has_no_verdict() {
        let figures = Figures::default();
        let (begun_first, sight) = begun("nats-core");
        figures.begin(begun_first, sight.clone());
        count(&sight, 50, 1.0);
        let (next, next_sight) = begun("redis-pubsub");
        figures.begin(next, next_sight);
        let reading = figures.read();
        let sums = &reading.places[&place("nats-core")];
        assert_eq!((sums.requests["completed"], sums.valid + sums.invalid, &reading.last), (50, 0, &None));
        assert_eq!(reading.now.unwrap().place, place("redis-pubsub"));
    }
}
