//! Who is best at a point, by which figure, and whether that may be said.

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
    fn path(self) -> String {
        match self {
            Self::Latency { stage, statistic, .. } => format!("latency_ns.{}.{statistic}", stage.name()),
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
    pub fn limited(group: &Group<'_>) -> Option<String> {
        let limited = group.limited();
        let rate = |entry: &&Entry<'_>| {
            let rate = format::rate(entry.figure("rates.completed_per_s")?.median);
            let bound = if limited.contains(&entry.path) { "at least " } else { "" };
            Some(format!("{} {bound}{rate}", entry.path))
        };
        let rates: Vec<String> = group.competing().iter().filter_map(rate).collect();
        let words = || {
            format!(
                "No ranking: a generator or worker thread of ours was at its limit, so a rate is a lower bound: {}.",
                rates.join(", ")
            )
        };
        (!limited.is_empty()).then(words)
    }

    /// Ranks by the highest percentile that every one of them can answer and that is nowhere the instrument's own,
    /// or by rate where nothing is scheduled and the instrument wasn't what set it.
    pub fn of(group: &Group<'a>) -> Option<Self> {
        if !group.limited().is_empty() {
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
        (!places.is_empty()).then_some(Self { measure, places, pairs })
    }

    /// The first ranked path whose figures are ours, of those that it might be ranked by, and in which way.
    pub fn own_lateness(group: &Group<'a>) -> Option<(Path, String)> {
        let ours = |entry: &Entry<'a>| {
            STATISTICS.into_iter().find_map(|statistic| {
                let path = format!("latency_ns.{}.{statistic}", Stage::ANSWER.name());
                Some((entry.path, entry.own_lateness(&path)?.1.words(statistic)))
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

    /// `nats-core p99 1.20 ms`; without a winner `no winner, p99 1.20 ms to 1.31 ms`.
    pub fn headline(&self) -> String {
        if !self.clear() {
            return format!("{}, {}", self.without_winner(), self.span());
        }
        format!("{} {} {}", self.places[0].path, self.measure.statistic(), self.print(&self.places[0]))
    }

    /// `p99 1.20 ms to 1.31 ms`: the first and the last, without their names.
    pub fn span(&self) -> String {
        let (first, last) = (self.print(&self.places[0]), self.places.last().map(|place| self.print(place)));
        match last {
            Some(last) if last != first => format!("{} {first} to {last}", self.measure.statistic()),
            _ => format!("{} {first}", self.measure.statistic()),
        }
    }

    fn print(&self, place: &Place) -> String {
        self.measure.print(place.estimate.median)
    }

    /// Why nobody is called the winner, for where there is little room.
    fn without_winner(&self) -> &'static str {
        match self.repetitions_min() {
            0 | 1 => "one repetition",
            2 => "two repetitions",
            _ => "no winner",
        }
    }

    fn basis(&self) -> String {
        match self.repetitions_min() {
            0 | 1 => "in this one run".to_owned(),
            many => format!("over {many} runs"),
        }
    }

    pub fn sentence(&self, group: &Group<'_>) -> String {
        let best = &self.places[0];
        let (figure, label) = (self.measure.print(best.estimate.median), self.measure.label());
        let Some(second) = self.places.get(1) else {
            return match self.measure {
                Measure::Latency { .. } => {
                    format!("{} answers with {label} of {figure} {}", best.path, self.basis())
                }
                Measure::CompletedRate => {
                    format!("{} completes {figure} {}", best.path, self.basis())
                }
            };
        };
        if !self.clear() {
            return self.no_winner();
        }
        let leads = match self.measure {
            Measure::Latency { .. } => format!("answers fastest {}: {label} {figure}", self.basis()),
            Measure::CompletedRate => format!("completes most {}: {figure}", self.basis()),
        };
        format!("{} {leads}, {}", best.path, self.against(group, second))
    }

    fn against(&self, group: &Group<'_>, second: &Place) -> String {
        let less = if group.scheduled() { "less" } else { "more" };
        let compare = |place: &Place| {
            format!(
                "{} {less} than {} ({})",
                format::ratio(self.times_worse(place)),
                place.path,
                self.measure.print(place.estimate.median)
            )
        };
        match self.places.last() {
            Some(last) if last.path != second.path => {
                format!("{} and {}", compare(second), compare(last))
            }
            _ => compare(second),
        }
    }

    /// What was measured, and why it makes nobody the winner.
    fn no_winner(&self) -> String {
        let label = self.measure.label();
        let figure = |place: &Place| self.print(place);
        if self.too_few_repetitions() {
            let all = self.places.iter().map(|place| format!("{} {}", place.path, figure(place)));
            return format!(
                "{}: no winner is named; {label} {}",
                if self.repetitions_min() == 2 { "Two repetitions" } else { "One repetition" },
                all.collect::<Vec<_>>().join(", ")
            );
        }
        let others = self.places[1..].iter().filter(|place| !self.shown(place)).map(|place| {
            let always = self.pair(place).and_then(|pair| {
                let word = if pair.always_higher()? == place.path { "higher" } else { "lower" };
                Some(format!(", {word} in all {}", pair.of_repetitions.len()))
            });
            format!("{} ({}{})", place.path, figure(place), always.unwrap_or_default())
        });
        let best = &self.places[0];
        format!(
            "No winner {}: {label} of {} ({}) is not shown to differ from that of {}",
            self.basis(),
            best.path,
            figure(best),
            others.collect::<Vec<_>>().join(" and ")
        )
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
        answer(result).sentence.replace('\u{a0}', " ")
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
