//! Runs of one scenario in the order of time: which of them belong on one line, and what is drawn of them.
//!
//! A line joins only runs that put the same load on the same kind of machine. What differs splits it.

use std::collections::{BTreeMap, BTreeSet};

use super::record::{Measured, Record};
use super::runs::Run;
use crate::ReportError;
use crate::charts::trend::{Measure, Reading, Series, Trend, draw};
use crate::claim::{At, Claim, What, of_all};
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
    pub note: Claim,
    pub figures: Vec<FigureView>,
}

type Facts = BTreeMap<String, String>;

/// Runs that belong on one line, oldest first.
struct Line<'a> {
    scenario: &'a str,
    facts: Facts,
    runs: Vec<(&'a Run, &'a Record)>,
}

/// The trends of a folder.
pub struct Trends {
    /// One for every scenario and load with at least two runs, the most recently run first.
    pub views: Vec<TrendView>,
    /// How many there are, drawn or not.
    pub all: usize,
    /// Which runs have none, in words.
    notes: Vec<Claim>,
}

impl Trends {
    /// Those of the folder's runs, newest first; at most so many views.
    pub fn of(runs: &[Run], views_max: usize) -> Result<Self, ReportError> {
        let lines = lines(runs);
        let several: Vec<&Line<'_>> = lines.iter().filter(|line| line.runs.len() > 1).collect();
        let all = several.len();
        let mut views = Vec::new();
        for (index, line) in several.into_iter().take(views_max).enumerate() {
            views.push(view(line, &lines, index)?);
        }
        Ok(Self { views, all, notes: notes(runs, &lines) })
    }

    /// What is not drawn, and why, where so many are.
    pub fn notes(&self, drawn: usize) -> Vec<Claim> {
        let mut notes = self.notes.clone();
        let left_out = self.all - drawn;
        if left_out > 0 {
            let claim = count(left_out, What::Lines { drawn });
            notes.push(claim.say(" more trends are left out to keep the page small."));
        }
        notes
    }
}

/// A count over the folder.
fn count(count: usize, what: What) -> Claim {
    Claim::count(count, of_all(&At::Run, what))
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

fn notes(runs: &[Run], lines: &[Line<'_>]) -> Vec<Claim> {
    let mut notes = Vec::new();
    let searches = runs.iter().filter(|run| run.record.as_ref().is_ok_and(Record::is_search)).count();
    if searches > 0 {
        notes.push(Claim::words("Searches choose their rates themselves, so they are in no trend."));
    }
    let single = |line: &&Line<'_>| {
        line.runs.len() == 1
            && lines.iter().any(|other| other.scenario == line.scenario && other.facts != line.facts)
    };
    let mut alone: Vec<&str> = lines.iter().filter(single).map(|line| line.scenario).collect();
    let alone_count = alone.len();
    alone.sort_unstable();
    alone.dedup();
    if alone_count > 0 {
        let runs = if alone_count == 1 { " run of " } else { " runs of " };
        let names = alone.into_iter().map(|name| Claim::default().name(name.to_owned()));
        notes.push(
            count(alone_count, What::RunsAlone)
                .say(runs)
                .and(Claim::join(names, ", "))
                .say(" put a load, or ran on a machine, that no other run of the scenario has: in no trend."),
        );
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
        newest: newest(runs),
        runs: runs.iter().map(|(run, _)| label(run)).collect(),
        places: points.into_iter().map(|point| (point.clone(), series(point))).collect(),
    }
}

/// Id of the newest run of a line.
fn newest(runs: &[(&Run, &Record)]) -> String {
    // Every line has a run.
    runs.last().map_or_else(String::new, |(_, record)| record.run_id.clone())
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

fn note(line: &Line<'_>, drawn: usize) -> Claim {
    let at = At::Line { newest: newest(&line.runs), point: Point::new() };
    let count = |count: usize, drawn: bool| Claim::count(count, of_all(&at, What::RunsOfLine { drawn }));
    let claim = count(line.runs.len(), false).say(" runs of the same load on the same kind of machine.");
    if drawn == line.runs.len() {
        return claim;
    }
    claim.say(" The newest ").and(count(drawn, true)).say(" are drawn.")
}
