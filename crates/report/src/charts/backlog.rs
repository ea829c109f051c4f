//! Backlog over time: requests that were sent and not yet completed.

use super::axis::Axis;
use super::figure::{Detail, Figure, Layout, Panel};
use super::plot::Size;
use super::time::{self, TimeChart, Timeline};
use super::whose::whose;
use crate::ReportError;
use crate::claim::{Claim, Fact, What, of};
use crate::groups::{Entry, Group};
use weighbridge_record::format;
use weighbridge_record::result::{SeriesRow, Trial};

pub fn draw(group: &Group<'_>, detail: Detail) -> Result<Option<Figure>, ReportError> {
    let Some(timeline) = Timeline::of(group, detail) else { return Ok(None) };
    // The highest reading of an interval: a peak must not vanish when intervals are merged.
    let series = time::overlay(&timeline, group, |rows| {
        rows.iter().map(|row| row.in_flight).max().map(|in_flight| in_flight as f64)
    });
    let top = time::highest(&series);
    // Not in fractions of a request.
    let y = Axis::from_zero("requests in flight", top.max(5.0), format::number);
    let chart = TimeChart { size: Size::Wide, y, print: format::number, series: &series, cells: Vec::new() };
    let drawing = timeline.draw(chart)?;
    Ok(Some(Figure {
        id: "",
        title: "Backlog over time",
        takeaway: takeaway(group),
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

/// The highest reading of all repetitions that count, those drawn faintly included.
fn takeaway(group: &Group<'_>) -> Claim {
    let mut highest: Option<(&Trial, &SeriesRow)> = None;
    for (trial, row) in group.entries.iter().flat_map(Entry::in_window) {
        if highest.is_none_or(|(_, known)| row.in_flight > known.in_flight) {
            highest = Some((trial, row));
        }
    }
    let Some((trial, row)) = highest else { return Claim::words("No reading lies in the window.") };
    let (in_flight, end_s) = (row.in_flight as f64, row.t_s + row.duration_s);
    let of_path = |what: What| of(&group.at, trial.path, what);
    Claim::words("The backlog was highest with ")
        .figure(format::number(in_flight), in_flight, of_path(What::Backlog))
        .say(" requests in flight (")
        .and(whose(group, trial))
        .say(", ")
        .figure(format::number(end_s), end_s, of_path(What::BacklogAt))
        .say(" s into the window).")
        .resting_on(Fact::Most { at: group.at.clone(), path: trial.path, what: What::Backlog })
}
