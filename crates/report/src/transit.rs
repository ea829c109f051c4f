//! What paths add to the scorer's own time, in a sentence: where scoring takes long, turnarounds look alike and the
//! path's share is what decides.

use super::claim::{Claim, What, of};
use super::groups::Group;
use super::ranking::Ranking;
use weighbridge_record::format;
use weighbridge_record::terms::{Path, Stage};

/// Where scoring is a smaller share of the turnaround, the turnaround itself says what the path takes.
const SERVICE_SHARE_MIN: f64 = 0.05;
/// Services of paths that differ by more than this ratio are no longer one scorer's time.
const ONE_SERVICE_RATIO_MAX: f64 = 1.05;

/// What each ranked path adds at p50, least first; none where the record doesn't say, where scoring hardly takes time,
/// and where nothing is scheduled.
pub fn sentence(group: &Group<'_>) -> Option<Claim> {
    if !group.scheduled() {
        return None;
    }
    let mut added: Vec<Added> = Vec::new();
    for entry in Ranking::ranked(group) {
        // Where most of it is our own lateness, the figure says nothing of the path.
        let (service, transit) = (entry.vouched(&p50(Stage::Service))?, entry.vouched(&p50(Stage::Transit))?);
        added.push(Added { path: entry.path, service_ns: service.median, transit_ns: transit.median });
    }
    added.sort_by(|a, b| a.transit_ns.total_cmp(&b.transit_ns));
    let services = || added.iter().map(|one| one.service_ns);
    let (shortest, longest) = (services().fold(f64::INFINITY, f64::min), services().fold(0.0, f64::max));
    let (least, others) = added.split_first()?;
    let hardly_any = shortest < SERVICE_SHARE_MIN * (least.service_ns + least.transit_ns);
    if hardly_any || longest > ONE_SERVICE_RATIO_MAX * shortest {
        return None;
    }
    let print = |path: Path, stage: Stage, ns: f64| {
        let what = What::Median(p50(stage));
        Claim::default().figure(format::latency(ns), ns, of(&group.at, path, what))
    };
    let added = |one: &Added| {
        Claim::words(format!("{} ", one.path)).and(print(one.path, Stage::Transit, one.transit_ns))
    };
    let claim = Claim::words(format!("{} adds ", least.path))
        .and(print(least.path, Stage::Transit, least.transit_ns))
        .say(" to the scorer's ")
        .and(print(least.path, Stage::Service, least.service_ns))
        .say(" at p50");
    let claim = if others.is_empty() { claim } else { claim.say("; ") };
    Some(claim.and(Claim::join(others.iter().map(added), ", ")).say("."))
}

/// The figure by its path in `result.json`.
fn p50(stage: Stage) -> String {
    stage.figure("p50")
}

struct Added {
    path: Path,
    service_ns: f64,
    transit_ns: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::{Fixture, median_ns, with_transit};
    use weighbridge_record::result::RunResult;
    use weighbridge_record::terms::TransportKind;

    fn run(service_ns: u64) -> RunResult {
        let transports = vec![TransportKind::NatsCore, TransportKind::RedisStreams];
        with_transit(Fixture { transports, seconds: 2, ..Fixture::default() }.build(), service_ns)
    }

    fn said(result: &RunResult) -> Option<String> {
        sentence(&groups(result)[0]).map(|claim| claim.text.replace('\u{a0}', " "))
    }

    #[test]
    fn what_each_path_adds_is_named_least_first() {
        insta::assert_snapshot!(said(&run(500_000)).unwrap(), @"nats-core adds 454 µs to the scorer's 500 µs at p50; redis-streams 1.47 ms.");
    }

    #[test]
    fn a_record_without_transit_says_nothing() {
        let result = Fixture { seconds: 1, ..Fixture::default() }.build();
        assert_eq!(said(&result), None);
    }

    #[test]
    fn a_scorer_that_hardly_takes_time_says_nothing() {
        assert_eq!(said(&run(median_ns(TransportKind::NatsCore) as u64 / 100)), None);
    }
}
