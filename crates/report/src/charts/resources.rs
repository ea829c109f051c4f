//! CPU, memory, network and disk over time, of the broker and of the generator.

use super::asking;
use super::axis::Axis;
use super::figure::{Detail, Figure, Panel};
use super::plot::Size;
use super::time::{self, TimeChart, Timeline};
use crate::ReportError;
use crate::claim::{Claim, Fact, What, of};
use crate::groups::{Entry, Group};
use weighbridge_record::format;
use weighbridge_record::result::{BrokerSample, SeriesRow};
use weighbridge_record::terms::Path;

/// How a reading is printed and what its axis counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Cores,
    Bytes,
    BytesPerSecond,
}

type Read = fn(&SeriesRow) -> Option<f64>;

/// Every panel: title, unit, and how a row is read. Several brokers of one trial are summed.
const PANELS: [(&str, Unit, Read); 7] = [
    ("CPU of the broker", Unit::Cores, |row| of_brokers(row, |broker| broker.cpu_cores)),
    ("CPU of the generator, workers included", Unit::Cores, |row| row.generator_cpu_cores),
    ("Resident memory of the broker", Unit::Bytes, |row| {
        of_brokers(row, |broker| broker.rss_bytes.map(|bytes| bytes as f64))
    }),
    ("Resident memory of the generator", Unit::Bytes, |row| {
        row.generator_rss_bytes.map(|bytes| bytes as f64)
    }),
    ("Network into the broker", Unit::BytesPerSecond, |row| {
        of_brokers(row, |broker| broker.net_in_bytes_per_s)
    }),
    ("Network out of the broker", Unit::BytesPerSecond, |row| {
        of_brokers(row, |broker| broker.net_out_bytes_per_s)
    }),
    ("Disk writes of the broker", Unit::BytesPerSecond, |row| {
        of_brokers(row, |broker| broker.disk_write_bytes_per_s)
    }),
];

fn of_brokers(row: &SeriesRow, read: fn(&BrokerSample) -> Option<f64>) -> Option<f64> {
    let known: Vec<f64> = row.brokers.iter().filter_map(read).collect();
    (!known.is_empty()).then(|| known.into_iter().sum())
}

/// Mean over time for rates of use; for memory it stands in for a level that hardly moves in an interval.
fn mean(rows: &[&SeriesRow], read: Read) -> Option<f64> {
    let known: Vec<(f64, f64)> =
        rows.iter().filter_map(|row| Some((read(row)?, row.duration_s.max(1e-6)))).collect();
    let seconds: f64 = known.iter().map(|(_, seconds)| seconds).sum();
    (!known.is_empty()).then(|| known.iter().map(|(value, seconds)| value * seconds).sum::<f64>() / seconds)
}

pub fn draw(group: &Group<'_>, detail: Detail) -> Result<Option<Figure>, ReportError> {
    let Some(timeline) = Timeline::of(group, detail) else { return Ok(None) };
    let mut panels = Vec::new();
    for (title, unit, read) in PANELS {
        let series = time::overlay(&timeline, group, |rows| mean(rows, read));
        if !series.iter().any(|series| series.readable) {
            continue;
        }
        let top = time::highest(&series);
        let (y, print): (Axis, fn(f64) -> String) = match unit {
            Unit::Cores => (Axis::from_zero("cores busy", top, format::number), print_cores),
            Unit::Bytes => (Axis::bytes("memory", top, ""), format::bytes),
            Unit::BytesPerSecond => (Axis::bytes("bytes per second", top, "/s"), print_bytes_per_s),
        };
        let chart = TimeChart { size: Size::Small, y, print, series: &series, cells: Vec::new() };
        panels.push(Panel { title: title.to_owned(), drawing: timeline.draw(chart)? });
    }
    if panels.is_empty() {
        return Ok(None);
    }
    Ok(Some(Figure {
        id: "",
        title: "Resources over time",
        takeaway: takeaway(group),
        note: format!("A value that could not be read is left out, not drawn as 0. {}", time::note(group)),
        paths: group.entries.iter().map(|entry| entry.path).collect(),
        kinds: Vec::new(),
        layout: time::LAYOUT,
        panels,
        tables: asking::table(group).into_iter().collect(),
    }))
}

fn print_cores(cores: f64) -> String {
    format!("{cores:.2} cores")
}

fn print_bytes_per_s(bytes: f64) -> String {
    format!("{}/s", format::bytes(bytes))
}

/// What a million requests cost the brokers, least and most, by the medians over repetitions.
fn takeaway(group: &Group<'_>) -> Claim {
    let cost = |entry: &Entry<'_>| Some((entry.path, entry.cpu_seconds_per_million()?));
    let costs: Vec<(Path, f64)> = group.entries.iter().filter_map(cost).collect();
    let low = costs.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    let high = costs.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let (Some(low), Some(high)) = (low, high) else {
        return Claim::words("The CPU of the broker could not be read.");
    };
    let print = |(path, s): (Path, f64)| {
        Claim::default()
            .figure(format::seconds(s), s, of(&group.at, path, What::CpuPerMillion))
            .say(" of CPU")
    };
    let named = |cost: (Path, f64)| print(cost).say(format!(" ({})", cost.0));
    let (least, most) = (named(*low), named(*high));
    if costs.len() == 1 {
        return Claim::words("A million requests cost the broker ").and(most).say(".");
    }
    if print(*low).text == print(*high).text {
        return Claim::words("A million requests cost every broker ").and(print(*high)).say(".");
    }
    let at = || group.at.clone();
    Claim::words("A million requests cost the broker between ")
        .and(least)
        .say(" and ")
        .and(most)
        .say(".")
        .resting_on(Fact::Least { at: at(), path: low.0, what: What::CpuPerMillion })
        .resting_on(Fact::Most { at: at(), path: high.0, what: What::CpuPerMillion })
}
