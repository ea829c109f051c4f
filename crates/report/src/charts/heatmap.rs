//! Heatmap of latency over time, a drawing for each transport, with the maximum as a line.

use super::axis::Axis;
use super::figure::{Detail, Figure, Panel};
use super::palette::{HEAT_LEVELS, Role};
use super::plot::{Cell, Size};
use super::time::{self, TimeChart, TimeSeries, Timeline};
use crate::ReportError;
use crate::groups::{Entry, Group};
use crate::interval_latency::Samples;
use weighbridge_record::format;
use weighbridge_record::result::Trial;
use weighbridge_record::stats::median;
use weighbridge_record::terms::{Path, Stage};

/// Rows of cells.
const ROWS: usize = 40;
/// Of the height of all rows, left free above them for the names of phases and faults.
const HEADROOM: f64 = 0.15;

struct Map<'a> {
    path: Path,
    trial: &'a Trial,
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
        takeaway: takeaway(&timeline, &maps),
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

fn map<'a>(timeline: &Timeline, entry: &Entry<'a>) -> Result<Option<Map<'a>>, ReportError> {
    let trial = entry.trial();
    let columns = timeline.latencies(entry)?;
    let filled = columns.iter().any(|column| column.count() > 0);
    Ok(filled.then_some(Map { path: entry.path, trial, columns }))
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
fn cells(timeline: &Timeline, map: &Map<'_>, rows: &Rows, most: u64) -> Vec<Cell> {
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
fn series(map: &Map<'_>) -> Vec<TimeSeries> {
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

fn takeaway(timeline: &Timeline, maps: &[Map<'_>]) -> String {
    let maxima = |map: &Map<'_>| -> Vec<(usize, f64)> {
        let found =
            timeline.window(map.trial).filter_map(|index| Some((index, map.columns[index].max()? as f64)));
        found.collect()
    };
    let worst = maps.iter().flat_map(|map| {
        let maxima = maxima(map);
        if maxima.is_empty() {
            return Vec::new();
        }
        let typical = median(&maxima.iter().map(|(_, max)| *max).collect::<Vec<_>>());
        maxima.into_iter().map(|(index, max)| (map.path, index, max, typical)).collect()
    });
    let Some((path, index, max, typical)) = worst.max_by(|a, b| a.2.total_cmp(&b.2)) else {
        return "Nothing was answered in the measured window.".to_owned();
    };
    format!(
        "The slowest request took {} ({path}, about {} s into the window); the median over the intervals' maxima is {} there.",
        format::latency(max),
        format::number(timeline.at(index).max(0.0).round()),
        format::latency(typical)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;

    #[test]
    fn a_stall_is_named_with_its_time_and_transport() {
        let result = Fixture { seconds: 10, ..Fixture::default() }.build();
        let figure = draw(&groups(&result)[0], Detail { intervals_max: 120 }).unwrap().unwrap();
        assert!(
            figure.takeaway.contains("(redis-streams, about 7 s into the window)"),
            "{}",
            figure.takeaway
        );
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
        assert_eq!(figure.takeaway, "Nothing was answered in the measured window.");
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
