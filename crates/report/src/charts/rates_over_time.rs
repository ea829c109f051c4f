//! Offered, sent and completed rate over time, one drawing for each transport on the same axes.

use super::axis::Axis;
use super::figure::{Detail, Figure, Panel};
use super::palette::Role;
use super::plot::Size;
use super::time::{self, TimeChart, TimeSeries, Timeline};
use crate::ReportError;
use crate::claim::{Claim, Fact, What, of};
use crate::groups::{Entry, Group};
use crate::knee::CARRIED_SHARE_MIN;
use weighbridge_record::format;

pub fn draw(group: &Group<'_>, detail: Detail) -> Result<Option<Figure>, ReportError> {
    let Some(timeline) = Timeline::of(group, detail) else { return Ok(None) };
    let with_series: Vec<_> = group.entries.iter().filter(|entry| !entry.trial().series.is_empty()).collect();
    let drawn: Vec<_> = with_series.iter().map(|entry| series(&timeline, entry)).collect();
    let top = drawn.iter().map(|series| time::highest(series)).fold(0.0, f64::max);
    let mut panels = Vec::new();
    for (entry, series) in with_series.iter().zip(&drawn) {
        let y = Axis::from_zero("requests per second", top, format::number);
        let chart = TimeChart { size: Size::Small, y, print: format::rate, series, cells: Vec::new() };
        panels.push(Panel { title: entry.path.name().to_owned(), drawing: timeline.draw(chart)? });
    }
    let mut kinds = vec![("line", "completed"), ("line second", "sent")];
    if group.scheduled() {
        kinds.push(("reference", "offered"));
    }
    Ok(Some(Figure {
        id: "",
        title: "Rate over time",
        takeaway: takeaway(group),
        note: format!(
            "Offered counts by intended time, the others by the time of the event. {}",
            time::note(group)
        ),
        paths: Vec::new(),
        kinds,
        layout: time::LAYOUT,
        panels,
        tables: Vec::new(),
    }))
}

fn series(timeline: &Timeline, entry: &Entry<'_>) -> Vec<TimeSeries> {
    let path = entry.path;
    let trial = entry.trial();
    let one = |name: &str, role, count| TimeSeries {
        name: name.to_owned(),
        path: Some(path),
        role: Some(role),
        values: timeline.read(trial, |rows| time::per_second(rows, count)),
        apart_max: 1,
        readable: true,
    };
    let mut all = Vec::new();
    if trial.rates.offered_per_s.is_some() {
        all.push(one("offered", Role::Reference, |row| row.offered));
    }
    for other in time::others(entry) {
        let completed = timeline.read(other, |rows| time::per_second(rows, |row| row.completed));
        all.push(time::faint(path, completed));
    }
    all.push(one("sent", Role::SecondLine(path), |row| row.sent));
    all.push(one("completed", Role::Line(path), |row| row.completed));
    all
}

/// Who completed the smallest share of what was offered; without an offer, who completed most.
fn takeaway(group: &Group<'_>) -> Claim {
    let (completed, offered) = ("rates.completed_per_s", "rates.offered_per_s");
    let median = |entry: &Entry<'_>, figure: &str| entry.figure(figure).map(|estimate| estimate.median);
    let share = |entry: &Entry<'_>| {
        Some((entry.path, median(entry, completed)? / median(entry, offered).filter(|rate| *rate > 0.0)?))
    };
    let worst = group.entries.iter().filter_map(share).min_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((path, share)) = worst {
        let what = What::Quotient(completed.to_owned(), offered.to_owned());
        let percent = format!("{} %", format::number(share * 100.0));
        let of_path = of(&group.at, path, What::Percent(completed.to_owned(), offered.to_owned()));
        let claim = if share >= CARRIED_SHARE_MIN {
            Claim::words("Every transport completed what was offered, at least ")
        } else {
            Claim::words(format!("{path} completed only "))
        };
        let claim = claim.figure(percent, share * 100.0, of_path).say(" of it");
        let claim = if share >= CARRIED_SHARE_MIN { claim.say(format!(" ({path})")) } else { claim };
        return claim.say(".").resting_on(Fact::Least { at: group.at.clone(), path, what });
    }
    let best = group.entries.iter().filter_map(|entry| Some((entry.path, median(entry, completed)?)));
    let Some((path, rate)) = best.max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return Claim::words("No rate of all repetitions is known.");
    };
    let what = What::Median(completed.to_owned());
    Claim::words("The highest completed rate was ")
        .figure(format::rate(rate), rate, of(&group.at, path, what.clone()))
        .say(format!(" ({path})."))
        .resting_on(Fact::Most { at: group.at.clone(), path, what })
}
