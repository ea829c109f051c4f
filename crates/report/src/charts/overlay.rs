//! Percentile curves of two runs laid over each other, one panel a transport.

use hdrhistogram::Histogram;

use super::figure::{Figure, Layout};
use super::percentile_lines::{self, Curve, Repetition};
use crate::ReportError;
use crate::claim::Claim;
use weighbridge_record::format;
use weighbridge_record::histogram::answers;
use weighbridge_record::terms::{Path, Stage};

/// Below this ratio the curves are called close.
const CLOSE_RATIO_MAX: f64 = 1.05;

/// One transport in both runs, the repetitions of each merged sample by sample.
pub struct Pair {
    pub path: Path,
    pub base: Histogram<u64>,
    pub new: Histogram<u64>,
}

/// None where no transport has enough samples for a curve.
pub fn draw(stage: Stage, pairs: Vec<Pair>) -> Result<Option<Figure>, ReportError> {
    let takeaway = Claim::words(takeaway(&pairs));
    let curves: Vec<(Path, [Curve; 2])> = pairs.into_iter().map(curves).collect();
    let panels = percentile_lines::panels(&curves, stage.name())?;
    if panels.is_empty() {
        return Ok(None);
    }
    Ok(Some(Figure {
        id: "curves",
        title: "Latencies by percentile, base and new",
        takeaway,
        note: "Repetitions are merged sample by sample, so these curves have no intervals: the ratios above \
               judge, these show where the runs part. A curve ends where fewer than 10 samples lie above it."
            .to_owned(),
        paths: Vec::new(),
        kinds: vec![("line", "new"), ("line second", "base")],
        layout: Layout::Grid,
        panels,
        tables: Vec::new(),
    }))
}

fn curves(pair: Pair) -> (Path, [Curve; 2]) {
    let path = pair.path;
    let curve = |name: &str, histogram, second| Curve {
        name: name.to_owned(),
        path,
        repetitions: vec![Repetition { histogram, unanswered: 0 }],
        second,
    };
    (path, [curve("new", pair.new, false), curve("base", pair.base, true)])
}

fn takeaway(pairs: &[Pair]) -> String {
    let farthest = pairs.iter().filter_map(Apart::of).max_by(|a, b| a.factor().total_cmp(&b.factor()));
    let Some(apart) = farthest else {
        return "Too few samples to compare the curves at a percentile.".to_owned();
    };
    let figures = format!(
        "{} of {} is {} in base and {} in new",
        format::percentile(apart.quantile),
        apart.path,
        format::latency_ns(apart.base_ns),
        format::latency_ns(apart.new_ns)
    );
    if apart.factor() < CLOSE_RATIO_MAX {
        format!("The curves lie close; farthest apart, {figures}.")
    } else {
        format!("The curves lie farthest apart where {figures} ({}).", format::ratio(apart.ratio()))
    }
}

/// Both runs at the highest percentile that both answer.
struct Apart {
    path: Path,
    quantile: f64,
    base_ns: u64,
    new_ns: u64,
}

impl Apart {
    fn of(pair: &Pair) -> Option<Self> {
        let both = |quantile: &f64| answers(pair.base.len(), *quantile) && answers(pair.new.len(), *quantile);
        let quantile = [0.999, 0.99, 0.9, 0.5].into_iter().find(both)?;
        let (base_ns, new_ns) = (pair.base.value_at_quantile(quantile), pair.new.value_at_quantile(quantile));
        Some(Self { path: pair.path, quantile, base_ns, new_ns })
    }

    fn ratio(&self) -> f64 {
        self.new_ns as f64 / self.base_ns.max(1) as f64
    }

    /// How far apart, whichever is higher.
    fn factor(&self) -> f64 {
        self.ratio().max(1.0 / self.ratio().max(f64::MIN_POSITIVE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::terms::TransportKind;

    fn pair(path: Path, factor: u64) -> Pair {
        let histogram = |factor: u64| {
            let mut histogram = Histogram::new(3).unwrap();
            (1..=2_000u64).for_each(|n| histogram.record(n * 1_000 * factor).unwrap());
            histogram
        };
        Pair { path, base: histogram(1), new: histogram(factor) }
    }

    fn takeaway(pairs: Vec<Pair>) -> String {
        draw(Stage::Turnaround, pairs).unwrap().unwrap().takeaway.text.replace('\u{a0}', " ")
    }

    #[test]
    fn the_transport_that_parted_most_is_named() {
        let pairs =
            vec![pair(TransportKind::NatsCore.into(), 1), pair(TransportKind::RedisStreams.into(), 3)];
        insta::assert_snapshot!(takeaway(pairs), @"The curves lie farthest apart where p99 of redis-streams is 1.98 ms in base and 5.94 ms in new (3.0×).");
        insta::assert_snapshot!(takeaway(vec![pair(TransportKind::NatsCore.into(), 1)]), @"The curves lie close; farthest apart, p99 of nats-core is 1.98 ms in base and 1.98 ms in new.");
    }

    #[test]
    fn without_samples_there_is_no_figure() {
        let empty = || Histogram::new(3).unwrap();
        let pair = Pair { path: TransportKind::NatsCore.into(), base: empty(), new: empty() };
        assert!(draw(Stage::Turnaround, vec![pair]).unwrap().is_none());
    }
}
