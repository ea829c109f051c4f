//! Ratios between transports in words and as rows of the section "Ratios".
//!
//! The verdicts stand in the record; nothing is judged here.

use std::cmp::Ordering;

use super::claim::{At, Claim, Fact, RatioPart, What, of};
use super::groups::Group;
use weighbridge_record::format;
use weighbridge_record::result::{Estimate, PairVerdict, PathRatio};
use weighbridge_record::terms::Path;

/// One pair and figure of the section.
pub struct Row {
    pub figure: &'static str,
    pub pair: String,
    /// Ratio with its interval.
    pub ratio: String,
    pub sentence: String,
    pub repetitions: String,
}

/// The section of one point.
pub struct Ratios {
    /// The best of each figure against every other.
    pub to_best: Vec<Row>,
    /// Every pair.
    pub rows: Vec<Row>,
    /// Why there are no rows; empty where there are.
    pub note: &'static str,
}

impl Ratios {
    /// The tables of the section; a second one only where it says more.
    pub fn tables(&self) -> impl Iterator<Item = &[Row]> {
        let more = self.rows.len() > self.to_best.len();
        std::iter::once(self.to_best.as_slice()).chain(more.then_some(self.rows.as_slice()))
    }
}

pub fn section(group: &Group<'_>) -> Ratios {
    let mut judged: Vec<&PathRatio> =
        group.ratios.iter().copied().filter(|pair| pair.verdict != PairVerdict::TooFewRepetitions).collect();
    judged.sort_by_key(|pair| figure_order(&pair.figure));
    let note = if !judged.is_empty() {
        ""
    } else if group.trials().any(|trial| !trial.valid) {
        "No ratios: a trial at this point is invalid."
    } else if group.ratios.is_empty() {
        "No ratios: there is nothing to compare."
    } else {
        "No ratios: a verdict needs at least 3 repetitions (--repeat)."
    };
    Ratios { to_best: to_best(group), rows: judged.into_iter().map(row).collect(), note }
}

fn row(pair: &PathRatio) -> Row {
    Row {
        figure: figure_name(&pair.figure),
        pair: format!("{} / {}", pair.a, pair.b),
        ratio: interval_text(pair.ratio),
        sentence: sentence(pair).text,
        repetitions: format!("{} and {}", pair.a_repetitions, pair.b_repetitions),
    }
}

fn figure_order(path: &str) -> usize {
    FIGURES.iter().position(|(known, _)| *known == path).unwrap_or(FIGURES.len())
}

const FIGURES: [(&str, &str); 4] = [
    ("latency_ns.turnaround.p50", "p50"),
    ("latency_ns.turnaround.p90", "p90"),
    ("latency_ns.turnaround.p99", "p99"),
    ("rates.completed_per_s", "completed rate"),
];

pub fn figure_name(path: &str) -> &'static str {
    FIGURES.iter().find(|(known, _)| *known == path).map_or("figure", |(_, name)| name)
}

/// `nats-jetstream's p99 is 1.8× (1.6 to 2.1) redis-streams'`; always from the higher to the lower.
pub fn sentence(pair: &PathRatio) -> Claim {
    let figure = figure_name(&pair.figure);
    let claim = match pair.verdict {
        PairVerdict::AHigher => times(pair, pair.a, pair.b, pair.ratio),
        PairVerdict::BHigher => times(pair, pair.b, pair.a, inverse(pair.ratio)),
        PairVerdict::NoDifferenceShown => {
            let claim = Claim::words(format!("{figure} of {} and {}: no difference shown, ", pair.a, pair.b));
            let claim = claim.and(interval(pair, [pair.a, pair.b], pair.ratio));
            claim.and(in_every_repetition(pair)).resting_on(shown(pair, false))
        }
        PairVerdict::TooFewRepetitions => {
            Claim::words(format!("{figure} of {} and {}: too few repetitions", pair.a, pair.b))
        }
    };
    if pair.matched { claim } else { claim.say("; promises differ") }
}

fn shown(pair: &PathRatio, differ: bool) -> Fact {
    let at = At::Point(pair.point.clone());
    Fact::Shown { at, paths: [pair.a, pair.b], figure: pair.figure.clone(), differ }
}

/// `, nats-jetstream higher in all 3 repetitions`; nothing where repetitions disagree.
fn in_every_repetition(pair: &PathRatio) -> Claim {
    let Some(higher) = pair.always_higher() else { return Claim::default() };
    let other = if higher == pair.a { pair.b } else { pair.a };
    let (count, at) = (pair.of_repetitions.len(), At::Point(pair.point.clone()));
    let pairs = of(&at, higher, What::Pairs { figure: pair.figure.clone(), other });
    let claim = Claim::words(format!(", {higher} higher in all "));
    claim.figure(count.to_string(), count as f64, pairs).say(" repetitions")
}

fn times(pair: &PathRatio, higher: Path, lower: Path, ratio: Estimate) -> Claim {
    let figure = figure_name(&pair.figure);
    let claim = Claim::words(format!("{} {figure} is ", possessive(higher)));
    let claim = claim.and(interval(pair, [higher, lower], ratio));
    claim.say(format!(" {}", possessive(lower))).resting_on(shown(pair, true))
}

/// The ratio of the first to the second with its interval.
fn interval(pair: &PathRatio, [path, other]: [Path; 2], ratio: Estimate) -> Claim {
    let at = At::Point(pair.point.clone());
    interval_claim(ratio, &at, path, |part| What::Ratio { figure: pair.figure.clone(), other, part })
}

/// A ratio with its interval, whose parts are what is told of them.
pub fn interval_claim(ratio: Estimate, at: &At, path: Path, what: impl Fn(RatioPart) -> What) -> Claim {
    let print = plain(ratio);
    let part = |said: String, value: f64, part: RatioPart| {
        Claim::default().figure(said, value, of(at, path, what(part)))
    };
    let claim = part(format!("{}×", print(ratio.median)), ratio.median, RatioPart::Middle);
    match (ratio.low, ratio.high) {
        (Some(low), Some(high)) => claim
            .say(" (")
            .and(part(print(low), low, RatioPart::Low))
            .say(" to ")
            .and(part(print(high), high, RatioPart::High))
            .say(")"),
        _ => claim,
    }
}

/// `redis-streams'`, `nats-core's`.
pub fn possessive(kind: Path) -> String {
    if kind.name().ends_with('s') { format!("{kind}'") } else { format!("{kind}'s") }
}

/// The ratio read the other way round. The ends of the interval change places.
fn inverse(ratio: Estimate) -> Estimate {
    Estimate {
        median: 1.0 / ratio.median,
        low: ratio.high.map(|high| 1.0 / high),
        high: ratio.low.map(|low| 1.0 / low),
    }
}

/// `1.8× (1.6 to 2.1)`; near 1, where a tenth is a lot, `1.04× (0.98 to 1.11)`.
pub fn interval_text(ratio: Estimate) -> String {
    let print = plain(ratio);
    match (ratio.low, ratio.high) {
        (Some(low), Some(high)) => format!("{}× ({} to {})", print(ratio.median), print(low), print(high)),
        _ => format!("{}×", print(ratio.median)),
    }
}

/// How the figures of a ratio are printed.
fn plain(ratio: Estimate) -> impl Fn(f64) -> String {
    let fine = (0.5..1.5).contains(&ratio.median);
    move |value: f64| {
        if fine { format!("{value:.2}") } else { format::ratio(value).trim_end_matches('×').to_owned() }
    }
}

/// The pairs with the best in p99, or in rate where nothing is scheduled.
pub fn against_best(group: &Group<'_>) -> Vec<Claim> {
    pairs_with_best(group, ranking(group)).into_iter().map(sentence).collect()
}

/// Of those the one that lies furthest from 1; one that shows a difference before any that doesn't.
pub fn furthest_from_best(group: &Group<'_>) -> Option<Claim> {
    let differs = |pair: &PathRatio| matches!(pair.verdict, PairVerdict::AHigher | PairVerdict::BHigher);
    let distance = |pair: &PathRatio| pair.ratio.median.ln().abs();
    let pairs = pairs_with_best(group, ranking(group));
    let key = |pair: &PathRatio| (differs(pair), distance(pair));
    pairs.into_iter().max_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(Ordering::Equal)).map(sentence)
}

/// Every figure's best held against every other transport.
fn to_best(group: &Group<'_>) -> Vec<Row> {
    let all = FIGURES.iter().flat_map(|(path, _)| pairs_with_best(group, path));
    all.map(row).collect()
}

fn ranking(group: &Group<'_>) -> &'static str {
    let tail = "latency_ns.turnaround.p99";
    if !group.scheduled() {
        "rates.completed_per_s"
    } else if group.ratios.iter().any(|pair| pair.figure == tail) {
        tail
    } else {
        "latency_ns.turnaround.p90"
    }
}

fn pairs_with_best<'a>(group: &Group<'a>, path: &str) -> Vec<&'a PathRatio> {
    let median = |kind: Path| {
        let entry = group.entries.iter().find(|entry| entry.path == kind)?;
        entry.figure(path).map(|estimate| estimate.median)
    };
    let pairs: Vec<&PathRatio> = group
        .ratios
        .iter()
        .copied()
        .filter(|pair| pair.figure == path && pair.verdict != PairVerdict::TooFewRepetitions)
        .collect();
    let mut kinds: Vec<Path> = pairs.iter().flat_map(|pair| [pair.a, pair.b]).collect();
    kinds.sort_by(|a, b| median(*a).unwrap_or(f64::MAX).total_cmp(&median(*b).unwrap_or(f64::MAX)));
    let best = if path.starts_with("rates.") { kinds.last() } else { kinds.first() };
    let Some(best) = best else { return Vec::new() };
    pairs.into_iter().filter(|pair| pair.a == *best || pair.b == *best).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::point::Point;
    use weighbridge_record::terms::TransportKind;

    fn pair(verdict: PairVerdict, ratio: [f64; 3], matched: bool) -> PathRatio {
        PathRatio {
            point: Point::new(),
            figure: "latency_ns.turnaround.p99".to_owned(),
            a: TransportKind::RedisStreams.into(),
            b: TransportKind::NatsJetstream.into(),
            a_repetitions: 5,
            b_repetitions: 5,
            ratio: Estimate { median: ratio[0], low: Some(ratio[1]), high: Some(ratio[2]) },
            of_repetitions: ratio.to_vec(),
            p_adjusted: None,
            verdict,
            matched,
        }
    }

    #[test]
    fn a_sentence_goes_from_the_higher_to_the_lower() {
        let sentences = [
            sentence(&pair(PairVerdict::AHigher, [12.0, 9.96, 13.0], true)),
            sentence(&pair(PairVerdict::BHigher, [0.55, 0.476, 0.625], true)),
            sentence(&pair(PairVerdict::NoDifferenceShown, [1.04, 0.98, 1.11], false)),
            sentence(&pair(PairVerdict::NoDifferenceShown, [0.95, 0.93, 0.98], true)),
        ];
        insta::assert_snapshot!(sentences.map(|claim| claim.text).join("\n"), @r"
        redis-streams' p99 is 12× (10.0 to 13) nats-jetstream's
        nats-jetstream's p99 is 1.8× (1.6 to 2.1) redis-streams'
        p99 of redis-streams and nats-jetstream: no difference shown, 1.04× (0.98 to 1.11); promises differ
        p99 of redis-streams and nats-jetstream: no difference shown, 0.95× (0.93 to 0.98), nats-jetstream higher in all 3 repetitions
        ");
    }

    #[test]
    fn the_section_says_why_it_is_empty() {
        let notes = [1, 3].map(|repetitions| {
            let result = Fixture { repetitions, seconds: 1, ..Fixture::default() }.build();
            let mut invalid = result.clone();
            invalid.trials[0].valid = false;
            invalid.ratios.clear();
            (section(&groups(&result)[0]).note, section(&groups(&invalid)[0]).note)
        });
        assert_eq!(notes[0].0, "No ratios: a verdict needs at least 3 repetitions (--repeat).");
        let result = Fixture { repetitions: 3, seconds: 1, ..Fixture::default() }.build();
        let section = section(&groups(&result)[0]);
        assert_eq!((section.to_best.len(), section.rows.len()), (12, 30));
        assert_eq!(notes[1], ("", "No ratios: a trial at this point is invalid."));
    }

    #[test]
    fn a_difference_that_is_shown_is_told_before_a_wider_one_that_is_not() {
        let mut result = Fixture { repetitions: 3, seconds: 1, ..Fixture::default() }.build();
        let p99 = "latency_ns.turnaround.p99";
        for pair in result.ratios.iter_mut().filter(|pair| pair.figure == p99) {
            let is = pair.a == TransportKind::RedisPubsub && pair.b == TransportKind::NatsCore;
            pair.verdict = if is { PairVerdict::AHigher } else { PairVerdict::NoDifferenceShown };
        }
        let told = furthest_from_best(&groups(&result)[0]).unwrap().text;
        assert!(told.starts_with("redis-pubsub's p99 is "), "{told}");
        result.ratios.iter_mut().for_each(|pair| pair.verdict = PairVerdict::NoDifferenceShown);
        let told = furthest_from_best(&groups(&result)[0]).unwrap().text;
        assert!(told.starts_with("p99 of nats-core and nats-jetstream: no difference shown"), "{told}");
    }

    #[test]
    fn the_best_is_held_against_every_other() {
        let result = Fixture { repetitions: 3, seconds: 1, ..Fixture::default() }.build();
        let told: Vec<String> =
            against_best(&groups(&result)[0]).into_iter().map(|claim| claim.text).collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        p99 of redis-pubsub and nats-core: no difference shown, 1.33× (1.25 to 1.43), redis-pubsub higher in all 3 repetitions
        p99 of redis-streams and nats-core: no difference shown, 2.0× (1.8 to 2.1), redis-streams higher in all 3 repetitions; promises differ
        nats-jetstream's p99 is 2.4× (2.3 to 2.6) nats-core's; promises differ
        p99 of nats-core and nats-request: no difference shown, 0.89× (0.87 to 0.91), nats-request higher in all 3 repetitions; promises differ
        ");
    }
}
