//! What each path promises, and whether it kept it: a row for each promise and point, and the lives of the requests
//! that speak against it.

use super::groups::{Entry, Group};
use weighbridge_record::format;
use weighbridge_record::result::{Finding, FindingClass, Kept, Promised, Trial};
use weighbridge_record::terms::{Path, TransportKind};

/// Lives that are told of one promise.
const LIVES_MAX: usize = 100;

/// One promise of one path at one point, over its repetitions.
pub struct Row {
    pub path: Path,
    pub tier: String,
    pub promise: &'static str,
    /// Class of the verdict, and the verdict.
    pub class: &'static str,
    pub verdict: &'static str,
    pub why: String,
    /// What was seen that is no breach.
    pub legal: Vec<String>,
    pub lives: Vec<String>,
}

/// A row for each promise of each path, where any was judged.
pub fn rows(group: &Group<'_>) -> Vec<Row> {
    group.entries.iter().flat_map(of_entry).collect()
}

fn of_entry(entry: &Entry<'_>) -> Vec<Row> {
    let Some(first) = entry.counted.first() else { return Vec::new() };
    first.promises.iter().map(|promise| row(entry, first, (promise.leg, promise.promise))).collect()
}

/// The worst of all repetitions stands for them.
fn row(entry: &Entry<'_>, first: &Trial, promise: (Option<TransportKind>, Promised)) -> Row {
    let judged = || {
        let all = entry.counted.iter().flat_map(|trial| &trial.promises);
        all.filter(|judged| (judged.leg, judged.promise) == promise)
    };
    let verdict = Kept::worst(judged().map(|judged| judged.verdict));
    let count: u64 = judged().map(|judged| judged.count).sum();
    let reason = judged().find(|judged| judged.verdict == verdict).map_or("", |judged| &judged.reason);
    let why = match (verdict, count) {
        (Kept::Broken, count) => format!("{} requests, under {reason}", format::count(count)),
        (Kept::Kept, _) => format!("under {reason}"),
        (Kept::NotExercised, _) => reason.to_owned(),
    };
    Row {
        path: promise.0.map_or(entry.path, Path::from),
        tier: tier(first, promise.0),
        promise: promise.1.words(),
        class: class(verdict),
        verdict: verdict.words(),
        why,
        legal: legal(entry, promise),
        lives: judged().flat_map(|judged| &judged.examples).take(LIVES_MAX).map(life).collect(),
    }
}

/// Class of a verdict.
pub fn class(verdict: Kept) -> &'static str {
    match verdict {
        Kept::Kept => "good",
        Kept::Broken => "bad",
        Kept::NotExercised => "warn",
    }
}

/// The durability tier of the leg, or of the path.
fn tier(trial: &Trial, leg: Option<TransportKind>) -> String {
    let of_leg = leg.and_then(|leg| trial.legs.iter().find(|other| other.transport == leg));
    of_leg.map_or_else(|| trial.tier_words(), |leg| leg.durability.to_string())
}

/// Counts of what looks wrong and was never promised not to happen; they stand with the first promise of a path or leg.
fn legal(entry: &Entry<'_>, promise: (Option<TransportKind>, Promised)) -> Vec<String> {
    let Some(first) = entry.counted.first() else { return Vec::new() };
    let mut of_leg = first.promises.iter().filter(|other| other.leg == promise.0);
    if of_leg.next().is_none_or(|first| first.promise != promise.1) {
        return Vec::new();
    }
    let mut sums: Vec<(&str, u64, &str)> = Vec::new();
    let all = entry.counted.iter().flat_map(|trial| &trial.legal);
    for legal in all.filter(|legal| legal.leg == promise.0) {
        match sums.iter_mut().find(|(field, _, reason)| *field == legal.field && *reason == legal.reason) {
            Some((_, count, _)) => *count += legal.count,
            None => sums.push((&legal.field, legal.count, &legal.reason)),
        }
    }
    let words = |(field, count, reason): (&str, u64, &str)| {
        format!("{} {}: {reason}", format::count(count), field.replace('_', " "))
    };
    sums.into_iter().map(words).collect()
}

/// `request 1 204: intended at 5.0010 s, sent at 5.0011 s, confirmed at 5.0020 s, no worker had it`.
fn life(finding: &Finding) -> String {
    let at = |what: &str, at_s: Option<f64>| at_s.map(|at_s| format!("{what} at {at_s:.4} s"));
    let end = match finding.class {
        FindingClass::LostRequest => Some("no worker had it".to_owned()),
        FindingClass::Lost => Some("no result came".to_owned()),
        FindingClass::LostResult => Some("its result never came".to_owned()),
        FindingClass::Duplicated => at("a further result came", finding.at_s),
        FindingClass::Redelivered => at("delivered again", finding.at_s),
        FindingClass::Reordered => at("overtaken, delivered", finding.at_s),
        FindingClass::Rejected
        | FindingClass::Indeterminate
        | FindingClass::Parked
        | FindingClass::Unexpected => None,
    };
    let confirmed = match finding.accepted_s {
        None if finding.acknowledged => Some("confirmed".to_owned()),
        accepted_s => at("confirmed", accepted_s),
    };
    let delivered = finding
        .delivered_to
        .as_ref()
        .map_or("delivered".to_owned(), |worker| format!("delivered to {worker}"));
    let steps = [
        at("intended", finding.intended_s),
        at("sent", finding.sent_s),
        confirmed,
        at(&delivered, finding.delivered_s),
        end,
    ];
    let number = finding
        .sequence
        .map_or("a message".to_owned(), |number| format!("request {}", format::count(number)));
    format!("{number}: {}", steps.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::{Fixture, with_outage};
    use weighbridge_record::terms::TransportKind;

    #[test]
    fn each_promise_has_a_row_with_its_verdict_and_what_is_legal() {
        let transports = vec![TransportKind::RedisStreams, TransportKind::NatsCore];
        let result =
            with_outage(Fixture { transports, seconds: 12, rate_per_s: 500, ..Fixture::default() }.build());
        let rows = rows(&groups(&result)[0]);
        let texts: Vec<_> = rows
            .iter()
            .map(|Row { path, promise, verdict, why, legal, .. }| {
                format!("{path}: {promise}: {verdict} ({why}) {}", legal.join("; "))
            })
            .collect();
        assert!(
            texts.iter().any(|text| text.starts_with("nats-core: nothing comes twice: kept")),
            "{texts:#?}"
        );
        assert!(texts.iter().any(|text| text.contains("750 lost: at most once")), "{texts:#?}");
        assert!(texts.iter().any(|text| text.contains("12 duplicated: a worker answers")), "{texts:#?}");
    }

    #[test]
    fn a_life_tells_each_step_that_is_known() {
        let lost = Finding {
            class: FindingClass::LostResult,
            sequence: Some(7),
            acknowledged: true,
            intended_s: Some(1.0),
            sent_s: Some(1.0001),
            accepted_s: Some(1.001),
            delivered_s: Some(1.002),
            delivered_to: Some("worker.2".to_owned()),
            at_s: None,
        };
        assert_eq!(
            life(&lost),
            "request 7: intended at 1.0000 s, sent at 1.0001 s, confirmed at 1.0010 s, delivered to worker.2 at \
             1.0020 s, its result never came"
        );
    }
}
