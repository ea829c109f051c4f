//! The answer of a run in which something was done to the paths: what was lost, what was promised, how soon each was
//! back.

use super::claim::{At, Claim, What, of};
use super::groups::{Entry, Group};
use super::sweep_answer::points;
use super::unanswered::requests;
use weighbridge_record::format;
use weighbridge_record::promised;
use weighbridge_record::result::{Fault, Kept};

/// Whether anything was done to a path of the group.
pub fn is_struck(group: &Group<'_>) -> bool {
    group.trials().any(|trial| !trial.faults.is_empty())
}

/// What came of it, at one point.
pub fn sentence(group: &Group<'_>) -> Claim {
    let struck: Vec<&Entry<'_>> =
        group.entries.iter().filter(|entry| faults(entry).next().is_some()).collect();
    let done = promised::done(struck.iter().flat_map(|entry| faults(entry)));
    let lost = struck.iter().map(|entry| lost(&group.at, entry));
    let claim = Claim::words(format!("Under {done}: ")).and(Claim::join(lost, ", "));
    let back = struck.iter().map(|entry| back(&group.at, entry));
    claim
        .say(". Back at the rate asked for: ")
        .and(Claim::join(back, ", "))
        .say(". ")
        .and(promises(group, &struck))
}

/// What came of it over all points of a sweep.
pub fn of_sweep(groups: &[Group<'_>]) -> Claim {
    let broken = groups.iter().flat_map(|group| {
        let paths = group.entries.iter().filter(|entry| judged(entry, Kept::Broken) > 0);
        paths.map(|entry| Claim::words(format!("{} (", entry.path)).name(group.label()).say(")"))
    });
    let broken: Vec<Claim> = broken.collect();
    let kept = groups.iter().flat_map(|group| &group.entries).any(|entry| judged(entry, Kept::Kept) > 0);
    let at_all = Claim::words("At all ").and(points(groups.len())).say(" points ");
    match (broken.is_empty(), kept) {
        (true, true) => at_all.say("every promise that was exercised was kept."),
        (true, false) => at_all.say("no promise was exercised."),
        (false, _) => Claim::words("Promises broken: ").and(Claim::join(broken, "; ")).say("."),
    }
}

/// Promises of a path with this verdict.
fn judged(entry: &Entry<'_>, kept: Kept) -> usize {
    let promises = entry.counted.iter().flat_map(|trial| &trial.promises);
    promises.filter(|promise| promise.verdict == kept).count()
}

fn faults<'a>(entry: &'a Entry<'_>) -> impl Iterator<Item = &'a Fault> {
    entry.counted.iter().flat_map(|trial| &trial.faults)
}

/// `nats-core lost 2 003 of 15 000 requests`, with those that the broker had confirmed.
fn lost(at: &At, entry: &Entry<'_>) -> Claim {
    let (path, ledger) = (entry.path, entry.ledger());
    let requests = |count: u64, field: &'static str| requests(at, path, count, field);
    if ledger.lost == 0 {
        return Claim::words(format!("{path} lost nothing"));
    }
    let claim = Claim::words(format!("{path} lost ")).and(requests(ledger.lost, "lost"));
    let claim = claim.say(" of ").and(requests(ledger.attempted, "attempted"));
    match ledger.lost_acknowledged {
        0 => claim.say(" (none of them confirmed)"),
        confirmed => claim.say(" (").and(requests(confirmed, "lost_acknowledged")).say(" of them confirmed)"),
    }
}

/// `nats-core within 1.5 s`: the worst of its faults.
fn back(at: &At, entry: &Entry<'_>) -> Claim {
    let path = entry.path;
    let all: Option<Vec<f64>> = faults(entry).map(|fault| fault.recovered_s).collect();
    match all.and_then(|all| all.into_iter().reduce(f64::max)) {
        None => Claim::words(format!("{path} not within the trial")),
        Some(worst_s) => {
            let said = format::to_the_millisecond(worst_s);
            let of = of(at, path, What::WorstFault("recovered_s"));
            Claim::words(format!("{path} within ")).figure(said, worst_s, of).say(" s")
        }
    }
}

fn promises(group: &Group<'_>, struck: &[&Entry<'_>]) -> Claim {
    let broken = struck.iter().filter_map(|entry| {
        let number = judged(entry, Kept::Broken);
        let figure = of(&group.at, entry.path, What::Promises(Kept::Broken));
        let claim = Claim::words(format!("{} broke ", entry.path));
        (number > 0).then(|| claim.figure(format::count(number as u64), number as f64, figure))
    });
    let broken: Vec<Claim> = broken.collect();
    let kept = struck.iter().any(|entry| judged(entry, Kept::Kept) > 0);
    match (broken.is_empty(), kept) {
        (true, true) => Claim::words("Every promise that was exercised was kept."),
        (true, false) => Claim::words("No promise was exercised."),
        (false, _) => Claim::words("Promises broken: ").and(Claim::join(broken, ", ")).say("."),
    }
}
