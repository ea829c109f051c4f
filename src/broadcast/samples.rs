//! What a page shows that is looked at while a run goes on: a sample each second, made of two readings of the figures.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::figures::{FaultAhead, Now, Reading};
use crate::load::{BOUNDS_NS, Turnarounds};
use crate::probe::column;

/// Samples that somebody gets who begins to look: ten minutes.
const KEPT: usize = 600;
/// Readings that percentiles and the rates of brokers are taken over: a second has few requests beyond the 99th of a
/// hundred, and some counters of brokers are read once a second.
const READINGS: usize = 4;
/// A percentile is told if so many requests took longer.
const ABOVE: u64 = 10;

/// Samples so far, and the readings that the next rests on.
#[derive(Debug, Default)]
pub struct Samples {
    kept: VecDeque<Sample>,
    /// The oldest first, each with its time.
    readings: VecDeque<(f64, Reading)>,
}

/// A second of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sample {
    /// Since the server began.
    pub at_s: f64,
    pub trial: Option<OfTrial>,
    pub totals: Totals,
    pub brokers: Vec<OfBroker>,
}

/// Of the trial whose load is on. Rates are those of the last second, percentiles those of the last four; none in its
/// first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfTrial {
    pub scenario: String,
    pub path: String,
    pub point: String,
    pub order: u32,
    pub trials: Option<u32>,
    pub elapsed_s: f64,
    pub planned_s: f64,
    pub due_per_s: Option<f64>,
    pub completed_per_s: Option<f64>,
    pub p50_ns: Option<f64>,
    pub p99_ns: Option<f64>,
    pub in_flight: u64,
    pub unknown: u64,
    pub faults: Vec<FaultAhead>,
}

/// Of the run so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Requests by what became of them, as `result.json` names it.
    pub requests: BTreeMap<&'static str, u64>,
    pub valid: u64,
    pub invalid: u64,
}

/// Of a node of the trial under way; rates are those of the last four seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfBroker {
    pub node: String,
    pub cpu_cores: Option<f64>,
    pub in_bytes_per_s: Option<f64>,
    pub out_bytes_per_s: Option<f64>,
    /// What rises and falls, by the probe's name for it.
    pub shown: BTreeMap<&'static str, f64>,
}

impl Samples {
    /// Takes a reading, and gives the sample that ends with it.
    pub fn take(&mut self, at_s: f64, reading: Reading) -> &Sample {
        let sample = sample(at_s, &reading, &self.readings);
        self.readings.push_back((at_s, reading));
        if self.readings.len() > READINGS {
            self.readings.pop_front();
        }
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(sample);
        &self.kept[self.kept.len() - 1]
    }

    /// All that are kept, the oldest first.
    pub fn kept(&self) -> &VecDeque<Sample> {
        &self.kept
    }
}

fn sample(at_s: f64, reading: &Reading, before: &VecDeque<(f64, Reading)>) -> Sample {
    let mut totals = Totals::default();
    for sums in reading.places.values() {
        for (name, count) in &sums.requests {
            *totals.requests.entry(name).or_default() += count;
        }
        totals.valid += sums.valid;
        totals.invalid += sums.invalid;
    }
    let now = reading.now.as_ref();
    Sample {
        at_s,
        trial: now.map(|now| of_trial(at_s, now, reading, before)),
        totals,
        brokers: now.map(|now| of_brokers(at_s, now, reading, before)).unwrap_or_default(),
    }
}

/// Whether a reading was taken while the same trial was under way.
fn is_of(now: &Now, reading: &Reading) -> bool {
    reading.now.as_ref().is_some_and(|before| before.began_ns == now.began_ns)
}

fn of_trial(at_s: f64, now: &Now, reading: &Reading, before: &VecDeque<(f64, Reading)>) -> OfTrial {
    let sums = |reading: &Reading| reading.places.get(&now.place).cloned().unwrap_or_default();
    let mut of_it =
        before.iter().filter(|(_, before)| is_of(now, before)).map(|(at_s, before)| (*at_s, sums(before)));
    let (ends, first) = (sums(reading), of_it.next());
    let latest = of_it.next_back().or_else(|| first.clone());
    let per_s = |name: &str| {
        let (from_s, begins) = latest.as_ref()?;
        let rise = ends.requests.get(name)?.saturating_sub(*begins.requests.get(name)?);
        Some(rise as f64 / (at_s - from_s).max(1e-3))
    };
    let within = first.as_ref().map(|(_, begins)| between(&begins.turnarounds, &ends.turnarounds));
    let quantile = |quantile| within.as_ref().and_then(|within| quantile_ns(within, quantile));
    OfTrial {
        scenario: now.place.scenario.clone(),
        path: now.place.path.clone(),
        point: now.place.point.clone(),
        order: now.order,
        trials: now.trials,
        elapsed_s: now.elapsed.as_secs_f64(),
        planned_s: now.planned.as_secs_f64(),
        due_per_s: per_s("attempted"),
        completed_per_s: per_s("completed"),
        p50_ns: quantile(0.5),
        p99_ns: quantile(0.99),
        in_flight: now.in_flight,
        unknown: now.unknown,
        faults: now.faults.clone(),
    }
}

fn of_brokers(at_s: f64, now: &Now, reading: &Reading, before: &VecDeque<(f64, Reading)>) -> Vec<OfBroker> {
    let before = before.iter().find(|(_, before)| is_of(now, before));
    let broker = |node: &String| {
        let per_s = |name: &'static str| {
            let key = (name, node.clone());
            let (from_s, before) = before?;
            let rise = reading.counters.get(&key)? - before.counters.get(&key)?;
            Some(rise / (at_s - from_s).max(1e-3))
        };
        let shown = reading.gauges.iter().filter(|((_, of), _)| of == node);
        OfBroker {
            node: node.clone(),
            cpu_cores: per_s(column::CPU_SECONDS),
            in_bytes_per_s: per_s(column::NET_IN_BYTES),
            out_bytes_per_s: per_s(column::NET_OUT_BYTES),
            shown: shown.map(|((name, _), value)| (*name, *value)).collect(),
        }
    };
    now.nodes.iter().map(broker).collect()
}

/// What was counted since.
fn between(before: &Turnarounds, after: &Turnarounds) -> Turnarounds {
    let mut within = *after;
    within.buckets.iter_mut().zip(before.buckets).for_each(|(count, before)| *count -= before.min(*count));
    within
}

/// A quantile, between the bounds of its bucket as if turnarounds lay evenly there; none with fewer than 10 above it.
fn quantile_ns(within: &Turnarounds, quantile: f64) -> Option<f64> {
    let count = within.count();
    let rank = (count as f64 * quantile).ceil().max(1.0);
    if count < rank as u64 + ABOVE {
        return None;
    }
    let mut below = 0;
    for (bucket, inside) in within.buckets.iter().enumerate() {
        if (below + inside) as f64 >= rank {
            let low_ns = bucket.checked_sub(1).map_or(0, |before| BOUNDS_NS[before]) as f64;
            let high_ns = BOUNDS_NS.get(bucket).map_or(low_ns, |bound| *bound as f64);
            return Some(low_ns + (high_ns - low_ns) * (rank - below as f64) / *inside as f64);
        }
        below += inside;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::broadcast::figures::{Place, Sums};

    /// A trial that began at `began_ns`, so many seconds into it, at 100 requests a second of a millisecond each.
    fn reading(began_ns: u64, elapsed_s: u64) -> Reading {
        let place = Place { scenario: "s".to_owned(), path: "nats-core".to_owned(), point: String::new() };
        let mut sums = Sums { valid: 1, ..Sums::default() };
        sums.requests = [("attempted", 110 * elapsed_s), ("completed", 100 * elapsed_s)].into();
        let bucket = BOUNDS_NS.iter().position(|bound| *bound == 1_000_000).unwrap();
        sums.turnarounds.buckets[bucket] = 100 * elapsed_s;
        let node = "nats-server".to_owned();
        let now = Now {
            place: place.clone(),
            began_ns,
            order: 1,
            trials: None,
            elapsed: Duration::from_secs(elapsed_s),
            planned: Duration::from_secs(9),
            in_flight: 3,
            unknown: 0,
            nodes: vec![node.clone()],
            faults: Vec::new(),
        };
        Reading {
            places: [(place, sums)].into(),
            now: Some(now),
            last: None,
            counters: [((column::CPU_SECONDS, node.clone()), 0.5 * elapsed_s as f64)].into(),
            gauges: [((column::RSS_BYTES, node), 7.0)].into(),
        }
    }

    #[test]
    fn a_sample_has_the_rates_of_its_second_and_the_first_of_a_trial_has_none() {
        let mut samples = Samples::default();
        let first = samples.take(10.0, reading(1, 1)).trial.clone().unwrap();
        assert_eq!((first.completed_per_s, first.p50_ns), (None, None));
        let second = samples.take(12.0, reading(1, 3)).clone();
        let trial = second.trial.unwrap();
        assert_eq!((trial.due_per_s, trial.completed_per_s), (Some(110.0), Some(100.0)));
        let p50_ns = trial.p50_ns.unwrap();
        assert!((700_000.0..=1_000_000.0).contains(&p50_ns), "{p50_ns}");
        assert_eq!(trial.p99_ns, None, "only two took longer");
        let broker = &second.brokers[0];
        assert_eq!((broker.cpu_cores, broker.shown[column::RSS_BYTES]), (Some(0.5), 7.0));
        // Another trial at the same place.
        let next = samples.take(13.0, reading(2, 4)).clone();
        assert_eq!((next.trial.unwrap().completed_per_s, next.brokers[0].cpu_cores), (None, None));
    }

    #[test]
    fn between_trials_there_are_totals_and_nothing_else() {
        let mut samples = Samples::default();
        let sample = samples.take(1.0, Reading { now: None, ..reading(1, 2) });
        assert_eq!((&sample.trial, sample.brokers.len()), (&None, 0));
        assert_eq!((sample.totals.requests["completed"], sample.totals.valid), (200, 1));
    }

    #[test]
    fn the_oldest_samples_make_room() {
        let mut samples = Samples::default();
        (0..KEPT + 5).for_each(|second| _ = samples.take(second as f64, Reading::default()));
        assert_eq!((samples.kept().len(), samples.kept()[0].at_s), (KEPT, 5.0));
    }
}
