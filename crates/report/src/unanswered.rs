//! What got no answer, path by path, in words.

use super::claim::{At, Claim, What, of};
use super::groups::Group;
use super::ranking::Ranking;
use weighbridge_record::format;
use weighbridge_record::result::LedgerTotals;
use weighbridge_record::terms::Path;

/// Path by path what got no answer, and whom that keeps from being ranked.
pub fn unanswered(group: &Group<'_>) -> Claim {
    let ranked: Vec<Path> = Ranking::ranked(group).iter().map(|entry| entry.path).collect();
    let competing = group.competing();
    let left = group.entries.iter().filter_map(|entry| {
        let kept_out = !ranked.is_empty()
            && competing.iter().any(|other| other.path == entry.path)
            && !ranked.contains(&entry.path);
        let left = of_ledger(&group.at, entry.path, &entry.ledger())?;
        let rank = if kept_out { " and is not ranked" } else { "" };
        Some(Claim::words(format!("{} ", entry.path)).and(left).say(rank))
    });
    let left: Vec<Claim> = left.collect();
    if left.is_empty() { Claim::words("nothing was lost") } else { Claim::join(left, ", ") }
}

/// So many requests of a path, by their count in the ledger.
pub fn requests(at: &At, path: Path, count: u64, field: &'static str) -> Claim {
    Claim::default().figure(format::count(count), count as f64, of(at, path, What::Requests(field)))
}

/// What got no answer; none where all did.
pub fn of_ledger(at: &At, path: Path, ledger: &LedgerTotals) -> Option<Claim> {
    if ledger.attempted == 0 {
        return Some(Claim::words("attempted nothing"));
    }
    let count = ledger.unanswered();
    if count == 0 {
        return None;
    }
    let requests = |count: u64, field: &'static str| requests(at, path, count, field);
    let attempted = requests(ledger.attempted, "attempted");
    let parts = [
        (ledger.lost, "lost", "lost"),
        (ledger.rejected, "rejected", "refused"),
        (ledger.unsent, "unsent", "shed"),
        (ledger.parked, "parked", "parked"),
    ];
    if let Some((_, field, what)) = parts.iter().find(|(part, ..)| *part == count) {
        let of_all = requests(count, field).say(" of ").and(attempted);
        return Some(match *what {
            "lost" => Claim::words("lost ").and(of_all),
            what => Claim::words("had ").and(of_all).say(format!(" {what}")),
        });
    }
    let parts = parts.into_iter().filter(|(count, ..)| *count > 0);
    let parts = parts.map(|(count, field, what)| requests(count, field).say(format!(" {what}")));
    let claim = Claim::words("left ").and(requests(count, "unanswered")).say(" of ").and(attempted);
    Some(claim.say(" unanswered (").and(Claim::join(parts, ", ")).say(")"))
}
