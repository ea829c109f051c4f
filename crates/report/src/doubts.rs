//! Doubts of a run in lines: where each was raised, and in how many of the repetitions.

use super::groups::{Entry, Group};
use weighbridge_record::point::Point;
use weighbridge_record::result::{Doubt, DoubtKind};

/// A doubt with all the places that raised it in the same words.
pub struct Line<'a> {
    pub kind: DoubtKind,
    /// Of several repetitions the first one's.
    pub detail: &'a str,
    /// `redis-pubsub, nats-core in 3 of 5 repetitions at load.rate = 500`.
    pub places: String,
}

/// A doubt of one path at one point.
struct Raised<'a> {
    doubt: &'a Doubt,
    point: &'a Point,
    path: &'static str,
    /// ` in 3 of 5 repetitions`.
    repetitions: String,
}

/// Lines in the order in which their doubts are met.
pub fn lines<'a>(groups: &[Group<'a>]) -> Vec<Line<'a>> {
    let raised = groups.iter().flat_map(|group| group.entries.iter().map(move |entry| (group.point, entry)));
    let mut lines: Vec<(&'a Doubt, Vec<Raised<'a>>)> = Vec::new();
    for raised in raised.flat_map(|(point, entry)| of_entry(point, entry)) {
        match lines.iter_mut().find(|(doubt, _)| *doubt == raised.doubt) {
            Some((_, all)) => all.push(raised),
            None => lines.push((raised.doubt, vec![raised])),
        }
    }
    let line = |(doubt, raised): (&'a Doubt, Vec<Raised<'a>>)| Line {
        kind: doubt.kind,
        detail: &doubt.detail,
        places: places(&raised, groups.len()),
    };
    lines.into_iter().map(line).collect()
}

/// One for each kind; where a trial has several of a kind, one for each wording.
fn of_entry<'a>(point: &'a Point, entry: &Entry<'a>) -> Vec<Raised<'a>> {
    let mut found: Vec<(&'a Doubt, Vec<(u32, &'a Doubt)>)> = Vec::new();
    let several = |kind: DoubtKind| {
        let count = |doubts: &[Doubt]| doubts.iter().filter(|doubt| doubt.kind == kind).count();
        entry.trials.iter().any(|trial| count(&trial.doubts) > 1)
    };
    for trial in &entry.trials {
        for doubt in &trial.doubts {
            let is_same = |(known, _): &&mut (&'a Doubt, Vec<_>)| {
                known.kind == doubt.kind && (known.detail == doubt.detail || !several(doubt.kind))
            };
            let raised = (trial.repetition, doubt);
            match found.iter_mut().find(is_same) {
                Some((_, all)) => all.push(raised),
                None => found.push((doubt, vec![raised])),
            }
        }
    }
    let of = entry.trials.len();
    let raised = |(doubt, all): (&'a Doubt, Vec<(u32, &'a Doubt)>)| Raised {
        doubt,
        point,
        path: entry.path.name(),
        repetitions: repetitions(doubt, &all, of),
    };
    found.into_iter().map(raised).collect()
}

/// Nothing where every repetition says the same.
fn repetitions(doubt: &Doubt, raised: &[(u32, &Doubt)], of: usize) -> String {
    let alike = raised.len() == of && raised.iter().all(|(_, other)| other.detail == doubt.detail);
    match raised {
        _ if of == 1 => String::new(),
        // Which trial counts for nothing is never left open.
        [(only, _)] if doubt.kind.invalidates() => format!(" in repetition {only} of {of}"),
        [first @ .., (last, _)] if doubt.kind.invalidates() => {
            let first: Vec<String> = first.iter().map(|(number, _)| number.to_string()).collect();
            format!(" in repetitions {} and {last} of {of}", first.join(", "))
        }
        _ if alike => String::new(),
        _ => format!(" in {} of {of} repetitions", raised.len()),
    }
}

/// Paths by point; points with the same paths together.
fn places(raised: &[Raised<'_>], points: usize) -> String {
    let mut by_point: Vec<(&Point, Vec<&Raised<'_>>)> = Vec::new();
    for one in raised {
        match by_point.iter_mut().find(|(point, _)| *point == one.point) {
            Some((_, paths)) => paths.push(one),
            None => by_point.push((one.point, vec![one])),
        }
    }
    let mut by_paths: Vec<(String, Vec<String>)> = Vec::new();
    for (point, paths) in by_point {
        let (paths, label) = (of_point(&paths), point.label());
        match by_paths.iter_mut().find(|(known, _)| *known == paths) {
            Some((_, labels)) => labels.push(label),
            None => by_paths.push((paths, vec![label])),
        }
    }
    let place = |(paths, labels): (String, Vec<String>)| match labels.as_slice() {
        [label] if label.is_empty() => paths,
        labels if points > 1 && labels.len() == points => format!("{paths} at every point"),
        labels => format!("{paths} at {}", labels.join(" and ")),
    };
    by_paths.into_iter().map(place).collect::<Vec<_>>().join("; ")
}

/// `redis-pubsub, nats-core in 3 of 5 repetitions each`.
fn of_point(raised: &[&Raised<'_>]) -> String {
    let alike = raised.chunk_by(|one, next| one.repetitions == next.repetitions);
    let told = alike.map(|paths| {
        let names: Vec<&str> = paths.iter().map(|one| one.path).collect();
        let repetitions = &paths[0].repetitions;
        let each = if names.len() > 1 && !repetitions.is_empty() { " each" } else { "" };
        format!("{}{repetitions}{each}", names.join(", "))
    });
    told.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::result::RunResult;
    use weighbridge_record::terms::TransportKind;

    /// Two paths at two rates, three times, without a doubt.
    fn sweep() -> RunResult {
        let points = [500, 1_000].map(|rate| [("load.rate".to_owned(), rate.into())].into()).to_vec();
        let transports = vec![TransportKind::NatsCore, TransportKind::RedisStreams];
        let fixture =
            Fixture { transports, points, repetitions: 3, seconds: 1, rate_per_s: 50, ..Fixture::default() };
        let mut result = fixture.build();
        result.trials.iter_mut().for_each(|trial| trial.doubts.clear());
        result
    }

    fn told(result: &RunResult) -> String {
        let groups = groups(result);
        let line = |line: &Line<'_>| format!("{}: {} ({})\n", line.kind.name(), line.detail, line.places);
        lines(&groups).iter().map(line).collect::<String>().replace('\u{a0}', " ")
    }

    fn doubt(kind: DoubtKind, detail: impl Into<String>) -> Doubt {
        Doubt { kind, detail: detail.into() }
    }

    #[test]
    fn a_doubt_of_several_repetitions_is_one_line_with_its_point_and_their_number() {
        let mut result = sweep();
        for trial in result.trials.iter_mut().filter(|trial| trial.path == TransportKind::NatsCore) {
            let late = |ms| doubt(DoubtKind::MachineHiccup, format!("woke {ms} ms late"));
            let at_500 = trial.point.label().ends_with("500");
            match trial.repetition {
                1 if at_500 => {}
                repetition => trial.doubts.push(late(if at_500 { repetition } else { 7 + repetition })),
            }
        }
        insta::assert_snapshot!(told(&result), @r"
        machine_hiccup: woke 2 ms late (nats-core in 2 of 3 repetitions at load.rate = 500)
        machine_hiccup: woke 8 ms late (nats-core in 3 of 3 repetitions at load.rate = 1 000)
        ");
    }

    #[test]
    fn what_is_said_alike_everywhere_is_said_once() {
        let mut result = sweep();
        let slow = doubt(DoubtKind::ClockSource, "the clock is slow");
        let swaps = doubt(DoubtKind::Swapping, "3 pages");
        result.trials.iter_mut().for_each(|trial| trial.doubts.push(slow.clone()));
        let twice = result.trials.iter_mut().filter(|trial| trial.repetition > 1);
        twice.for_each(|trial| trial.doubts.push(swaps.clone()));
        let tiers = ["fsync is off", "save is on"].map(|detail| doubt(DoubtKind::TierUnverified, detail));
        let of_one = |trial: &&mut weighbridge_record::result::Trial| {
            trial.path == TransportKind::RedisStreams && trial.point.label().ends_with("500")
        };
        result.trials.iter_mut().filter(of_one).for_each(|trial| trial.doubts.extend(tiers.clone()));
        insta::assert_snapshot!(told(&result), @r"
        clock_source: the clock is slow (redis-streams, nats-core at every point)
        tier_unverified: fsync is off (redis-streams at load.rate = 500)
        tier_unverified: save is on (redis-streams at load.rate = 500)
        swapping: 3 pages (redis-streams, nats-core in 2 of 3 repetitions each at every point)
        ");
    }

    #[test]
    fn an_invalid_trial_keeps_its_repetition() {
        let mut result = sweep();
        for trial in result.trials.iter_mut().filter(|trial| trial.repetition != 2) {
            if trial.path == TransportKind::NatsCore {
                let detail = format!("{} ms late", trial.repetition);
                trial.doubts.push(doubt(DoubtKind::GeneratorLagged, detail));
            }
        }
        result.trials.retain(|trial| trial.repetition < 3 || trial.point.label().ends_with("500"));
        insta::assert_snapshot!(told(&result), @"generator_lagged: 1 ms late (nats-core in repetitions 1 and 3 of 3 at load.rate = 500; nats-core in repetition 1 of 2 at load.rate = 1 000)");
    }

    #[test]
    fn a_run_at_one_point_names_the_paths_alone() {
        let result = Fixture { seconds: 1, rate_per_s: 50, ..Fixture::default() }.build();
        assert!(told(&result).contains("redis-streams, nats-core, nats-jetstream, nats-request)"));
        let named = sweep().trials.iter().any(|trial| !trial.doubts.is_empty());
        assert!(!named && told(&sweep()).is_empty());
    }
}
