//! Runs of one scenario in the order of time: which of them belong on one line, and what is drawn of them.
//!
//! A line joins only runs that put the same load on the same kind of machine. What differs splits it.

use std::collections::{BTreeMap, BTreeSet};

use super::record::{Measured, Record};
use super::runs::Run;
use crate::ReportError;
use crate::charts::trend::{Measure, Reading, Series, Trend, draw};
use crate::figure_view::{FigureView, figure_view};
use weighbridge_record::compare::load_facts;
use weighbridge_record::point::Point;
use weighbridge_record::terms::{Path, Stage};

/// Newest runs on one line; older ones are in the table above.
const RUNS_DRAWN_MAX: usize = 60;
/// Differing keys named in a heading.
const KEYS_NAMED_MAX: usize = 6;

/// The runs of one scenario under one load.
pub struct TrendView {
    pub scenario: String,
    pub load: String,
    pub note: String,
    pub figures: Vec<FigureView>,
}

type Facts = BTreeMap<String, String>;

/// Runs that belong on one line, oldest first.
struct Line<'a> {
    scenario: &'a str,
    facts: Facts,
    runs: Vec<(&'a Run, &'a Record)>,
}

/// A view for every scenario and load with at least two runs, the most recently run first, and in words which
/// runs have none.
pub fn views(runs: &[Run], views_max: usize) -> Result<(Vec<TrendView>, Vec<String>), ReportError> {
    let lines = lines(runs);
    let drawn: Vec<&Line<'_>> = lines.iter().filter(|line| line.runs.len() > 1).collect();
    let mut notes = notes(runs, &lines);
    if drawn.len() > views_max {
        notes.push(format!("{} more trends are left out to keep the page small.", drawn.len() - views_max));
    }
    let mut views = Vec::new();
    for (index, line) in drawn.into_iter().take(views_max).enumerate() {
        views.push(view(line, &lines, index)?);
    }
    Ok((views, notes))
}

fn lines(runs: &[Run]) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    // Newest first, so that the lines come in the order of their newest runs.
    for run in runs {
        let Ok(record) = &run.record else { continue };
        // A copy of a run is no second measurement.
        if record.is_search() || !seen.insert(&record.run_id) {
            continue;
        }
        let (scenario, facts) = (record.scenario.name.as_str(), facts(record));
        match lines.iter_mut().find(|line| line.scenario == scenario && line.facts == facts) {
            Some(line) => line.runs.push((run, record)),
            None => lines.push(Line { scenario, facts, runs: vec![(run, record)] }),
        }
    }
    for line in &mut lines {
        line.runs.reverse();
    }
    lines
}

/// The load, key by key, and the machine.
fn facts(record: &Record) -> Facts {
    let mut facts = load_facts(&record.scenario.source);
    let machine = &record.environment;
    facts.insert("machine.cpu_model".to_owned(), machine.cpu_model.clone());
    facts.insert("machine.cores".to_owned(), machine.cores.to_string());
    facts.insert("machine.build_profile".to_owned(), machine.build_profile.clone());
    facts
}

fn notes(runs: &[Run], lines: &[Line<'_>]) -> Vec<String> {
    let mut notes = Vec::new();
    let searches = runs.iter().filter(|run| run.record.as_ref().is_ok_and(Record::is_search)).count();
    if searches > 0 {
        notes.push("Searches choose their rates themselves, so they are in no trend.".to_owned());
    }
    let single = |line: &&Line<'_>| {
        line.runs.len() == 1
            && lines.iter().any(|other| other.scenario == line.scenario && other.facts != line.facts)
    };
    let mut alone: Vec<&str> = lines.iter().filter(single).map(|line| line.scenario).collect();
    let count = alone.len();
    alone.sort_unstable();
    alone.dedup();
    if count > 0 {
        notes.push(format!(
            "{count} run{} of {} put a load, or ran on a machine, that no other run of the scenario has: in no trend.",
            if count == 1 { "" } else { "s" },
            alone.join(", ")
        ));
    }
    notes
}

fn view(line: &Line<'_>, all: &[Line<'_>], index: usize) -> Result<TrendView, ReportError> {
    let drawn = &line.runs[line.runs.len().saturating_sub(RUNS_DRAWN_MAX)..];
    let stage = Stage::ANSWER;
    let mut figures = Vec::new();
    for measure in [Measure::P99(stage), Measure::CompletedRate] {
        if let Some(figure) = draw(&trend(drawn, measure))? {
            figures.push(figure_view(figure, &index.to_string())?);
        }
    }
    Ok(TrendView {
        scenario: line.scenario.to_owned(),
        load: load(line, all),
        note: note(line, drawn.len()),
        figures,
    })
}

fn trend(runs: &[(&Run, &Record)], measure: Measure) -> Trend {
    let mut points: Vec<&Point> = Vec::new();
    for trial in runs.iter().flat_map(|(_, record)| &record.trials) {
        if !points.contains(&&trial.point) {
            points.push(&trial.point);
        }
    }
    let reading = |record: &Record, point: &Point, path| {
        let measured = match measure {
            Measure::P99(_) => record.p99_ns(point, path),
            Measure::CompletedRate => record.completed_per_s(point, path),
        };
        measured.map(|Measured { value, valid }| Reading { value, valid })
    };
    let series = |point: &Point| {
        let of = |path| Series {
            path,
            values: runs.iter().map(|(_, record)| reading(record, point, path)).collect(),
        };
        let measured = |series: &Series| series.values.iter().any(Option::is_some);
        Path::all().map(of).filter(measured).collect::<Vec<_>>()
    };
    Trend {
        measure,
        runs: runs.iter().map(|(run, _)| label(run)).collect(),
        places: points.into_iter().map(|point| (point.label(), series(point))).collect(),
    }
}

fn label(run: &Run) -> String {
    run.began.map_or_else(|| run.folder.clone(), |began| began.strftime("%Y-%m-%d %H:%M").to_string())
}

/// What was offered; where the scenario also ran otherwise, the keys that tell the loads apart.
fn load(line: &Line<'_>, all: &[Line<'_>]) -> String {
    let others: Vec<&Line<'_>> =
        all.iter().filter(|other| other.scenario == line.scenario && other.facts != line.facts).collect();
    let differs = |key: &&String| others.iter().any(|other| other.facts.get(*key) != line.facts.get(*key));
    let keys = line.facts.iter().filter(|(key, _)| differs(key));
    let mut parts: Vec<String> = keys.map(|(key, value)| format!("{key} = {value}")).collect();
    if parts.len() > KEYS_NAMED_MAX {
        parts.truncate(KEYS_NAMED_MAX);
        parts.push("…".to_owned());
    }
    // Every line has a run.
    let offered = line.runs.last().map_or("", |(_, record)| record.scenario.offered.as_str());
    std::iter::once(offered.to_owned()).chain(parts).collect::<Vec<_>>().join("; ")
}

fn note(line: &Line<'_>, drawn: usize) -> String {
    let mut text = format!("{} runs of the same load on the same kind of machine.", line.runs.len());
    if drawn < line.runs.len() {
        text.push_str(&format!(" The newest {drawn} are drawn."));
    }
    text
}
