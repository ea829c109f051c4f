//! What a search found, in words: the answer, a row for each transport, every probe with its reasons.

use super::claim::{At, Claim, What, of};
use super::groups::{Entry, Group, groups};
use super::promises::{differing_management, differing_promises};
use super::thresholds::figure;
use weighbridge_record::format;
use weighbridge_record::own_lateness::in_statistic;
use weighbridge_record::places::competing;
use weighbridge_record::point::Point;
use weighbridge_record::result::{Probe, Reason, RunResult, SearchOutcome, SearchRecord, Trial, Verdict};
use weighbridge_record::stats::range;
use weighbridge_record::terms::{Path, Stage};

/// One transport of a search.
pub struct Row {
    pub path: Path,
    /// `128 000/s`, with a sign in front where it is a lower bound; blank where there is no rate.
    pub rate: String,
    /// `128 000 to 139 000/s`.
    pub bracket: String,
    /// At the rate.
    pub p99: String,
    /// What failed first above the rate, in two words.
    pub limit: String,
    /// The same with its figures.
    pub limit_detail: String,
    pub probes: Vec<ProbeRow>,
}

/// One rate tried.
pub struct ProbeRow {
    pub rate: String,
    pub confirmation: bool,
    /// Which time it was asked in a row, from 1.
    pub asked: u32,
    pub passed: bool,
    pub p99: String,
    pub reasons: String,
    /// Place of the trial in the order of the run.
    pub order: u32,
}

/// Whether the record is that of a search.
pub fn is_search(result: &RunResult) -> bool {
    !result.searches.is_empty()
}

/// The answer of a search, in place of a ranking at one rate.
pub fn sentence(result: &RunResult) -> Claim {
    let mut searches: Vec<&SearchRecord> = result.searches.iter().collect();
    searches.sort_by(|a, b| b.rate_per_s.unwrap_or(0.0).total_cmp(&a.rate_per_s.unwrap_or(0.0)));
    // The floor does not compete.
    searches.sort_by_key(|search| search.path.is_floor());
    let confirmed = shown(result);
    let mut parts: Vec<Claim> = searches.iter().map(|search| found(search, &confirmed)).collect();
    if result.verdict == Verdict::Aborted {
        parts.push(Claim::words("the run was stopped before its end"));
    }
    Claim::join(parts, "; ").say(".")
}

/// `nats-core sustains 128 000/s`: the highest rate found, in a few words.
pub(super) fn headline(result: &RunResult) -> Claim {
    let competing = competing(&result.searches, |search| search.path).into_iter();
    let found = competing.filter(|search| search.rate_per_s.is_some());
    let best = found.max_by(|a, b| a.rate_per_s.unwrap_or(0.0).total_cmp(&b.rate_per_s.unwrap_or(0.0)));
    let Some((search, rate_per_s)) = best.and_then(|search| Some((search, search.rate_per_s?))) else {
        return Claim::words("no rate confirmed");
    };
    let bound = if is_bound(search) { " at least" } else { "" };
    let claim = Claim::words(format!("{} sustains{bound} ", search.path));
    claim.and(searched(search.path, "rate_per_s", rate_per_s))
}

/// A rate of a search, by its name in `result.json`.
fn searched(path: Path, field: &'static str, per_s: f64) -> Claim {
    Claim::default().figure(format::rate(per_s), per_s, of(&At::Run, path, What::Searched(field)))
}

/// Whether no higher rate was shown to be too much for the path.
fn is_bound(search: &SearchRecord) -> bool {
    matches!(search.outcome, SearchOutcome::AtLeast | SearchOutcome::InstrumentLimited)
}

fn found(search: &SearchRecord, confirmed: &[Group<'_>]) -> Claim {
    let path = search.path;
    let Some(rate_per_s) = search.rate_per_s else {
        return match search.outcome {
            SearchOutcome::InstrumentLimited => Claim::words(format!(
                "nothing is known of {path}: the measurement at its lowest rate is invalid"
            )),
            SearchOutcome::Stopped => Claim::words(format!("the search of {path} did not come to its end")),
            _ if search.low_per_s.is_none() && search.high_per_s == Some(search.from_per_s) => {
                let claim = Claim::words(format!("{path} does not sustain even "));
                claim.and(searched(path, "from_per_s", search.from_per_s))
            }
            _ => Claim::words(format!("no rate of {path} was confirmed")),
        };
    };
    let (bound, why) = match search.outcome {
        SearchOutcome::AtLeast => (" at least", ", the highest rate tried"),
        SearchOutcome::InstrumentLimited => (" at least", ", above which the instrument gave out"),
        _ => ("", ""),
    };
    let claim =
        Claim::words(format!("{path} sustains{bound} ")).and(searched(path, "rate_per_s", rate_per_s));
    match entry_of(confirmed, path).and_then(p99_of_confirmations) {
        Some(p99) => claim.say(format!(" (p99 {} ", Stage::ANSWER.name())).and(p99).say(")").say(why),
        None => claim.say(why),
    }
}

/// The median over the confirmations, with the smallest and the largest where there are several; none where one of
/// them is the instrument's own lateness.
fn p99_of_confirmations(entry: &Entry<'_>) -> Option<Claim> {
    let figure = p99_path();
    let median = entry.vouched(&figure)?.median;
    let print = |ns: f64, what: What| {
        Claim::default().figure(format::latency(ns), ns, of(&At::Confirmed, entry.path, what))
    };
    let claim = print(median, What::Median(figure.clone()));
    let (low, high) = range(&entry.each(&figure)?);
    if low == high {
        return Some(claim);
    }
    let (low, high) = (print(low, What::Smallest(figure.clone())), print(high, What::Largest(figure)));
    Some(claim.say(", ").and(low).say(" to ").and(high).say(" over its confirmations"))
}

/// What must be known to read the answer of a search rightly.
pub fn qualifiers(result: &RunResult) -> Vec<Claim> {
    let mut said = Vec::new();
    let limited = |search: &&SearchRecord| search.outcome == SearchOutcome::InstrumentLimited;
    let limited: Vec<_> = result.searches.iter().filter(limited).map(|search| search.path.name()).collect();
    if !limited.is_empty() {
        said.push(Claim::words(format!(
            "Limited by the instrument, not by the path: {}. The path may sustain more.",
            limited.join(", ")
        )));
    }
    let shown = shown(result);
    said.extend(differing_promises(&shown).map(Claim::words));
    said.extend(differing_management(&shown));
    if result.searches.iter().filter(|search| search.rate_per_s.is_some()).count() > 1 {
        said.push(Claim::words(
            "The transports were searched one after the other and each rate confirmed twice: brackets that \
             overlap are not told apart, and a drift of the machine may favour one.",
        ));
    }
    said
}

/// The groups that a reader compares: those of the run, or of a search one with each transport at the rate
/// that it sustains. Probes are no measurements of the transports, but of the way to that rate.
pub fn shown(result: &RunResult) -> Vec<Group<'_>> {
    static NO_POINT: Point = Point::new();
    if !is_search(result) {
        return groups(result);
    }
    let entry = |search: &SearchRecord| {
        let trials: Vec<&Trial> =
            search.confirmations().filter_map(|probe| result.trials.get(probe.trial)).collect();
        (!trials.is_empty()).then(|| Entry::new(search.path, trials.clone(), trials, None))
    };
    let mut entries: Vec<Entry<'_>> = result.searches.iter().filter_map(entry).collect();
    entries.sort_by_key(|entry| entry.path);
    if entries.is_empty() {
        return Vec::new();
    }
    vec![Group { point: &NO_POINT, at: At::Confirmed, entries, ratios: Vec::new() }]
}

/// A row for each transport, in the order in which they were searched.
pub fn rows(result: &RunResult) -> Vec<Row> {
    let confirmed = shown(result);
    result.searches.iter().map(|search| row(search, result, &confirmed)).collect()
}

fn row(search: &SearchRecord, result: &RunResult, confirmed: &[Group<'_>]) -> Row {
    let bound = if is_bound(search) { "≥ " } else { "" };
    let rate = search.rate_per_s.map(|rate_per_s| format!("{bound}{}", format::rate(rate_per_s)));
    let bracket = match (search.low_per_s, search.high_per_s) {
        (Some(low), Some(high)) => format!("{} to {}", format::number(low), format::rate(high)),
        (Some(low), None) => format!("from {}", format::rate(low)),
        (None, Some(high)) => format!("under {}", format::rate(high)),
        (None, None) => String::new(),
    };
    let limiting = search.limiting();
    let first = limiting.and_then(|probe| probe.reasons.first());
    Row {
        path: search.path,
        rate: rate.unwrap_or_default(),
        bracket,
        p99: p99_confirmed(search.path, confirmed),
        limit: first.map_or_else(|| "nothing".to_owned(), name),
        limit_detail: limiting.map_or_else(
            || format!("nothing failed up to {}", search.low_per_s.map_or_else(String::new, format::rate)),
            |probe| format!("at {}: {}", format::rate(probe.rate_per_s), reasons(probe)),
        ),
        probes: search.probes.iter().map(|probe| probe_row(probe, result)).collect(),
    }
}

fn probe_row(probe: &Probe, result: &RunResult) -> ProbeRow {
    ProbeRow {
        rate: format::rate(probe.rate_per_s),
        confirmation: probe.confirmation,
        asked: probe.asked,
        passed: probe.passed,
        p99: p99_at(Some(probe), result),
        reasons: reasons(probe),
        order: result.trials.get(probe.trial).map_or(0, |trial| trial.order),
    }
}

/// `nats-core  128 000/s  sustained (p99 2.10 ms)`: what is said when a probe has ended.
pub fn probe_line(probe: &Probe, trial: &Trial) -> String {
    let rate = format::rate(probe.rate_per_s);
    let what = match (probe.confirmation, probe.passed) {
        (false, true) => "sustained",
        (true, true) => "confirmed",
        (false, false) => "not sustained",
        (true, false) => "not confirmed",
    };
    let why = if probe.passed {
        let p99 = p99(trial).map_or_else(|| "-".to_owned(), format::latency_ns);
        format!(" (p99 {p99})")
    } else {
        format!(": {}", reasons(probe))
    };
    format!("{:<14}  {rate:>11}  {what}{why}", trial.path.name())
}

fn p99_at(probe: Option<&Probe>, result: &RunResult) -> String {
    let trial = probe.and_then(|probe| result.trials.get(probe.trial));
    let Some((trial, ns)) = trial.and_then(|trial| Some((trial, p99(trial)?))) else { return String::new() };
    let ours = in_statistic(&trial.latency_ns, Stage::ANSWER, "p99").is_some();
    let sign = if ours { "*" } else { "" };
    format!("{}{sign}", format::latency_ns(ns))
}

/// The median over the confirmations, with a sign where it has the instrument's own lateness in it.
fn p99_confirmed(path: Path, confirmed: &[Group<'_>]) -> String {
    let Some((entry, p99)) =
        entry_of(confirmed, path).and_then(|entry| Some((entry, entry.figure(&p99_path())?)))
    else {
        return String::new();
    };
    let sign = if entry.vouched(&p99_path()).is_none() { "*" } else { "" };
    format!("{}{sign}", format::latency(p99.median))
}

fn entry_of<'g, 'a>(confirmed: &'g [Group<'a>], path: Path) -> Option<&'g Entry<'a>> {
    confirmed.iter().flat_map(|group| &group.entries).find(|entry| entry.path == path)
}

/// Of the answering latency.
fn p99_path() -> String {
    Stage::ANSWER.figure("p99")
}

/// Of the answering latency.
fn p99(trial: &Trial) -> Option<u64> {
    trial.latency_ns.get(Stage::ANSWER)?.p99
}

fn reasons(probe: &Probe) -> String {
    probe.reasons.iter().map(reason).collect::<Vec<_>>().join("; ")
}

/// A reason with its figures.
pub fn reason(reason: &Reason) -> String {
    let of = |count: u64, attempted: u64| format!("{} of {}", format::count(count), format::count(attempted));
    match reason {
        Reason::Threshold { expression, observed, samples } => {
            let (metric, condition) = expression.split_once(' ').unwrap_or((expression, ""));
            let observed = figure(expression, *observed, *samples);
            format!("{metric} not {condition}, observed {observed}")
        }
        Reason::Lost { lost, attempted } => format!("{} requests lost", of(*lost, *attempted)),
        Reason::Unsent { unsent, attempted } => format!("{} requests shed", of(*unsent, *attempted)),
        Reason::Rejected { rejected, attempted } => format!("{} requests refused", of(*rejected, *attempted)),
        Reason::BacklogGrows(growth) => format!(
            "the backlog grows by {} requests a second (95 % interval {} to {})",
            format::number(growth.slope_per_s),
            format::number(growth.slope_low_per_s),
            format::number(growth.slope_high_per_s)
        ),
        Reason::Instrument { doubt } => format!("invalid, {}: {}", doubt.kind.name(), doubt.detail),
    }
}

/// A reason in two words.
fn name(reason: &Reason) -> String {
    match reason {
        Reason::Threshold { expression, .. } => {
            expression.split_whitespace().next().unwrap_or_default().to_owned()
        }
        Reason::Lost { .. } => "requests lost".to_owned(),
        Reason::Unsent { .. } => "requests shed".to_owned(),
        Reason::Rejected { .. } => "requests refused".to_owned(),
        Reason::BacklogGrows(_) => "backlog grows".to_owned(),
        Reason::Instrument { .. } => "the instrument".to_owned(),
    }
}

#[cfg(test)]
mod tests;
