//! Backlog over time: requests that were sent and not yet completed.

use super::axis::Axis;
use super::figure::{Detail, Figure, Layout, Panel};
use super::plot::Size;
use super::time::{self, TimeChart, Timeline};
use crate::ReportError;
use crate::groups::Group;
use weighbridge_record::format;

pub fn draw(group: &Group<'_>, detail: Detail) -> Result<Option<Figure>, ReportError> {
    let Some(timeline) = Timeline::of(group, detail) else { return Ok(None) };
    // The highest reading of an interval: a peak must not vanish when intervals are merged.
    let series = time::overlay(&timeline, group, |rows| {
        rows.iter().map(|row| row.in_flight).max().map(|in_flight| in_flight as f64)
    });
    let top = time::highest(&series);
    let peak = series.iter().filter(|series| series.readable).flat_map(|series| {
        series.values.iter().enumerate().filter_map(move |(index, value)| Some(((*value)?, index, series)))
    });
    let peak = peak.max_by(|a, b| a.0.total_cmp(&b.0));
    let takeaway = peak.map_or(String::new(), |(value, index, series)| {
        format!(
            "The backlog peaked at {} requests in flight ({}, about {} s into the window).",
            format::number(value),
            series.name,
            format::number(timeline.at(index).round())
        )
    });
    // Not in fractions of a request.
    let y = Axis::from_zero("requests in flight", top.max(5.0), format::number);
    let chart = TimeChart { size: Size::Wide, y, print: format::number, series: &series, cells: Vec::new() };
    let drawing = timeline.draw(chart)?;
    Ok(Some(Figure {
        id: "",
        title: "Backlog over time",
        takeaway,
        note: format!(
            "Read at the end of every interval. A backlog that keeps growing means that the path can't hold the rate. {}",
            time::note(group)
        ),
        paths: group.entries.iter().map(|entry| entry.path).collect(),
        kinds: Vec::new(),
        layout: Layout::Variants,
        panels: vec![Panel { title: "in flight".to_owned(), drawing }],
        tables: Vec::new(),
    }))
}
