//! Percentile curves of two runs laid over each other, one panel a transport.

use super::figure::{Figure, Layout};
use super::percentile_lines::{self, Curve};
use crate::ReportError;
use crate::claim::{At, Claim, Fact, Side, What, of};
use crate::groups::Entry;
use weighbridge_record::format;
use weighbridge_record::point::Point;
use weighbridge_record::terms::{Path, Stage};

/// Below this ratio the curves are called close.
const CLOSE_RATIO_MAX: f64 = 1.05;

/// Where the runs are held against each other in words, the highest that both have.
const TOLD: [(f64, &str); 4] = [(0.999, "p999"), (0.99, "p99"), (0.9, "p90"), (0.5, "p50")];

/// One transport in both runs.
pub struct Pair {
    path: Path,
    base: Curve,
    new: Curve,
    apart: Option<Apart>,
}

impl Pair {
    /// None where one of them has no latencies of the stage.
    pub fn of(base: &Entry<'_>, new: &Entry<'_>, stage: Stage) -> Result<Option<Self>, ReportError> {
        let curves = Curve::of(base, stage, "base", true)?.zip(Curve::of(new, stage, "new", false)?);
        Ok(curves.map(|curves| {
            let ours = |statistic: &str| {
                [base, new].iter().any(|entry| entry.own_lateness(&stage.figure(statistic)).is_some())
            };
            let told = TOLD.into_iter().filter(|(_, statistic)| !ours(statistic));
            let apart = told.filter_map(|(quantile, _)| Apart::at(quantile, &curves)).next();
            Self { path: new.path, base: curves.0, new: curves.1, apart }
        }))
    }
}

/// The curves at one point of both runs; none where no transport has enough samples for one.
pub fn draw(stage: Stage, point: &Point, pairs: Vec<Pair>) -> Result<Option<Figure>, ReportError> {
    let takeaway = takeaway(point, &pairs);
    let curves: Vec<(Path, [Curve; 2])> =
        pairs.into_iter().map(|pair| (pair.path, [pair.new, pair.base])).collect();
    let panels = percentile_lines::panels(&curves, stage.name())?;
    if panels.is_empty() {
        return Ok(None);
    }
    Ok(Some(Figure {
        id: "curves",
        title: "Latencies by percentile, base and new",
        takeaway,
        note: "A curve is the median over the repetitions, its shade reaches from the lowest to the highest of them. \
               The ratios above judge; these show where the runs part. A curve ends where a repetition has fewer than \
               10 samples above it, or where requests were not answered."
            .to_owned(),
        paths: Vec::new(),
        kinds: vec![("line", "new"), ("line second", "base")],
        layout: Layout::Grid,
        panels,
        tables: Vec::new(),
    }))
}

fn takeaway(point: &Point, pairs: &[Pair]) -> Claim {
    let at = At::Between(point.clone());
    let told = pairs.iter().filter_map(|pair| Some((pair.path, pair.apart.as_ref()?)));
    let Some((path, apart)) = told.max_by(|(_, a), (_, b)| a.factor().total_cmp(&b.factor())) else {
        return Claim::words("Too few samples to compare the curves at a percentile, or our own lateness.")
            .resting_on(Fact::Nowhere { at, what: What::Apart });
    };
    let percentile = apart.quantile * 100.0;
    let side = |side: Side, ns: u64| {
        let at = At::Of(side, point.clone());
        Claim::default().figure(
            format::latency_ns(ns),
            ns as f64,
            of(&at, path, What::Quantile(apart.quantile)),
        )
    };
    let figures = Claim::words("p")
        .figure(format::percent(apart.quantile), percentile, of(&at, path, What::ApartAt))
        .say(format!(" of {path} is "))
        .and(side(Side::Base, apart.base_ns))
        .say(" in base and ")
        .and(side(Side::New, apart.new_ns))
        .say(" in new");
    let claim = if apart.factor() < CLOSE_RATIO_MAX {
        Claim::words("The curves lie close; farthest apart, ").and(figures).say(".")
    } else {
        let ratio = of(&at, path, What::QuantileRatio(apart.quantile));
        Claim::words("The curves lie farthest apart where ")
            .and(figures)
            .say(" (")
            .figure(format::ratio(apart.ratio()), apart.ratio(), ratio)
            .say(").")
    };
    claim.resting_on(Fact::Most { at, path, what: What::Apart })
}

/// Both runs at a percentile, the medians over repetitions.
struct Apart {
    quantile: f64,
    base_ns: u64,
    new_ns: u64,
}

impl Apart {
    fn at(quantile: f64, (base, new): &(Curve, Curve)) -> Option<Self> {
        let (base_ns, new_ns) = base.at(quantile).ns().zip(new.at(quantile).ns())?;
        Some(Self { quantile, base_ns, new_ns })
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
    use crate::groups::groups;
    use hdrhistogram::Histogram;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::histogram::encode;
    use weighbridge_record::result::RunResult;
    use weighbridge_record::terms::TransportKind;

    /// Two paths, each of 2 000 latencies from 1 µs to 2 ms in every repetition, times its factor.
    fn run(nats: [u64; 3], redis: [u64; 3]) -> RunResult {
        let transports = vec![TransportKind::NatsCore, TransportKind::RedisStreams];
        let mut result = Fixture { transports, repetitions: 3, seconds: 1, ..Fixture::default() }.build();
        for trial in &mut result.trials {
            let factors = if trial.path == TransportKind::NatsCore { nats } else { redis };
            let mut histogram = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).unwrap();
            let factor = factors[trial.repetition as usize - 1];
            (1..=2_000u64).for_each(|n| histogram.record(n * 1_000 * factor).unwrap());
            let turnaround = trial.latency_ns.turnaround.as_mut().unwrap();
            turnaround.histogram = encode(&histogram);
        }
        result
    }

    fn takeaway(base: &RunResult, new: &RunResult) -> String {
        let (base, new) = (groups(base), groups(new));
        let entries = base[0].entries.iter().zip(&new[0].entries);
        let pairs = entries.map(|(base, new)| Pair::of(base, new, Stage::Turnaround).unwrap().unwrap());
        let figure = draw(Stage::Turnaround, base[0].point, pairs.collect()).unwrap();
        figure.map_or_else(String::new, |figure| figure.takeaway.text.replace('\u{a0}', " "))
    }

    const ALIKE: [u64; 3] = [1; 3];

    #[test]
    fn the_transport_that_parted_most_is_named() {
        let (same, slower) = (run(ALIKE, ALIKE), run(ALIKE, [3; 3]));
        insta::assert_snapshot!(takeaway(&same, &slower), @"The curves lie farthest apart where p99 of redis-streams is 1.98 ms in base and 5.94 ms in new (3.0×).");
        insta::assert_snapshot!(takeaway(&same, &same), @"The curves lie close; farthest apart, p99 of nats-core is 1.98 ms in base and 1.98 ms in new.");
    }

    #[test]
    fn one_repetition_of_three_does_not_part_the_curves() {
        let told = takeaway(&run(ALIKE, ALIKE), &run(ALIKE, [1, 9, 1]));
        assert!(told.starts_with("The curves lie close"), "merged, p99 would be nine times as high: {told}");
    }

    #[test]
    fn a_percentile_that_is_our_own_lateness_is_passed_over() {
        let mut late = run(ALIKE, [3; 3]);
        for trial in &mut late.trials {
            trial.latency_ns.send_lag.as_mut().unwrap().p99 = Some(900_000_000);
        }
        let told = takeaway(&run(ALIKE, ALIKE), &late);
        assert!(told.starts_with("The curves lie farthest apart where p90 of redis-streams"), "{told}");
    }

    #[test]
    fn without_samples_there_is_no_figure() {
        let mut empty = run(ALIKE, ALIKE);
        for trial in &mut empty.trials {
            let none = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).unwrap();
            trial.latency_ns.turnaround.as_mut().unwrap().histogram = encode(&none);
        }
        assert_eq!(takeaway(&empty, &empty), "");
    }
}
