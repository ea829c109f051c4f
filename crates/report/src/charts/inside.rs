//! What the brokers told of themselves over time.

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
    Messages,
    Bytes,
    Count,
    Milliseconds,
}

type Read = fn(&BrokerSample) -> Option<f64>;

/// A panel; one that shows nothing but zeros is left out.
struct Told {
    title: &'static str,
    unit: Unit,
    read: Read,
}

const UNDELIVERED: &str = "undelivered_messages";

/// Several brokers of one trial are summed.
const PANELS: [Told; 8] = [
    Told {
        title: "Messages not yet delivered",
        unit: Unit::Messages,
        read: |broker| broker.undelivered_messages.map(|count| count as f64),
    },
    Told {
        title: "Messages delivered and not acknowledged",
        unit: Unit::Messages,
        read: |broker| broker.unacknowledged_messages.map(|count| count as f64),
    },
    Told {
        title: "Messages in the streams",
        unit: Unit::Messages,
        read: |broker| broker.stored_messages.map(|count| count as f64),
    },
    Told {
        title: "Waiting to be read by clients",
        unit: Unit::Bytes,
        read: |broker| broker.buffered_bytes.map(|bytes| bytes as f64),
    },
    Told {
        title: "Clients cut off as too slow",
        unit: Unit::Count,
        read: |broker| broker.slow_consumers.map(|count| count as f64),
    },
    Told {
        title: "Writes that waited for a sync",
        unit: Unit::Count,
        read: |broker| broker.syncs_delayed.map(|count| count as f64),
    },
    Told { title: "Forks", unit: Unit::Count, read: |broker| broker.forks.map(|count| count as f64) },
    Told { title: "Longest event noted by Redis", unit: Unit::Milliseconds, read: |broker| broker.stall_ms },
];

fn of_brokers(row: &SeriesRow, read: Read) -> Option<f64> {
    let known: Vec<f64> = row.brokers.iter().filter_map(read).collect();
    (!known.is_empty()).then(|| known.into_iter().sum())
}

pub fn draw(group: &Group<'_>, detail: Detail) -> Result<Option<Figure>, ReportError> {
    let Some(timeline) = Timeline::of(group, detail) else { return Ok(None) };
    let mut panels = Vec::new();
    // A broker that tells none of this has no line, and no legend.
    let mut drawn: Vec<Path> = Vec::new();
    for Told { title, unit, read } in PANELS {
        // The highest reading of an interval: a peak must not vanish when intervals are merged.
        let series = time::overlay(&timeline, group, |rows| {
            rows.iter().filter_map(|row| of_brokers(row, read)).reduce(f64::max)
        });
        let top = time::highest(&series);
        if top > 0.0 {
            let (y, print) = axis(unit, top);
            drawn.extend(series.iter().filter(|series| series.readable).filter_map(|series| series.path));
            let chart = TimeChart { size: Size::Small, y, print, series: &series, cells: Vec::new() };
            panels.push(Panel { title: title.to_owned(), drawing: timeline.draw(chart)? });
        }
    }
    if panels.is_empty() {
        return Ok(None);
    }
    Ok(Some(Figure {
        id: "",
        title: "Inside the broker",
        takeaway: takeaway(group),
        note: format!(
            "As the brokers told about once a second; what stayed at zero is left out. {}",
            time::note(group)
        ),
        paths: group.entries.iter().map(|entry| entry.path).filter(|path| drawn.contains(path)).collect(),
        kinds: Vec::new(),
        layout: time::LAYOUT,
        panels,
        tables: Vec::new(),
    }))
}

fn axis(unit: Unit, top: f64) -> (Axis, fn(f64) -> String) {
    match unit {
        // Not in fractions of a message.
        Unit::Messages => (Axis::from_zero("messages", top.max(5.0), format::number), format::number),
        Unit::Count => {
            (Axis::from_zero("since the first look", top.max(5.0), format::number), format::number)
        }
        Unit::Bytes => (Axis::bytes("bytes", top, ""), format::bytes),
        Unit::Milliseconds => (Axis::from_zero("milliseconds", top, format::number), print_ms),
    }
}

fn print_ms(ms: f64) -> String {
    format!("{} ms", format::number(ms))
}

/// Where most waited to be delivered, over all intervals of the window and the repetitions that count.
fn takeaway(group: &Group<'_>) -> Claim {
    let undelivered = |entry: &Entry<'_>| -> Option<(Path, f64)> {
        let read = |broker: &BrokerSample| broker.undelivered_messages.map(|count| count as f64);
        let waited = entry.in_window().filter_map(|(_, row)| of_brokers(row, read));
        Some((entry.path, waited.reduce(f64::max)?))
    };
    let most = group.entries.iter().filter_map(undelivered).max_by(|a, b| a.1.total_cmp(&b.1));
    let Some((path, messages)) = most else {
        return Claim::words("No broker stored messages that could be counted.");
    };
    let what = What::OfBrokers(UNDELIVERED);
    Claim::words("In the measured window at most ")
        .figure(format::number(messages), messages, of(&group.at, path, what.clone()))
        .say(format!(" stored messages waited to be delivered ({path})."))
        .resting_on(Fact::Most { at: group.at.clone(), path, what })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::result::RunResult;

    fn drawn(result: &RunResult) -> Option<Figure> {
        draw(&groups(result)[0], Detail { intervals_max: 120 }).unwrap()
    }

    #[test]
    fn what_stayed_at_zero_is_left_out_and_what_did_not_is_drawn() {
        let mut result = Fixture { seconds: 10, ..Fixture::default() }.build();
        let titles = |result: &RunResult| -> Vec<String> {
            drawn(result).unwrap().panels.into_iter().map(|panel| panel.title).collect()
        };
        assert_eq!(titles(&result), ["Messages not yet delivered"]);
        result.trials[0].series[3].brokers[0].slow_consumers = Some(1);
        assert_eq!(titles(&result), ["Messages not yet delivered", "Clients cut off as too slow"]);
    }

    #[test]
    fn a_broker_that_tells_nothing_has_no_legend() {
        let mut result = Fixture { seconds: 10, ..Fixture::default() }.build();
        let all = drawn(&result).unwrap().paths;
        assert!(all.len() > 1);
        let silent = result.trials[0].path;
        let told = result.trials.iter_mut().filter(|trial| trial.path == silent);
        told.flat_map(|trial| &mut trial.series).for_each(|row| row.brokers.clear());
        let rest: Vec<Path> = all.into_iter().filter(|path| *path != silent).collect();
        assert_eq!(drawn(&result).unwrap().paths, rest);
    }

    #[test]
    fn a_record_without_answers_has_no_such_figure() {
        let mut result = Fixture { seconds: 10, ..Fixture::default() }.build();
        for trial in &mut result.trials {
            trial.series.iter_mut().for_each(|row| row.brokers.clear());
        }
        assert!(drawn(&result).is_none());
    }
}
