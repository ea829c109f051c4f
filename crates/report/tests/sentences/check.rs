//! Whether a sentence follows from `result.json`.

use weighbridge_record::terms::Path;
use weighbridge_report::claim::{At, Claim, Fact, What};

use crate::oracle::Record;

/// What printed figures may be off by, beside their rounding: sums in another order.
const FLOAT_SHARE: f64 = 1e-9;

/// Why the sentence doesn't follow; none if it does.
pub fn wrong(record: &Record, claim: &Claim) -> Option<String> {
    let facts = claim.facts.iter().find_map(|fact| {
        let why = fact_wrong(record, fact)?;
        Some(format!("{why}, in: {}\n  {fact:?}", claim.text))
    });
    facts.or_else(|| figures_without_facts(claim)).or_else(|| says_nothing(claim))
}

fn fact_wrong(record: &Record, fact: &Fact) -> Option<String> {
    match fact {
        Fact::Figure { said, value, at, path, what } => figure_wrong(record, said, *value, (at, *path, what)),
        Fact::Name(name) => (!known_name(record, name)).then(|| format!("{name} is nowhere in the record")),
        Fact::Most { at, path, what } => beaten(record, at, *path, what, |known, other| other > known),
        Fact::Least { at, path, what } => beaten(record, at, *path, what, |known, other| other < known),
        Fact::Wins { at, path, figure } => {
            let winner = record.winner(at);
            (winner.as_deref() != Some(path.name()) || record.vouched(at, path.name(), figure).is_none())
                .then(|| format!("the winner is {winner:?}"))
        }
        Fact::Verdict(verdict) => {
            let weights = ["no_difference_shown", "better", "worse", "too_few_repetitions", "regression"];
            let weight = |verdict: &serde_json::Value| weights.iter().position(|known| verdict == known);
            let changes = record.json["pair"]["changes"].as_array().cloned().unwrap_or_default();
            let weightiest = changes.iter().filter_map(|change| weight(&change["verdict"])).max();
            let said = weight(&serde_json::to_value(verdict).unwrap());
            (weightiest != said || said.is_none()).then(|| format!("the weightiest change is {weightiest:?}"))
        }
        Fact::Shown { at, paths, figure, differ } => {
            let shown = record.differ(at, paths.map(|path| path.name()), figure).unwrap_or(false);
            (shown != *differ).then(|| format!("the record says {shown}"))
        }
    }
}

fn figure_wrong(record: &Record, said: &str, value: f64, of: (&At, Option<Path>, &What)) -> Option<String> {
    let Some(own) = record.value(of.0, of.1, of.2) else {
        return Some(format!("{said} is not in the record"));
    };
    if (own - value).abs() > own.abs() * FLOAT_SHARE {
        return Some(format!("{said} ({value}) is {own}"));
    }
    let seconds = matches!(of.2, What::CpuPerMillion | What::BacklogAt);
    let Some((printed, rounding)) = parse(said, seconds) else { return Some(format!("{said} is no figure")) };
    ((printed - value).abs() > rounding * (1.0 + 1e-6)).then(|| format!("{said} is not {value}"))
}

/// The value that was printed, and what it may be off by: half of the last digit, of three at least. Latencies are
/// in nanoseconds, other times in seconds.
fn parse(said: &str, seconds: bool) -> Option<(f64, f64)> {
    let plain = said.replace(['\u{a0}', ' '], "");
    let s = if seconds { 1.0 } else { 1e9 };
    let units =
        [("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("/s", 1.0), ("×", 1.0), ("%", 1.0), ("s", s), ("", 1.0)];
    let (digits, unit) =
        units.iter().find_map(|(unit, factor)| Some((plain.strip_suffix(unit)?, *factor)))?;
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let value: f64 = digits.parse().ok()?;
    let third = if seconds && value >= 1_000.0 { 10f64.powf(value.log10().floor() - 2.0) } else { 0.0 };
    Some((value * unit, 0.5 * 10f64.powi(-(decimals as i32)).max(third) * unit))
}

fn known_name(record: &Record, name: &str) -> bool {
    let point = |point: &weighbridge_record::point::Point| {
        let mut values = point.values().map(|value| value.to_string().trim_matches('"').replace('_', ""));
        let plain = name.replace(['\u{a0}', ' '], "");
        let label = point.label();
        label.contains(name) || values.any(|value| value == plain)
    };
    let numbered = name.split_once(' ').is_some_and(|(what, number)| {
        let field = if what == "trial" { "order" } else { "repetition" };
        record.trials().iter().any(|trial| trial[field].as_u64() == number.parse().ok())
    });
    let settings = ["base", "new"].map(|side| record.json["pair"][side].to_string());
    let setting = settings.iter().any(|settings| settings.contains(&format!("\"{name}\"")));
    setting || numbered || record.points().iter().any(point)
}

/// Whether another path has more of it, or less.
fn beaten(record: &Record, at: &At, path: Path, what: &What, beats: fn(f64, f64) -> bool) -> Option<String> {
    let Some(own) = record.value(at, Some(path), what) else { return Some(format!("{path} has none of it")) };
    // A change is the widest of all combinations of the other keys.
    let places: Vec<At> = match what {
        What::Change(_) => record.points().into_iter().flat_map(holding).map(At::Point).collect(),
        _ => vec![at.clone()],
    };
    let all = places.iter().flat_map(|at| record.paths(&At::Run).into_iter().map(move |path| (at, path)));
    let mut values = all.filter_map(|(at, other)| Some((other, record.value(at, Some(other), what)?)));
    let over = values.find(|(_, value)| beats(own, *value) && (own - value).abs() > own.abs() * FLOAT_SHARE);
    over.map(|(other, value)| format!("{path} has {own}, {other} {value}"))
}

/// The point without one of its keys, in every way.
fn holding(point: weighbridge_record::point::Point) -> Vec<weighbridge_record::point::Point> {
    let without = |key: &String| {
        let mut held = point.clone();
        held.remove(key);
        held
    };
    point.keys().map(without).collect()
}

/// Words that the figures beside them don't carry.
fn says_nothing(claim: &Claim) -> Option<String> {
    let figures = claim.facts.iter().filter_map(|fact| match fact {
        Fact::Figure { said, value, what, .. } => Some((said, *value, what)),
        _ => None,
    });
    for (said, value, what) in figures {
        let span = [" to ", " and "].map(|word| format!("{said}{word}{said}"));
        // An interval may be as narrow as its print.
        let interval = matches!(what, What::Ratio { .. } | What::Pairs { .. } | What::Pair { .. });
        if !interval && span.iter().any(|span| claim.text.contains(span)) {
            return Some(format!("a span of nothing: {}", claim.text));
        }
        if matches!(what, What::Part { .. }) && value <= 50.0 && claim.text.contains("most of") {
            return Some(format!("{said} is not most: {}", claim.text));
        }
        if matches!(what, What::Change(_)) && value < 1.05 {
            return Some(format!("{said} is no change: {}", claim.text));
        }
    }
    None
}

/// Digits that no fact stands for. Names of percentiles have some.
fn figures_without_facts(claim: &Claim) -> Option<String> {
    let mut text = claim.text.as_str();
    let mut rest = String::new();
    for fact in &claim.facts {
        let (Fact::Figure { said, .. } | Fact::Name(said)) = fact else { continue };
        let Some((before, after)) = text.split_once(said.as_str()) else {
            return Some(format!("{said} does not stand in: {}", claim.text));
        };
        rest.push_str(before);
        text = after;
    }
    rest.push_str(text);
    for name in ["p99.99", "p99.9", "p99", "p95", "p90", "p50"] {
        rest = rest.replace(name, "");
    }
    rest.contains(|c: char| c.is_ascii_digit()).then(|| format!("a figure rests on nothing: {}", claim.text))
}
