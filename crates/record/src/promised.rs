//! Holds a trial to what its path promises, by its record alone.
//!
//! What each tier keeps over which fault is that of one table, `kept_over`; the sources are the settings'
//! documentation of Redis (`appendfsync`) and of nats-server (`sync_interval`).

use std::borrow::Cow;

use crate::republished;
use crate::result::{
    Fault, Finding, FindingClass, Kept, LedgerTotals, Leg, LegalAnomaly, PromiseVerdict, Promised, Trial,
};
use crate::terms::{Action, Aim, BrokerKind, Duplicates, Durability, Loss, Order};

/// What a tier keeps of what was confirmed, over a fault.
#[derive(Debug, Clone, Copy, PartialEq)]
enum KeptOver {
    All,
    /// All but what was confirmed within so many seconds before it.
    AllButLast(f64),
    /// Nothing is promised.
    Nothing,
}

/// Redis syncs once a second and may wait for a second one that is under way; nats-server at the interval of the tier,
/// a second, and a write.
const LAZY_S: f64 = 2.0;

/// What a tier keeps over a fault.
fn kept_over(leg: &Leg, action: Action) -> KeptOver {
    match (action, leg.durability) {
        // The data itself was taken away: no tier is about that.
        (Action::DropData, _) => KeptOver::Nothing,
        (
            Action::KillBroker | Action::StopBroker | Action::PowerFailure,
            Durability::None | Durability::Memory,
        ) => KeptOver::Nothing,
        (Action::PowerFailure, Durability::Lazy) => KeptOver::AllButLast(LAZY_S),
        (Action::PowerFailure, Durability::Os) => KeptOver::Nothing,
        // With everysec Redis may hold back a write while a sync is under way.
        (Action::KillBroker, Durability::Lazy) if leg.transport.broker() == Some(BrokerKind::RedisServer) => {
            KeptOver::AllButLast(LAZY_S)
        }
        _ => KeptOver::All,
    }
}

/// Every promise of the trial's path; of a route, those of each leg.
pub fn judge(trial: &Trial) -> Vec<PromiseVerdict> {
    match trial.legs.as_slice() {
        [only] => {
            let verdicts = of_leg(&Held::whole(trial), only).into_iter();
            verdicts.map(|verdict| republished::judged(trial, verdict)).collect()
        }
        legs => legs.iter().flat_map(|leg| routed(trial, leg)).collect(),
    }
}

/// Those of one leg of a route, by what went over it.
fn routed(trial: &Trial, leg: &Leg) -> Vec<PromiseVerdict> {
    let named = |verdict| PromiseVerdict { leg: Some(leg.transport), ..verdict };
    of_leg(&Held::over(trial, leg), leg).into_iter().map(named).collect()
}

/// What promises are held against: requests, and what was done to them.
struct Held<'a> {
    ledger: LedgerTotals,
    faults: Cow<'a, [Fault]>,
    findings: &'a [Finding],
}

impl<'a> Held<'a> {
    fn whole(trial: &'a Trial) -> Self {
        Self { ledger: trial.ledger, faults: (&trial.faults).into(), findings: &trial.findings }
    }

    /// Of one leg of a route: its requests, and the faults that befell its server or a worker. What was lost belongs to
    /// the first fault over which its tier does not keep all, if there is one. The record keeps no findings by leg.
    fn over(trial: &Trial, leg: &Leg) -> Self {
        let broker = leg.transport.broker().map(BrokerKind::name);
        let befell = |fault: &&Fault| {
            fault.action.aim() == Aim::Worker || broker.is_some_and(|broker| fault.target.starts_with(broker))
        };
        let mut faults: Vec<Fault> = trial.faults.iter().filter(befell).cloned().collect();
        faults.iter_mut().for_each(|fault| fault.lost_acknowledged = Some(0));
        if let Some(fault) = faults.iter_mut().find(|fault| kept_over(leg, fault.action) != KeptOver::All) {
            fault.lost_acknowledged = Some(leg.ledger.lost_acknowledged);
        }
        Self { ledger: leg.ledger, faults: faults.into(), findings: &[] }
    }
}

fn of_leg(held: &Held<'_>, leg: &Leg) -> Vec<PromiseVerdict> {
    let mut verdicts = Vec::new();
    match leg.promise.loss {
        Loss::ByTier => verdicts.push(acknowledged_survives(held, leg)),
        Loss::Seen => verdicts.push(loss_seen(held)),
        Loss::Silent => {}
    }
    match leg.promise.duplicates {
        Duplicates::None => verdicts.push(at_most_once(held)),
        Duplicates::Dropped => verdicts.push(answered_once(held)),
        Duplicates::ByRedelivery => {}
    }
    if leg.promise.order != Order::None {
        verdicts.push(order(held, leg));
    }
    let by_deliveries = [Promised::AtMostOnce, Promised::AnsweredOnce, Promised::Order];
    for told in verdicts.iter_mut().filter(|told| held.ledger.untold && by_deliveries.contains(&told.promise))
    {
        if told.verdict != Kept::Broken {
            let why = "the workers are external, and don't tell what they receive";
            (told.verdict, told.reason) = (Kept::NotExercised, why.to_owned());
        }
    }
    verdicts
}

/// What looks wrong in the trial, and was never promised not to happen.
pub fn legal(trial: &Trial) -> Vec<LegalAnomaly> {
    match trial.legs.as_slice() {
        [only] => {
            let found = legal_over(&Held::whole(trial), only).into_iter();
            found.map(|anomaly| republished::explained(trial, anomaly)).collect()
        }
        legs => {
            let named = |leg: &Leg| {
                let name = Some(leg.transport);
                let found = legal_over(&Held::over(trial, leg), leg).into_iter();
                found.map(move |anomaly| LegalAnomaly { leg: name, ..anomaly })
            };
            legs.iter().flat_map(named).collect()
        }
    }
}

fn legal_over(held: &Held<'_>, leg: &Leg) -> Vec<LegalAnomaly> {
    let ledger = &held.ledger;
    let unconfirmed = ledger.lost - ledger.lost_acknowledged;
    let at_most_once = "at most once: a request or result that is under way when something fails may be lost";
    let repeated =
        "at least once: what is not acknowledged in time, or by a worker that is gone, is delivered again";
    let mut legal = Vec::new();
    let mut add = |field: &str, count: u64, reason: String| {
        if count > 0 {
            legal.push(LegalAnomaly { leg: None, field: field.to_owned(), count, reason });
        }
    };
    match leg.promise.loss {
        Loss::Silent | Loss::Seen => add("lost", ledger.lost, at_most_once.to_owned()),
        Loss::ByTier => {
            add("lost", unconfirmed, "the broker had not confirmed them".to_owned());
            let beyond = beyond_tier(held, leg);
            let why = format!("durability {} does not keep it over what was done", leg.durability);
            add("lost_acknowledged", ledger.lost_acknowledged.saturating_sub(beyond), why);
        }
    }
    if leg.promise.duplicates != Duplicates::None {
        add("redelivered", ledger.redelivered, repeated.to_owned());
        if leg.promise.duplicates == Duplicates::ByRedelivery {
            add("duplicated", ledger.duplicated, "a worker answers each delivery of a request".to_owned());
        }
        if ledger.redelivered > 0 || !held.faults.is_empty() {
            add("reordered", ledger.reordered, "a redelivery breaks the order".to_owned());
        }
        add("parked", ledger.parked, "given up after its last delivery, and still stored".to_owned());
    }
    legal
}

/// Names of what was done, each once.
pub fn done<'a>(faults: impl IntoIterator<Item = &'a Fault>) -> String {
    let mut names: Vec<&str> = faults.into_iter().map(|fault| fault.action.name()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

/// What exercised a promise that needs no fault for it.
fn by(held: &Held<'_>) -> String {
    if held.faults.is_empty() { "the load alone".to_owned() } else { done(held.faults.iter()) }
}

fn verdict(promise: Promised, verdict: Kept, count: u64, reason: String) -> PromiseVerdict {
    PromiseVerdict { leg: None, promise, verdict, count, reason, examples: Vec::new() }
}

/// Kept or broken, by the requests that speak against it.
fn by_count(promise: Promised, count: u64, reason: String, examples: Vec<Finding>) -> PromiseVerdict {
    let kept = if count == 0 { Kept::Kept } else { Kept::Broken };
    PromiseVerdict { examples, ..verdict(promise, kept, count, reason) }
}

fn examples(held: &Held<'_>, wanted: impl Fn(&Finding) -> bool) -> Vec<Finding> {
    held.findings.iter().filter(|finding| wanted(finding)).cloned().collect()
}

fn is_lost(finding: &Finding) -> bool {
    matches!(finding.class, FindingClass::LostRequest | FindingClass::LostResult | FindingClass::Lost)
}

/// Confirmed requests that were lost although the tier keeps them over what was done. Of a fault over which it keeps
/// all but the last, all count once one is older than that.
fn beyond_tier(held: &Held<'_>, leg: &Leg) -> u64 {
    let by_faults: u64 = held.faults.iter().filter_map(|fault| fault.lost_acknowledged).sum();
    let of_no_fault = held.ledger.lost_acknowledged.saturating_sub(by_faults);
    let of_fault = |fault: &Fault| {
        let lost = fault.lost_acknowledged.unwrap_or(0);
        match kept_over(leg, fault.action) {
            KeptOver::All => lost,
            KeptOver::AllButLast(seconds) if fault.oldest_lost_s.is_some_and(|age_s| age_s > seconds) => lost,
            KeptOver::AllButLast(_) | KeptOver::Nothing => 0,
        }
    };
    of_no_fault + held.faults.iter().map(of_fault).sum::<u64>()
}

fn acknowledged_survives(held: &Held<'_>, leg: &Leg) -> PromiseVerdict {
    let promise = Promised::AcknowledgedSurvives;
    let count = beyond_tier(held, leg);
    let covered = |fault: &&Fault| kept_over(leg, fault.action) != KeptOver::Nothing;
    let exercised: Vec<&Fault> = held.faults.iter().filter(covered).collect();
    if count == 0 && exercised.is_empty() {
        let reason = match held.faults.is_empty() {
            true => "nothing was done to the path".to_owned(),
            false => {
                format!("durability {} promises nothing over {}", leg.durability, done(held.faults.iter()))
            }
        };
        return verdict(promise, Kept::NotExercised, 0, reason);
    }
    if count == 0 && held.ledger.acknowledged == 0 {
        return verdict(promise, Kept::NotExercised, 0, "the broker confirmed nothing".to_owned());
    }
    // What is still stored is not lost; which of those without an end it is, nobody can say.
    let stored = leg.stored.unwrap_or(0).saturating_sub(held.ledger.parked);
    if count > 0 && count <= stored {
        let reason =
            format!("{stored} requests were still stored when the trial ended: a longer drain tells");
        return verdict(promise, Kept::NotExercised, 0, reason);
    }
    let count = count.saturating_sub(stored);
    let reason =
        if exercised.is_empty() { "nothing was done to the path".to_owned() } else { done(exercised) };
    by_count(promise, count, reason, examples(held, |finding| is_lost(finding) && finding.acknowledged))
}

fn loss_seen(held: &Held<'_>) -> PromiseVerdict {
    let promise = Promised::LossSeen;
    let LedgerTotals { lost, indeterminate, .. } = held.ledger;
    if lost == 0 {
        return verdict(promise, Kept::NotExercised, 0, "nothing was lost".to_owned());
    }
    let unseen = lost.saturating_sub(indeterminate);
    by_count(promise, unseen, format!("{lost} lost requests"), examples(held, is_lost))
}

fn at_most_once(held: &Held<'_>) -> PromiseVerdict {
    let promise = Promised::AtMostOnce;
    let count = held.ledger.redelivered + held.ledger.duplicated;
    if count == 0 && held.faults.is_empty() {
        return verdict(promise, Kept::NotExercised, 0, "nothing was done to the path".to_owned());
    }
    let twice =
        |finding: &Finding| matches!(finding.class, FindingClass::Duplicated | FindingClass::Redelivered);
    by_count(promise, count, by(held), examples(held, twice))
}

fn answered_once(held: &Held<'_>) -> PromiseVerdict {
    let promise = Promised::AnsweredOnce;
    let LedgerTotals { duplicated, redelivered, .. } = held.ledger;
    if duplicated == 0 && redelivered == 0 {
        return verdict(promise, Kept::NotExercised, 0, "no request was delivered twice".to_owned());
    }
    let twice = |finding: &Finding| finding.class == FindingClass::Duplicated;
    by_count(promise, duplicated, format!("{redelivered} redeliveries"), examples(held, twice))
}

fn order(held: &Held<'_>, leg: &Leg) -> PromiseVerdict {
    let promise = Promised::Order;
    let LedgerTotals { delivered, reordered, redelivered, .. } = held.ledger;
    if delivered < 2 {
        return verdict(promise, Kept::NotExercised, 0, "no two requests were delivered".to_owned());
    }
    if leg.promise.order == Order::UntilRedelivery && redelivered > 0 {
        let reason = format!("{redelivered} redeliveries, which end it");
        return verdict(promise, Kept::NotExercised, 0, reason);
    }
    if leg.promise.order == Order::UntilRedelivery && reordered > 0 && !held.faults.is_empty() {
        let reason = format!(
            "{reordered} came late under {}: nobody lived to tell whether they were delivered before",
            done(held.faults.iter())
        );
        return verdict(promise, Kept::NotExercised, 0, reason);
    }
    let late = |finding: &Finding| finding.class == FindingClass::Reordered;
    by_count(promise, reordered, by(held), examples(held, late))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::terms::{DeliveryMode, TransportKind};

    /// A trial at a tier in which that was done, and of which so many confirmed requests were lost.
    fn trial(kind: TransportKind, tier: Durability, done: &[Action], lost: u64, oldest_s: f64) -> Trial {
        let result = Fixture { transports: vec![kind], seconds: 2, ..Fixture::default() }.build();
        let mut trial = result.trials.into_iter().next().unwrap();
        trial.legs[0].durability = tier;
        trial.ledger.acknowledged = trial.ledger.attempted;
        trial.ledger.lost = lost;
        trial.ledger.lost_acknowledged = if kind.stores() { lost } else { 0 };
        trial.ledger.completed -= lost;
        trial.faults = done.iter().map(|action| Fault::begun(*action, "server", 1.0)).collect();
        if let Some(fault) = trial.faults.first_mut() {
            fault.lost_acknowledged = Some(trial.ledger.lost_acknowledged);
            fault.oldest_lost_s = (lost > 0).then_some(oldest_s);
        }
        trial
    }

    fn survives(tier: Durability, done: &[Action], lost: u64, oldest_s: f64) -> (Kept, u64) {
        let verdicts = judge(&trial(TransportKind::RedisStreams, tier, done, lost, oldest_s));
        (verdicts[0].verdict, verdicts[0].count)
    }

    #[test]
    fn a_confirmed_request_that_its_tier_keeps_and_that_is_lost_breaks_the_promise() {
        use Durability::{Lazy, Memory, Os, Sync};
        let (kill, power) = (&[Action::KillBroker][..], &[Action::PowerFailure][..]);
        let unexercised = (Kept::NotExercised, 0);
        for (tier, done, lost, oldest_s, expected) in [
            (Sync, kill, 0, 0.0, (Kept::Kept, 0)),
            (Sync, kill, 3, 0.1, (Kept::Broken, 3)),
            (Sync, power, 1, 0.1, (Kept::Broken, 1)),
            (Os, kill, 2, 0.1, (Kept::Broken, 2)),
            (Os, power, 900, 50.0, unexercised),
            (Lazy, power, 900, 1.9, (Kept::Kept, 0)),
            (Lazy, power, 900, 2.5, (Kept::Broken, 900)),
            (Memory, kill, 900, 50.0, unexercised),
            (Memory, &[Action::KillWorker], 4, 0.1, (Kept::Broken, 4)),
            (Memory, &[Action::KillWorker], 0, 0.1, (Kept::Kept, 0)),
            (Sync, &[Action::DropData], 9, 0.1, unexercised),
            (Sync, &[], 0, 0.0, unexercised),
            (Memory, &[], 5, 0.0, (Kept::Broken, 5)),
        ] {
            assert_eq!(survives(tier, done, lost, oldest_s), expected, "{tier} {done:?} {lost} {oldest_s}");
        }
    }

    #[test]
    fn what_is_still_stored_is_not_lost() {
        let mut streams =
            trial(TransportKind::RedisStreams, Durability::Sync, &[Action::KillBroker], 30, 0.1);
        streams.legs[0].stored = Some(30);
        assert_eq!(judge(&streams)[0].verdict, Kept::NotExercised);
        streams.legs[0].stored = Some(10);
        assert_eq!((judge(&streams)[0].verdict, judge(&streams)[0].count), (Kept::Broken, 20));
    }

    #[test]
    fn what_comes_twice_breaks_at_most_once_and_is_legal_where_it_is_at_least_once() {
        let mut core = trial(TransportKind::NatsCore, Durability::None, &[Action::KillBroker], 5, 0.1);
        assert_eq!(judge(&core)[0].verdict, Kept::Kept);
        assert_eq!(legal(&core)[0].field, "lost");
        core.ledger.duplicated = 1;
        assert_eq!((judge(&core)[0].verdict, judge(&core)[0].count), (Kept::Broken, 1));
        let mut streams = trial(TransportKind::RedisStreams, Durability::Sync, &[Action::KillBroker], 0, 0.0);
        (streams.ledger.duplicated, streams.ledger.redelivered) = (1, 2);
        let fields: Vec<_> = legal(&streams).into_iter().map(|legal| (legal.field, legal.count)).collect();
        assert_eq!(fields, [("redelivered".to_owned(), 2), ("duplicated".to_owned(), 1)]);
    }

    #[test]
    fn what_is_delivered_twice_is_to_be_answered_once_where_that_is_promised() {
        let mut jetstream =
            trial(TransportKind::NatsJetstream, Durability::Sync, &[Action::KillWorker], 0, 0.0);
        jetstream.legs[0].promise = TransportKind::NatsJetstream.promise(DeliveryMode::ExactlyOnce);
        let verdict = |trial: &Trial| {
            let verdicts = judge(trial);
            let once = verdicts.iter().find(|one| one.promise == Promised::AnsweredOnce).unwrap();
            (once.verdict, once.count)
        };
        assert_eq!(verdict(&jetstream), (Kept::NotExercised, 0));
        jetstream.ledger.redelivered = 4;
        assert_eq!(verdict(&jetstream), (Kept::Kept, 0));
        assert_eq!(
            legal(&jetstream).iter().map(|legal| &legal.field[..]).collect::<Vec<_>>(),
            ["redelivered"]
        );
        jetstream.ledger.duplicated = 2;
        assert_eq!(verdict(&jetstream), (Kept::Broken, 2));
        assert!(legal(&jetstream).iter().all(|legal| legal.field != "duplicated"));
    }

    #[test]
    fn a_loss_of_which_nobody_was_told_breaks_the_promise_of_a_requester() {
        let mut request = trial(TransportKind::NatsRequest, Durability::None, &[Action::KillBroker], 5, 0.1);
        request.ledger.indeterminate = 5;
        assert_eq!(judge(&request)[0].verdict, Kept::Kept);
        request.ledger.indeterminate = 3;
        assert_eq!((judge(&request)[0].verdict, judge(&request)[0].count), (Kept::Broken, 2));
        (request.ledger.lost, request.ledger.indeterminate) = (0, 0);
        assert_eq!(judge(&request)[0].verdict, Kept::NotExercised);
    }

    #[test]
    fn order_is_promised_until_a_redelivery() {
        let mut streams = trial(TransportKind::RedisStreams, Durability::Memory, &[], 0, 0.0);
        assert_eq!(judge(&streams)[1].verdict, Kept::Kept);
        streams.ledger.reordered = 2;
        assert_eq!((judge(&streams)[1].verdict, judge(&streams)[1].count), (Kept::Broken, 2));
        streams.faults = vec![Fault::begun(Action::KillWorker, "worker.1", 1.0)];
        assert_eq!(judge(&streams)[1].verdict, Kept::NotExercised, "it may have been a second delivery");
        streams.ledger.reordered = 0;
        assert_eq!(judge(&streams)[1].verdict, Kept::Kept);
        streams.ledger.redelivered = 1;
        assert_eq!(judge(&streams)[1].verdict, Kept::NotExercised);
    }
}
