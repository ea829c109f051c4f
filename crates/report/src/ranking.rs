//! Who is best at a point, by which figure, and whether that may be said.

use super::claim::{At, Claim, Fact, What, of};
use super::groups::{Entry, Group};
use weighbridge_record::format;
use weighbridge_record::paired::PAIRS_MIN;
use weighbridge_record::result::{Estimate, PairVerdict, PathRatio};
use weighbridge_record::terms::{Path, Stage};

/// Percentiles that transports are ranked by, the first that all of them have.
const STATISTICS: [&str; 3] = ["p99", "p90", "p50"];

/// What transports are ranked by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// Smaller is better.
    Latency { stage: Stage, statistic: &'static str, name: &'static str },
    /// Larger is better; used where nothing is scheduled.
    CompletedRate,
}

impl Measure {
    /// Its path in `result.json`.
    pub fn path(self) -> String {
        match self {
            Self::Latency { stage, statistic, .. } => stage.figure(statistic),
            Self::CompletedRate => "rates.completed_per_s".to_owned(),
        }
    }

    /// `p99`, `completed`.
    pub fn statistic(self) -> &'static str {
        match self {
            Self::Latency { name, .. } => name,
            Self::CompletedRate => "completed",
        }
    }

    pub fn print(self, value: f64) -> String {
        match self {
            Self::Latency { .. } => format::latency(value),
            Self::CompletedRate => format::rate(value),
        }
    }

    /// `p99 turnaround`, `completed`.
    pub fn label(self) -> String {
        match self {
            Self::Latency { stage, name, .. } => format!("{name} {}", stage.name()),
            Self::CompletedRate => "completed".to_owned(),
        }
    }
}

pub struct Place {
    pub path: Path,
    pub estimate: Estimate,
    repetitions: usize,
}

/// The transports of a point, best first.
pub struct Ranking<'a> {
    pub measure: Measure,
    /// Best first, never empty.
    pub places: Vec<Place>,
    at: At,
    /// Verdicts of the record on this measure.
    pairs: Vec<&'a PathRatio>,
}

impl<'a> Ranking<'a> {
    /// The transports that are ranked: those of the competing ones that answer.
    pub fn ranked<'g>(group: &'g Group<'a>) -> Vec<&'g Entry<'a>> {
        group.competing().into_iter().filter(|entry| entry.answers()).collect()
    }

    /// Where a thread of ours set a rate, it is a lower bound of what the path can do: the words for it, instead of a
    /// ranking.
    pub fn limited(group: &Group<'_>) -> Option<Claim> {
        let limited = group.limited();
        let rate = |entry: &&Entry<'_>| {
            let figure = "rates.completed_per_s";
            let rate = entry.figure(figure)?.median;
            let bound = if limited.contains(&entry.path) { "at least " } else { "" };
            let of_path = of(&group.at, entry.path, What::Median(figure.to_owned()));
            Some(Claim::words(format!("{} {bound}", entry.path)).figure(format::rate(rate), rate, of_path))
        };
        let rates = Claim::join(group.competing().iter().filter_map(rate), ", ");
        let words =
            "No ranking: a generator or worker thread of ours was at its limit, so a rate is a lower bound: ";
        (!limited.is_empty()).then(|| Claim::words(words).and(rates).say("."))
    }

    /// Ranks by the highest percentile that every one of them can answer and that is nowhere the instrument's own,
    /// or by rate where nothing is scheduled and the instrument wasn't what set it.
    pub fn of(group: &Group<'a>) -> Option<Self> {
        if !group.limited().is_empty() || group.at_own_rates() {
            return None;
        }
        let ranked = Self::ranked(group);
        let measure = if group.scheduled() {
            let stage = Stage::ANSWER;
            STATISTICS
                .map(|statistic| Measure::Latency { stage, statistic, name: statistic })
                .into_iter()
                .find(|measure| ranked.iter().all(|entry| entry.vouched(&measure.path()).is_some()))?
        } else {
            Measure::CompletedRate
        };
        let mut places: Vec<Place> = ranked
            .iter()
            .filter_map(|entry| {
                let estimate = entry.figure(&measure.path())?;
                Some(Place { path: entry.path, estimate, repetitions: entry.counted.len() })
            })
            .collect();
        places.sort_by(|a, b| a.estimate.median.total_cmp(&b.estimate.median));
        if measure == Measure::CompletedRate {
            places.reverse();
        }
        let path = measure.path();
        let pairs = group.ratios.iter().copied().filter(|pair| pair.figure == path).collect();
        (!places.is_empty()).then_some(Self { measure, places, at: group.at.clone(), pairs })
    }

    /// The first ranked path whose figures are ours, of those that it might be ranked by, and in which way.
    pub fn own_lateness(group: &Group<'a>) -> Option<(Path, Claim)> {
        let ours = |entry: &Entry<'a>| {
            STATISTICS.into_iter().find_map(|statistic| {
                let figure = |stage: Stage| stage.figure(statistic);
                let (trial, own) = entry.own_lateness(&figure(Stage::ANSWER))?;
                let once = |stage: Stage| {
                    let what = What::Once { figure: figure(stage), order: trial.order };
                    of(&group.at, entry.path, what)
                };
                let claim = Claim::words(format!("send lag {statistic} is "))
                    .figure(format::latency(own.lag_ns), own.lag_ns, once(Stage::SendLag))
                    .say(" of ")
                    .figure(format::latency(own.figure_ns), own.figure_ns, once(Stage::ANSWER));
                Some((entry.path, claim))
            })
        };
        Self::ranked(group).into_iter().find_map(ours)
    }

    /// The record's ratio of the first and another; none where it has none.
    fn pair(&self, other: &Place) -> Option<&'a PathRatio> {
        let best = self.places[0].path;
        let sides = [(best, other.path), (other.path, best)];
        self.pairs.iter().copied().find(|pair| sides.contains(&(pair.a, pair.b)))
    }

    /// Whether the record shows that the first differs from another.
    pub fn shown(&self, other: &Place) -> bool {
        self.pair(other).is_some_and(|pair| match pair.verdict {
            PairVerdict::AHigher | PairVerdict::BHigher => true,
            PairVerdict::NoDifferenceShown | PairVerdict::TooFewRepetitions => false,
        })
    }

    /// How many times worse a place is than the first.
    fn times_worse(&self, place: &Place) -> f64 {
        let (best, other) = (self.places[0].estimate.median, place.estimate.median);
        match self.measure {
            Measure::Latency { .. } => other / best,
            Measure::CompletedRate => best / other,
        }
    }

    fn repetitions_min(&self) -> usize {
        self.places.iter().map(|place| place.repetitions).min().unwrap_or(0)
    }

    fn too_few_repetitions(&self) -> bool {
        self.repetitions_min() < PAIRS_MIN
    }

    /// Whether the first may be called the winner: the record shows that it differs from every other.
    pub fn clear(&self) -> bool {
        self.places[1..].iter().all(|place| self.shown(place))
    }

    /// Whether there are others, and the first is the winner.
    pub fn wins_over_others(&self) -> bool {
        self.places.len() > 1 && self.clear()
    }

    /// `nats-core p99 1.20 ms`; without a winner `no winner, p99 1.20 ms to 1.31 ms`.
    pub fn headline(&self) -> Claim {
        if !self.clear() {
            return Claim::words(format!("{}, ", self.without_winner())).and(self.span());
        }
        let best = &self.places[0];
        let claim = Claim::words(format!("{} {} ", best.path, self.measure.statistic()));
        let claim = claim.and(self.print(best));
        if self.places.len() > 1 { claim.resting_on(self.wins()) } else { claim }
    }

    /// `p99 1.20 ms to 1.31 ms`: the first and the last, without their names.
    pub fn span(&self) -> Claim {
        let (first, last) = (&self.places[0], &self.places[self.places.len() - 1]);
        let claim = Claim::words(format!("{} ", self.measure.statistic())).and(self.print(first));
        let last = self.print(last);
        if claim.text.ends_with(&last.text) { claim } else { claim.say(" to ").and(last) }
    }

    /// The figure of a place.
    pub fn print(&self, place: &Place) -> Claim {
        let value = place.estimate.median;
        let what = What::Median(self.measure.path());
        Claim::default().figure(self.measure.print(value), value, of(&self.at, place.path, what))
    }

    /// How many times worse a place is than the first.
    pub fn print_times_worse(&self, place: &Place) -> Claim {
        let times = self.times_worse(place);
        let (over, other) = match self.measure {
            Measure::Latency { .. } => (place.path, self.places[0].path),
            Measure::CompletedRate => (self.places[0].path, place.path),
        };
        let what = What::Times { figure: self.measure.path(), other };
        Claim::default().figure(format::ratio(times), times, of(&self.at, over, what))
    }

    fn wins(&self) -> Fact {
        Fact::Wins { at: self.at.clone(), path: self.places[0].path, figure: self.measure.path() }
    }

    /// Whether the record shows that two places differ.
    pub fn shown_fact(&self, place: &Place) -> Fact {
        let paths = [self.places[0].path, place.path];
        Fact::Shown { at: self.at.clone(), paths, figure: self.measure.path(), differ: self.shown(place) }
    }

    /// Why nobody is called the winner, for where there is little room.
    fn without_winner(&self) -> &'static str {
        match self.repetitions_min() {
            0 | 1 => "one repetition",
            2 => "two repetitions",
            _ => "no winner",
        }
    }

    fn basis(&self) -> Claim {
        let many = self.repetitions_min();
        if many < 2 {
            return Claim::words("in this one run");
        }
        let of_all = super::claim::of_all(&self.at, What::Repetitions);
        Claim::words("over ").figure(many.to_string(), many as f64, of_all).say(" runs")
    }

    pub fn sentence(&self) -> Claim {
        let (best, label) = (&self.places[0], self.measure.label());
        let claim = Claim::words(best.path.to_string());
        if self.places.len() == 1 {
            let claim = match self.measure {
                Measure::Latency { .. } => claim.say(format!(" answers with {label} of ")),
                Measure::CompletedRate => claim.say(" completes "),
            };
            return claim.and(self.print(best)).say(" ").and(self.basis());
        }
        if !self.clear() {
            return self.no_winner();
        }
        let claim = match self.measure {
            Measure::Latency { .. } => {
                claim.say(" answers fastest ").and(self.basis()).say(format!(": {label} "))
            }
            Measure::CompletedRate => claim.say(" completes most ").and(self.basis()).say(": "),
        };
        claim.and(self.print(best)).say(", ").and(self.against()).resting_on(self.wins())
    }

    /// The second and the last, held against the first.
    fn against(&self) -> Claim {
        let less = match self.measure {
            Measure::Latency { .. } => "less",
            Measure::CompletedRate => "more",
        };
        let compare = |place: &Place| {
            let claim = self.print_times_worse(place).say(format!(" {less} than {} (", place.path));
            claim.and(self.print(place)).say(")")
        };
        let (second, last) = (&self.places[1], &self.places[self.places.len() - 1]);
        if last.path == second.path {
            compare(second)
        } else {
            compare(second).say(" and ").and(compare(last))
        }
    }

    /// What was measured, and why it makes nobody the winner.
    fn no_winner(&self) -> Claim {
        let label = self.measure.label();
        let named = |place: &Place| Claim::words(format!("{} ", place.path)).and(self.print(place));
        if self.too_few_repetitions() {
            let count = if self.repetitions_min() == 2 { "Two repetitions" } else { "One repetition" };
            let all = Claim::join(self.places.iter().map(named), ", ");
            return Claim::words(format!("{count}: no winner is named; {label} ")).and(all);
        }
        let others = self.places[1..].iter().filter(|place| !self.shown(place)).map(|place| {
            let claim = Claim::words(format!("{} (", place.path)).and(self.print(place));
            claim.and(self.always(place)).say(")").resting_on(self.shown_fact(place))
        });
        let best = &self.places[0];
        let claim = Claim::words("No winner ").and(self.basis()).say(format!(": {label} of {} (", best.path));
        let claim = claim.and(self.print(best)).say(") is not shown to differ from that of ");
        claim.and(Claim::join(others, " and "))
    }

    /// `, higher in all 3`; nothing where repetitions disagree.
    fn always(&self, place: &Place) -> Claim {
        let Some(pair) = self.pair(place) else { return Claim::default() };
        let Some(higher) = pair.always_higher() else { return Claim::default() };
        let first = self.places[0].path;
        let (word, other) = if higher == place.path { ("higher", first) } else { ("lower", place.path) };
        let pairs = pair.of_repetitions.len();
        let what = What::Pairs { figure: self.measure.path(), other };
        let of_higher = of(&self.at, higher, what);
        Claim::words(format!(", {word} in all ")).figure(pairs.to_string(), pairs as f64, of_higher)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::answer;
    use crate::groups::groups;
    use crate::markdown;
    use weighbridge_record::fixture::{Fixture, client_drops, refused_half, shed_in_a_stall};
    use weighbridge_record::result::{Doubt, DoubtKind, RunResult};
    use weighbridge_record::terms::TransportKind;

    fn ranked(result: &RunResult) -> Vec<Path> {
        Ranking::ranked(&groups(result)[0]).iter().map(|entry| entry.path).collect()
    }

    fn sentence(result: &RunResult) -> String {
        answer(result).sentence.text.replace('\u{a0}', " ")
    }

    #[test]
    fn a_path_that_refuses_half_of_its_requests_is_not_ranked() {
        let mut result = refused_half();
        assert_eq!(ranked(&result), [TransportKind::RedisStreams]);
        insta::assert_snapshot!(sentence(&result), @"redis-streams answers with p99 turnaround of 13.5 ms in this one run; nats-core had 10 000 of 20 000 refused and is not ranked.");
        for trial in &mut result.trials {
            trial.rates.offered_per_s = None;
        }
        assert_eq!(ranked(&result), [TransportKind::RedisStreams], "nor by rate, where nothing is scheduled");
    }

    #[test]
    fn a_path_that_shed_one_in_a_hundred_is_not_ranked() {
        let result = shed_in_a_stall();
        assert_eq!(ranked(&result), [TransportKind::RedisStreams]);
        insta::assert_snapshot!(sentence(&result), @"redis-streams answers with p99 turnaround of 13.5 ms in this one run; nats-core had 200 of 20 000 shed and is not ranked.");
    }

    #[test]
    fn drops_in_a_client_of_ours_forbid_a_ranking_and_are_named() {
        let result = client_drops();
        insta::assert_snapshot!(sentence(&result), @"No ranking: 1 of 2 trials is invalid (nats-core).");
        let text = markdown::summary(&result);
        assert!(text.contains(r"nats-core: queue\_full"), "{text}");
    }

    #[test]
    fn a_rate_that_a_thread_of_ours_set_ranks_nothing() {
        let transports = vec![TransportKind::NatsCore, TransportKind::RedisStreams];
        let mut result = Fixture { transports, scheduled: false, seconds: 2, ..Fixture::default() }.build();
        assert!(Ranking::of(&groups(&result)[0]).is_some());
        let detail = "the busiest generator thread used 0.99 of a core".to_owned();
        result.trials[0].doubts.push(Doubt { kind: DoubtKind::ClientLimited, detail });
        assert!(Ranking::of(&groups(&result)[0]).is_none());
        assert!(groups(&result)[0].ratios.is_empty());
        insta::assert_snapshot!(sentence(&result), @"No ranking: a generator or worker thread of ours was at its limit, so a rate is a lower bound: redis-streams 1 052/s, nats-core at least 2 221/s.");
    }
}
