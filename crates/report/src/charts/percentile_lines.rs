//! Percentile curves out of the histograms of repetitions: shared by every chart over the percentile axis, and by the
//! terminal's.

use hdrhistogram::Histogram;

use super::axis::Axis;
use super::drawing::Drawing;
use super::figure::Panel;
use super::palette::Role;
use super::plot::{Line, Plot, Size};
use super::readout::{Readout, ReadoutRow};
use crate::ReportError;
use crate::groups::Entry;
use weighbridge_record::format;
use weighbridge_record::histogram::merge;
use weighbridge_record::ranked::{Ranked, quantile_max, ranked};
use weighbridge_record::stats::{median, range};
use weighbridge_record::terms::{Path, Stage};

/// One curve to draw: at each percentile the median over the repetitions, and the lowest and highest of them.
pub struct Curve {
    pub name: String,
    pub path: Path,
    repetitions: Vec<Repetition>,
    /// Drawn as the lesser of two lines of its transport.
    pub second: bool,
}

/// The latencies of one repetition.
struct Repetition {
    histogram: Histogram<u64>,
    /// Requests behind those of the histogram, because they were never answered.
    unanswered: u64,
}

impl Repetition {
    fn at(&self, quantile: f64) -> Ranked {
        ranked(&self.histogram, self.unanswered, quantile)
    }

    /// What is drawn: of too few samples the smallest.
    fn drawn_at(&self, quantile: f64) -> Option<u64> {
        match self.at(quantile) {
            Ranked::Ns(ns) => Some(ns),
            Ranked::TooFew => Some(self.histogram.value_at_quantile(quantile)),
            Ranked::NotAnswered => None,
        }
    }
}

impl Curve {
    /// The curve of a stage; none where no repetition has it.
    pub fn of(
        entry: &Entry<'_>,
        stage: Stage,
        name: &str,
        second: bool,
    ) -> Result<Option<Self>, ReportError> {
        let mut repetitions = Vec::new();
        for trial in &entry.counted {
            let Some(summary) = trial.latency_ns.get(stage) else { continue };
            let place = format!("{} {}", entry.path, stage.name());
            // Empty where nothing was recorded.
            let histogram = merge(std::iter::once(summary.histogram.as_str()), &place)?;
            let unanswered = summary.unanswered;
            repetitions.extend(histogram.map(|histogram| Repetition { histogram, unanswered }));
        }
        let (name, path) = (name.to_owned(), entry.path);
        Ok((!repetitions.is_empty()).then_some(Self { name, path, repetitions, second }))
    }

    /// The median over the repetitions; without a figure where one of them has none.
    pub fn at(&self, quantile: f64) -> Ranked {
        let each: Vec<Ranked> = self.repetitions.iter().map(|repetition| repetition.at(quantile)).collect();
        let without = each.iter().copied().find(|ranked| ranked.ns().is_none());
        let values: Vec<f64> = each.iter().filter_map(|ranked| ranked.ns()).map(|ns| ns as f64).collect();
        without.unwrap_or_else(|| Ranked::Ns(median(&values).round() as u64))
    }

    /// Lowest, median and highest of what is drawn.
    pub fn drawn_at(&self, quantile: f64) -> Option<[f64; 3]> {
        let each = self.repetitions.iter().map(|repetition| Some(repetition.drawn_at(quantile)? as f64));
        let each: Vec<f64> = each.collect::<Option<_>>()?;
        let (low, high) = range(&each);
        Some([low, median(&each), high])
    }

    /// The highest quantile of which every repetition has a figure.
    pub fn top(&self) -> f64 {
        let top = |repetition: &Repetition| quantile_max(repetition.histogram.len(), repetition.unanswered);
        self.repetitions.iter().map(top).fold(1.0, f64::min)
    }

    fn min_ns(&self) -> Option<u64> {
        let filled = self.repetitions.iter().filter(|repetition| !repetition.histogram.is_empty());
        filled.map(|repetition| repetition.histogram.min()).min()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LatencyScale {
    Log,
    Linear,
}

const MARKED: [f64; 6] = [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999];
/// Points of a curve for every nine of its axis.
const POINTS_PER_NINE: u32 = 40;

/// The highest quantile that any curve can answer.
pub fn reach(curves: &[Curve]) -> f64 {
    curves.iter().map(Curve::top).fold(0.0, f64::max)
}

/// The smallest and largest value drawn, for axes that several drawings share.
pub fn latency_span(curves: &[Curve]) -> (f64, f64) {
    let mut span = (f64::INFINITY, 1.0f64);
    for curve in curves {
        let Some(min_ns) = curve.min_ns() else { continue };
        span.0 = span.0.min((min_ns as f64).max(1.0));
        span.1 = span.1.max(curve.drawn_at(curve.top()).map_or(0.0, |[.., high]| high));
    }
    if span.0.is_finite() { span } else { (1.0, 10.0) }
}

/// Two curves of each transport in a panel, all on the same axes. A transport whose samples are too few for a
/// curve has none.
pub fn panels(pairs: &[(Path, [Curve; 2])], title: &str) -> Result<Vec<Panel>, ReportError> {
    let drawn: Vec<_> = pairs.iter().filter(|(_, pair)| reach(pair) > 0.0).collect();
    let quantile_reach = drawn.iter().map(|(_, pair)| reach(pair)).fold(0.0, f64::max);
    let span = drawn
        .iter()
        .map(|(_, pair)| latency_span(pair))
        .fold((f64::INFINITY, 1.0f64), |span, own| (span.0.min(own.0), span.1.max(own.1)));
    let panel = |(path, pair): &&(Path, [Curve; 2])| {
        let drawing = draw(pair, Size::Small, LatencyScale::Log, title, span, quantile_reach)?;
        Ok(Panel { title: path.name().to_owned(), drawing })
    };
    drawn.iter().map(panel).collect()
}

/// Draws curves over one percentile axis.
pub fn draw(
    curves: &[Curve],
    size: Size,
    scale: LatencyScale,
    title: &str,
    span_ns: (f64, f64),
    quantile_reach: f64,
) -> Result<Drawing, ReportError> {
    let y = match scale {
        LatencyScale::Log => Axis::latency_log(&format!("{title}, log scale"), span_ns.0, span_ns.1),
        LatencyScale::Linear => Axis::latency_linear(title, span_ns.1),
    };
    let mut seen = Vec::new();
    // Under the lines, so that those stay legible.
    let mut lines: Vec<Line> =
        curves.iter().filter(|curve| curve.repetitions.len() > 1).map(ribbon).collect();
    lines.extend(curves.iter().map(|curve| {
        let label = (!seen.contains(&curve.path)).then_some(curve.path);
        seen.push(curve.path);
        line(curve, label)
    }));
    let x = Axis::percentile(quantile_reach);
    Plot { lines, readout: readout(curves, quantile_reach), ..Plot::new(size, x, y) }.draw()
}

fn line(curve: &Curve, label: Option<Path>) -> Line {
    let point = |quantile: f64| Some((quantile, curve.drawn_at(quantile)?[1]));
    let role = if curve.second { Role::SecondLine(curve.path) } else { Role::Line(curve.path) };
    let points = quantiles(curve).into_iter().filter_map(point).collect();
    Line { role, points, markers_at: MARKED.to_vec(), label }
}

/// From the lowest repetition to the highest: along the one, and back along the other.
fn ribbon(curve: &Curve) -> Line {
    let quantiles = quantiles(curve);
    let along = |end: usize| {
        quantiles.iter().filter_map(move |quantile| Some((*quantile, curve.drawn_at(*quantile)?[end])))
    };
    let mut points: Vec<(f64, f64)> = along(0).collect();
    points.extend(along(2).collect::<Vec<_>>().into_iter().rev());
    Line { role: Role::Ribbon(curve.path), points, markers_at: Vec::new(), label: None }
}

/// Where a curve is drawn.
fn quantiles(curve: &Curve) -> Vec<f64> {
    let top = curve.top();
    let nines_max = -(1.0 - top).log10();
    let steps = (nines_max * f64::from(POINTS_PER_NINE)).ceil() as u32;
    let mut quantiles: Vec<f64> = (0..=steps)
        .map(|step| 1.0 - 10f64.powf(-f64::from(step) / f64::from(POINTS_PER_NINE)))
        .chain(MARKED)
        // The curve is steepest next to its minimum, where the axis has the least room for it.
        .chain([0.002, 0.005, 0.01, 0.02, 0.035])
        .filter(|quantile| *quantile <= top)
        .collect();
    quantiles.push(top);
    quantiles.sort_by(f64::total_cmp);
    quantiles.dedup();
    quantiles
}

/// Columns close enough for hovering, and round enough for a table.
const COLUMNS: [f64; 20] = [
    0.0, 0.1, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995,
    0.9999, 0.99995, 0.99999,
];

fn readout(curves: &[Curve], quantile_reach: f64) -> Readout {
    let quantiles: Vec<f64> = COLUMNS.into_iter().filter(|quantile| *quantile <= quantile_reach).collect();
    let value = |curve: &Curve, quantile: f64| match curve.at(quantile) {
        Ranked::Ns(ns) => format::latency_ns(ns),
        Ranked::NotAnswered => "not answered".to_owned(),
        Ranked::TooFew => String::new(),
    };
    Readout {
        heading: "percentile".to_owned(),
        columns: quantiles.iter().map(|quantile| (*quantile, format::percentile(*quantile))).collect(),
        rows: curves
            .iter()
            .map(|curve| ReadoutRow {
                name: curve.name.clone(),
                path: Some(curve.path),
                values: quantiles.iter().map(|quantile| value(curve, *quantile)).collect(),
            })
            .collect(),
    }
}
