//! `comparison.html`: two runs held against each other, on one page without outside addresses.
//!
//! Words and draws a `RunComparison`; it judges nothing. Only the percentile curves come from the two records.

use askama::Template;

use super::ReportError;
use super::charts::Figure;
use super::charts::forest::{self, Forest};
use super::charts::overlay::{self, Pair};
use super::claim::Claim;
use super::claims::Placed;
use super::figure_view::{FigureView, figure_view};
use super::groups::{Group, groups};
use super::html::PAGE_BYTES_MAX;
use super::page::Frame;
use crate::compare_text;
use weighbridge_record::compare::{
    Difference, FigureComparison, FigureVerdict, RunComparison, RunReference, RunVerdict,
};
use weighbridge_record::point::Point;
use weighbridge_record::result::RunResult;
use weighbridge_record::terms::{Path, Stage};

/// Points of a sweep whose curves are drawn; the first number that fits the size of a page is taken.
const POINTS_CHARTED_MAX: [usize; 5] = [usize::MAX, 12, 6, 2, 0];

#[derive(Template)]
#[template(path = "comparison.html")]
struct Page<'a> {
    frame: Frame,
    /// As the terminal prints it.
    headline: Claim,
    /// Class and word.
    verdict: (&'static str, &'static str),
    tolerance: String,
    runs: [(&'static str, &'a RunReference); 2],
    differences: &'a [Difference],
    left_out: &'a [String],
    points: Vec<PointView>,
    swept: bool,
    uncharted: usize,
    version: &'static str,
}

struct PointView {
    label: String,
    /// Shown unfolded, among the points of a sweep.
    open: bool,
    rows: Vec<Row>,
    forest: Option<FigureView>,
    curves: Option<FigureView>,
}

struct Row {
    path: Path,
    figure: String,
    base: String,
    new: String,
    ratio: String,
    p: String,
    repetitions: String,
    /// Class and words.
    verdict: (&'static str, &'static str),
}

/// Every sentence of the page of a comparison of these two records, with where it stands.
pub fn claims(
    comparison: &RunComparison,
    base: &RunResult,
    new: &RunResult,
) -> Result<Vec<Placed>, ReportError> {
    let mut claims = vec![("headline".to_owned(), compare_text::headline(comparison))];
    let (base, new) = (groups(base), groups(new));
    for point in comparison.points() {
        let mut figures = Vec::from_iter(ratios(comparison, point)?);
        if let Some((base, new)) = at_point(&base, point).zip(at_point(&new, point)) {
            figures.extend(curves(point, base, new)?);
        }
        claims.extend(figures.into_iter().map(|figure| (figure.id.to_owned(), figure.takeaway)));
    }
    Ok(claims)
}

fn at_point<'g, 'a>(groups: &'g [Group<'a>], point: &Point) -> Option<&'g Group<'a>> {
    groups.iter().find(|group| group.point == point)
}

/// The page of a comparison of these two records.
pub fn render(comparison: &RunComparison, base: &RunResult, new: &RunResult) -> Result<String, ReportError> {
    let mut text = String::new();
    for charted_max in POINTS_CHARTED_MAX {
        text = render_at(comparison, base, new, charted_max)?;
        if text.len() < PAGE_BYTES_MAX {
            break;
        }
    }
    Ok(text)
}

fn render_at(
    comparison: &RunComparison,
    base: &RunResult,
    new: &RunResult,
    charted_max: usize,
) -> Result<String, ReportError> {
    let (base_groups, new_groups) = (groups(base), groups(new));
    let points = comparison.points();
    let swept = points.len() > 1;
    let mut views = Vec::new();
    for (index, point) in points.iter().enumerate() {
        let of_both = at_point(&base_groups, point).zip(at_point(&new_groups, point));
        let groups = of_both.filter(|_| index < charted_max);
        views.push(point_view(comparison, point, groups, index)?);
    }
    let page = Page {
        frame: Frame::of_several_runs(),
        headline: compare_text::headline(comparison),
        verdict: run_verdict(comparison.verdict),
        tolerance: format!("{} %", comparison.tolerance_percent),
        runs: [("base", &comparison.base), ("new", &comparison.new)],
        differences: &comparison.differences,
        left_out: &comparison.left_out,
        uncharted: points.len().saturating_sub(charted_max),
        points: views,
        swept,
        version: env!("CARGO_PKG_VERSION"),
    };
    page.render().map_err(|source| ReportError::Page { source })
}

fn point_view(
    comparison: &RunComparison,
    point: &Point,
    groups: Option<(&Group<'_>, &Group<'_>)>,
    index: usize,
) -> Result<PointView, ReportError> {
    let figures = of_point(comparison, point);
    let place = index.to_string();
    let view = |figure: Option<Figure>| figure.map(|figure| figure_view(figure, &place)).transpose();
    let curves = groups.map(|(base, new)| curves(point, base, new)).transpose()?.flatten();
    let worse = figures.iter().any(|figure| figure.verdict == FigureVerdict::Regression);
    Ok(PointView {
        label: point.label(),
        open: worse || index == 0,
        rows: figures.into_iter().map(row).collect(),
        forest: view(ratios(comparison, point)?)?,
        curves: view(curves)?,
    })
}

fn of_point<'a>(comparison: &'a RunComparison, point: &Point) -> Vec<&'a FigureComparison> {
    comparison.figures.iter().filter(|figure| &figure.point == point).collect()
}

/// The ratios of a point, drawn.
fn ratios(comparison: &RunComparison, point: &Point) -> Result<Option<Figure>, ReportError> {
    let row = |figure: &FigureComparison| {
        let ratio = figure.ratio?;
        Some(forest::Row { path: figure.path, figure: figure.figure.clone(), ratio, verdict: figure.verdict })
    };
    let rows = of_point(comparison, point).into_iter().filter_map(row).collect();
    forest::draw(&Forest { point: point.clone(), tolerance_percent: comparison.tolerance_percent, rows })
}

/// The curves of every transport that both have at a point, drawn.
fn curves(point: &Point, base: &Group<'_>, new: &Group<'_>) -> Result<Option<Figure>, ReportError> {
    let mut pairs = Vec::new();
    for entry in &new.entries {
        if let Some(other) = base.entries.iter().find(|other| other.path == entry.path) {
            pairs.extend(Pair::of(other, entry, Stage::ANSWER)?);
        }
    }
    overlay::draw(Stage::ANSWER, point, pairs)
}

fn row(figure: &FigureComparison) -> Row {
    let value = |value: Option<f64>| {
        value.map_or_else(String::new, |value| compare_text::printed(&figure.figure, value))
    };
    Row {
        path: figure.path,
        figure: compare_text::figure_name(&figure.figure).to_owned(),
        base: value(figure.base),
        new: value(figure.new),
        ratio: figure.ratio.map_or_else(String::new, compare_text::ratio_text),
        p: figure.p_adjusted.map_or_else(String::new, compare_text::chance),
        repetitions: match (figure.base_repetitions, figure.new_repetitions) {
            (base, new) if base == new => base.to_string(),
            (base, new) => format!("{base} and {new}"),
        },
        verdict: figure_verdict(figure.verdict),
    }
}

fn run_verdict(verdict: RunVerdict) -> (&'static str, &'static str) {
    match verdict {
        RunVerdict::Regression => ("bad", "regression"),
        RunVerdict::Inconclusive => ("warn", "inconclusive"),
        RunVerdict::NoRegression => ("good", "no regression"),
    }
}

fn figure_verdict(verdict: FigureVerdict) -> (&'static str, &'static str) {
    match verdict {
        FigureVerdict::Regression => ("bad", "regression"),
        FigureVerdict::Improvement => ("good", "improvement"),
        FigureVerdict::NoRegression => ("plain", "no regression"),
        FigureVerdict::Inconclusive => ("warn", "inconclusive"),
    }
}

#[cfg(test)]
mod tests;
