//! Repetitions as dots: how far apart the figures of one transport lie, beside those of the others.

use super::axis::Axis;
use super::drawing::Drawing;
use super::figure::{Detail, Figure, Layout, Panel, Table};
use super::palette::Role;
use super::plot::{Line, Mark, MarkKind, Plot, Size};
use crate::claim::{Claim, Fact, What, of};
use crate::groups::{Entry, Group};
use crate::{ReportError, ratios};
use weighbridge_record::format;
use weighbridge_record::result::Estimate;
use weighbridge_record::stats::{INTERVAL_REPETITIONS_MIN, range};

/// Path in a trial, name, and whether it is a latency.
const FIGURES: [(&str, &str, bool); 3] = [
    ("latency_ns.turnaround.p50", "p50 turnaround", true),
    ("latency_ns.turnaround.p99", "p99 turnaround", true),
    ("rates.completed_per_s", "completed rate", false),
];

pub fn draw(group: &Group<'_>, _: Detail) -> Result<Option<Figure>, ReportError> {
    if group.repetitions() < 2 {
        return Ok(None);
    }
    // The floor lies far from everything else and would squeeze it; it stands in the table.
    let entries = group.competing();
    let mut panels = Vec::new();
    for (path, name, latency) in FIGURES {
        let trials = entries.iter().flat_map(|entry| &entry.trials);
        let values: Vec<f64> = trials.filter_map(|trial| trial.figure(path)).collect();
        if !values.is_empty() {
            panels.push(Panel {
                title: name.to_owned(),
                drawing: panel(&entries, path, name, latency, &values)?,
            });
        }
    }
    if panels.is_empty() {
        return Ok(None);
    }
    Ok(Some(Figure {
        id: "",
        title: "Repetitions",
        takeaway: takeaway(group),
        note: format!(
            "A dot is a repetition, hollow where it is invalid. The upright line is the median of the valid ones, the \
             level one {}. Ratios, pair by pair, and the test stand under Ratios.",
            if group.repetitions() < INTERVAL_REPETITIONS_MIN {
                "their range"
            } else {
                "its 95 % bootstrap interval"
            }
        ),
        paths: Vec::new(),
        kinds: Vec::new(),
        layout: Layout::Grid,
        panels,
        tables: vec![every(group)],
    }))
}

fn panel(
    entries: &[&Entry<'_>],
    path: &str,
    name: &str,
    latency: bool,
    values: &[f64],
) -> Result<Drawing, ReportError> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(0.0, f64::max);
    let x = if latency {
        Axis::latency_log(&format!("{name}, log scale"), low, high)
    } else {
        Axis::rate("completed requests per second", low, high)
    };
    let y = Axis::rows(entries.iter().map(|entry| entry.path.name().to_owned()));
    let mut lines = Vec::new();
    let mut marks = Vec::new();
    for (row, entry) in entries.iter().enumerate() {
        let y = -(row as f64);
        lines.extend(entry.figure(path).into_iter().flat_map(|estimate| middle(entry, estimate, y)));
        marks.extend(dots(entry, path, y));
    }
    Plot { lines, marks, ..Plot::new(Size::SmallRows, x, y) }.draw()
}

/// The median upright, its interval level.
fn middle(entry: &Entry<'_>, estimate: Estimate, y: f64) -> Vec<Line> {
    let line = |from: (f64, f64), to: (f64, f64)| Line {
        role: Role::Leader(entry.path),
        points: vec![from, to],
        markers_at: Vec::new(),
        label: None,
    };
    let mut lines = vec![line((estimate.median, y - 0.35), (estimate.median, y + 0.35))];
    if let (Some(low), Some(high)) = (estimate.low, estimate.high) {
        lines.push(line((low, y), (high, y)));
    }
    lines
}

fn dots(entry: &Entry<'_>, path: &str, y: f64) -> Vec<Mark> {
    let dot = |trial: &&weighbridge_record::result::Trial| {
        let kind = if trial.valid { MarkKind::Plain } else { MarkKind::Hollow };
        trial.figure(path).map(|value| Mark { path: entry.path, at: (value, y), kind })
    };
    entry.trials.iter().filter_map(dot).collect()
}

/// What is furthest from the best; where nothing is held against it, whose repetitions lie furthest apart.
fn takeaway(group: &Group<'_>) -> Claim {
    if let Some(furthest) = ratios::furthest_from_best(group) {
        return Claim::words("Furthest from the best: ").and(furthest).say(".");
    }
    let (figure, name, _) = FIGURES[1];
    let spread = |entry: &Entry<'_>| {
        entry.vouched(figure)?;
        let (low, high) = range(&entry.each(figure).filter(|values| values.len() > 1)?);
        Some((entry.path, high / low))
    };
    let widest = group.entries.iter().filter_map(spread).max_by(|a, b| a.1.total_cmp(&b.1));
    let Some((path, ratio)) = widest else {
        return Claim::words("Too few repetitions to tell how far they lie apart.");
    };
    let what = What::Spread(figure.to_owned());
    Claim::words(format!("Repetitions of {path} lie furthest apart: their highest {name} is "))
        .figure(format!("{ratio:.2}×"), ratio, of(&group.at, path, what.clone()))
        .say(" their lowest.")
        .resting_on(Fact::Most { at: group.at.clone(), path, what })
}

fn every(group: &Group<'_>) -> Table {
    let head = ["transport", "repetition", "valid"].into_iter().chain(FIGURES.map(|(_, name, _)| name));
    let rows = group.trials().map(|trial| {
        let figures = FIGURES.map(|(path, _, latency)| {
            let print = if latency { format::latency } else { format::rate };
            trial.figure(path).map_or(String::new(), print)
        });
        let valid = if trial.valid { "yes" } else { "no" };
        [trial.path.name().to_owned(), trial.repetition.to_string(), valid.to_owned()]
            .into_iter()
            .chain(figures)
            .collect()
    });
    Table { caption: "Every repetition", head: head.map(str::to_owned).collect(), rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;

    const DETAIL: Detail = Detail { intervals_max: 120 };

    #[test]
    fn every_repetition_is_a_dot_and_an_invalid_one_is_hollow() {
        let mut result = Fixture { repetitions: 3, seconds: 1, ..Fixture::default() }.build();
        result.trials[0].valid = false;
        let figure = draw(&groups(&result)[0], DETAIL).unwrap().unwrap();
        let p99 = &figure.panels[1].drawing.svg;
        assert_eq!(p99.matches("class=\"mark ").count(), 14);
        assert_eq!(p99.matches("class=\"hollow ").count(), 1);
        assert_eq!(figure.tables[0].rows.len(), 15);
    }

    #[test]
    fn the_takeaway_holds_the_last_against_the_best() {
        let result = Fixture { repetitions: 5, seconds: 1, ..Fixture::default() }.build();
        let figure = draw(&groups(&result)[0], DETAIL).unwrap().unwrap();
        assert!(
            figure.takeaway.text.starts_with("Furthest from the best: nats-jetstream's p99 is 2.5×"),
            "{}",
            figure.takeaway
        );
    }

    #[test]
    fn a_single_repetition_has_no_figure() {
        let result = Fixture { seconds: 1, ..Fixture::default() }.build();
        assert!(draw(&groups(&result)[0], DETAIL).unwrap().is_none());
    }
}
