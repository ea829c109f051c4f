//! Percentiles over time, out of interval histograms that are merged and never averaged.

use super::axis::Axis;
use super::figure::{Detail, Figure, Layout, Panel};
use super::palette::Role;
use super::plot::Size;
use super::time::{self, TimeChart, TimeSeries, Timeline};
use super::whose::whose;
use crate::ReportError;
use crate::claim::{Claim, Intervals, What, of};
use crate::groups::Group;
use crate::interval_latency::Samples;
use weighbridge_record::format;
use weighbridge_record::histogram::samples_needed;
use weighbridge_record::result::Trial;
use weighbridge_record::terms::{Path, Stage};

const QUANTILES: [f64; 4] = [0.5, 0.9, 0.99, 0.999];
/// Intervals are made longer until p99 has enough samples, but not so long that fewer than these are left.
const INTERVALS_MIN: usize = 8;

struct Track<'a> {
    path: Path,
    trial: &'a Trial,
    columns: Vec<Samples>,
}

pub fn draw(group: &Group<'_>, detail: Detail) -> Result<Option<Figure>, ReportError> {
    let Some(timeline) = wide_enough(group, detail)? else { return Ok(None) };
    let mut tracks = Vec::new();
    for entry in &group.entries {
        let trial = entry.trial();
        let columns = timeline.latencies(entry)?;
        tracks.push(Track { path: entry.path, trial, columns });
    }
    let drawn: Vec<_> = QUANTILES
        .into_iter()
        .map(|quantile| (quantile, series(&tracks, quantile)))
        .filter(|(_, series)| !series.is_empty())
        .collect();
    let mut panels = Vec::new();
    for (quantile, series) in &drawn {
        let name = format::percentile(*quantile);
        let low = series.iter().flat_map(|series| &series.values).filter_map(|value| *value);
        let low = low.fold(f64::INFINITY, f64::min);
        let title = format!("{name} {}, log scale", Stage::ANSWER.name());
        let y = Axis::latency_log(&title, low, time::highest(series));
        let chart = TimeChart { size: Size::Wide, y, print: format::latency, series, cells: Vec::new() };
        panels.push(Panel { title: name, drawing: timeline.draw(chart)? });
    }
    if panels.is_empty() {
        return Ok(None);
    }
    // The highest that most people ask for.
    let told = drawn.iter().rposition(|(quantile, _)| *quantile <= 0.99);
    let (from, to) = timeline.edges(0);
    Ok(Some(Figure {
        id: "",
        title: "Percentiles over time",
        takeaway: told.map_or(Claim::default(), |told| takeaway(group, &timeline, &tracks, drawn[told].0)),
        note: format!(
            "By intended time, in intervals of {} s; an interval with fewer than 10 samples above a percentile has none, and the line a gap.{} Only the first counted repetition is drawn. {}",
            format::number(to - from),
            left_out(&drawn),
            time::note_of_bands(group)
        ),
        paths: tracks.iter().map(|track| track.path).collect(),
        kinds: Vec::new(),
        layout: Layout::Tabs(told.unwrap_or(0)),
        panels,
        tables: Vec::new(),
    }))
}

/// Which percentiles no interval of any path has the samples for.
fn left_out(drawn: &[(f64, Vec<TimeSeries>)]) -> String {
    let missing = |quantile: &f64| drawn.iter().all(|(known, _)| known != quantile);
    let told = QUANTILES.into_iter().filter(missing).map(|quantile| {
        let needed = format::count(samples_needed(quantile));
        format!(" {} is left out: no interval has the {needed} samples for it.", format::percentile(quantile))
    });
    told.collect()
}

/// The grid with intervals long enough for p99 in most of them, as far as the window allows.
fn wide_enough(group: &Group<'_>, detail: Detail) -> Result<Option<Timeline>, ReportError> {
    let Some(timeline) = Timeline::of(group, detail) else { return Ok(None) };
    let mut counts = Vec::new();
    for entry in &group.entries {
        let columns = timeline.latencies(entry)?;
        counts.extend(timeline.window(entry.trial()).map(|index| columns[index].count()));
    }
    counts.retain(|count| *count > 0);
    counts.sort_unstable();
    let Some(lower) = counts.get(counts.len() / 4) else { return Ok(None) };
    let wanted = samples_needed(0.99).div_ceil(*lower) as usize;
    let most = (timeline.intervals() / INTERVALS_MIN).max(1);
    Ok(Some(timeline.widened(wanted.min(most))))
}

fn series(tracks: &[Track<'_>], quantile: f64) -> Vec<TimeSeries> {
    let one = |track: &Track<'_>| TimeSeries {
        name: track.path.name().to_owned(),
        path: Some(track.path),
        role: Some(Role::Line(track.path)),
        values: track.columns.iter().map(|column| column.quantile(quantile).map(|ns| ns as f64)).collect(),
        apart_max: 1,
        readable: true,
    };
    let all = tracks.iter().map(one);
    all.filter(|series| series.values.iter().any(Option::is_some)).collect()
}

/// Who is least steady and who most, in the repetition that is drawn.
fn takeaway(group: &Group<'_>, timeline: &Timeline, tracks: &[Track<'_>], quantile: f64) -> Claim {
    let name = format::percentile(quantile);
    let mut spans: Vec<Span<'_>> =
        tracks.iter().filter_map(|track| Span::of(timeline, track, quantile)).collect();
    spans.sort_by(|a, b| a.swing().total_cmp(&b.swing()));
    let (from, to) = timeline.edges(0);
    let told = |span: &Span<'_>| {
        let intervals = Intervals { quantile, order: span.trial.order, start_s: from, width_s: to - from };
        span.claim(group, intervals)
    };
    match spans.as_slice() {
        [] => Claim::words(format!("No interval of the measured window has the samples for {name}.")),
        [only] => Claim::words(format!("{name} of an interval: ")).and(told(only)).say("."),
        [steadiest, .., loosest] => Claim::words(format!("{name} of an interval, least steady: "))
            .and(told(loosest))
            .say("; steadiest: ")
            .and(told(steadiest))
            .say("."),
    }
}

/// Lowest and highest over the intervals of a trial.
struct Span<'a> {
    trial: &'a Trial,
    low_ns: u64,
    high_ns: u64,
}

impl<'a> Span<'a> {
    fn of(timeline: &Timeline, track: &Track<'a>, quantile: f64) -> Option<Self> {
        let values = timeline.window(track.trial).filter_map(|index| track.columns[index].quantile(quantile));
        let values: Vec<u64> = values.collect();
        let (low_ns, high_ns) = (*values.iter().min()?, *values.iter().max()?);
        Some(Self { trial: track.trial, low_ns, high_ns })
    }

    fn swing(&self) -> f64 {
        self.high_ns as f64 / self.low_ns.max(1) as f64
    }

    fn claim(&self, group: &Group<'_>, intervals: Intervals) -> Claim {
        let figure = |ns: u64, what: What| {
            Claim::default().figure(format::latency_ns(ns), ns as f64, of(&group.at, self.trial.path, what))
        };
        let (low, high) =
            (figure(self.low_ns, What::Lowest(intervals)), figure(self.high_ns, What::Highest(intervals)));
        let claim = whose(group, self.trial);
        if low.text == high.text {
            return claim.say(", ").and(low).say(" throughout");
        }
        claim.say(", between ").and(low).say(" and ").and(high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::result::RunResult;
    use weighbridge_record::terms::TransportKind;

    #[test]
    fn an_unsteady_transport_is_named() {
        let result = Fixture { seconds: 10, ..Fixture::default() }.build();
        let figure = draw(&groups(&result)[0], Detail { intervals_max: 120 }).unwrap().unwrap();
        assert!(
            figure.takeaway.text.starts_with("p99 of an interval, least steady: redis-streams, between "),
            "{}",
            figure.takeaway
        );
        let titles: Vec<_> = figure.panels.iter().map(|panel| panel.title.as_str()).collect();
        assert_eq!(titles, ["p50", "p90", "p99"], "2 000 requests in a second have no p99.9");
        let reason = "p99.9 is left out: no interval has the 10 000 samples for it.";
        assert!(figure.note.replace('\u{a0}', " ").contains(reason), "{}", figure.note);
    }

    #[test]
    fn an_interval_without_a_percentile_is_a_gap_and_one_that_none_has_is_no_panel() {
        let seldom = Fixture { rate_per_s: 90, seconds: 8, ..Fixture::default() };
        let mut result = Fixture { transports: vec![TransportKind::NatsCore], ..seldom }.build();
        let intervals = |result: &RunResult| {
            let figure = draw(&groups(result)[0], Detail { intervals_max: 120 }).unwrap().unwrap();
            let lines = figure.panels[0].drawing.svg.matches("class=\"line s-nats-core").count();
            (figure.panels.iter().map(|panel| panel.title.clone()).collect::<Vec<_>>(), lines, figure.note)
        };
        let (titles, lines, note) = intervals(&result);
        assert_eq!((titles, lines), (vec!["p50".to_owned(), "p90".to_owned()], 1), "{note}");
        assert!(note.contains(" p99 is left out") && !note.contains("p90 is"), "{note}");
        // Two seconds in which nobody was answered.
        for row in result.trials[0].series.iter_mut().filter(|row| (3.0..5.0).contains(&row.t_s)) {
            row.turnaround = None;
        }
        assert_eq!(intervals(&result).1, 2);
    }

    #[test]
    fn intervals_grow_until_p99_has_its_samples_and_no_further() {
        let grid = |rate_per_s, seconds| {
            let result = Fixture { rate_per_s, seconds, ..Fixture::default() }.build();
            let groups = groups(&result);
            wide_enough(&groups[0], Detail { intervals_max: 120 }).unwrap().unwrap().intervals()
        };
        assert_eq!(grid(2000, 10), 12, "2 000 requests in each interval are enough");
        assert_eq!(grid(300, 38), 10, "4 intervals in one");
        assert_eq!(grid(60, 14), 8, "as long as they can be");
    }
}
