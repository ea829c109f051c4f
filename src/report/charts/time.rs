//! The shared time axis: intervals of all trials of a group on one grid, and the phases behind them.
//!
//! Every time chart of a group uses the same grid, so that charts can be read one above the other.
//! Counts are summed and divided by time; percentiles are not handled here, because they can't be averaged.

use super::axis::Axis;
use super::frame::{Band, Drawing, Line, Plot, Size};
use super::palette::Role;
use super::readout::{Readout, ReadoutRow};
use super::{Detail, Layout};
use crate::report::groups::{Entry, Group};
use crate::report::{ReportError, format};
use crate::result::{Phase, SeriesRow, Trial};
use crate::terms::TransportKind;

pub struct Timeline {
    start_s: f64,
    end_s: f64,
    width_s: f64,
    phases: Vec<(Phase, f64, f64)>,
}

/// One line of a time chart: a value, or none, for every interval of the grid.
pub struct TimeSeries {
    pub name: String,
    pub transport: Option<TransportKind>,
    pub role: Role,
    pub values: Vec<Option<f64>>,
    /// Whether hovering and the table name it.
    pub readable: bool,
}

/// What a time chart shows besides its series.
pub struct TimeChart<'a> {
    pub size: Size,
    pub y: Axis,
    pub print: fn(f64) -> String,
    pub series: &'a [TimeSeries],
}

fn busy(row: &SeriesRow) -> bool {
    row.phase != Phase::Drain || row.completed + row.delivered + row.in_flight > 0
}

impl Timeline {
    /// None where no trial has a series.
    pub fn of(group: &Group<'_>, detail: Detail) -> Option<Self> {
        let rows = || group.trials().flat_map(|trial| &trial.series).filter(|row| busy(row));
        let start_s = rows().map(|row| row.t_s).reduce(f64::min)?;
        let end_s = rows().map(|row| row.t_s + row.duration_s).reduce(f64::max)?;
        let finest = rows().map(|row| row.duration_s).fold(0.0, f64::max).max(1e-3);
        // A whole number of recorded intervals, so that none is torn between two of the grid.
        let merged = ((end_s - start_s) / finest / detail.intervals_max as f64).ceil().max(1.0);
        let phases = [Phase::Warmup, Phase::Cooldown, Phase::Drain]
            .into_iter()
            .filter_map(|phase| {
                let own = || rows().filter(|row| row.phase == phase);
                let from = own().map(|row| row.t_s).reduce(f64::min)?;
                let to = own().map(|row| row.t_s + row.duration_s).reduce(f64::max)?;
                Some((phase, from, to))
            })
            .collect();
        Some(Self { start_s, end_s, width_s: finest * merged, phases })
    }

    fn intervals(&self) -> usize {
        (((self.end_s - self.start_s) / self.width_s) - 1e-6).ceil().max(1.0) as usize
    }

    /// The middle of an interval.
    pub fn at(&self, index: usize) -> f64 {
        (self.start_s + (index as f64 + 0.5) * self.width_s).min(self.end_s)
    }

    /// Reads one value out of the rows of every interval.
    pub fn read(&self, trial: &Trial, value: impl Fn(&[&SeriesRow]) -> Option<f64>) -> Vec<Option<f64>> {
        let mut intervals: Vec<Vec<&SeriesRow>> = vec![Vec::new(); self.intervals()];
        for row in trial.series.iter().filter(|row| busy(row)) {
            let index = ((row.t_s - self.start_s + row.duration_s / 2.0) / self.width_s).max(0.0) as usize;
            if let Some(interval) = intervals.get_mut(index) {
                interval.push(row);
            }
        }
        intervals.iter().map(|rows| if rows.is_empty() { None } else { value(rows) }).collect()
    }

    pub fn draw(&self, chart: TimeChart<'_>) -> Result<Drawing, ReportError> {
        let lines = chart.series.iter().map(|series| Line {
            role: series.role,
            points: self.points(&series.values),
            markers_at: Vec::new(),
            label: match series.role {
                Role::Line(transport) => Some(transport),
                _ => None,
            },
        });
        let bands = self.phases.iter().map(|(phase, from, to)| Band {
            from: *from,
            to: *to,
            label: match phase {
                Phase::Warmup => "warm-up",
                Phase::Cooldown => "cool-down",
                Phase::Drain => "drain",
                Phase::Window => "",
            }
            .to_owned(),
        });
        Plot {
            size: chart.size,
            x: Axis::time(self.start_s, self.end_s),
            y: chart.y,
            bands: bands.collect(),
            lines: lines.collect(),
            marks: Vec::new(),
            readout: self.readout(chart.series, chart.print),
        }
        .draw()
    }

    fn points(&self, values: &[Option<f64>]) -> Vec<(f64, f64)> {
        values.iter().enumerate().filter_map(|(index, value)| Some((self.at(index), (*value)?))).collect()
    }

    fn readout(&self, series: &[TimeSeries], print: fn(f64) -> String) -> Readout {
        let label = |index: usize| {
            let from = self.start_s + index as f64 * self.width_s;
            format!("{} s", format::number((from * 1000.0).round() / 1000.0))
        };
        let rows = series.iter().filter(|series| series.readable).map(|series| ReadoutRow {
            name: series.name.clone(),
            transport: series.transport,
            values: series.values.iter().map(|value| value.map_or(String::new(), print)).collect(),
        });
        Readout {
            heading: "interval from".to_owned(),
            columns: (0..self.intervals()).map(|index| (self.at(index), label(index))).collect(),
            rows: rows.collect(),
        }
    }
}

/// One line for every transport: its first counted repetition drawn full, the others faint.
pub fn overlay(
    timeline: &Timeline,
    group: &Group<'_>,
    value: impl Fn(&[&SeriesRow]) -> Option<f64>,
) -> Vec<TimeSeries> {
    let mut all = Vec::new();
    for entry in &group.entries {
        let transport = entry.transport;
        for trial in others(entry) {
            all.push(faint(transport, timeline.read(trial, &value)));
        }
        let values = timeline.read(entry.trial(), &value);
        if values.iter().any(Option::is_some) {
            all.push(TimeSeries {
                name: transport.name().to_owned(),
                transport: Some(transport),
                role: Role::Line(transport),
                values,
                readable: true,
            });
        }
    }
    all
}

pub fn faint(transport: TransportKind, values: Vec<Option<f64>>) -> TimeSeries {
    TimeSeries {
        name: String::new(),
        transport: Some(transport),
        role: Role::FaintLine(transport),
        values,
        readable: false,
    }
}

/// The repetitions that are drawn faint.
pub fn others<'e, 'a>(entry: &'e Entry<'a>) -> impl Iterator<Item = &'a Trial> + use<'e, 'a> {
    entry.counted.iter().copied().skip(1)
}

pub fn highest(series: &[TimeSeries]) -> f64 {
    series.iter().flat_map(|series| &series.values).filter_map(|value| *value).fold(0.0, f64::max)
}

/// Events per second over the rows of an interval.
pub fn per_second(rows: &[&SeriesRow], count: fn(&SeriesRow) -> u64) -> Option<f64> {
    let seconds: f64 = rows.iter().map(|row| row.duration_s).sum();
    let events: u64 = rows.iter().map(|row| count(row)).sum();
    (seconds > 0.0).then(|| events as f64 / seconds)
}

/// What the note of every time chart says.
pub fn note(group: &Group<'_>) -> String {
    let shaded = "Shaded: outside the measured window.";
    if group.repetitions() > 1 {
        format!("{shaded} The first counted repetition is drawn full and read out, the others are faint.")
    } else {
        shaded.to_owned()
    }
}

/// Time charts of several panels stand side by side.
pub const LAYOUT: Layout = Layout::Grid;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;
    use crate::report::groups::groups;

    #[test]
    fn merging_intervals_keeps_every_event() {
        let result = Fixture { seconds: 10, ..Fixture::default() }.build();
        let groups = groups(&result);
        let trial = &result.trials[0];
        let total: u64 = trial.series.iter().map(|row| row.sent).sum();
        for intervals_max in [3, 5, 100] {
            let timeline = Timeline::of(&groups[0], Detail { intervals_max }).unwrap();
            let read = timeline.read(trial, |rows| Some(rows.iter().map(|row| row.sent).sum::<u64>() as f64));
            assert!(read.len() <= intervals_max, "{}", read.len());
            assert_eq!(read.into_iter().flatten().sum::<f64>(), total as f64);
        }
    }
}
