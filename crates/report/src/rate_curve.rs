//! Latency against achieved rate, transport by transport, with the knee of each: the figures of a sweep of the
//! rate, and what they say in a sentence.
//!
//! Draws nothing.

use super::groups::Group;
use super::knee::{Knee, LoadPoint, knee};
use super::sweeps::{self, RATE, Slice, Step, figure, has_valid};
use weighbridge_record::format;
use weighbridge_record::point::Point;
use weighbridge_record::terms::{Path, Stage};

/// The statistics that are drawn, and their names. The first is the one that has a knee.
pub const STATISTICS: [(&str, &str); 3] = [("p99", "p99"), ("p50", "p50"), ("p999", "p99.9")];

/// One transport at one rate; medians over its repetitions.
#[derive(Debug, Clone)]
pub struct RateStep {
    /// `load.rate`: what the step is called by. Random arrivals offer a little more or less.
    pub rate_per_s: f64,
    pub offered_per_s: f64,
    /// Completed.
    pub achieved_per_s: f64,
    /// In the order of `STATISTICS`; none with too few samples.
    pub latency_ns: [Option<f64>; 3],
    /// False where every repetition is invalid: shown, and left out of the knee.
    pub valid: bool,
}

pub struct RateCurve {
    pub path: Path,
    /// In the order of their rates.
    pub steps: Vec<RateStep>,
    /// Indices are those of `steps`.
    pub knee: Knee,
}

/// The curves of one combination of whatever else is swept.
pub struct RateSweep {
    pub held: Point,
    pub curves: Vec<RateCurve>,
}

/// Empty where the rate isn't swept.
pub fn rate_sweeps(groups: &[Group<'_>]) -> Vec<RateSweep> {
    if sweeps::axis(groups) != Some(RATE) {
        return Vec::new();
    }
    let sweeps = sweeps::slices(groups, RATE).into_iter().map(|slice| rate_sweep(&slice));
    sweeps.filter(|sweep| !sweep.curves.is_empty()).collect()
}

fn rate_sweep(slice: &Slice<'_, '_>) -> RateSweep {
    let curves = Path::all().filter_map(|path| {
        let steps: Vec<RateStep> = slice.steps.iter().filter_map(|step| rate_step(step, path)).collect();
        let knee = knee_of(&steps);
        (!steps.is_empty()).then_some(RateCurve { path, steps, knee })
    });
    RateSweep { held: slice.held.clone(), curves: curves.collect() }
}

fn rate_step(step: &Step<'_, '_>, path: Path) -> Option<RateStep> {
    let entry = step.group.entries.iter().find(|entry| entry.path == path)?;
    let latency = |(statistic, _)| figure(entry, &format!("latency_ns.{}.{statistic}", Stage::ANSWER.name()));
    Some(RateStep {
        rate_per_s: step.value.as_f64()?,
        offered_per_s: figure(entry, "rates.offered_per_s")?,
        achieved_per_s: figure(entry, "rates.completed_per_s")?,
        latency_ns: STATISTICS.map(latency),
        valid: has_valid(entry),
    })
}

/// The knee of the valid steps, by its place among all.
fn knee_of(steps: &[RateStep]) -> Knee {
    let (places, points): (Vec<usize>, Vec<LoadPoint>) = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.valid)
        .filter_map(|(place, step)| {
            let (offered_per_s, achieved_per_s) = (step.offered_per_s, step.achieved_per_s);
            Some((place, LoadPoint { offered_per_s, achieved_per_s, latency_ns: step.latency_ns[0]? }))
        })
        .unzip();
    match knee(&points) {
        Knee::At(index) => Knee::At(places[index]),
        Knee::NotReached(index) => Knee::NotReached(places[index]),
        other => other,
    }
}

impl RateCurve {
    /// The step at the knee.
    pub fn knee_step(&self) -> Option<&RateStep> {
        match self.knee {
            Knee::At(index) => self.steps.get(index),
            _ => None,
        }
    }

    /// `at 50 000/s`: the rate at the knee, or the highest that was carried where there is none.
    fn rate(&self) -> Option<String> {
        let (Knee::At(index) | Knee::NotReached(index)) = self.knee else { return None };
        let rate = format::rate(self.steps.get(index)?.rate_per_s);
        let invalid = |steps: &[RateStep]| steps.iter().all(|step| !step.valid);
        let (below, above) = (invalid(&self.steps[..index]), self.steps.iter().skip(index + 1));
        Some(match self.knee {
            // Nothing valid was measured below, so the knee may lie there.
            Knee::At(_) if below => format!("at or below {rate}"),
            Knee::At(_) => format!("at {rate}"),
            _ if above.clone().any(|step| !step.valid) => format!("to {rate} (invalid above)"),
            _ => format!("to {rate}"),
        })
    }
}

impl RateSweep {
    /// Where each transport bends or how far it holds; no ranking.
    pub fn sentence(&self) -> String {
        let named = |wanted: fn(Knee) -> bool| {
            self.curves.iter().filter(move |curve| wanted(curve.knee)).collect::<Vec<_>>()
        };
        let told = |curves: Vec<&RateCurve>| {
            let rates =
                curves.into_iter().filter_map(|curve| Some(format!("{} {}", curve.path, curve.rate()?)));
            rates.collect::<Vec<_>>().join(", ")
        };
        let names = |curves: Vec<&RateCurve>| {
            curves.iter().map(|curve| curve.path.name()).collect::<Vec<_>>().join(", ")
        };
        let parts = [
            ("p99 bends: ", told(named(|knee| matches!(knee, Knee::At(_))))),
            ("no bend: ", told(named(|knee| matches!(knee, Knee::NotReached(_))))),
            (
                "less than 99 % of the lowest rate completed: ",
                names(named(|knee| knee == Knee::NothingCarried)),
            ),
            ("too few valid rates for a knee: ", names(named(|knee| knee == Knee::TooFewPoints))),
        ];
        let parts: Vec<_> = parts
            .iter()
            .filter(|(_, who)| !who.is_empty())
            .map(|(what, who)| format!("{what}{who}"))
            .collect();
        format!("{}.", parts.join("; "))
    }
}

/// What all combinations say together.
pub fn takeaway(sweeps: &[RateSweep]) -> String {
    if let [only] = sweeps {
        return capitalised(&only.sentence());
    }
    let knees = || {
        sweeps.iter().flat_map(|sweep| {
            sweep.curves.iter().filter_map(move |curve| Some((curve.knee_step()?.rate_per_s, curve, sweep)))
        })
    };
    let low = knees().min_by(|a, b| a.0.total_cmp(&b.0));
    let high = knees().max_by(|a, b| a.0.total_cmp(&b.0));
    let (Some(low), Some(high)) = (low, high) else {
        return "No transport shows a knee at any combination.".to_owned();
    };
    let told = |(rate, curve, sweep): (f64, &RateCurve, &RateSweep)| {
        format!("{} ({}, {})", format::rate(rate), curve.path, sweep.held.label())
    };
    if low.0 == high.0 {
        return format!("Every knee of p99 lies at {}.", format::rate(low.0));
    }
    format!("The knees of p99 lie between {} and {}.", told(low), told(high))
}

/// The same for the answer of a run; none where the rate isn't swept or no curve is long enough.
pub fn knees(groups: &[Group<'_>]) -> Option<String> {
    let sweeps = rate_sweeps(groups);
    let told = sweeps.iter().flat_map(|sweep| &sweep.curves).any(|curve| curve.rate().is_some());
    told.then(|| takeaway(&sweeps))
}

/// `p99` stands as it is.
fn capitalised(sentence: &str) -> String {
    if sentence.starts_with("p99") {
        return sentence.to_owned();
    }
    let mut letters = sentence.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::{Fixture, overloaded, rate_sweep};
    use weighbridge_record::terms::TransportKind;

    fn told(result: &weighbridge_record::result::RunResult) -> String {
        takeaway(&rate_sweeps(&groups(result))).replace('\u{a0}', " ")
    }

    #[test]
    fn the_sentence_says_where_each_transport_bends() {
        insta::assert_snapshot!(told(&rate_sweep(&TransportKind::ALL[..5])), @"p99 bends: redis-pubsub at 50 000/s, redis-streams at 50 000/s, nats-request at 50 000/s; no bend: nats-core to 200 000/s, nats-jetstream to 20 000/s (invalid above).");
    }

    #[test]
    fn invalid_trials_count_for_nothing() {
        let mut result = rate_sweep(&[TransportKind::RedisStreams]);
        let knee = |result: &weighbridge_record::result::RunResult| {
            rate_sweeps(&groups(result))[0].curves[0].knee_step().map(|step| step.rate_per_s)
        };
        let before = knee(&result).unwrap();
        overloaded(&mut result, before);
        assert_eq!(knee(&result), None, "what lies beyond is invalid, so nothing shows a bend");
        let curve = &rate_sweeps(&groups(&result))[0].curves[0];
        assert!(curve.steps.iter().any(|step| !step.valid), "they are still shown");
    }

    #[test]
    fn other_sweeps_have_no_rate_curves() {
        let points = [1, 2].map(|count| [("workers.count".to_owned(), count.into())].into()).to_vec();
        let result = Fixture { points, seconds: 1, rate_per_s: 50, ..Fixture::default() }.build();
        assert!(rate_sweeps(&groups(&result)).is_empty());
    }

    #[test]
    fn a_grid_is_told_by_its_lowest_and_highest_knee() {
        let mut result = rate_sweep(&[TransportKind::NatsCore, TransportKind::RedisStreams]);
        let (trials, mut rows) = (result.trials.clone(), result.summary.clone());
        for row in rows.iter_mut().filter(|row| row.point["load.rate"] == 50_000) {
            row.figures.get_mut("latency_ns.turnaround.p99").unwrap().median *= 100.0;
        }
        for (count, trials, rows) in [(1, Vec::new(), Vec::new()), (8, trials, rows)] {
            result.trials.extend(trials);
            result.summary.extend(rows);
            let unset = |point: &mut Point| {
                point.entry("workers.count".to_owned()).or_insert(count.into());
            };
            result.trials.iter_mut().for_each(|trial| unset(&mut trial.point));
            result.summary.iter_mut().for_each(|row| unset(&mut row.point));
        }
        insta::assert_snapshot!(told(&result), @"The knees of p99 lie between 20 000/s (redis-streams, workers.count = 8) and 50 000/s (redis-streams, workers.count = 1).");
    }
}
