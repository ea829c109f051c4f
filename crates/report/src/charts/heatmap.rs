//! Heatmap of latency over time, a drawing for each transport, with the maximum as a line.

use super::axis::Axis;
use super::figure::{Detail, Figure, Panel};
use super::palette::{HEAT_LEVELS, Role};
use super::plot::{Cell, Size};
use super::time::{self, TimeChart, TimeSeries, Timeline};
use super::whose::whose;
use crate::ReportError;
use crate::claim::{Claim, Fact, What, of};
use crate::groups::{Entry, Group};
use crate::interval_latency::Samples;
use weighbridge_record::format;
use weighbridge_record::own_lateness::in_figure;
use weighbridge_record::terms::{Path, Stage};

/// Rows of cells.
const ROWS: usize = 40;
/// Of the height of all rows, left free above them for the names of phases and faults.
const HEADROOM: f64 = 0.15;

struct Map {
    path: Path,
    columns: Vec<Samples>,
}

pub fn draw(group: &Group<'_>, detail: Detail) -> Result<Option<Figure>, ReportError> {
    let Some(timeline) = Timeline::of(group, detail) else { return Ok(None) };
    let mut maps = Vec::new();
    for entry in &group.entries {
        maps.extend(map(&timeline, entry)?);
    }
    let columns = || maps.iter().flat_map(|map| &map.columns);
    let low = columns().filter_map(Samples::min).min();
    let (Some(low), Some(high)) = (low, columns().filter_map(Samples::max).max()) else { return Ok(None) };
    let rows = Rows { low: low.max(1) as f64, high: (high as f64 * 1.01).max(low as f64 + 1.0) };
    let most = columns().flat_map(|column| rows.counts(column)).max().unwrap_or(1);
    let mut panels = Vec::new();
    for map in &maps {
        let title = format!("{}, log scale", Stage::ANSWER.name());
        let chart = TimeChart {
            size: Size::Small,
            y: Axis::latency_log(&title, rows.low, rows.high * (rows.high / rows.low).powf(HEADROOM)),
            print: format::latency,
            series: &series(map),
            cells: cells(&timeline, map, &rows, most),
        };
        panels.push(Panel { title: map.path.name().to_owned(), drawing: timeline.draw(chart)? });
    }
    Ok(Some(Figure {
        id: "",
        title: "Latency over time",
        takeaway: takeaway(group),
        note: format!(
            "By intended time; the stronger the colour, the more requests, on a log scale from 1 to {} in a cell. Only the first counted repetition is drawn. {}",
            format::count(most),
            time::note_of_bands(group)
        ),
        paths: Vec::new(),
        kinds: vec![("heat h1", "few"), ("heat h6", "many"), ("max-line", "maximum")],
        layout: time::LAYOUT,
        panels,
        tables: Vec::new(),
    }))
}

fn map(timeline: &Timeline, entry: &Entry<'_>) -> Result<Option<Map>, ReportError> {
    let columns = timeline.latencies(entry)?;
    let filled = columns.iter().any(|column| column.count() > 0);
    Ok(filled.then_some(Map { path: entry.path, columns }))
}

/// Rows of equal height on a log axis.
struct Rows {
    low: f64,
    high: f64,
}

impl Rows {
    fn edge(&self, row: usize) -> f64 {
        self.low * (self.high / self.low).powf(row as f64 / ROWS as f64)
    }

    fn counts(&self, column: &Samples) -> [u64; ROWS] {
        let mut counts = [0; ROWS];
        let per_row = (self.high / self.low).ln() / ROWS as f64;
        for (value, count) in column.values() {
            let row = ((*value as f64 / self.low).ln() / per_row).max(0.0) as usize;
            counts[row.min(ROWS - 1)] += count;
        }
        counts
    }
}

/// Filled cells, shade by shade, because a shade is one path on the page.
fn cells(timeline: &Timeline, map: &Map, rows: &Rows, most: u64) -> Vec<Cell> {
    let mut cells: Vec<(u8, Cell)> = Vec::new();
    for (index, column) in map.columns.iter().enumerate() {
        for (row, count) in rows.counts(column).into_iter().enumerate().filter(|(_, count)| *count > 0) {
            let level = level(count, most);
            let role = Role::Heat(map.path, level);
            let cell = Cell { x: timeline.edges(index), y: (rows.edge(row), rows.edge(row + 1)), role };
            cells.push((level, cell));
        }
    }
    cells.sort_by_key(|(level, _)| *level);
    cells.into_iter().map(|(_, cell)| cell).collect()
}

fn level(count: u64, most: u64) -> u8 {
    let share = (count as f64).ln() / (most.max(2) as f64).ln();
    ((share * f64::from(HEAT_LEVELS)) as u8).min(HEAT_LEVELS - 1)
}

/// The maximum is drawn; the percentiles stand beside it when hovering and in the table.
fn series(map: &Map) -> Vec<TimeSeries> {
    let row = |name: &str, role, value: &dyn Fn(&Samples) -> Option<u64>| TimeSeries {
        name: name.to_owned(),
        path: None,
        role,
        values: map.columns.iter().map(|column| value(column).map(|ns| ns as f64)).collect(),
        apart_max: 1,
        readable: true,
    };
    vec![
        row("p50", None, &|column| column.quantile(0.5)),
        row("p99", None, &|column| column.quantile(0.99)),
        row("maximum", Some(Role::MaxLine), &Samples::max),
    ]
}

/// The slowest request of all repetitions that count.
fn takeaway(group: &Group<'_>) -> Claim {
    let figure = Stage::ANSWER.figure("max");
    let trials = group.entries.iter().flat_map(|entry| &entry.counted);
    let slowest = trials.filter_map(|trial| Some((*trial, trial.figure(&figure)?)));
    let Some((trial, ns)) = slowest.max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return Claim::words("Nothing was answered in the measured window.");
    };
    let (path, place) = (trial.path, whose(group, trial));
    let most = Fact::Most { at: group.at.clone(), path, what: What::Largest(figure.clone()) };
    let claim = if in_figure(trial, &figure).is_some() {
        Claim::words("What the slowest request took is our own lateness (")
    } else {
        let of_trial = of(&group.at, path, What::Once { figure, order: trial.order });
        Claim::words("The slowest request took ").figure(format::latency(ns), ns, of_trial).say(" (")
    };
    claim.and(place).say(").").resting_on(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::terms::TransportKind;

    #[test]
    fn the_slowest_request_of_all_repetitions_is_named_and_never_one_that_we_made_slow() {
        let mut result = Fixture { seconds: 10, repetitions: 2, ..Fixture::default() }.build();
        let figure = draw(&groups(&result)[0], Detail { intervals_max: 120 }).unwrap().unwrap();
        let slowest = "The slowest request took 32.4 ms (redis-streams, repetition 1).";
        assert_eq!(figure.takeaway.text.replace('\u{a0}', " "), slowest);
        for trial in result.trials.iter_mut().filter(|trial| trial.path == TransportKind::RedisStreams) {
            trial.latency_ns.send_lag.as_mut().unwrap().max = Some(20_000_000);
        }
        let late = draw(&groups(&result)[0], Detail { intervals_max: 120 }).unwrap().unwrap().takeaway.text;
        assert_eq!(late, "What the slowest request took is our own lateness (redis-streams, repetition 1).");
        assert_eq!(figure.panels.len(), 5);
        let svg = &figure.panels[0].drawing.svg;
        assert!(svg.matches("class=\"heat ").count() <= usize::from(HEAT_LEVELS), "one path for each shade");
        assert!(svg.contains("max-line"));
    }

    #[test]
    fn a_run_that_was_stopped_in_its_warm_up_says_so() {
        let mut result = Fixture { seconds: 2, ..Fixture::default() }.build();
        result.trials.iter_mut().for_each(|trial| trial.series.retain(|row| row.t_s < 0.0));
        let figure = draw(&groups(&result)[0], Detail { intervals_max: 120 }).unwrap().unwrap();
        assert!(figure.takeaway.text.starts_with("The slowest request took"), "{}", figure.takeaway);
        for trial in &mut result.trials {
            trial.latency_ns.turnaround = None;
        }
        result.summary.clear();
        let figure = draw(&groups(&result)[0], Detail { intervals_max: 120 }).unwrap().unwrap();
        assert_eq!(figure.takeaway.text, "Nothing was answered in the measured window.");
    }

    #[test]
    fn shades_run_from_one_request_to_the_most() {
        assert_eq!((level(1, 5000), level(5000, 5000), level(1, 1)), (0, HEAT_LEVELS - 1, 0));
        assert!(level(70, 5000) > 0);
    }

    #[test]
    fn every_sample_of_a_column_lies_in_a_row() {
        let result = Fixture { seconds: 2, ..Fixture::default() }.build();
        let groups = groups(&result);
        let timeline = Timeline::of(&groups[0], Detail { intervals_max: 120 }).unwrap();
        let samples = &timeline.latencies(&groups[0].entries[0]).unwrap()[1];
        let rows = Rows { low: samples.min().unwrap() as f64, high: samples.max().unwrap() as f64 };
        assert_eq!(rows.counts(samples).iter().sum::<u64>(), samples.count());
    }
}
