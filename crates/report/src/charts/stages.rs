//! Where a request's time goes, for requests around p50, p99 and p99.9 of the turnaround.

use super::axis::Axis;
use super::figure::{Detail, Figure, Layout, Panel, Table};
use super::palette::Role;
use super::plot::{Cell, Note, Plot, Size};
use crate::ReportError;
use crate::breakdown::{Around, PARTS, around, merged};
use crate::claim::{Claim, What, of};
use crate::groups::{Entry, Group};
use weighbridge_record::format;
use weighbridge_record::result::BreakdownRow;
use weighbridge_record::terms::{Path, Stage};

/// The percentiles that are drawn, and their names.
const STATISTICS: [(&str, &str); 3] = [("p50", "p50"), ("p99", "p99"), ("p999", "p99.9")];

/// Half the height of a bar; rows are 1 apart.
const HALF: f64 = 0.3;
/// Room to the right of the longest bar, for its figure.
const ROOM: f64 = 1.22;

pub fn draw(group: &Group<'_>, _: Detail) -> Result<Option<Figure>, ReportError> {
    let rows: Vec<(&Entry<'_>, Vec<BreakdownRow>)> =
        group.entries.iter().map(|entry| (entry, merged(entry))).collect();
    let found = STATISTICS.map(|statistic| (statistic, at(&rows, statistic.0)));
    let mut panels = Vec::new();
    for ((_, name), bars) in found.iter().filter(|(_, bars)| !bars.is_empty()) {
        let title = format!("around {name}");
        panels.push(Panel { title, drawing: panel(bars)? });
    }
    if panels.is_empty() {
        return Ok(None);
    }
    Ok(Some(Figure {
        id: "",
        title: "Where the time goes",
        takeaway: takeaway(group, &found),
        note: "Means over the requests whose turnaround is within a twentieth of the percentile of the table, all repetitions \
               together, so the parts of a bar add up; where ten aren't so close, the nearest ten. \
               Send lag: until it was sent. Publish: until the broker acknowledged it or a worker had it, whichever came first; \
               a path without acknowledgements has none. Queue: until a worker took it. Service: until it was scored. \
               Return: until the result was back."
            .to_owned(),
        paths: Vec::new(),
        kinds: [("part p0", PARTS[0]), ("part p1", PARTS[1]), ("part p2", PARTS[2]), ("part p3", PARTS[3]), ("part p4", PARTS[4])]
            .to_vec(),
        layout: Layout::Grid,
        panels,
        tables: vec![table(&found)],
    }))
}

type Bars = Vec<(Path, Around)>;
/// A statistic with its name, and a bar of each path that has it.
type Found = ((&'static str, &'static str), Bars);

fn at(rows: &[(&Entry<'_>, Vec<BreakdownRow>)], statistic: &str) -> Bars {
    let figure = Stage::Turnaround.figure(statistic);
    let bar = |(entry, rows): &(&Entry<'_>, Vec<BreakdownRow>)| {
        Some((entry.path, around(rows, entry.figure(&figure)?.median)?))
    };
    rows.iter().filter_map(bar).collect()
}

fn panel(bars: &Bars) -> Result<super::Drawing, ReportError> {
    let top = bars.iter().map(|(_, around)| around.total_ns()).fold(0.0, f64::max);
    let mut cells = Vec::new();
    let mut notes = Vec::new();
    for (row, (path, around)) in bars.iter().enumerate() {
        let y = -(row as f64);
        let mut from = 0.0;
        for (part, ns) in around.parts_ns.iter().enumerate() {
            let to = from + ns.unwrap_or(0.0);
            let role = Role::Part(*path, part as u8);
            cells.push(Cell { x: (from, to), y: (y - HALF, y + HALF), role });
            from = to;
        }
        notes.push(Note { at: (from, y), text: format::latency(from) });
    }
    let x = Axis::latency_linear("turnaround", top * ROOM);
    let y = Axis::rows(bars.iter().map(|(path, _)| path.name().to_owned()));
    Plot { cells, notes, ..Plot::new(Size::SmallRows, x, y) }.draw()
}

/// The largest part of each bar, around the highest percentile that most people ask for.
fn takeaway(group: &Group<'_>, found: &[Found]) -> Claim {
    let told = found.iter().rev().find(|((statistic, _), bars)| *statistic != "p999" && !bars.is_empty());
    let Some(((statistic, name), bars)) = told else { return Claim::default() };
    let parts = bars.iter().map(|(path, around)| {
        let (part, share) = around.largest();
        let (percent, what) = (share * 100.0, What::Part { statistic, part });
        let of_path = of(&group.at, *path, what);
        Claim::words(format!("{path} "))
            .figure(format!("{percent:.0} %"), percent, of_path)
            .say(format!(" in {part}"))
    });
    let parts = Claim::join(parts, ", ");
    Claim::words(format!("The largest part of requests around {name}: ")).and(parts).say(".")
}

fn table(found: &[Found]) -> Table {
    let head = ["around", "transport", "requests", "turnaround from", "to", "mean"].into_iter().chain(PARTS);
    let row = |name: &str, (path, around): &(Path, Around)| {
        let (from, to) = around.turnaround_ns;
        let figures = [
            name.to_owned(),
            path.name().to_owned(),
            format::count(around.count),
            format::latency_ns(from),
            format::latency_ns(to),
            format::latency(around.total_ns()),
        ];
        let parts = around.parts_ns.map(|ns| ns.map_or(String::new(), format::latency));
        figures.into_iter().chain(parts).collect()
    };
    let rows = found.iter().flat_map(|((_, name), bars)| bars.iter().map(|bar| row(name, bar)));
    Table {
        caption: "Mean time spent on each part",
        head: head.map(str::to_owned).collect(),
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;

    #[test]
    fn each_percentile_with_enough_requests_has_a_panel() {
        let result = Fixture { seconds: 3, ..Fixture::default() }.build();
        let figure = draw(&groups(&result)[0], Detail { intervals_max: 120 }).unwrap().unwrap();
        let titles: Vec<_> = figure.panels.iter().map(|panel| panel.title.as_str()).collect();
        assert_eq!(titles, ["around p50", "around p99"], "6 000 requests have no p99.9");
        assert!(
            figure.takeaway.text.starts_with("The largest part of requests around p99: "),
            "{}",
            figure.takeaway
        );
        assert_eq!(figure.tables[0].rows.len(), 10);
        assert!(figure.panels[0].drawing.svg.contains("part p2 s-nats-core"));
    }

    #[test]
    fn a_record_without_parts_has_no_figure() {
        let mut result = Fixture { seconds: 1, ..Fixture::default() }.build();
        result.trials.iter_mut().for_each(|trial| trial.breakdown.clear());
        assert!(draw(&groups(&result)[0], Detail { intervals_max: 120 }).unwrap().is_none());
    }
}
