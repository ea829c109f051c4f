//! Latency against achieved rate, transport by transport: up to which rate each is as fast as at the lowest, and
//! where its knee is. The figures of a sweep of the rate, and what they say in a sentence.
//!
//! Draws nothing.

use super::claim::{At, Claim, What, of};
use super::groups::Group;
use super::knee::{Knee, LoadPoint, knee};
use super::sweeps::{self, RATE, Slice, Step, has_valid};
use weighbridge_record::format;
use weighbridge_record::point::Point;
use weighbridge_record::result::SearchRecord;
use weighbridge_record::terms::{Path, Stage};

/// The statistics that are drawn, and their names. The first is the one that has a knee.
pub const STATISTICS: [(&str, &str); 3] = [("p99", "p99"), ("p50", "p50"), ("p999", "p99.9")];

/// A path is as fast as at the lowest rate while its p99 is less than so many times as high. Tails of short windows
/// scatter by less.
pub const AS_IDLE_RATIO_MAX: f64 = 2.0;

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
    /// False where every repetition is invalid: shown, and left out of all that is said.
    pub valid: bool,
    /// Whether its p99 is the instrument's own lateness: shown, and left out as well.
    pub ours: bool,
}

pub struct RateCurve {
    pub path: Path,
    /// In the order of their rates.
    pub steps: Vec<RateStep>,
    pub turn: Turn,
}

/// Where a curve turns. Indices are those of its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Knee(Knee),
    /// A search asked each rate whether it is sustained, which is a better answer than a knee: the rate that it
    /// confirmed, if any.
    Confirmed(Option<usize>),
}

/// The curves of one combination of whatever else is swept.
pub struct RateSweep {
    pub held: Point,
    pub curves: Vec<RateCurve>,
}

/// Empty where the rate isn't swept.
pub fn rate_sweeps(groups: &[Group<'_>], searches: &[SearchRecord]) -> Vec<RateSweep> {
    if sweeps::axis(groups) != Some(RATE) {
        return Vec::new();
    }
    let sweeps = sweeps::slices(groups, RATE).into_iter().map(|slice| rate_sweep(&slice, searches));
    sweeps.filter(|sweep| !sweep.curves.is_empty()).collect()
}

fn rate_sweep(slice: &Slice<'_, '_>, searches: &[SearchRecord]) -> RateSweep {
    let curves = Path::all().filter_map(|path| {
        let steps: Vec<RateStep> = slice.steps.iter().filter_map(|step| rate_step(step, path)).collect();
        let turn = match searches.iter().find(|search| search.path == path) {
            Some(search) => Turn::Confirmed(
                search
                    .rate_per_s
                    .and_then(|rate_per_s| steps.iter().position(|step| step.rate_per_s == rate_per_s)),
            ),
            None => Turn::Knee(knee_of(&steps)),
        };
        (!steps.is_empty()).then_some(RateCurve { path, steps, turn })
    });
    RateSweep { held: slice.held.clone(), curves: curves.collect() }
}

fn rate_step(step: &Step<'_, '_>, path: Path) -> Option<RateStep> {
    let entry = step.group.entries.iter().find(|entry| entry.path == path)?;
    let figure = |path: &str| entry.figure(path).map(|estimate| estimate.median);
    let name = |statistic: &str| Stage::ANSWER.figure(statistic);
    Some(RateStep {
        rate_per_s: step.value.as_f64()?,
        offered_per_s: figure("rates.offered_per_s")?,
        achieved_per_s: figure("rates.completed_per_s")?,
        latency_ns: STATISTICS.map(|(statistic, _)| figure(&name(statistic))),
        valid: has_valid(entry),
        ours: entry.own_lateness(&name(STATISTICS[0].0)).is_some(),
    })
}

impl RateStep {
    /// What counts of it: none where it is invalid, the p99 is ours, or has too few samples.
    fn load_point(&self) -> Option<LoadPoint> {
        let latency_ns = self.latency_ns[0].filter(|_| self.valid && !self.ours)?;
        Some(LoadPoint { offered_per_s: self.offered_per_s, achieved_per_s: self.achieved_per_s, latency_ns })
    }
}

/// The knee of the steps that count, by its place among all.
fn knee_of(steps: &[RateStep]) -> Knee {
    let counted = steps.iter().enumerate().filter_map(|(place, step)| Some((place, step.load_point()?)));
    let (places, points): (Vec<usize>, Vec<LoadPoint>) = counted.unzip();
    match knee(&points) {
        Knee::At(index) => Knee::At(places[index]),
        Knee::NotReached(index) => Knee::NotReached(places[index]),
        other => other,
    }
}

impl RateCurve {
    /// The step at the knee, or at the rate that a search confirmed.
    pub fn turn_step(&self) -> Option<&RateStep> {
        match self.turn {
            Turn::Knee(Knee::At(index)) | Turn::Confirmed(Some(index)) => self.steps.get(index),
            Turn::Knee(_) | Turn::Confirmed(None) => None,
        }
    }

    /// The highest rate up to which all are carried and have a p99 like that of the lowest; none unless at least two
    /// rates can be held against each other.
    fn as_idle(&self) -> Option<&RateStep> {
        let lowest = self.steps.first()?.load_point().filter(LoadPoint::carried)?;
        self.steps.get(1)?.load_point()?;
        let like_idle = |step: &&RateStep| {
            step.load_point().is_some_and(|point| {
                point.carried() && point.latency_ns < lowest.latency_ns * AS_IDLE_RATIO_MAX
            })
        };
        self.steps.iter().take_while(like_idle).last()
    }

    /// `nats-core at 50 000/s`: the rate at the knee, or the highest that was carried where there is none.
    fn knee_rate(&self, at: &At) -> Option<Claim> {
        let Turn::Knee(Knee::At(index) | Knee::NotReached(index)) = self.turn else { return None };
        let step = self.steps.get(index)?;
        let what = if self.turn == Turn::Knee(Knee::At(index)) { What::Knee } else { What::Carried };
        let rate = print(at, self.path, step.rate_per_s, what);
        let uncounted = |steps: &[RateStep]| steps.iter().all(|step| step.load_point().is_none());
        let claim = Claim::words(format!("{} ", self.path));
        let above = &self.steps[index + 1..];
        Some(match self.turn {
            // Nothing that counts was measured below, so the knee may lie there.
            Turn::Knee(Knee::At(_)) if uncounted(&self.steps[..index]) => claim.say("at or below ").and(rate),
            Turn::Knee(Knee::At(_)) => claim.say("at ").and(rate),
            _ if above.iter().any(|step| step.load_point().is_none()) => {
                claim.say("to ").and(rate).say(" (no valid figure above)")
            }
            _ => claim.say("to ").and(rate),
        })
    }
}

fn print(at: &At, path: Path, rate_per_s: f64, what: What) -> Claim {
    Claim::default().figure(format::rate(rate_per_s), rate_per_s, of(at, path, what))
}

impl RateSweep {
    fn at(&self) -> At {
        At::Point(self.held.clone())
    }

    /// Up to where each transport is as fast as at the lowest rate, and where its knee is; no ranking.
    pub fn sentence(&self) -> Claim {
        if self.curves.iter().any(|curve| matches!(curve.turn, Turn::Confirmed(_))) {
            return self.confirmed();
        }
        let at = self.at();
        let idle = self.curves.iter().filter_map(|curve| {
            let rate_per_s = curve.as_idle()?.rate_per_s;
            let rate = print(&at, curve.path, rate_per_s, What::AsIdle);
            Some(Claim::words(format!("{} to ", curve.path)).and(rate))
        });
        let with = |wanted: fn(Knee) -> bool| {
            let is = move |curve: &&RateCurve| matches!(curve.turn, Turn::Knee(knee) if wanted(knee));
            self.curves.iter().filter(is)
        };
        let told = |wanted| Claim::join(with(wanted).filter_map(|curve| curve.knee_rate(&at)), ", ");
        let names = |wanted| {
            let names = with(wanted).map(|curve| curve.path.name()).collect::<Vec<_>>();
            Claim::words(names.join(", "))
        };
        let parts = [
            ("as fast as at the lowest rate, p99 within twice that: ", Claim::join(idle, ", ")),
            ("knee of p99: ", told(|knee| matches!(knee, Knee::At(_)))),
            ("no knee: ", told(|knee| matches!(knee, Knee::NotReached(_)))),
            ("the lowest rate is not carried: ", names(|knee| knee == Knee::NothingCarried)),
            ("too few rates for a knee: ", names(|knee| knee == Knee::TooFewPoints)),
        ];
        let knows = |curve: &RateCurve| curve.turn != Turn::Knee(Knee::TooFewPoints);
        let short = !parts[0].1.is_empty() && !self.curves.iter().any(knows);
        joined(parts.into_iter().take(if short { 1 } else { usize::MAX }))
    }

    /// What a search confirmed.
    fn confirmed(&self) -> Claim {
        let step = |curve: &RateCurve| {
            let rate_per_s = curve.turn_step()?.rate_per_s;
            let rate = print(&At::Run, curve.path, rate_per_s, What::Searched("rate_per_s"));
            Some(Claim::words(format!("{} at ", curve.path)).and(rate))
        };
        let none = self.curves.iter().filter(|curve| curve.turn_step().is_none());
        let none: Vec<&str> = none.map(|curve| curve.path.name()).collect();
        joined([
            ("confirmed: ", Claim::join(self.curves.iter().filter_map(step), ", ")),
            ("no rate confirmed: ", Claim::words(none.join(", "))),
        ])
    }
}

/// The parts that say something, as one sentence.
fn joined<'a>(parts: impl IntoIterator<Item = (&'a str, Claim)>) -> Claim {
    let parts = parts.into_iter().filter(|(_, who)| !who.is_empty());
    Claim::join(parts.map(|(what, who)| Claim::words(what).and(who)), "; ").say(".")
}

/// What all combinations say together.
pub fn takeaway(sweeps: &[RateSweep]) -> Claim {
    if let [only] = sweeps {
        return capitalised(only.sentence());
    }
    let knees = || {
        sweeps.iter().flat_map(|sweep| {
            sweep.curves.iter().filter_map(move |curve| Some((curve.turn_step()?.rate_per_s, curve, sweep)))
        })
    };
    let low = knees().min_by(|a, b| a.0.total_cmp(&b.0));
    let high = knees().max_by(|a, b| a.0.total_cmp(&b.0));
    let (Some(low), Some(high)) = (low, high) else {
        return Claim::words("No transport shows a knee at any combination.");
    };
    let rate = |(rate, curve, sweep): (f64, &RateCurve, &RateSweep)| {
        print(&sweep.at(), curve.path, rate, What::Knee)
    };
    let told = |knee: (f64, &RateCurve, &RateSweep)| {
        let claim = rate(knee).say(format!(" ({}, ", knee.1.path));
        claim.name(knee.2.held.label()).say(")")
    };
    if low.0 == high.0 {
        return Claim::words("Every knee of p99 lies at ").and(rate(low)).say(".");
    }
    Claim::words("The knees of p99 lie between ").and(told(low)).say(" and ").and(told(high)).say(".")
}

/// The same for the answer of a run; none where the rate isn't swept or no curve is long enough.
pub fn knees(groups: &[Group<'_>]) -> Option<Claim> {
    let sweeps = rate_sweeps(groups, &[]);
    let tells = |curve: &RateCurve| curve.as_idle().is_some() || curve.knee_rate(&At::Run).is_some();
    let told = sweeps.iter().flat_map(|sweep| &sweep.curves).any(tells);
    told.then(|| takeaway(&sweeps))
}

/// With a large first letter; names and percentiles stand as they are.
fn capitalised(mut claim: Claim) -> Claim {
    if let Some(first) = claim.text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    claim
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::{Fixture, overloaded, rate_sweep};
    use weighbridge_record::terms::TransportKind;

    fn told(result: &weighbridge_record::result::RunResult) -> String {
        takeaway(&rate_sweeps(&groups(result), &[])).text.replace('\u{a0}', " ")
    }

    #[test]
    fn the_sentence_says_where_each_transport_bends() {
        insta::assert_snapshot!(told(&rate_sweep(&TransportKind::ALL[..5])), @"As fast as at the lowest rate, p99 within twice that: redis-pubsub to 50 000/s, redis-streams to 20 000/s, nats-core to 200 000/s, nats-jetstream to 10 000/s, nats-request to 50 000/s; knee of p99: redis-pubsub at 50 000/s, redis-streams at 50 000/s, nats-request at 50 000/s; no knee: nats-core to 200 000/s, nats-jetstream to 20 000/s (no valid figure above).");
    }

    #[test]
    fn invalid_trials_count_for_nothing() {
        let mut result = rate_sweep(&[TransportKind::RedisStreams]);
        let knee = |result: &weighbridge_record::result::RunResult| {
            rate_sweeps(&groups(result), &[])[0].curves[0].turn_step().map(|step| step.rate_per_s)
        };
        let before = knee(&result).unwrap();
        overloaded(&mut result, before);
        assert_eq!(knee(&result), None, "what lies beyond is invalid, so nothing shows a bend");
        let curve = &rate_sweeps(&groups(&result), &[])[0].curves[0];
        assert!(curve.steps.iter().any(|step| !step.valid), "they are still shown");
    }

    #[test]
    fn other_sweeps_have_no_rate_curves() {
        let points = [1, 2].map(|count| [("workers.count".to_owned(), count.into())].into()).to_vec();
        let result = Fixture { points, seconds: 1, rate_per_s: 50, ..Fixture::default() }.build();
        assert!(rate_sweeps(&groups(&result), &[]).is_empty());
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
