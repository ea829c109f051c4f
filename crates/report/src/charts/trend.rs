//! One figure of each transport from run to run, oldest to newest.

use super::axis::Axis;
use super::drawing::Drawing;
use super::figure::{Figure, Layout, Panel};
use super::palette::Role;
use super::plot::{Line, Mark, MarkKind, Plot, Size};
use super::readout::{Readout, ReadoutRow};
use crate::ReportError;
use crate::claim::{At, Claim, Fact, MovedPart, Of, What, of};
use weighbridge_record::format;
use weighbridge_record::point::Point;
use weighbridge_record::terms::{Path, Stage};

/// Panels of a grid; the points beyond are named.
const PANELS_MAX: usize = 6;

/// From this ratio of the highest to the lowest the axis is logarithmic.
const LOG_FROM: f64 = 10.0;

/// Below this ratio of the highest to the lowest nothing is said to have moved.
const LEVEL_RATIO_MAX: f64 = 1.05;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    P99(Stage),
    CompletedRate,
}

/// Runs of one load.
pub struct Trend {
    pub measure: Measure,
    /// Id of the newest run.
    pub newest: String,
    /// When each began, oldest first.
    pub runs: Vec<String>,
    /// Points in the order in which they first ran, with their transports.
    pub places: Vec<(Point, Vec<Series>)>,
}

/// One transport, a value for each run that measured it.
pub struct Series {
    pub path: Path,
    pub values: Vec<Option<Reading>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    pub value: f64,
    pub valid: bool,
}

/// None where no run has the figure.
pub fn draw(trend: &Trend) -> Result<Option<Figure>, ReportError> {
    let places: Vec<_> = trend.places.iter().filter(|(_, series)| !series.is_empty()).collect();
    if places.is_empty() {
        return Ok(None);
    }
    let size = if places.len() == 1 { Size::Wide } else { Size::Small };
    let span = span(trend);
    let mut panels = Vec::new();
    for (point, series) in places.iter().take(PANELS_MAX) {
        panels.push(Panel { title: point.label(), drawing: drawing(trend, series, size, span)? });
    }
    let (id, title) = match trend.measure {
        Measure::P99(_) => ("trend-p99", "p99 from run to run"),
        Measure::CompletedRate => ("trend-rate", "Completed rate from run to run"),
    };
    let of_place =
        |path: &Path| places.iter().any(|(_, series)| series.iter().any(|series| series.path == *path));
    Ok(Some(Figure {
        id,
        title,
        takeaway: takeaway(trend),
        note: note(&places.iter().map(|(point, _)| point.label()).collect::<Vec<_>>()),
        paths: Path::all().filter(of_place).collect(),
        kinds: Vec::new(),
        layout: if places.len() == 1 { Layout::Variants } else { Layout::Grid },
        panels,
        tables: Vec::new(),
    }))
}

impl Measure {
    fn name(self) -> String {
        match self {
            Self::P99(stage) => format!("p99 {}", stage.name()),
            Self::CompletedRate => "completed rate".to_owned(),
        }
    }

    /// Path in the trial.
    fn figure(self) -> String {
        match self {
            Self::P99(stage) => stage.figure("p99"),
            Self::CompletedRate => "rates.completed_per_s".to_owned(),
        }
    }

    fn print(self, value: f64) -> String {
        match self {
            Self::P99(_) => format::latency(value),
            Self::CompletedRate => format::rate(value),
        }
    }

    fn axis(self, (low, high): (f64, f64)) -> Axis {
        match self {
            Self::P99(_) if high > low * LOG_FROM => {
                Axis::latency_log(&format!("{}, log scale", self.name()), low, high)
            }
            Self::P99(_) => Axis::latency_linear(&self.name(), high),
            Self::CompletedRate => Axis::rate("completed requests per second", low, high),
        }
    }
}

fn span(trend: &Trend) -> (f64, f64) {
    let series = trend.places.iter().flat_map(|(_, series)| series);
    let values = series.flat_map(|series| &series.values).flatten().map(|reading| reading.value);
    let span = values.fold((f64::INFINITY, 1.0), |(low, high): (f64, f64), value| {
        (low.min(value.max(1.0)), high.max(value))
    });
    if span.0.is_finite() { span } else { (1.0, 10.0) }
}

fn drawing(trend: &Trend, series: &[Series], size: Size, span: (f64, f64)) -> Result<Drawing, ReportError> {
    let x = Axis::categories("runs, oldest to newest (UTC)", trend.runs.iter().cloned());
    Plot {
        lines: series.iter().flat_map(lines_of).collect(),
        marks: series.iter().flat_map(marks_of).collect(),
        readout: readout(trend, series),
        ..Plot::new(size, x, trend.measure.axis(span))
    }
    .draw()
}

/// A faint line through all runs, and over it one through the valid ones. Both break where a run has no figure.
fn lines_of(series: &Series) -> Vec<Line> {
    let points = |valid_only: bool| -> Vec<Option<(f64, f64)>> {
        let drawn = |(index, reading): (usize, &Option<Reading>)| {
            let reading = (*reading)?;
            (reading.valid || !valid_only).then_some((index as f64, reading.value))
        };
        series.values.iter().enumerate().map(drawn).collect()
    };
    let (all, valid) = (points(false), points(true));
    let path = series.path;
    // The name stands at the line that goes on longest.
    let end = |points: &[Option<(f64, f64)>]| points.iter().rposition(Option::is_some);
    let valid_ends_last = end(&valid) == end(&all);
    let mut lines = Vec::new();
    if all != valid {
        lines.extend(Line::broken(Role::FaintLine(path), all, (!valid_ends_last).then_some(path)));
    }
    lines.extend(Line::broken(Role::Line(path), valid, valid_ends_last.then_some(path)));
    lines
}

fn marks_of(series: &Series) -> Vec<Mark> {
    let mark = |(index, reading): (usize, &Option<Reading>)| {
        let reading = (*reading)?;
        let kind = if reading.valid { MarkKind::Plain } else { MarkKind::Hollow };
        Some(Mark { path: series.path, at: (index as f64, reading.value), kind })
    };
    series.values.iter().enumerate().filter_map(mark).collect()
}

fn readout(trend: &Trend, series: &[Series]) -> Readout {
    let value = |reading: &Option<Reading>| match reading {
        None => String::new(),
        Some(Reading { value, valid: true }) => trend.measure.print(*value),
        Some(Reading { value, valid: false }) => format!("{}, invalid", trend.measure.print(*value)),
    };
    let row = |series: &Series| ReadoutRow {
        name: series.path.name().to_owned(),
        path: Some(series.path),
        values: series.values.iter().map(value).collect(),
    };
    Readout {
        heading: "run began (UTC)".to_owned(),
        columns: trend.runs.iter().enumerate().map(|(index, run)| (index as f64, run.clone())).collect(),
        rows: series.iter().map(row).collect(),
    }
}

fn note(labels: &[String]) -> String {
    let mut text = "Medians over the valid repetitions of each run. Every run takes the same width, however \
                    long ago. Hollow marks are invalid measurements, \
                    or a p99 that is our own lateness; they don't count."
        .to_owned();
    if labels.len() > PANELS_MAX {
        text.push_str(&format!(" Not drawn: {}.", labels[PANELS_MAX..].join("; ")));
    }
    text
}

/// One line of the drawing in figures, over valid runs.
struct Moved {
    measure: Measure,
    at: At,
    path: Path,
    label: String,
    low: f64,
    high: f64,
    newest: f64,
    runs: usize,
}

impl Moved {
    fn of(trend: &Trend, point: &Point, series: &Series) -> Option<Self> {
        let valid: Vec<f64> = series
            .values
            .iter()
            .flatten()
            .filter(|reading| reading.valid)
            .map(|reading| reading.value)
            .collect();
        let (low, high) = (valid.iter().copied().reduce(f64::min)?, valid.iter().copied().reduce(f64::max)?);
        (valid.len() > 1).then(|| Self {
            measure: trend.measure,
            at: At::Line { newest: trend.newest.clone(), point: point.clone() },
            path: series.path,
            label: point.label(),
            low,
            high,
            newest: valid[valid.len() - 1],
            runs: valid.len(),
        })
    }

    fn ratio(&self) -> f64 {
        self.high / self.low.max(f64::MIN_POSITIVE)
    }

    fn what(&self, part: MovedPart) -> What {
        What::Moved { figure: self.measure.figure(), part }
    }

    fn part(&self, part: MovedPart) -> Of<'_> {
        of(&self.at, self.path, self.what(part))
    }

    /// `nats-core at load.rate = 2 000`.
    fn name(&self) -> Claim {
        let claim = Claim::words(self.path.name());
        if self.label.is_empty() { claim } else { claim.say(" at ").name(self.label.clone()) }
    }

    /// `2.65 ms to 3.10 ms`.
    fn range(&self) -> Claim {
        let (low, high) = (self.measure.print(self.low), self.measure.print(self.high));
        let throughout = low == high;
        let claim = Claim::default().figure(low, self.low, self.part(MovedPart::Lowest));
        if throughout {
            return claim.say(" throughout");
        }
        claim.say(" to ").figure(high, self.high, self.part(MovedPart::Highest))
    }

    /// ` over 5 valid runs`.
    fn runs(&self) -> Claim {
        let count = self.part(MovedPart::Runs);
        Claim::words(" over ").figure(self.runs.to_string(), self.runs as f64, count).say(" valid runs")
    }

    fn newest(&self) -> Claim {
        let newest = self.measure.print(self.newest);
        Claim::default().figure(newest, self.newest, self.part(MovedPart::Newest))
    }

    /// That no other line moved more.
    fn most(&self) -> Fact {
        Fact::Most { at: self.at.clone(), path: self.path, what: self.what(MovedPart::Ratio) }
    }

    /// That no other line moved less.
    fn least(&self) -> Fact {
        Fact::Least { at: self.at.clone(), path: self.path, what: self.what(MovedPart::Ratio) }
    }
}

fn takeaway(trend: &Trend) -> Claim {
    let all =
        trend.places.iter().flat_map(|(point, series)| series.iter().map(move |series| (point, series)));
    let mut moved: Vec<Moved> = all.filter_map(|(point, series)| Moved::of(trend, point, series)).collect();
    moved.sort_by(|a, b| b.ratio().total_cmp(&a.ratio()));
    let name = trend.measure.name();
    let Some(most) = moved.first() else {
        let at = At::Line { newest: trend.newest.clone(), point: Point::new() };
        let what = What::Moved { figure: trend.measure.figure(), part: MovedPart::Runs };
        return Claim::words("Fewer than two valid runs: nothing can be said about a trend.")
            .resting_on(Fact::Nowhere { at, what });
    };
    if most.ratio() < LEVEL_RATIO_MAX {
        let claim = Claim::words(format!("No {name} moved by a twentieth: the widest is "));
        let claim = claim.and(most.name()).say(", ").and(most.range()).and(most.runs()).say(".");
        return claim.resting_on(most.most());
    }
    let mut claim = Claim::words(format!("The {name} of "))
        .and(most.name())
        .say(" moved most: ")
        .and(most.range())
        .and(most.runs())
        .say(", ")
        .and(most.newest())
        .say(" in the newest of them.")
        .resting_on(most.most());
    if let Some(least) = moved.last().filter(|_| moved.len() > 1) {
        let told =
            Claim::words(" That of ").and(least.name()).say(" moved least: ").and(least.range()).say(".");
        claim = claim.and(told).resting_on(least.least());
    }
    claim
}
