//! The answer of a sweep: who wins at how many points, and what was measured at the first and the last.

use super::claim::{At, Claim, What, of, of_all};
use super::groups::Group;
use super::ranking::Ranking;
use weighbridge_record::paired::PAIRS_MIN;
use weighbridge_record::terms::Path;

/// How many points.
pub fn points(count: usize) -> Claim {
    Claim::count(count, of_all(&At::Run, What::Points))
}

/// Paths with the number of points that each wins, most first.
fn wins(groups: &[Group<'_>]) -> Vec<(Path, usize)> {
    let mut wins: Vec<(Path, usize)> = Vec::new();
    for ranking in groups.iter().filter_map(Ranking::of).filter(Ranking::wins_over_others) {
        let winner = ranking.places[0].path;
        match wins.iter_mut().find(|(path, _)| *path == winner) {
            Some((_, count)) => *count += 1,
            None => wins.push((winner, 1)),
        }
    }
    wins.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    wins
}

/// The answer over all points.
pub fn sentence(groups: &[Group<'_>]) -> Claim {
    let wins = wins(groups);
    let does = if groups.iter().all(Group::scheduled) { "answers fastest" } else { "completes most" };
    let won = |path: Path, count: usize| Claim::count(count, of(&At::Run, path, What::Points));
    let led = match wins.as_slice() {
        [] if groups.iter().all(|group| group.competing().len() < 2) => {
            points(groups.len()).say(" points were measured")
        }
        [] if groups.iter().all(|group| group.repetitions() < PAIRS_MIN) => {
            let claim = Claim::words("No winner is named at the ").and(points(groups.len()));
            claim.say(" points, which takes three repetitions")
        }
        [] => Claim::words("No winner is shown at any of the ").and(points(groups.len())).say(" points"),
        [(only, 2)] if groups.len() == 2 => Claim::words(format!("{only} {does} at both points")),
        [(only, count)] if *count == groups.len() => {
            Claim::words(format!("{only} {does} at all ")).and(won(*only, *count)).say(" points")
        }
        wins => {
            let parts =
                wins.iter().map(|(path, count)| Claim::words(format!("{path} at ")).and(won(*path, *count)));
            let claim = Claim::words("Of ").and(points(groups.len())).say(format!(" points, {does}: "));
            claim.and(Claim::join(parts, ", "))
        }
    };
    let one_leads = matches!(wins.as_slice(), [(_, count)] if *count == groups.len());
    let ends = [groups.first(), groups.last()].into_iter().flatten();
    let ends: Vec<Claim> = ends.filter_map(|group| end_of_sweep(group, one_leads)).collect();
    if ends.is_empty() { led.say(".") } else { led.say(": ").and(Claim::join(ends, ", ")).say(".") }
}

/// What was measured at the first or the last point; whose it is, unless one leads everywhere.
fn end_of_sweep(group: &Group<'_>, one_leads: bool) -> Option<Claim> {
    let ranking = Ranking::of(group)?;
    let claim = Claim::words("at ").name(group.point.label()).say(" ");
    if !ranking.clear() {
        return Some(claim.and(ranking.span()));
    }
    let best = &ranking.places[0];
    let claim = claim.say(format!("{} ", ranking.measure.label())).and(ranking.print(best));
    Some(if one_leads { claim } else { claim.say(format!(" ({})", best.path)) })
}
