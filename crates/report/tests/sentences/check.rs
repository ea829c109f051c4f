//! Whether a sentence follows from `result.json`, one or several.

use weighbridge_record::terms::Path;
use weighbridge_report::claim::{At, Claim, Fact, What};

/// What printed figures may be off by, beside their rounding: sums in another order.
pub const FLOAT_SHARE: f64 = 1e-9;

/// What sentences are held against.
pub trait Source {
    /// What is asked; none where it doesn't tell.
    fn value(&self, at: &At, path: Option<Path>, what: &What) -> Option<f64>;

    /// Whether it has the name of something.
    fn knows(&self, name: &str) -> bool;

    /// Why a fact that is neither figure nor name doesn't hold; none if it does.
    fn broken(&self, fact: &Fact) -> Option<String>;
}

/// Why the sentence doesn't follow; none if it does.
pub fn wrong(source: &impl Source, claim: &Claim) -> Option<String> {
    let facts = claim.facts.iter().find_map(|fact| {
        let why = fact_wrong(source, fact)?;
        Some(format!("{why}, in: {}\n  {fact:?}", claim.text))
    });
    facts.or_else(|| figures_without_facts(claim)).or_else(|| says_nothing(claim))
}

fn fact_wrong(source: &impl Source, fact: &Fact) -> Option<String> {
    match fact {
        Fact::Figure { said, value, at, path, what } => figure_wrong(source, said, *value, (at, *path, what)),
        Fact::Name(name) => (!source.knows(name)).then(|| format!("{name} is nowhere in the record")),
        other => source.broken(other),
    }
}

fn figure_wrong(
    source: &impl Source,
    said: &str,
    value: f64,
    of: (&At, Option<Path>, &What),
) -> Option<String> {
    let Some(own) = source.value(of.0, of.1, of.2) else {
        return Some(format!("{said} is not in the record"));
    };
    if !is_same(own, value) {
        return Some(format!("{said} ({value}) is {own}"));
    }
    let seconds = matches!(of.2, What::CpuPerMillion | What::BacklogAt | What::Behind);
    let Some((printed, rounding)) = parse(said, seconds) else { return Some(format!("{said} is no figure")) };
    ((printed - value).abs() > rounding * (1.0 + 1e-6)).then(|| format!("{said} is not {value}"))
}

pub fn is_same(own: f64, value: f64) -> bool {
    (own - value).abs() <= own.abs() * FLOAT_SHARE
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

/// Whether the text holds these words, and not as a part of longer numbers.
fn says(text: &str, words: &str) -> bool {
    let is_number = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + words.len()..].chars();
        let longer = match (after.next(), after.next()) {
            (Some(next), _) if next.is_ascii_digit() => true,
            (Some('.'), Some(next)) => next.is_ascii_digit(),
            _ => false,
        };
        !before.is_some_and(is_number) && !longer
    })
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
        if !interval && span.iter().any(|span| says(&claim.text, span)) {
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
