//! The answer of a run over routes: what was not answered and what twice, how long nobody was, and whether both sides of a
//! pair agree. Which route is faster is not the question.

use super::claim::{At, Claim, What, of};
use super::groups::{Entry, Group};
use super::unanswered::{of_ledger, requests};
use weighbridge_record::format;

/// Whether requests of the group took routes.
pub fn is_routed(group: &Group<'_>) -> bool {
    group.trials().any(|trial| trial.route.is_some())
}

/// What came of it, path by path.
pub fn sentence(group: &Group<'_>) -> Claim {
    Claim::join(group.entries.iter().map(|entry| of_path(&group.at, entry)), "; ").say(".")
}

/// In a few words.
pub fn headline(group: &Group<'_>) -> Claim {
    let sums = group.entries.iter().map(|entry| entry.ledger());
    let (unanswered, twice) =
        sums.fold((0, 0), |(unanswered, twice), sum| (unanswered + sum.unanswered(), twice + sum.duplicated));
    Claim::words(match (unanswered, twice) {
        (0, 0) => "every request answered once",
        (0, _) => "every request answered, some twice",
        _ => "requests unanswered",
    })
}

fn of_path(at: &At, entry: &Entry<'_>) -> Claim {
    let (path, ledger) = (entry.path, entry.ledger());
    let answered = match of_ledger(at, path, &ledger) {
        Some(left) => left,
        None => Claim::words("answered all ")
            .and(requests(at, path, ledger.attempted, "attempted"))
            .say(" requests"),
    };
    let twice = match ledger.duplicated {
        0 => Claim::words(", none twice"),
        count => Claim::words(", ").and(requests(at, path, count, "duplicated")).say(" answers came again"),
    };
    let claim = Claim::words(format!("{path} ")).and(answered).and(twice);
    claim.and(silence(at, entry)).and(pairs(at, entry))
}

/// The longest of all repetitions.
fn silence(at: &At, entry: &Entry<'_>) -> Claim {
    const FIGURE: &str = "route.silence_s_max";
    let each = entry.counted.iter().filter_map(|trial| Some(trial.route.as_ref()?.silence_s_max));
    let Some(longest_s) = each.reduce(f64::max) else { return Claim::default() };
    let of = of(at, entry.path, What::Largest(FIGURE.to_owned()));
    Claim::words(", longest silence ").figure(format::to_the_millisecond(longest_s), longest_s, of).say(" s")
}

/// Whether the two sides of each request agree; nothing where requests took one leg each.
fn pairs(at: &At, entry: &Entry<'_>) -> Claim {
    let sum = |read: fn(&weighbridge_record::result::TwinAnswers) -> u64| {
        entry.counted.iter().filter_map(|trial| trial.pairs.as_ref()).map(read).sum::<u64>()
    };
    let (compared, different) = (sum(|pairs| pairs.compared), sum(|pairs| pairs.different));
    let count = |count: u64, field| {
        let of = of(at, entry.path, What::Answers(field));
        Claim::default().figure(format::count(count), count as f64, of)
    };
    match (compared, different) {
        (0, _) => Claim::default(),
        (_, 0) => Claim::words(", all ").and(count(compared, "compared")).say(" pairs of answers alike"),
        _ => {
            let differ = Claim::words(", ").and(count(different, "different")).say(" of ");
            differ.and(count(compared, "compared")).say(" pairs of answers differ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::result::{RouteRecord, RunResult, TwinAnswers};
    use weighbridge_record::terms::{RouteKind, TransportKind};

    fn routed() -> RunResult {
        let transports = vec![TransportKind::NatsCore];
        let mut result = Fixture { transports, seconds: 3, ..Fixture::default() }.build();
        let (from, to) = (TransportKind::RedisPubsub, TransportKind::NatsCore);
        let (kind, stages, seam) = (RouteKind::Dual, Vec::new(), Vec::new());
        result.trials[0].route = Some(RouteRecord { kind, from, to, stages, silence_s_max: 0.012, seam });
        result
    }

    fn said(result: &RunResult) -> [String; 2] {
        let groups = groups(result);
        [sentence(&groups[0]), headline(&groups[0])].map(|claim| claim.text.replace('\u{a0}', " "))
    }

    #[test]
    fn a_route_is_answered_by_what_became_of_its_requests() {
        let mut result = routed();
        assert!(is_routed(&groups(&result)[0]));
        insta::assert_snapshot!(said(&result).join(" | "), @"nats-core answered all 6 000 requests, none twice, longest silence 0.012 s. | every request answered once");
        result.trials[0].ledger.completed -= 7;
        result.trials[0].ledger.lost = 7;
        result.trials[0].ledger.duplicated = 2;
        result.trials[0].pairs = Some(TwinAnswers {
            compared: 900,
            equal: 899,
            different: 1,
            missing_from: 0,
            missing_to: 0,
            from_ahead: 450,
            lag_ns: None,
            second_ns: None,
            publish_ns: None,
            taken: None,
        });
        insta::assert_snapshot!(said(&result).join(" | "), @"nats-core lost 7 of 6 000, 2 answers came again, longest silence 0.012 s, 1 of 900 pairs of answers differ. | requests unanswered");
    }

    #[test]
    fn a_path_of_one_leg_is_none() {
        assert!(!is_routed(&groups(&Fixture::default().build())[0]));
    }
}
