//! The answer of a run in which something was done to the paths: what was lost, what was promised, how soon each was
//! back.

use super::claim::{At, Claim, What, of};
use super::groups::{Entry, Group};
use super::sweep_answer::points;
use weighbridge_record::format;
use weighbridge_record::result::{Fault, Kept};
use weighbridge_record::terms::Path;

/// Whether anything was done to a path of the group.
pub fn is_struck(group: &Group<'_>) -> bool {
    group.trials().any(|trial| !trial.faults.is_empty())
}

/// What came of it, at one point.
pub fn sentence(group: &Group<'_>) -> Claim {
    let struck: Vec<&Entry<'_>> =
        group.entries.iter().filter(|entry| faults(entry).next().is_some()).collect();
    let mut actions: Vec<&str> =
        struck.iter().flat_map(|entry| faults(entry)).map(|f| f.action.name()).collect();
    actions.sort_unstable();
    actions.dedup();
    let lost = struck.iter().map(|entry| lost(&group.at, entry));
    let claim = Claim::words(format!("Under {}: ", actions.join(", "))).and(Claim::join(lost, ", "));
    let back = struck.iter().map(|entry| back(&group.at, entry));
    claim
        .say(". Back at the rate asked for: ")
        .and(Claim::join(back, ", "))
        .say(". ")
        .and(promises(group, &struck))
}

/// What came of it over all points of a sweep.
pub fn of_sweep(groups: &[Group<'_>]) -> Claim {
    let of_kept = |kept: Kept| {
        move |entry: &&Entry<'_>| {
            entry.counted.iter().flat_map(|trial| &trial.promises).any(|promise| promise.verdict == kept)
        }
    };
    let broken = groups.iter().flat_map(|group| {
        let paths = group.entries.iter().filter(of_kept(Kept::Broken));
        paths.map(|entry| Claim::words(format!("{} (", entry.path)).name(group.label()).say(")"))
    });
    let broken: Vec<Claim> = broken.collect();
    let kept = groups.iter().any(|group| group.entries.iter().any(|entry| of_kept(Kept::Kept)(&entry)));
    let at_all = Claim::words("At all ").and(points(groups.len())).say(" points ");
    match (broken.is_empty(), kept) {
        (true, true) => at_all.say("every promise that was exercised was kept."),
        (true, false) => at_all.say("no promise was exercised."),
        (false, _) => Claim::words("Promises broken: ").and(Claim::join(broken, "; ")).say("."),
    }
}

fn faults<'a>(entry: &'a Entry<'_>) -> impl Iterator<Item = &'a Fault> {
    entry.counted.iter().flat_map(|trial| &trial.faults)
}

/// `nats-core lost 2 003 of 15 000 requests`, with those that the broker had confirmed.
fn lost(at: &At, entry: &Entry<'_>) -> Claim {
    let (path, ledger) = (entry.path, entry.ledger());
    let requests = |count: u64, field: &'static str| {
        Claim::default().figure(format::count(count), count as f64, of(at, path, What::Requests(field)))
    };
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
            let said = format::number((worst_s * 1000.0).round() / 1000.0);
            let of = of(at, path, What::WorstFault("recovered_s"));
            Claim::words(format!("{path} within ")).figure(said, worst_s, of).say(" s")
        }
    }
}

fn promises(group: &Group<'_>, struck: &[&Entry<'_>]) -> Claim {
    let count = |path: Path, kept: Kept| {
        let entry = struck.iter().find(|entry| entry.path == path);
        let all = entry.iter().flat_map(|entry| &entry.counted).flat_map(|trial| &trial.promises);
        all.filter(|promise| promise.verdict == kept).count() as u64
    };
    let broken = struck.iter().filter(|entry| count(entry.path, Kept::Broken) > 0).map(|entry| {
        let (path, number) = (entry.path, count(entry.path, Kept::Broken));
        let figure = of(&group.at, path, What::Promises(Kept::Broken));
        Claim::words(format!("{path} broke ")).figure(format::count(number), number as f64, figure)
    });
    let broken: Vec<Claim> = broken.collect();
    let kept = struck.iter().any(|entry| count(entry.path, Kept::Kept) > 0);
    match (broken.is_empty(), kept) {
        (true, true) => Claim::words("Every promise that was exercised was kept."),
        (true, false) => Claim::words("No promise was exercised."),
        (false, _) => Claim::words("Promises broken: ").and(Claim::join(broken, ", ")).say("."),
    }
}
