//! Cumulative distribution of the answering latency, and its histogram over a log axis.

use hdrhistogram::Histogram;

use super::axis::Axis;
use super::drawing::Drawing;
use super::figure::{Detail, Figure, Layout, Panel};
use super::palette::Role;
use super::plot::{Line, Plot, Size};
use super::readout::{Readout, ReadoutRow};
use crate::ReportError;
use crate::claim::{Claim, Fact, What, of};
use crate::groups::{Entry, Group};
use weighbridge_record::format;
use weighbridge_record::terms::{Path, Stage};

/// Bins for each decade of latency.
const BINS_PER_DECADE: f64 = 20.0;

/// Requests of one transport by bin, as shares of all.
struct Shares {
    path: Path,
    bins: Vec<f64>,
}

/// Bins of equal width on a log axis, the same for every transport.
struct Bins {
    edges_ns: Vec<f64>,
}

impl Bins {
    fn over(histograms: &[(Path, Histogram<u64>)]) -> Self {
        let low = histograms.iter().map(|(_, histogram)| histogram.min()).min().unwrap_or(1).max(1);
        let high = histograms.iter().map(|(_, histogram)| histogram.max()).max().unwrap_or(10);
        let step = |ns: u64| (ns as f64).log10() * BINS_PER_DECADE;
        let (first, last) = (step(low).floor() as i32, step(high).floor() as i32 + 1);
        let edge = |n: i32| 10f64.powf(f64::from(n) / BINS_PER_DECADE);
        Self { edges_ns: (first..=last.max(first + 1)).map(edge).collect() }
    }

    fn len(&self) -> usize {
        self.edges_ns.len() - 1
    }

    fn shares(&self, path: Path, histogram: &Histogram<u64>) -> Shares {
        let mut bins = vec![0.0; self.len()];
        for step in histogram.iter_recorded() {
            let value = step.value_iterated_to() as f64;
            let bin = self.edges_ns.partition_point(|edge| *edge <= value).saturating_sub(1);
            bins[bin.min(self.len() - 1)] += step.count_at_value() as f64 / histogram.len() as f64;
        }
        Shares { path, bins }
    }

    fn span(&self) -> (f64, f64) {
        (self.edges_ns[0], self.edges_ns[self.len()])
    }
}

pub fn draw(group: &Group<'_>, _: Detail) -> Result<Option<Figure>, ReportError> {
    let stage = Stage::ANSWER;
    let mut histograms = Vec::new();
    for entry in &group.entries {
        if let Some(histogram) = entry.merged(stage)?.filter(|histogram| !histogram.is_empty()) {
            histograms.push((entry.path, histogram));
        }
    }
    if histograms.is_empty() {
        return Ok(None);
    }
    let bins = Bins::over(&histograms);
    let shares: Vec<_> = histograms.iter().map(|(path, histogram)| bins.shares(*path, histogram)).collect();
    let panels = vec![
        Panel { title: "cumulative".to_owned(), drawing: cumulative(&bins, &shares, stage)? },
        Panel { title: "histogram".to_owned(), drawing: density(&bins, &shares, stage)? },
    ];
    Ok(Some(Figure {
        id: "",
        title: "Distribution",
        takeaway: takeaway(group),
        note:
            "Every request of the window is in it. The histogram's bins have equal widths on the log axis, \
               20 to a decade."
                .to_owned(),
        paths: shares.iter().map(|shares| shares.path).collect(),
        kinds: Vec::new(),
        layout: Layout::Tabs(0),
        panels,
        tables: Vec::new(),
    }))
}

fn x_axis(bins: &Bins, stage: Stage) -> Axis {
    let (low, high) = bins.span();
    Axis::latency_log(&format!("{}, log scale", stage.name()), low, high)
}

fn cumulative(bins: &Bins, shares: &[Shares], stage: Stage) -> Result<Drawing, ReportError> {
    let sums: Vec<Vec<f64>> = shares
        .iter()
        .map(|shares| {
            let sum = shares.bins.iter().scan(0.0, |sum, share| {
                *sum += share;
                Some(f64::min(*sum, 1.0))
            });
            sum.collect()
        })
        .collect();
    let line = |(shares, sums): (&Shares, &Vec<f64>)| Line {
        role: Role::Line(shares.path),
        points: std::iter::once((bins.edges_ns[0], 0.0))
            .chain(bins.edges_ns[1..].iter().copied().zip(sums.iter().copied()))
            .collect(),
        markers_at: Vec::new(),
        // All end at 100 %, where names could not be told apart.
        label: None,
    };
    let rows = shares.iter().zip(&sums).map(|(shares, sums)| row(shares.path, sums));
    Plot {
        lines: shares.iter().zip(&sums).map(line).collect(),
        readout: Readout {
            heading: "at most".to_owned(),
            columns: bins.edges_ns[1..].iter().map(|edge| (*edge, format::latency(*edge))).collect(),
            rows: rows.collect(),
        },
        ..Plot::new(Size::Wide, x_axis(bins, stage), Axis::share("share of requests answered"))
    }
    .draw()
}

fn density(bins: &Bins, shares: &[Shares], stage: Stage) -> Result<Drawing, ReportError> {
    let top = shares.iter().flat_map(|shares| &shares.bins).copied().fold(0.0, f64::max);
    // A stair: every bin is as high as its share over its whole width.
    let stair = |shares: &Shares| -> Vec<(f64, f64)> {
        let treads = bins.edges_ns.windows(2).zip(&shares.bins);
        treads.flat_map(|(edges, share)| [(edges[0], share * 100.0), (edges[1], share * 100.0)]).collect()
    };
    let line = |shares: &Shares| Line {
        role: Role::Line(shares.path),
        points: stair(shares),
        markers_at: Vec::new(),
        label: None,
    };
    let middle = |edges: &[f64]| (edges[0] * edges[1]).sqrt();
    let label = |edges: &[f64]| format!("{} to {}", format::latency(edges[0]), format::latency(edges[1]));
    Plot {
        lines: shares.iter().map(line).collect(),
        readout: Readout {
            heading: "latency".to_owned(),
            columns: bins.edges_ns.windows(2).map(|edges| (middle(edges), label(edges))).collect(),
            rows: shares.iter().map(|shares| row(shares.path, &shares.bins)).collect(),
        },
        ..Plot::new(
            Size::Wide,
            x_axis(bins, stage),
            Axis::from_zero("% of requests in a bin", top * 100.0, format::number),
        )
    }
    .draw()
}

fn row(path: Path, shares: &[f64]) -> ReadoutRow {
    let print = |share: &f64| match *share * 100.0 {
        0.0 => String::new(),
        percent if percent < 0.001 => "< 0.001 %".to_owned(),
        percent => format!("{} %", format::number(percent)),
    };
    ReadoutRow { name: path.name().to_owned(), path: Some(path), values: shares.iter().map(print).collect() }
}

/// Whose tail is longest beside its middle, by the medians over repetitions.
fn takeaway(group: &Group<'_>) -> Claim {
    let figure = |statistic: &str| Stage::ANSWER.figure(statistic);
    let tail = |entry: &Entry<'_>| {
        let vouched = |statistic| entry.vouched(&figure(statistic)).map(|estimate| estimate.median);
        Some((entry.path, vouched("p50")?, vouched("p99")?))
    };
    let tails: Vec<(Path, f64, f64)> = group.entries.iter().filter_map(tail).collect();
    let length = |tail: &(Path, f64, f64)| tail.2 / tail.1.max(1.0);
    let Some(longest) = tails.iter().max_by(|a, b| length(a).total_cmp(&length(b))) else {
        return Claim::words("Too few samples to tell how long the tails are.");
    };
    let (path, p50, p99) = *longest;
    let of_path = |what: What| of(&group.at, path, what);
    let times = length(longest);
    let what = What::Quotient(figure("p99"), figure("p50"));
    let claim = Claim::words(if tails.len() > 1 { "Longest tail: p99 of " } else { "p99 of " })
        .say(format!("{path} is "))
        .figure(format::ratio(times), times, of_path(what.clone()))
        .say(" its p50 (")
        .figure(format::latency(p99), p99, of_path(What::Median(figure("p99"))))
        .say(" against ")
        .figure(format::latency(p50), p50, of_path(What::Median(figure("p50"))))
        .say(").");
    if tails.len() > 1 { claim.resting_on(Fact::Most { at: group.at.clone(), path, what }) } else { claim }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::terms::TransportKind;

    #[test]
    fn every_request_falls_into_one_bin() {
        let result = Fixture { seconds: 1, ..Fixture::default() }.build();
        let groups = groups(&result);
        let histograms: Vec<_> = groups[0]
            .entries
            .iter()
            .map(|entry| (entry.path, entry.merged(Stage::Turnaround).unwrap().unwrap()))
            .collect();
        let bins = Bins::over(&histograms);
        for (path, histogram) in &histograms {
            let sum: f64 = bins.shares(*path, histogram).bins.iter().sum();
            assert!((sum - 1.0).abs() < 1e-9, "{path} {sum}");
        }
        let (low, high) = bins.span();
        assert!(histograms.iter().all(|(_, h)| low <= h.min() as f64 && h.max() as f64 <= high));
    }

    #[test]
    fn one_value_alone_still_makes_a_drawing() {
        let mut histogram = Histogram::new(3).unwrap();
        histogram.record(1_000).unwrap();
        let histograms = [(TransportKind::NatsCore.into(), histogram)];
        let bins = Bins::over(&histograms);
        let shares = [bins.shares(histograms[0].0, &histograms[0].1)];
        assert!(cumulative(&bins, &shares, Stage::Turnaround).is_ok());
        assert!(density(&bins, &shares, Stage::Turnaround).is_ok());
    }
}
