//! Hockey stick: latency against the rate achieved, with the knee of each transport.

use super::axis::Axis;
use super::drawing::Drawing;
use super::figure::{Figure, Layout, Panel, Table};
use super::palette::Role;
use super::plot::{Line, Mark, MarkKind, Plot, Size};
use super::readout::{Readout, ReadoutRow};
use crate::ReportError;
use crate::groups::Group;
use crate::knee::{CARRIED_SHARE_MIN, POINTS_MIN};
use crate::rate_curve::{RateCurve, RateStep, RateSweep, STATISTICS, Turn, rate_sweeps, takeaway};
use weighbridge_record::format;
use weighbridge_record::result::SearchRecord;
use weighbridge_record::terms::{Path, Stage};

/// The statistics from the lowest to the highest.
const RISING: [usize; 3] = [1, 0, 2];

/// Panels of a grid; the combinations beyond are named.
const PANELS_MAX: usize = 6;

pub fn draw(groups: &[Group<'_>], searches: &[SearchRecord]) -> Result<Option<Figure>, ReportError> {
    let sweeps = rate_sweeps(groups, searches);
    if sweeps.is_empty() {
        return Ok(None);
    }
    let mut panels = Vec::new();
    if let [only] = sweeps.as_slice() {
        for (index, (_, name)) in STATISTICS.iter().enumerate() {
            if !has_figures(only, index) {
                continue;
            }
            let span = spans(&sweeps, index);
            panels
                .push(Panel { title: (*name).to_owned(), drawing: drawing(only, index, Size::Wide, span)? });
        }
    } else {
        let span = spans(&sweeps, 0);
        for sweep in sweeps.iter().filter(|sweep| has_figures(sweep, 0)).take(PANELS_MAX) {
            panels.push(Panel { title: sweep.held.label(), drawing: drawing(sweep, 0, Size::Small, span)? });
        }
    }
    Ok(Some(Figure {
        id: "",
        title: "Latency against achieved rate",
        takeaway: takeaway(&sweeps),
        note: note(&sweeps),
        paths: paths(&sweeps),
        kinds: Vec::new(),
        layout: if sweeps.len() == 1 { Layout::Variants } else { Layout::Grid },
        panels,
        tables: vec![table(&sweeps)],
    }))
}

/// Whether any path has the samples for a statistic at any rate: without one, a panel would be axes with nothing
/// between them.
fn has_figures(sweep: &RateSweep, statistic: usize) -> bool {
    sweep.curves.iter().flat_map(|curve| &curve.steps).any(|step| place(step, statistic).is_some())
}

fn drawing(
    sweep: &RateSweep,
    statistic: usize,
    size: Size,
    (rates, latencies): (Span, Span),
) -> Result<Drawing, ReportError> {
    let (_, name) = STATISTICS[statistic];
    let mut lines = Vec::new();
    let mut marks = Vec::new();
    for curve in &sweep.curves {
        lines.extend(lines_of(curve, statistic));
        marks.extend(marks_of(curve, statistic));
    }
    let title = format!("{name} {}, log scale", Stage::ANSWER.name());
    let x = Axis::rate("completed requests per second", rates.0, rates.1);
    let y = Axis::latency_log(&title, latencies.0 * 0.85, latencies.1);
    Plot { lines, marks, readout: readout(sweep, statistic), ..Plot::new(size, x, y) }.draw()
}

/// Place of a step on the drawing; none where the percentile has too few samples.
fn place(step: &RateStep, statistic: usize) -> Option<(f64, f64)> {
    Some((step.achieved_per_s, step.latency_ns[statistic]?))
}

/// A faint line through all steps, and over it one through those that are valid. Both break at a rate without a figure.
fn lines_of(curve: &RateCurve, statistic: usize) -> Vec<Line> {
    let points = |valid_only: bool| -> Vec<Option<(f64, f64)>> {
        let steps = curve.steps.iter();
        steps.map(|step| place(step, statistic).filter(|_| step.valid || !valid_only)).collect()
    };
    let (all, valid) = (points(false), points(true));
    let path = curve.path;
    let named_at_all = valid.iter().all(Option::is_none).then_some(path);
    let mut lines = Vec::new();
    if all != valid {
        lines.extend(Line::broken(Role::FaintLine(path), all, named_at_all));
    }
    lines.extend(Line::broken(Role::Line(path), valid, Some(path)));
    lines
}

fn marks_of(curve: &RateCurve, statistic: usize) -> Vec<Mark> {
    let mark = |step: &RateStep, kind| place(step, statistic).map(|at| Mark { path: curve.path, at, kind });
    let of_trials = curve
        .steps
        .iter()
        .filter_map(|step| mark(step, if step.valid { MarkKind::Plain } else { MarkKind::Hollow }));
    let mut marks: Vec<Mark> = of_trials.collect();
    marks.extend(curve.turn_step().and_then(|step| mark(step, MarkKind::Ring)));
    marks
}

/// Smallest and largest.
type Span = (f64, f64);

/// Spans of the achieved rates and of one statistic, for axes that all panels share.
fn spans(sweeps: &[RateSweep], statistic: usize) -> (Span, Span) {
    let places = || {
        let steps = sweeps.iter().flat_map(|sweep| &sweep.curves).flat_map(|curve| &curve.steps);
        steps.filter_map(|step| place(step, statistic))
    };
    let span = |values: &mut dyn Iterator<Item = f64>| {
        let span = values.fold((f64::INFINITY, 1.0), |(low, high): Span, value| {
            (low.min(value.max(1.0)), high.max(value))
        });
        if span.0.is_finite() { span } else { (1.0, 10.0) }
    };
    (span(&mut places().map(|(rate, _)| rate)), span(&mut places().map(|(_, latency)| latency)))
}

/// One column for every rate asked for: the latency there, and the rate completed where it was less.
fn readout(sweep: &RateSweep, statistic: usize) -> Readout {
    let mut rates: Vec<f64> =
        sweep.curves.iter().flat_map(|curve| &curve.steps).map(|step| step.rate_per_s).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let value = |curve: &RateCurve, rate: f64| {
        let step = curve.steps.iter().find(|step| step.rate_per_s == rate)?;
        let ours = if step.ours && statistic == 0 { "*" } else { "" };
        let latency = format!("{}{ours}", format::latency(step.latency_ns[statistic]?));
        let short = step.achieved_per_s < step.offered_per_s * CARRIED_SHARE_MIN;
        let rate = if short { format!(" at {}", format::rate(step.achieved_per_s)) } else { String::new() };
        Some(format!("{latency}{rate}{}", if step.valid { "" } else { ", invalid" }))
    };
    Readout {
        heading: "rate".to_owned(),
        columns: rates.iter().map(|rate| (*rate, format::rate(*rate))).collect(),
        rows: sweep
            .curves
            .iter()
            .map(|curve| ReadoutRow {
                name: curve.path.name().to_owned(),
                path: Some(curve.path),
                values: rates.iter().map(|rate| value(curve, *rate).unwrap_or_default()).collect(),
            })
            .collect(),
    }
}

fn paths(sweeps: &[RateSweep]) -> Vec<Path> {
    let seen = |path: &Path| sweeps.iter().any(|sweep| sweep.curves.iter().any(|curve| curve.path == *path));
    Path::all().filter(seen).collect()
}

fn note(sweeps: &[RateSweep]) -> String {
    let searched =
        sweeps.iter().flat_map(|sweep| &sweep.curves).any(|curve| matches!(curve.turn, Turn::Confirmed(_)));
    let ring = if searched {
        "A ring marks the rate that the search confirmed.".to_owned()
    } else {
        format!(
            "A ring marks the knee of p99: of the rates of which at least {} % were completed, the one with the \
             highest ratio of rate to p99 (Kleinrock, 1979). None is marked with fewer than {POINTS_MIN} rates, and \
             where the last rate was completed and its ratio is still more than half of the highest: tails of short \
             windows scatter by as much.",
            CARRIED_SHARE_MIN * 100.0
        )
    };
    let mut text = format!(
        "{ring} Hollow marks are invalid trials; they don't count, and neither does a p99 that is our own lateness (*)."
    );
    if let [only] = sweeps {
        for (_, name) in
            (0..STATISTICS.len()).filter(|index| !has_figures(only, *index)).map(|index| STATISTICS[index])
        {
            text.push_str(&format!(" {name} is left out: no rate has the samples for it."));
        }
        return text;
    }
    let (drawn, empty): (Vec<_>, Vec<_>) = sweeps.iter().partition(|sweep| has_figures(sweep, 0));
    let labels =
        |sweeps: &[&RateSweep]| sweeps.iter().map(|sweep| sweep.held.label()).collect::<Vec<_>>().join("; ");
    if !empty.is_empty() {
        text.push_str(&format!(
            " Left out, because no rate has the samples for {}: {}.",
            STATISTICS[0].1,
            labels(&empty)
        ));
    }
    if drawn.len() > PANELS_MAX {
        text.push_str(&format!(" Not drawn, but in the table: {}.", labels(&drawn[PANELS_MAX..])));
    }
    text
}

fn table(sweeps: &[RateSweep]) -> Table {
    let mut head = vec!["transport", "rate", "offered", "completed"];
    head.extend(RISING.map(|statistic| STATISTICS[statistic].1));
    head.push("remark");
    if sweeps.len() > 1 {
        head.insert(0, "point");
    }
    let mut rows = Vec::new();
    for sweep in sweeps {
        for curve in &sweep.curves {
            for step in &curve.steps {
                let mut row = vec![
                    curve.path.name().to_owned(),
                    format::rate(step.rate_per_s),
                    format::rate(step.offered_per_s),
                    format::rate(step.achieved_per_s),
                ];
                let latency = |ns: Option<f64>| ns.map_or(String::new(), format::latency);
                row.extend(RISING.map(|statistic| latency(step.latency_ns[statistic])));
                row.push(remark(curve, step).to_owned());
                if sweeps.len() > 1 {
                    row.insert(0, sweep.held.label());
                }
                rows.push(row);
            }
        }
    }
    Table {
        caption: "Every rate, medians over repetitions",
        head: head.into_iter().map(str::to_owned).collect(),
        rows,
    }
}

fn remark(curve: &RateCurve, step: &RateStep) -> &'static str {
    if !step.valid {
        "invalid"
    } else if step.ours {
        "own lateness"
    } else if curve.turn_step().is_some_and(|turn| std::ptr::eq(turn, step)) {
        if matches!(curve.turn, Turn::Confirmed(_)) { "confirmed" } else { "knee" }
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::{Fixture, rate_sweep};
    use weighbridge_record::terms::TransportKind;

    fn figure(result: &weighbridge_record::result::RunResult) -> Figure {
        draw(&groups(result), &[]).unwrap().unwrap()
    }

    #[test]
    fn knees_have_rings_and_invalid_trials_are_hollow() {
        let figure = figure(&rate_sweep(&TransportKind::ALL[..5]));
        let svg = &figure.panels[0].drawing.svg;
        for (path, ring) in [("redis-streams", true), ("nats-core", false), ("nats-jetstream", false)] {
            assert_eq!(svg.contains(&format!("ring s-{path}")), ring, "{path}");
        }
        assert_eq!(svg.matches("hollow s-").count(), 3);
        assert_eq!(svg.matches("hollow s-nats-jetstream").count(), 3);
    }

    #[test]
    fn the_table_has_a_row_for_every_rate_and_transport() {
        let figure = figure(&rate_sweep(&[TransportKind::RedisStreams]));
        let row = |row: &Vec<String>| row.join(" | ").trim_end_matches([' ', '|']).to_owned();
        let rows: Vec<_> = figure.tables[0].rows.iter().map(row).collect();
        insta::assert_snapshot!(rows.join("\n").replace('\u{a0}', " "), @r"
        redis-streams | 1 000/s | 1 000/s | 1 000/s | 589 µs | 1.67 ms | 2.67 ms
        redis-streams | 2 000/s | 2 000/s | 2 000/s | 591 µs | 1.76 ms | 2.82 ms
        redis-streams | 5 000/s | 5 000/s | 5 000/s | 611 µs | 1.71 ms | 2.74 ms
        redis-streams | 10 000/s | 10 000/s | 10 000/s | 625 µs | 1.77 ms | 2.83 ms
        redis-streams | 20 000/s | 20 000/s | 20 000/s | 668 µs | 1.89 ms | 3.02 ms
        redis-streams | 50 000/s | 50 000/s | 50 000/s | 1.54 ms | 4.55 ms | 7.28 ms | knee
        redis-streams | 100 000/s | 100 000/s | 58 800/s | 194 ms | 559 ms | 895 ms
        redis-streams | 200 000/s | 200 000/s | 56 400/s | 390 ms | 1.13 s | 1.80 s
        ");
    }

    #[test]
    fn a_grid_has_a_panel_for_each_combination_up_to_a_cap() {
        let points = (1..=8).flat_map(|count| {
            [100, 200].map(|rate| {
                [("workers.count".to_owned(), count.into()), ("load.rate".to_owned(), rate.into())].into()
            })
        });
        let transports = vec![TransportKind::NatsCore];
        let points = points.collect();
        let result =
            Fixture { transports, points, seconds: 1, rate_per_s: 1_500, ..Fixture::default() }.build();
        let figure = figure(&result);
        assert_eq!(figure.panels.len(), PANELS_MAX);
        assert_eq!(figure.panels[1].title, "workers.count = 2");
        assert!(
            figure.note.ends_with("in the table: workers.count = 7; workers.count = 8."),
            "{}",
            figure.note
        );
    }

    /// Rates with too few requests for p99, but for those of so many workers.
    fn sparse(workers_with_p99: Option<i64>) -> Figure {
        let points = [1, 2].iter().flat_map(|count| {
            [100, 200].map(|rate| {
                [("workers.count".to_owned(), (*count).into()), ("load.rate".to_owned(), rate.into())].into()
            })
        });
        let (transports, points) = (vec![TransportKind::NatsCore], points.collect());
        let mut result =
            Fixture { transports, points, seconds: 1, rate_per_s: 90, ..Fixture::default() }.build();
        let enough = Fixture { seconds: 1, rate_per_s: 1_500, ..Fixture::default() }.build().summary;
        let of = |point: &weighbridge_record::point::Point| {
            point.get("workers.count").and_then(|count| count.as_i64())
        };
        for row in result.summary.iter_mut().filter(|row| of(&row.point) == workers_with_p99) {
            row.figures = enough[0].figures.clone();
        }
        figure(&result)
    }

    #[test]
    fn a_panel_without_a_figure_is_left_out_with_its_reason() {
        let figure = sparse(Some(2));
        let titles: Vec<_> = figure.panels.iter().map(|panel| panel.title.as_str()).collect();
        assert_eq!(titles, ["workers.count = 2"]);
        assert!(
            figure.note.ends_with("no rate has the samples for p99: workers.count = 1."),
            "{}",
            figure.note
        );
        assert!(sparse(None).panels.is_empty());
    }

    #[test]
    fn a_rate_without_the_samples_is_a_gap_in_the_line() {
        let step = |rate: f64, p99: Option<f64>, valid| RateStep {
            rate_per_s: rate,
            offered_per_s: rate,
            achieved_per_s: rate,
            latency_ns: [p99, Some(1e6), None],
            valid,
            ours: false,
        };
        let steps = [(1.0, true), (2.0, true), (3.0, true), (4.0, false), (5.0, true)];
        let steps =
            steps.map(|(rate, valid)| step(rate, (rate != 2.0).then_some(rate * 1e6), valid)).to_vec();
        let curve = RateCurve { path: TransportKind::NatsCore.into(), steps, turn: Turn::Confirmed(None) };
        let pieces = |statistic| -> Vec<usize> {
            lines_of(&curve, statistic).iter().map(|line| line.points.len()).collect()
        };
        assert_eq!(pieces(0), [1, 3, 1, 1, 1], "all: 1 | 3 4 5, valid: 1 | 3 | 5");
        assert_eq!(pieces(1), [5, 3, 1]);
        assert!(pieces(2).is_empty());
    }

    #[test]
    fn a_run_without_a_sweep_of_the_rate_has_none() {
        let result = Fixture { seconds: 1, rate_per_s: 50, ..Fixture::default() }.build();
        assert!(draw(&groups(&result), &[]).unwrap().is_none());
    }
}
