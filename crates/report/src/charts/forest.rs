//! Forest plot: a ratio and its interval in each row, against 1 and the tolerance.

use super::axis::Axis;
use super::drawing::Drawing;
use super::figure::{Figure, Layout, Panel, Table};
use super::palette::Role;
use super::plot::{Band, BandKind, Line, Mark, MarkKind, Plot, Size};
use crate::ReportError;
use crate::claim::{At, Claim, Fact, PairPart, RatioPart, What, of, of_all};
use crate::compare_text::{figure_name, tolerance};
use weighbridge_record::compare::FigureVerdict;
use weighbridge_record::point::Point;
use weighbridge_record::result::Estimate;
use weighbridge_record::terms::Path;

/// Rows named in the takeaway; the rest is counted.
const NAMED_MAX: usize = 3;

/// The ratios of a point.
pub struct Forest {
    pub point: Point,
    /// How far from 1 is put up with.
    pub tolerance_percent: f64,
    pub rows: Vec<Row>,
}

/// A figure of a transport, new over base.
pub struct Row {
    pub path: Path,
    /// Path in the trial.
    pub figure: String,
    pub ratio: Estimate,
    pub verdict: FigureVerdict,
}

/// None without rows.
pub fn draw(forest: &Forest) -> Result<Option<Figure>, ReportError> {
    if forest.rows.is_empty() {
        return Ok(None);
    }
    let percent = tolerance(forest.tolerance_percent);
    Ok(Some(Figure {
        id: "ratios",
        title: "Ratios, new to base",
        takeaway: takeaway(forest),
        note: format!(
            "Ratios of medians over the repetitions with 95 % bootstrap intervals. Shaded: within {percent} of 1, \
             which is put up with. A latency gets worse to the right, a rate to the left. Hollow: no interval, \
             for want of repetitions."
        ),
        paths: Vec::new(),
        kinds: Vec::new(),
        layout: Layout::Variants,
        panels: vec![Panel { title: String::new(), drawing: drawing(forest)? }],
        tables: vec![table(forest)],
    }))
}

fn drawing(forest: &Forest) -> Result<Drawing, ReportError> {
    let tolerance = forest.tolerance_percent / 100.0;
    let limits = (1.0 - tolerance, 1.0 + tolerance);
    let (low, high) = forest.rows.iter().fold(limits, |(low, high), row| {
        let ends = [Some(row.ratio.median), row.ratio.low, row.ratio.high];
        ends.into_iter().flatten().fold((low, high), |(low, high), end| (low.min(end), high.max(end)))
    });
    let count = forest.rows.len();
    // Categories count upwards; the first row belongs to the top.
    let height = |index: usize| (count - 1 - index) as f64;
    let names = forest.rows.iter().rev().map(|row| format!("{} {}", row.path, figure_name(&row.figure)));
    let edges = (-0.5, count as f64 - 0.5);
    let upright = |x: f64| Line {
        role: Role::Axis,
        points: vec![(x, edges.0), (x, edges.1)],
        markers_at: Vec::new(),
        label: None,
    };
    let mut lines = vec![upright(limits.0), upright(1.0), upright(limits.1)];
    let mut marks = Vec::new();
    for (index, row) in forest.rows.iter().enumerate() {
        let y = height(index);
        let mut kind = MarkKind::Hollow;
        if let (Some(low), Some(high)) = (row.ratio.low, row.ratio.high) {
            kind = MarkKind::Plain;
            let points = vec![(low, y), (high, y)];
            lines.push(Line { role: Role::Line(row.path), points, markers_at: Vec::new(), label: None });
        }
        marks.push(Mark { path: row.path, at: (row.ratio.median, y), kind });
    }
    let x = Axis::ratio("new / base, log scale", low, high);
    let tolerated = Band { from: limits.0, to: limits.1, label: String::new(), kind: BandKind::Phase };
    let plot = Plot::new(Size::Rows(count as u32), x, Axis::categories("", names));
    Plot { bands: vec![tolerated], lines, marks, ..plot }.draw()
}

fn table(forest: &Forest) -> Table {
    let end = |end: Option<f64>| end.map_or(String::new(), |end| format!("{end:.3}"));
    let row = |row: &Row| {
        vec![
            row.path.to_string(),
            figure_name(&row.figure).to_owned(),
            format!("{:.3}", row.ratio.median),
            end(row.ratio.low),
            end(row.ratio.high),
        ]
    };
    Table {
        caption: "Ratios, new to base",
        head: ["transport", "figure", "ratio", "low", "high"].map(str::to_owned).to_vec(),
        rows: forest.rows.iter().map(row).collect(),
    }
}

fn takeaway(forest: &Forest) -> Claim {
    let at = At::Between(forest.point.clone());
    let count = |count: usize, verdict: Option<FigureVerdict>, named: usize| {
        Claim::count(count, of_all(&at, What::Ratios { verdict, named }))
    };
    let (all, tolerance) = (count(forest.rows.len(), None, 0), tolerance(forest.tolerance_percent));
    let found = |verdict| {
        let rows: Vec<&Row> = forest.rows.iter().filter(|row| row.verdict == verdict).collect();
        let mut parts: Vec<Claim> = rows.iter().take(NAMED_MAX).map(|row| named(row, &at)).collect();
        if let Some(more) = rows.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
            parts.push(Claim::words("and ").and(count(more, Some(verdict), NAMED_MAX)).say(" more"));
        }
        (!rows.is_empty()).then(|| (count(rows.len(), Some(verdict), 0), Claim::join(parts, ", ")))
    };
    if let Some((count, named)) = found(FigureVerdict::Regression) {
        let claim = count.say(" of ").and(all).say(" ratios are shown to be worse by more than ");
        return claim.and(tolerance).say(": ").and(named).say(".");
    }
    if let Some((count, named)) = found(FigureVerdict::Inconclusive) {
        let claim = Claim::words("No ratio is shown to be worse by more than ").and(tolerance).say(", but ");
        return claim.and(count).say(" of ").and(all).say(" could be: ").and(named).say(".");
    }
    Claim::words("All ").and(all).say(" ratios are within ").and(tolerance).say(" or better.")
}

/// `nats-core p99 1.30 (1.20 to 1.40)`.
fn named(row: &Row, at: &At) -> Claim {
    let said = |claim: Claim, value: f64, part: RatioPart| {
        let what = What::Pair { figure: row.figure.clone(), part: PairPart::Ratio(part) };
        claim.figure(format!("{value:.2}"), value, of(at, row.path, what))
    };
    let Estimate { median, low, high } = row.ratio;
    let claim = Claim::words(format!("{} {} ", row.path, figure_name(&row.figure)));
    let mut claim = said(claim, median, RatioPart::Middle);
    if let Some((low, high)) = low.zip(high) {
        claim = said(claim.say(" ("), low, RatioPart::Low);
        claim = said(claim.say(" to "), high, RatioPart::High).say(")");
    }
    let (path, figure, verdict) = (row.path, row.figure.clone(), row.verdict);
    claim.resting_on(Fact::Judged { at: at.clone(), path, figure, verdict })
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::terms::TransportKind;

    fn row(figure: &str, low: Option<f64>, median: f64, high: Option<f64>, verdict: FigureVerdict) -> Row {
        let ratio = Estimate { median, low, high };
        Row { path: TransportKind::NatsCore.into(), figure: figure.to_owned(), ratio, verdict }
    }

    fn figure(rows: Vec<Row>) -> Figure {
        draw(&Forest { point: Point::new(), tolerance_percent: 5.0, rows }).unwrap().unwrap()
    }

    #[test]
    fn the_takeaway_follows_the_verdicts() {
        let kept = || row("rate", Some(0.99), 1.0, Some(1.01), FigureVerdict::NoRegression);
        let open = || row("p50", Some(0.98), 1.04, Some(1.1), FigureVerdict::Inconclusive);
        let worse = row("p99", Some(1.2), 1.3, Some(1.4), FigureVerdict::Regression);
        let takeaways = [vec![kept()], vec![kept(), open()], vec![kept(), open(), worse]];
        insta::assert_snapshot!(takeaways.map(|rows| figure(rows).takeaway.text).join("\n"), @r"
        All 1 ratios are within 5 % or better.
        No ratio is shown to be worse by more than 5 %, but 1 of 2 could be: nats-core p50 1.04 (0.98 to 1.10).
        1 of 3 ratios are shown to be worse by more than 5 %: nats-core p99 1.30 (1.20 to 1.40).
        ");
    }

    #[test]
    fn a_ratio_without_an_interval_is_hollow_and_one_with_is_not() {
        let without = figure(vec![row("p50", None, 1.2, None, FigureVerdict::Inconclusive)]);
        assert!(without.panels[0].drawing.svg.contains("hollow s-nats-core"));
        let with = figure(vec![row("p50", Some(1.1), 1.2, Some(1.3), FigureVerdict::Regression)]);
        assert!(!with.panels[0].drawing.svg.contains("hollow s-nats-core"));
    }

    #[test]
    fn a_ratio_of_thousands_still_makes_a_drawing() {
        let svg = &figure(vec![row("p99", Some(1e-9), 1e5, Some(1e12), FigureVerdict::Inconclusive)]).panels
            [0]
        .drawing
        .svg;
        assert!(svg.contains("nats-core p99") && !svg.contains("NaN"));
    }
}
