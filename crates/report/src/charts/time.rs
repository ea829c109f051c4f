//! The shared time axis: intervals of all trials of a group on one grid, with phases and faults behind them.
//!
//! Every time chart of a group uses the same grid, so that charts can be read one above the other.
//! Counts are summed and divided by time; latencies are merged sample by sample, never averaged.

use super::axis::Axis;
use super::drawing::Drawing;
use super::figure::{Detail, Layout};
use super::palette::Role;
use super::plot::{Band, BandKind, Cell, Line, Plot, Size};
use super::readout::{Readout, ReadoutRow};
use crate::ReportError;
use crate::faults;
use crate::groups::{Entry, Group};
use crate::interval_latency::Samples;
use weighbridge_record::format;
use weighbridge_record::result::{Phase, RouteStage, SeriesRow, Trial};
use weighbridge_record::terms::Path;

/// Intervals of the finest grid at most. Coarser ones merge whole intervals of it.
const FINEST: usize = 120;

pub struct Timeline {
    start_s: f64,
    end_s: f64,
    /// Of an interval of the finest grid.
    fine_s: f64,
    /// Intervals of the finest grid in one of this.
    merged: usize,
    bands: Vec<Band>,
}

/// One line of a time chart: a value, or none, for every interval of the grid.
pub struct TimeSeries {
    pub name: String,
    pub path: Option<Path>,
    /// How it is drawn; none where it is only read out.
    pub role: Option<Role>,
    pub values: Vec<Option<f64>>,
    /// Intervals from one value to the next up to which the line goes on between them: 1 where every interval has one.
    pub apart_max: usize,
    /// Whether hovering and the table name it.
    pub readable: bool,
}

/// What a time chart shows besides its series.
pub struct TimeChart<'a> {
    pub size: Size,
    pub y: Axis,
    pub print: fn(f64) -> String,
    pub series: &'a [TimeSeries],
    pub cells: Vec<Cell>,
}

fn busy(row: &SeriesRow) -> bool {
    row.phase != Phase::Drain || row.completed + row.delivered.unwrap_or(0) + row.in_flight > 0
}

/// Labels of the bands, in the order of `Phase`; the window has none.
const PHASES: [&str; 4] = ["warm-up", "", "cool-down", "drain"];

/// Seconds.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: f64,
    to: f64,
}

impl Span {
    fn with(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.max(other.to) }
    }
}

impl Timeline {
    /// None where no trial has a series.
    pub fn of(group: &Group<'_>, detail: Detail) -> Option<Self> {
        let drawn =
            group.entries.iter().flat_map(|entry| std::iter::once(entry.trial()).chain(others(entry)));
        let mut spans: [Option<Span>; PHASES.len()] = [None; PHASES.len()];
        let mut finest = 1e-3f64;
        for row in drawn.flat_map(|trial| &trial.series).filter(|row| busy(row)) {
            let own = Span { from: row.t_s, to: row.t_s + row.duration_s };
            let span = &mut spans[row.phase as usize];
            *span = Some(span.map_or(own, |span| span.with(own)));
            finest = finest.max(row.duration_s);
        }
        let whole = spans.iter().flatten().copied().reduce(Span::with)?;
        // A whole number of recorded intervals, so that none is torn between two of the grid.
        let recorded = ((whole.to - whole.from) / finest / FINEST as f64).ceil().max(1.0);
        let phases = PHASES.into_iter().zip(spans).filter(|(label, _)| !label.is_empty());
        let band = |label: &str, span: Span, kind| Band {
            from: span.from,
            to: span.to,
            label: label.to_owned(),
            kind,
        };
        let mut bands: Vec<Band> =
            phases.filter_map(|(label, span)| Some(band(label, span?, BandKind::Phase))).collect();
        bands.extend(faults::of(group).into_iter().map(|(label, fault)| {
            let inside = |s: f64| s.clamp(whole.from, whole.to);
            let span = Span { from: inside(fault.start_s), to: inside(fault.end_s.unwrap_or(whole.to)) };
            band(&label, span, BandKind::Fault)
        }));
        bands.extend(stages(group));
        let fine = Self { start_s: whole.from, end_s: whole.to, fine_s: finest * recorded, merged: 1, bands };
        Some(fine.widened(fine.intervals().div_ceil(detail.intervals_max)))
    }

    /// The same with so many intervals in one, and the same bands.
    pub fn widened(&self, by: usize) -> Self {
        Self { merged: self.merged * by.max(1), bands: self.bands.clone(), ..*self }
    }

    fn fine_intervals(&self) -> usize {
        (((self.end_s - self.start_s) / self.fine_s) - 1e-6).ceil().max(1.0) as usize
    }

    fn width_s(&self) -> f64 {
        self.fine_s * self.merged as f64
    }

    pub fn intervals(&self) -> usize {
        self.fine_intervals().div_ceil(self.merged)
    }

    /// The middle of an interval.
    pub fn at(&self, index: usize) -> f64 {
        (self.start_s + (index as f64 + 0.5) * self.width_s()).min(self.end_s)
    }

    /// Start and end of an interval.
    pub fn edges(&self, index: usize) -> (f64, f64) {
        let from = self.start_s + index as f64 * self.width_s();
        (from, (from + self.width_s()).min(self.end_s))
    }

    /// Intervals whose middle lies in the measured window of a trial.
    pub fn window(&self, trial: &Trial) -> impl Iterator<Item = usize> {
        let window = 0.0..trial.window_s;
        (0..self.intervals()).filter(move |index| window.contains(&self.at(*index)))
    }

    fn fine_index(&self, row: &SeriesRow) -> usize {
        ((row.t_s - self.start_s + row.duration_s / 2.0) / self.fine_s).max(0.0) as usize
    }

    fn index(&self, row: &SeriesRow) -> usize {
        self.fine_index(row) / self.merged
    }

    /// Latencies of the first counted trial of a transport, interval by interval.
    pub fn latencies(&self, entry: &Entry<'_>) -> Result<Vec<Samples>, ReportError> {
        let column = |row: &SeriesRow| busy(row).then(|| self.fine_index(row));
        let fine = entry.over_time(self.fine_intervals(), column)?;
        Ok(fine.chunks(self.merged).map(|parts| Samples::merge(&parts.iter().collect::<Vec<_>>())).collect())
    }

    /// Reads one value out of the rows of every interval.
    pub fn read(&self, trial: &Trial, value: impl Fn(&[&SeriesRow]) -> Option<f64>) -> Vec<Option<f64>> {
        let mut intervals: Vec<Vec<&SeriesRow>> = vec![Vec::new(); self.intervals()];
        for row in trial.series.iter().filter(|row| busy(row)) {
            if let Some(interval) = intervals.get_mut(self.index(row)) {
                interval.push(row);
            }
        }
        intervals.iter().map(|rows| if rows.is_empty() { None } else { value(rows) }).collect()
    }

    pub fn draw(&self, chart: TimeChart<'_>) -> Result<Drawing, ReportError> {
        let line = |series: &TimeSeries| {
            let Some(role) = series.role else { return Vec::new() };
            let label = if let Role::Line(path) = role { Some(path) } else { None };
            Line::broken(role, self.points(series), label)
        };
        let lines = chart.series.iter().flat_map(line);
        let x = Axis::time(self.start_s, self.end_s);
        Plot {
            bands: self.bands.clone(),
            cells: chart.cells,
            lines: lines.collect(),
            readout: self.readout(chart.series, chart.print),
            ..Plot::new(chart.size, x, chart.y)
        }
        .draw()
    }

    /// Where a line goes, interval by interval; none where it breaks.
    fn points(&self, series: &TimeSeries) -> Vec<Option<(f64, f64)>> {
        let known = |index: &usize| series.values[*index].is_some();
        let next = |from: usize| (from..series.values.len()).find(known);
        let mut points = Vec::new();
        let mut last: Option<usize> = None;
        for (index, value) in series.values.iter().enumerate() {
            match value {
                Some(value) => {
                    points.push(Some((self.at(index), *value)));
                    last = Some(index);
                }
                // Between two readings that are no farther apart than readings are.
                None if last.zip(next(index)).is_some_and(|(last, next)| next - last <= series.apart_max) => {
                }
                None => points.push(None),
            }
        }
        points
    }

    fn readout(&self, series: &[TimeSeries], print: fn(f64) -> String) -> Readout {
        let label = |index: usize| {
            let (from, _) = self.edges(index);
            format!("{} s", format::to_the_millisecond(from))
        };
        let rows = series.iter().filter(|series| series.readable).map(|series| ReadoutRow {
            name: series.name.clone(),
            path: series.path,
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
        let path = entry.path;
        for trial in others(entry) {
            all.push(faint(path, timeline.read(trial, &value)));
        }
        let values = timeline.read(entry.trial(), &value);
        if values.iter().any(Option::is_some) {
            all.push(TimeSeries {
                name: path.name().to_owned(),
                path: Some(path),
                role: Some(Role::Line(path)),
                apart_max: apart(&values),
                values,
                readable: true,
            });
        }
    }
    all
}

/// How far readings lie apart where none is missing: what is asked of a server is read less often than once an
/// interval, and not always on time.
fn apart(values: &[Option<f64>]) -> usize {
    let known = values.iter().enumerate().filter_map(|(index, value)| value.map(|_| index));
    let known: Vec<usize> = known.collect();
    let mut steps: Vec<usize> = known.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_unstable();
    let usual = steps.get(steps.len() / 2).copied().unwrap_or(1);
    usual + usual / 2
}

pub fn faint(path: Path, values: Vec<Option<f64>>) -> TimeSeries {
    TimeSeries {
        name: String::new(),
        path: Some(path),
        role: Some(Role::FaintLine(path)),
        apart_max: apart(&values),
        values,
        readable: false,
    }
}

/// More faint lines than this blur into each other.
const OTHERS_MAX: usize = 9;

/// The repetitions that are drawn faint.
pub fn others<'e, 'a>(entry: &'e Entry<'a>) -> impl Iterator<Item = &'a Trial> + use<'e, 'a> {
    entry.counted.iter().copied().skip(1).take(OTHERS_MAX)
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

/// The stages of the routes of a group, which are alike; none where there is one all through.
fn stages(group: &Group<'_>) -> Vec<Band> {
    let route = group.entries.iter().find_map(|entry| entry.trial().route.as_ref());
    let stages = route.map(|route| &route.stages[..]).filter(|stages| stages.len() > 1).unwrap_or_default();
    let band = |stage: &RouteStage| Band {
        from: stage.start_s,
        to: stage.end_s,
        label: stage.asked(),
        kind: BandKind::Stage,
    };
    stages.iter().map(band).collect()
}

/// What the shaded stretches of a time chart are.
pub fn note_of_bands(group: &Group<'_>) -> String {
    let fault = if faults::of(group).is_empty() { "" } else { " F1, F2, ...: faults, listed under Faults." };
    let stage = match stages(group).as_slice() {
        [] => "",
        _ => " Lines: stages of the route, with the share of its second leg.",
    };
    format!("Shaded: outside the measured window.{fault}{stage}")
}

/// What the note of a time chart with all repetitions says.
pub fn note(group: &Group<'_>) -> String {
    let bands = note_of_bands(group);
    let faint = match group.repetitions() {
        0 | 1 => return bands,
        few if few <= OTHERS_MAX + 1 => "the others are faint".to_owned(),
        _ => format!("the next {OTHERS_MAX} are faint"),
    };
    format!("{bands} The first counted repetition is drawn full and read out, {faint}.")
}

/// Time charts of several panels stand side by side.
pub const LAYOUT: Layout = Layout::Grid;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;

    /// The x values of each piece of a line through these intervals.
    fn drawn(values: &[Option<f64>], apart_max: usize) -> Vec<usize> {
        let result = Fixture { seconds: 18, ..Fixture::default() }.build();
        let timeline = Timeline::of(&groups(&result)[0], Detail { intervals_max: 120 }).unwrap();
        let path = result.trials[0].path;
        let series = TimeSeries { apart_max, ..faint(path, values.to_vec()) };
        let pieces = Line::broken(Role::FaintLine(path), timeline.points(&series), None);
        pieces.iter().map(|piece| piece.points.len()).collect()
    }

    #[test]
    fn a_gap_is_not_bridged_and_readings_that_are_seldom_are_joined() {
        let values = |gone: &dyn Fn(usize) -> bool| -> Vec<Option<f64>> {
            (0..20).map(|index| (!gone(index)).then_some(1.0)).collect()
        };
        let outage = values(&|index| (5..8).contains(&index) || index == 10);
        assert_eq!((apart(&outage), drawn(&outage, apart(&outage))), (1, vec![5, 2, 9]));
        let seldom = values(&|index| index % 4 != 0);
        assert_eq!((apart(&seldom), drawn(&seldom, apart(&seldom))), (6, vec![5]));
        let stopped = values(&|index| index % 2 != 0 || (6..12).contains(&index));
        assert_eq!(drawn(&stopped, apart(&stopped)), [3, 4]);
        assert_eq!(drawn(&values(&|_| true), 1), Vec::<usize>::new());
    }

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
