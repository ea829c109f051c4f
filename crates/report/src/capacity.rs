//! What a search found, in words: the answer, a row for each transport, every probe with its reasons.

use super::groups::{Entry, Group, groups};
use super::promises::differing_promises;
use super::thresholds::figure;
use weighbridge_record::format;
use weighbridge_record::own_lateness::in_statistic;
use weighbridge_record::point::Point;
use weighbridge_record::result::{Probe, Reason, RunResult, SearchOutcome, SearchRecord, Trial, Verdict};
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
pub fn sentence(result: &RunResult) -> String {
    let mut searches: Vec<&SearchRecord> = result.searches.iter().collect();
    searches.sort_by(|a, b| b.rate_per_s.unwrap_or(0.0).total_cmp(&a.rate_per_s.unwrap_or(0.0)));
    // The floor does not compete.
    searches.sort_by_key(|search| search.path.is_floor());
    let mut parts: Vec<String> = searches.iter().map(|search| found(search, result)).collect();
    if result.verdict == Verdict::Aborted {
        parts.push("the run was stopped before its end".to_owned());
    }
    format!("{}.", parts.join("; "))
}

/// `nats-core sustains 128 000/s`: the highest rate found, in a few words.
pub(super) fn headline(result: &RunResult) -> String {
    let competing = |search: &&SearchRecord| !search.path.is_floor() || result.searches.len() == 1;
    let rate = |search: &SearchRecord| search.rate_per_s.map(|rate_per_s| (search.path, rate_per_s));
    let best = result.searches.iter().filter(competing).filter_map(rate).max_by(|a, b| a.1.total_cmp(&b.1));
    match best {
        Some((path, rate_per_s)) => format!("{path} sustains {}", format::rate(rate_per_s)),
        None => "no rate confirmed".to_owned(),
    }
}

fn found(search: &SearchRecord, result: &RunResult) -> String {
    let path = search.path;
    let from = format::rate(search.from_per_s);
    let Some(rate_per_s) = search.rate_per_s else {
        return match search.outcome {
            SearchOutcome::InstrumentLimited => {
                format!("nothing is known of {path}: the measurement at its lowest rate is invalid")
            }
            SearchOutcome::Stopped => format!("the search of {path} did not come to its end"),
            _ if search.low_per_s.is_none() && search.high_per_s == Some(search.from_per_s) => {
                format!("{path} does not sustain even {from}")
            }
            _ => format!("no rate of {path} was confirmed"),
        };
    };
    let rate = format::rate(rate_per_s);
    let p99 = match search.confirming().and_then(|probe| vouched_p99(result.trials.get(probe.trial)?)) {
        Some(ns) => format!(" (p99 {} {})", Stage::ANSWER.name(), format::latency_ns(ns)),
        None => String::new(),
    };
    match search.outcome {
        SearchOutcome::AtLeast => {
            format!("{path} sustains at least {rate}{p99}, the highest rate tried")
        }
        SearchOutcome::InstrumentLimited => {
            format!("{path} sustains at least {rate}{p99}, above which the instrument gave out")
        }
        _ => format!("{path} sustains {rate}{p99}"),
    }
}

/// What must be known to read the answer of a search rightly.
pub fn qualifiers(result: &RunResult) -> Vec<String> {
    let mut said = Vec::new();
    let limited = |search: &&SearchRecord| search.outcome == SearchOutcome::InstrumentLimited;
    let limited: Vec<_> = result.searches.iter().filter(limited).map(|search| search.path.name()).collect();
    if !limited.is_empty() {
        said.push(format!(
            "Limited by the instrument, not by the path: {}. The path may sustain more.",
            limited.join(", ")
        ));
    }
    said.extend(differing_promises(&shown(result)));
    if result.searches.iter().filter(|search| search.rate_per_s.is_some()).count() > 1 {
        said.push(
            "The transports were searched one after the other and each rate confirmed twice: brackets that \
             overlap are not told apart, and a drift of the machine may favour one."
                .to_owned(),
        );
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
        let trial = result.trials.get(search.confirming()?.trial)?;
        let trials = vec![trial];
        Some(Entry::new(search.path, trials.clone(), trials, None))
    };
    let mut entries: Vec<Entry<'_>> = result.searches.iter().filter_map(entry).collect();
    entries.sort_by_key(|entry| entry.path);
    if entries.is_empty() {
        return Vec::new();
    }
    vec![Group { point: &NO_POINT, entries, ratios: Vec::new() }]
}

/// A row for each transport, in the order in which they were searched.
pub fn rows(result: &RunResult) -> Vec<Row> {
    result.searches.iter().map(|search| row(search, result)).collect()
}

fn row(search: &SearchRecord, result: &RunResult) -> Row {
    let bound = match search.outcome {
        SearchOutcome::AtLeast | SearchOutcome::InstrumentLimited => "≥ ",
        _ => "",
    };
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
        p99: p99_at(search.confirming(), result),
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
    let sign = if vouched_p99(trial).is_none() { "*" } else { "" };
    format!("{}{sign}", format::latency_ns(ns))
}

/// Unless it is the instrument's own lateness.
fn vouched_p99(trial: &Trial) -> Option<u64> {
    p99(trial).filter(|_| in_statistic(&trial.latency_ns, Stage::ANSWER, "p99").is_none())
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
