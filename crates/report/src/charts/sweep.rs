//! Completed rate and p99 over the values of a swept key other than the rate.

use super::axis::Axis;
use super::drawing::Drawing;
use super::figure::{Figure, Layout, Panel};
use super::palette::Role;
use super::plot::{Line, Mark, MarkKind, Plot, Size};
use super::readout::{Readout, ReadoutRow};
use crate::ReportError;
use crate::claim::{At, Claim, Fact, What, of};
use crate::groups::Group;
use crate::knee::CARRIED_SHARE_MIN;
use crate::sweeps;
use crate::sweeps::{RATE, Slice, has_valid};
use weighbridge_record::format;
use weighbridge_record::result::SearchRecord;
use weighbridge_record::terms::{Path, Stage};

/// Combinations of other swept keys that are drawn; those beyond are named.
const SLICES_MAX: usize = 3;

/// What is drawn over the values of the key.
#[derive(Clone, Copy)]
struct Measure {
    title: &'static str,
    path: &'static str,
    print: fn(f64) -> String,
    axis: fn(Span) -> Axis,
}

/// Smallest and largest.
type Span = (f64, f64);

/// One transport over the values of the key.
struct Curve {
    path: Path,
    /// Place of the value on the axis, figure, and whether any repetition is valid.
    points: Vec<(usize, f64, bool)>,
}

fn measures(stage: Stage) -> [Measure; 2] {
    let (title, path, axis): (_, _, fn(Span) -> Axis) = match stage {
        Stage::Delivery => ("p99 delivery", "latency_ns.delivery.p99", |span| {
            Axis::latency_log("p99 delivery, log scale", span.0 * 0.85, span.1)
        }),
        _ => ("p99 turnaround", "latency_ns.turnaround.p99", |span| {
            Axis::latency_log("p99 turnaround, log scale", span.0 * 0.85, span.1)
        }),
    };
    let rate = Measure {
        title: "completed rate",
        path: "rates.completed_per_s",
        print: format::rate,
        axis: |span| Axis::from_zero("completed requests per second", span.1, format::number),
    };
    [rate, Measure { title, path, print: format::latency, axis }]
}

pub fn draw(groups: &[Group<'_>], _: &[SearchRecord]) -> Result<Option<Figure>, ReportError> {
    let Some(key) = sweeps::axis(groups).filter(|key| *key != RATE) else { return Ok(None) };
    let slices = sweeps::slices(groups, key);
    let measures = measures(Stage::ANSWER);
    let mut panels = Vec::new();
    for slice in slices.iter().take(SLICES_MAX) {
        for measure in measures.into_iter().filter(|measure| !curves(slice, *measure).is_empty()) {
            let place = slice.held.label();
            let at = if place.is_empty() { place } else { format!(", {place}") };
            panels.push(Panel {
                title: format!("{}{at}", measure.title),
                drawing: drawing(&slices, slice, measure)?,
            });
        }
    }
    let curves: Vec<_> = slices.iter().map(|slice| measures.map(|measure| curves(slice, measure))).collect();
    let seen = |path: &Path| curves.iter().flatten().flatten().any(|curve| curve.path == *path);
    Ok(Some(Figure {
        id: "",
        title: "Completed rate and p99 over the sweep",
        takeaway: takeaway(&slices, measures),
        note: note(&slices, measures),
        paths: Path::all().filter(seen).collect(),
        kinds: Vec::new(),
        layout: Layout::Grid,
        panels,
        tables: Vec::new(),
    }))
}

fn curves(slice: &Slice<'_, '_>, measure: Measure) -> Vec<Curve> {
    let curve = |path: Path| {
        let point = |(place, step): (usize, &sweeps::Step<'_, '_>)| {
            let entry = step.group.entries.iter().find(|entry| entry.path == path)?;
            Some((place, entry.figure(measure.path)?.median, has_valid(entry)))
        };
        let points: Vec<_> = slice.steps.iter().enumerate().filter_map(point).collect();
        (!points.is_empty()).then_some(Curve { path, points })
    };
    Path::all().filter_map(curve).collect()
}

/// Panels of one measure share their axis.
fn drawing(
    slices: &[Slice<'_, '_>],
    slice: &Slice<'_, '_>,
    measure: Measure,
) -> Result<Drawing, ReportError> {
    let span = slices
        .iter()
        .flat_map(|slice| curves(slice, measure))
        .flat_map(|curve| curve.points)
        .fold((f64::INFINITY, 1.0), |(low, high): Span, (_, value, _)| (low.min(value), high.max(value)));
    let curves = curves(slice, measure);
    let labels: Vec<String> = slice.steps.iter().map(sweeps::Step::label).collect();
    let x = Axis::categories(slice.key, labels.iter().cloned());
    let y = (measure.axis)(if span.0.is_finite() { span } else { (1.0, 10.0) });
    Plot {
        lines: curves.iter().flat_map(line).collect(),
        marks: curves.iter().flat_map(marks).collect(),
        readout: readout(slice.key, &labels, &curves, measure),
        ..Plot::new(Size::Small, x, y)
    }
    .draw()
}

/// It breaks at a value without a figure.
fn line(curve: &Curve) -> Vec<Line> {
    let at = |place: usize| curve.points.iter().find(|(known, ..)| *known == place);
    let last = curve.points.last().map_or(0, |(place, ..)| *place);
    let points = (0..=last).map(|place| at(place).map(|(_, value, _)| (place as f64, *value)));
    Line::broken(Role::Line(curve.path), points, None)
}

fn marks(curve: &Curve) -> Vec<Mark> {
    let mark = |(place, value, valid): &(usize, f64, bool)| Mark {
        path: curve.path,
        at: (*place as f64, *value),
        kind: if *valid { MarkKind::Plain } else { MarkKind::Hollow },
    };
    curve.points.iter().map(mark).collect()
}

fn readout(key: &str, labels: &[String], curves: &[Curve], measure: Measure) -> Readout {
    let value = |curve: &Curve, place: usize| {
        let (_, value, valid) = curve.points.iter().find(|(at, ..)| *at == place)?;
        Some(format!("{}{}", (measure.print)(*value), if *valid { "" } else { ", invalid" }))
    };
    let row = |curve: &Curve| ReadoutRow {
        name: curve.path.name().to_owned(),
        path: Some(curve.path),
        values: (0..labels.len()).map(|place| value(curve, place).unwrap_or_default()).collect(),
    };
    Readout {
        heading: key.to_owned(),
        columns: labels.iter().enumerate().map(|(place, label)| (place as f64, label.clone())).collect(),
        rows: curves.iter().map(row).collect(),
    }
}

/// The widest change of the rate, and of p99. Where all that was offered is completed, the rate is the
/// scenario's and says nothing.
fn takeaway(slices: &[Slice<'_, '_>], measures: [Measure; 2]) -> Claim {
    let groups = || slices.iter().flat_map(|slice| &slice.steps).map(|step| step.group);
    let carries = |group: &Group<'_>| {
        group.entries.iter().filter(|entry| has_valid(entry)).all(|entry| {
            let offered = entry.figure("rates.offered_per_s");
            let completed = entry.figure("rates.completed_per_s");
            offered
                .zip(completed)
                .is_some_and(|(offered, completed)| completed.median >= offered.median * CARRIED_SHARE_MIN)
        })
    };
    let told = if groups().all(carries) { &measures[1..] } else { &measures[..] };
    let widest: Vec<Change<'_>> = told.iter().filter_map(|measure| widest(slices, *measure)).collect();
    if widest.is_empty() {
        return Claim::words("No transport has figures at two values.");
    }
    let (changed, level): (Vec<_>, Vec<_>) =
        widest.into_iter().partition(|change| change.ratio >= CHANGE_RATIO_MIN);
    let changed = Claim::join(changed.iter().map(Change::claim), "; ");
    let level = level.iter().map(|change| {
        let most = change.most();
        Claim::words(format!("no {} changes by a twentieth", change.measure.title)).resting_on(most)
    });
    let level = Claim::join(level, "; ");
    match (changed.is_empty(), level.is_empty()) {
        (true, _) => level.say(" over the sweep."),
        (false, true) => Claim::words("Changes most: ").and(changed).say("."),
        (false, false) => Claim::words("Changes most: ").and(changed).say("; ").and(level).say("."),
    }
}

/// From this ratio of the highest to the lowest a figure is said to change.
const CHANGE_RATIO_MIN: f64 = 1.05;

/// How far a figure of a transport moves over the key, within one combination of the others.
struct Change<'s> {
    slice: &'s Slice<'s, 's>,
    measure: Measure,
    path: Path,
    /// Place of the value, and the figure.
    low: (usize, f64),
    high: (usize, f64),
    ratio: f64,
}

impl Change<'_> {
    fn figure(&self, (place, value): (usize, f64)) -> Claim {
        let at = At::Point(self.slice.steps[place].group.point.clone());
        let what = What::Median(self.measure.path.to_owned());
        Claim::default().figure((self.measure.print)(value), value, of(&at, self.path, what))
    }

    fn most(&self) -> Fact {
        let at = At::Point(self.slice.held.clone());
        Fact::Most { at, path: self.path, what: What::Change(self.measure.path.to_owned()) }
    }

    fn claim(&self) -> Claim {
        let value = |place: usize| self.slice.steps[place].label();
        let claim = Claim::words(format!("{} of {}", self.measure.title, self.path));
        let held = self.slice.held.label();
        let claim = if held.is_empty() { claim } else { claim.say(" with ").name(held) };
        let change = What::Change(self.measure.path.to_owned());
        let at = At::Point(self.slice.held.clone());
        claim
            .say(", ")
            .and(self.figure(self.low))
            .say(format!(" at {} = ", self.slice.key))
            .name(value(self.low.0))
            .say(" and ")
            .and(self.figure(self.high))
            .say(" at ")
            .name(value(self.high.0))
            .say(" (")
            .figure(format::ratio(self.ratio), self.ratio, of(&at, self.path, change))
            .say(")")
            .resting_on(self.most())
    }
}

/// The transport whose figure changes most.
fn widest<'s>(slices: &'s [Slice<'s, 's>], measure: Measure) -> Option<Change<'s>> {
    let mut widest: Option<Change<'s>> = None;
    for slice in slices {
        for curve in curves(slice, measure) {
            let counted = curve
                .points
                .iter()
                .filter(|(place, _, valid)| *valid && !ours(slice, &curve, *place, measure));
            let mut counted: Vec<(usize, f64)> = counted.map(|(place, value, _)| (*place, *value)).collect();
            counted.sort_by(|a, b| a.1.total_cmp(&b.1));
            let (Some(low), Some(high), true) = (counted.first(), counted.last(), counted.len() > 1) else {
                continue;
            };
            let ratio = high.1 / low.1;
            if ratio.is_finite() && widest.as_ref().is_none_or(|known| ratio > known.ratio) {
                widest = Some(Change { slice, measure, path: curve.path, low: *low, high: *high, ratio });
            }
        }
    }
    widest
}

/// Whether the figure is the instrument's own lateness.
fn ours(slice: &Slice<'_, '_>, curve: &Curve, place: usize, measure: Measure) -> bool {
    let entries = &slice.steps[place].group.entries;
    entries.iter().any(|entry| entry.path == curve.path && entry.own_lateness(measure.path).is_some())
}

fn note(slices: &[Slice<'_, '_>], measures: [Measure; 2]) -> String {
    let mut text =
        "The values stand evenly spaced, whatever their distance. Hollow marks are invalid trials; \
                    they count for nothing."
            .to_owned();
    for measure in measures {
        let empty = slices.iter().take(SLICES_MAX).filter(|slice| curves(slice, measure).is_empty());
        let places: Vec<String> = empty.map(|slice| slice.held.label()).collect();
        if !places.is_empty() {
            let at = if places.iter().all(String::is_empty) {
                String::new()
            } else {
                format!(" at {}", places.join("; "))
            };
            text.push_str(&format!(" {} is left out{at}: no value has the samples for it.", measure.title));
        }
    }
    if slices.len() > SLICES_MAX {
        let rest: Vec<_> = slices[SLICES_MAX..].iter().map(|slice| slice.held.label()).collect();
        text.push_str(&format!(" Not drawn: {}.", rest.join("; ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::{Fixture, rate_sweep};
    use weighbridge_record::point::Point;
    use weighbridge_record::result::RunResult;
    use weighbridge_record::terms::TransportKind;

    fn run(points: Vec<Point>, scheduled: bool) -> RunResult {
        let transports = vec![TransportKind::NatsCore, TransportKind::RedisStreams];
        Fixture { transports, points, seconds: 1, rate_per_s: 1_500, scheduled, ..Fixture::default() }.build()
    }

    fn counts<const N: usize>(counts: [i64; N]) -> Vec<Point> {
        counts.map(|count| [("workers.count".to_owned(), count.into())].into()).to_vec()
    }

    #[test]
    fn the_values_stand_in_order_with_rate_and_p99() {
        let figure = draw(&groups(&run(counts([16, 1, 4]), true)), &[]).unwrap().unwrap();
        let titles: Vec<_> = figure.panels.iter().map(|panel| panel.title.as_str()).collect();
        assert_eq!(titles, ["completed rate", "p99 turnaround"]);
        let readout = &figure.panels[1].drawing.readout;
        let labels: Vec<_> = readout.columns.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!((readout.heading.as_str(), labels), ("workers.count", vec!["1", "4", "16"]));
        assert_eq!(readout.rows.len(), 2);
    }

    #[test]
    fn the_takeaway_leaves_out_a_rate_that_the_scenario_set() {
        let told = |scheduled| {
            let figure = draw(&groups(&run(counts([1, 4, 16]), scheduled)), &[]).unwrap().unwrap();
            figure.takeaway.text.replace('\u{a0}', " ")
        };
        insta::assert_snapshot!(told(true), @"Changes most: p99 turnaround of redis-streams, 5.86 ms at workers.count = 1 and 12.6 ms at 16 (2.1×).");
        assert!(told(false).ends_with("; no completed rate changes by a twentieth."), "{}", told(false));
    }

    #[test]
    fn invalid_trials_are_hollow_and_left_out_of_the_takeaway() {
        let mut result = run(counts([1, 4, 16]), true);
        for trial in result.trials.iter_mut().filter(|trial| trial.path == TransportKind::NatsCore) {
            trial.valid = false;
        }
        let figure = draw(&groups(&result), &[]).unwrap().unwrap();
        assert_eq!(figure.panels[1].drawing.svg.matches("hollow s-nats-core").count(), 3);
        assert!(figure.takeaway.text.contains("redis-streams"), "{}", figure.takeaway);
    }

    #[test]
    fn a_measure_that_no_value_has_is_left_out_and_one_value_without_it_is_a_gap() {
        let few = |count| Fixture {
            seconds: 1,
            rate_per_s: 90,
            points: counts([1, 4, count]),
            ..Fixture::default()
        };
        let mut result = Fixture { transports: vec![TransportKind::NatsCore], ..few(16) }.build();
        let figure = draw(&groups(&result), &[]).unwrap().unwrap();
        let titles: Vec<_> = figure.panels.iter().map(|panel| panel.title.as_str()).collect();
        assert_eq!(titles, ["completed rate"]);
        assert!(
            figure.note.ends_with("p99 turnaround is left out: no value has the samples for it."),
            "{}",
            figure.note
        );
        let enough = run(counts([1]), true);
        for place in [0, 2] {
            result.summary[place].figures = enough.summary[0].figures.clone();
        }
        let groups = groups(&result);
        let slices = sweeps::slices(&groups, "workers.count");
        let pieces = |measure| -> Vec<usize> {
            curves(&slices[0], measure).iter().flat_map(line).map(|line| line.points.len()).collect()
        };
        assert_eq!(measures(Stage::ANSWER).map(pieces), [vec![3], vec![1, 1]]);
        let figure = draw(&groups, &[]).unwrap().unwrap();
        assert!(figure.panels.len() == 2 && !figure.note.contains("left out"), "{}", figure.note);
    }

    #[test]
    fn a_sweep_of_the_rate_is_left_to_the_hockey_stick() {
        assert!(draw(&groups(&rate_sweep(&[TransportKind::NatsCore])), &[]).unwrap().is_none());
    }
}
