//! `report.html`: one page, one file, no address outside itself.
//!
//! Puts together what the other modules word, count and draw; the markup stands in `templates/`. All text
//! of the record passes through askama's escaping; only drawings, the style sheet and scripts made here
//! are inserted as they are.

use askama::Template;

use super::ReportError;
use super::answer::{answer, changed, of_group};
use super::capacity;
use super::certificate;
use super::charts::{self, Detail, Scope};
use super::checks;
use super::costs;
use super::doubts;
use super::errors;
use super::fairness::{self, Fairness};
use super::faults;
use super::figure_view::{FigureView, figure_view};
use super::groups;
use super::groups::Group;
use super::kept;
use super::matrix;
use super::page::Frame;
use super::pair_text;
use super::paths_table;
use super::publishers;
use super::ratios;
use super::struck;
use super::sweeps;
use super::thresholds::observed;
use weighbridge_record::format;
use weighbridge_record::result::{LatencySummary, LeftBehind, RunResult, Verdict};
use weighbridge_record::stats::interval_name;
use weighbridge_record::terms::{Path, Stage};

/// A page of this size still opens at once on a slow machine.
pub const PAGE_BYTES_MAX: usize = 3_000_000;

/// Intervals on a time axis and points with charts, finest first; the first that fits the size is taken.
const DETAILS: [(usize, usize); 6] =
    [(120, usize::MAX), (60, usize::MAX), (30, usize::MAX), (16, usize::MAX), (16, 8), (16, 2)];

/// A longer sweep has charts over time at one point only: nobody reads six of them at each of ten points.
const POINTS_IN_FULL_MAX: usize = 6;

/// Rows of series beyond which the same holds: an hour at each of six points takes too long to draw.
const SERIES_IN_FULL_MAX: usize = 20_000;

/// Banners listed before the rest are counted; a long sweep repeats its doubts at every point.
const BANNER_LINES_MAX: usize = 40;

/// A longer list of thresholds puts those that fail first; the template folds it.
const THRESHOLDS_IN_ORDER_MAX: usize = 12;

/// Renders the page, as finely as its size allows.
pub fn render(result: &RunResult) -> Result<String, ReportError> {
    let groups = capacity::shown(result);
    let mut page = String::new();
    for (intervals_max, points_charted_max) in DETAILS {
        page = render_at(result, &groups, Detail { intervals_max }, points_charted_max)?;
        if page.len() < PAGE_BYTES_MAX {
            break;
        }
    }
    Ok(page)
}

fn render_at(
    result: &RunResult,
    groups: &[Group<'_>],
    detail: Detail,
    points_charted_max: usize,
) -> Result<String, ReportError> {
    let answer = answer(result);
    let representative = sweeps::representative(groups);
    let series = groups.iter().flat_map(|group| &group.entries).map(|entry| entry.trial().series.len());
    let in_full = groups.len() <= POINTS_IN_FULL_MAX && series.sum::<usize>() <= SERIES_IN_FULL_MAX;
    let mut sections = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let scope = match index {
            index if index == representative => Scope::Every,
            index if index >= points_charted_max => Scope::None,
            _ if !in_full => Scope::PercentileCurve,
            _ => Scope::Every,
        };
        let mut section = section((group, result), index, detail, scope)?;
        section.open = index == representative;
        section.left_out = left_out(scope, &groups[representative]);
        sections.push(section);
    }
    let page = Page {
        result,
        frame: Frame::new(),
        verdict: verdict(result.verdict),
        answer: answer.sentence.text,
        qualifiers: answer.qualifiers.into_iter().map(|claim| claim.text).collect(),
        changed: changed(result).unwrap_or_default(),
        // A probe that is invalid says so in its own row.
        invalid: if capacity::is_search(result) { Vec::new() } else { invalid_trials(result) },
        capacity: capacity::rows(result),
        doubts: doubtful(groups),
        thresholds: thresholds(result),
        thresholds_held: result.thresholds.iter().filter(|outcome| outcome.passed).count(),
        swept: groups.len() > 1,
        // The probes of a search are points of a sweep as well, though only some are compared.
        sweep: sweep(result)?,
        parts: paths_table::parts(sections.iter().flat_map(|section| &section.rows)),
        sections,
        matrix: matrix::of(groups),
        fairness: fairness::sheet(result, groups),
        checks: checks::rows(&result.calibration),
        checks_verdict: checks::verdict(&result.calibration),
        errors: errors::lines(result),
        left_behind: errors::left_behind(result),
        reading: pieces(result.scenario.reading.as_deref().unwrap_or_default()),
    };
    page.render().map_err(|source| ReportError::Page { source })
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    result: &'a RunResult,
    frame: Frame,
    /// Class and word.
    verdict: (&'static str, &'static str),
    answer: String,
    qualifiers: Vec<String>,
    /// What was changed of the scenario; empty where nothing was.
    changed: String,
    invalid: Vec<String>,
    /// Empty unless the run was a search.
    capacity: Vec<capacity::Row>,
    doubts: Vec<String>,
    thresholds: Vec<ThresholdLine>,
    thresholds_held: usize,
    swept: bool,
    sweep: Sweep,
    parts: Vec<paths_table::Part>,
    sections: Vec<Section>,
    matrix: Option<matrix::Matrix>,
    fairness: Fairness,
    checks: Vec<checks::Row>,
    checks_verdict: String,
    errors: Vec<errors::Line>,
    left_behind: Vec<&'a LeftBehind>,
    /// The author's prose, cut at backticks: every second piece is code.
    reading: Vec<(bool, &'a str)>,
}

struct ThresholdLine {
    expression: String,
    place: String,
    observed: String,
    passed: bool,
    samples: String,
}

/// One row for every point, one column for every transport.
struct Sweep {
    paths: Vec<Path>,
    measure: String,
    rows: Vec<(String, Vec<(String, String)>)>,
    figures: Vec<FigureView>,
}

struct Section {
    label: String,
    answer: String,
    stage: &'static str,
    corrected: bool,
    repetitions: usize,
    /// What the intervals of so many repetitions are.
    interval_name: &'static str,
    rows: Vec<paths_table::Row>,
    /// Why figures of the table carry the sign of our own lateness.
    own_lateness: Vec<String>,
    ratios: ratios::Ratios,
    figures: Vec<FigureView>,
    faults: Vec<faults::Row>,
    kept: Vec<kept::Row>,
    publishers: Vec<publishers::Row>,
    /// What stands out of how they published.
    published: Vec<String>,
    certificates: Vec<certificate::Certificate>,
    /// Shown unfolded, among the points of a sweep.
    open: bool,
    /// Which charts are missing here, and where they are.
    left_out: String,
}

/// Text cut at backticks, with whether each piece stood between two.
fn pieces(text: &str) -> Vec<(bool, &str)> {
    text.split('`').enumerate().map(|(place, piece)| (place % 2 == 1, piece)).collect()
}

/// Class and word.
pub(super) fn verdict(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Passed => ("good", verdict.name()),
        Verdict::Failed | Verdict::Invalid => ("bad", verdict.name()),
        Verdict::Aborted => ("warn", verdict.name()),
    }
}

fn invalid_trials(result: &RunResult) -> Vec<String> {
    let lines = result.trials.iter().filter(|trial| !trial.valid).map(|trial| {
        let reasons: Vec<_> = trial
            .doubts
            .iter()
            .filter(|doubt| doubt.kind.invalidates())
            .map(|doubt| format!("{}: {}", doubt.kind.name(), doubt.detail))
            .collect();
        let reasons = if reasons.is_empty() { "no reason recorded".to_owned() } else { reasons.join("; ") };
        let path = format!("{}, repetition {}", trial.path, trial.repetition);
        format!("{}: {reasons}", trial.point.place(path))
    });
    limited(lines.collect())
}

/// Doubts that don't invalidate.
fn doubtful(groups: &[Group<'_>]) -> Vec<String> {
    let lines = doubts::lines(groups).into_iter().filter(|line| !line.kind.invalidates());
    limited(lines.map(|line| format!("{}: {} ({})", line.kind.name(), line.detail, line.places)).collect())
}

fn limited(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(BANNER_LINES_MAX);
    lines.truncate(BANNER_LINES_MAX);
    if more > 0 {
        lines.push(format!("and {more} more in result.json"));
    }
    lines
}

fn thresholds(result: &RunResult) -> Vec<ThresholdLine> {
    let lines = result.thresholds.iter().map(|outcome| ThresholdLine {
        expression: outcome.expression.clone(),
        place: match outcome.point.label() {
            label if label.is_empty() => outcome.path.to_string(),
            label => format!("{} at {label}", outcome.path),
        },
        observed: observed(outcome),
        passed: outcome.passed,
        samples: format::count(outcome.samples),
    });
    let mut lines: Vec<_> = lines.collect();
    if lines.len() > THRESHOLDS_IN_ORDER_MAX {
        lines.sort_by_key(|line| line.passed);
    }
    lines
}

fn sweep(result: &RunResult) -> Result<Sweep, ReportError> {
    let groups = &groups::groups(result);
    let mut paths: Vec<Path> =
        groups.iter().flat_map(|group| &group.entries).map(|entry| entry.path).collect();
    paths.sort_unstable();
    paths.dedup();
    let stage = Stage::ANSWER.name();
    let cell = |group: &Group<'_>, path: &Path| {
        let entry = group.entries.iter().find(|entry| entry.path == *path);
        let figure = |path: &str| entry.and_then(|entry| entry.figure(path));
        let path = Stage::ANSWER.figure("p99");
        let p99 = figure(&path);
        let ours = entry.is_some_and(|entry| entry.own_lateness(&path).is_some());
        let sign = if ours { "*" } else { "" };
        let rate = figure("rates.completed_per_s");
        let invalid = entry.is_some_and(|entry| !sweeps::has_valid(entry));
        let remark = if invalid { " invalid" } else { "" };
        (
            p99.map_or(String::new(), |p99| format::latency(p99.median) + sign),
            rate.map_or(String::new(), |rate| format::rate(rate.median)) + remark,
        )
    };
    let rows =
        groups.iter().map(|group| (group.label(), paths.iter().map(|path| cell(group, path)).collect()));
    let figures: Result<Vec<_>, _> = charts::draw_sweep(groups, &result.searches)?
        .into_iter()
        .map(|figure| figure_view(figure, "all"))
        .collect();
    Ok(Sweep {
        rows: rows.collect(),
        measure: format!(
            "p99 {stage}, and completed rate below it; * where our own lateness is more than a tenth of it"
        ),
        figures: figures?,
        paths,
    })
}

fn left_out(scope: Scope, representative: &Group<'_>) -> String {
    let place = || representative.label();
    match scope {
        Scope::Every => String::new(),
        Scope::PercentileCurve => format!(
            "Rates, backlog, send lag and resources are drawn for {} only, the point that stands open.",
            place()
        ),
        Scope::None => {
            "Charts of this point are left out to keep the page small; result.json has its data.".to_owned()
        }
    }
}

fn section(
    (group, result): (&Group<'_>, &RunResult),
    index: usize,
    detail: Detail,
    scope: Scope,
) -> Result<Section, ReportError> {
    let figures = charts::draw_all(group, detail, scope)?;
    let place = index.to_string();
    let figures: Result<Vec<_>, _> = figures.into_iter().map(|figure| figure_view(figure, &place)).collect();
    Ok(Section {
        label: group.label(),
        answer: of_group(group).text,
        stage: Stage::ANSWER.name(),
        corrected: group.scheduled(),
        repetitions: group.repetitions(),
        interval_name: interval_name(group.repetitions()),
        rows: paths_table::rows(group),
        own_lateness: paths_table::own_lateness_lines(group, &LatencySummary::STATISTICS),
        ratios: ratios::section(group),
        figures: figures?,
        faults: faults::rows(group),
        certificates: certificate::of(group, result),
        kept: if struck::is_struck(group) { kept::rows(group) } else { Vec::new() },
        publishers: publishers::rows(group),
        published: publishers::sentences(group).into_iter().map(|claim| claim.text).collect(),
        open: false,
        left_out: String::new(),
    })
}

#[cfg(test)]
mod tests;
