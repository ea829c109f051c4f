//! Percentile curve of the answering latency, transports overlaid, on a log and on a linear scale.

use super::figure::{Detail, Figure, Layout, Panel};
use super::percentile_lines::{self, Curve, LatencyScale};
use super::plot::Size;
use crate::ReportError;
use crate::groups::Group;
use weighbridge_record::format;
use weighbridge_record::terms::Stage;

pub fn draw(group: &Group<'_>, _: Detail) -> Result<Option<Figure>, ReportError> {
    let stage = Stage::ANSWER;
    let mut curves = Vec::new();
    for entry in &group.entries {
        if let Some(histogram) = entry.merged(stage)? {
            let name = entry.path.name().to_owned();
            curves.push(Curve {
                name,
                path: entry.path,
                histogram,
                unanswered: entry.unanswered(stage),
                second: false,
            });
        }
    }
    let reach = percentile_lines::reach(&curves);
    if reach == 0.0 {
        return Ok(None);
    }
    let competing = group.competing();
    let competes = |curve: &&Curve| competing.iter().any(|entry| entry.path == curve.path);
    let compared: Vec<&Curve> = curves.iter().filter(competes).collect();
    let span = percentile_lines::latency_span(&curves);
    let mut panels = Vec::new();
    for (scale, title) in [(LatencyScale::Log, "log scale"), (LatencyScale::Linear, "linear scale")] {
        let drawing = percentile_lines::draw(&curves, Size::Wide, scale, stage.name(), span, reach)?;
        panels.push(Panel { title: title.to_owned(), drawing });
    }
    let title =
        if stage == Stage::Turnaround { "Turnaround by percentile" } else { "Delivery by percentile" };
    Ok(Some(Figure {
        id: "",
        title,
        takeaway: takeaway(&compared, group.trials().all(|trial| trial.valid)),
        note: note(group),
        paths: curves.iter().map(|curve| curve.path).collect(),
        kinds: Vec::new(),
        layout: Layout::Variants,
        panels,
        tables: Vec::new(),
    }))
}

fn note(group: &Group<'_>) -> String {
    let merged = if group.repetitions() > 1 { " Repetitions are merged sample by sample." } else { "" };
    format!(
        "Each nine takes the same width, so that the tail can be seen. A curve ends where fewer than 10 samples lie above it, or where requests were not answered.{merged}"
    )
}

/// Slowest against fastest at p99, or the highest percentile below it that all can answer, and from which
/// percentile on they part; where they are level there, whether they part beyond it. Where a trial is invalid nothing is held against anything.
fn takeaway(curves: &[&Curve], ranked: bool) -> String {
    let Some(apart) = [0.99, 0.9, 0.5].into_iter().find_map(|quantile| Extremes::at(curves, quantile)) else {
        return "Some transports have too few samples to be compared.".to_owned();
    };
    let Extremes { quantile, low, high } = apart;
    let name = format::percentile(quantile);
    let (fast, slow) = (format::latency(apart.value(low)), format::latency(apart.value(high)));
    if low.path == high.path {
        format!("{} has {name} {slow}.", low.path)
    } else if !ranked {
        format!(
            "At {name} the transports lie between {fast} and {slow}; with an invalid trial among them nothing is ranked."
        )
    } else if apart.ratio() < LEVEL {
        let percent = ((apart.ratio() - 1.0) * 100.0).ceil().max(1.0);
        let beyond = [0.999_9, 0.999]
            .into_iter()
            .filter(|further| *further > quantile)
            .find_map(|further| Extremes::at(curves, further))
            .filter(|further| further.ratio() >= LEVEL)
            .map_or(String::new(), |further| format!("; {}", further.words()));
        format!("At {name} all transports lie within {percent:.0} % of each other, around {slow}{beyond}.")
    } else {
        format!("{}; {}.", apart.words(), opening(low, high, quantile, apart.ratio()))
    }
}

/// The fastest and the slowest at a percentile.
struct Extremes<'a> {
    quantile: f64,
    low: &'a Curve,
    high: &'a Curve,
}

impl<'a> Extremes<'a> {
    /// None where some curve can't answer.
    fn at(curves: &[&'a Curve], quantile: f64) -> Option<Self> {
        let value = |curve: &&&Curve| curve.at(quantile).ns();
        let all_answer = curves.iter().all(|curve| curve.at(quantile).ns().is_some());
        let (low, high) = (curves.iter().min_by_key(value)?, curves.iter().max_by_key(value)?);
        all_answer.then_some(Self { quantile, low, high })
    }

    fn value(&self, curve: &Curve) -> f64 {
        curve.at(self.quantile).ns().unwrap_or(0) as f64
    }

    fn ratio(&self) -> f64 {
        self.value(self.high) / self.value(self.low).max(1.0)
    }

    /// `p99 of redis-streams is 2.3× that of nats-core (4.60 ms against 2.00 ms)`.
    fn words(&self) -> String {
        format!(
            "{} of {} is {} that of {} ({} against {})",
            format::percentile(self.quantile),
            self.high.path,
            format::ratio(self.ratio()),
            self.low.path,
            format::latency(self.value(self.high)),
            format::latency(self.value(self.low))
        )
    }
}

/// Curves closer than this are not held against each other.
const LEVEL: f64 = 1.1;

/// The lowest percentile from which on the slower curve keeps at least half of the gap, on a log scale.
fn opening(low: &Curve, high: &Curve, quantile: f64, ratio: f64) -> String {
    let half = ratio.sqrt();
    let apart = |quantile: &f64| {
        let at = |curve: &Curve| curve.at(*quantile).ns().unwrap_or(0).max(1) as f64;
        at(high) / at(low) >= half
    };
    let steps = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99];
    let below: Vec<f64> = steps.into_iter().filter(|step| *step <= quantile).collect();
    let open = below.iter().rev().take_while(|step| apart(step)).last();
    match open {
        Some(first) if *first <= 0.1 => "the gap is there from the fastest tenth on".to_owned(),
        Some(first) => format!("the gap opens around {}", format::percentile(*first)),
        None => "the curves cross below it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;

    use super::*;
    use weighbridge_record::terms::{Path, TransportKind};

    fn curve(path: Path, value: impl Fn(u64) -> u64) -> Curve {
        let mut histogram = Histogram::new(3).unwrap();
        histogram.auto(true);
        (0..20_000).for_each(|n| histogram.record(value(n / 10)).unwrap());
        Curve { name: path.name().to_owned(), path, histogram, unanswered: 0, second: false }
    }

    #[test]
    fn the_takeaway_says_by_how_much_and_from_where() {
        let core = || curve(TransportKind::NatsCore.into(), |n| 1_000_000 + n);
        let tail =
            |share: u64| {
                curve(TransportKind::RedisStreams.into(), move |n| {
                    if n >= share * 20 { 3_000_000 } else { 1_000_000 + n }
                })
            };
        let far_tail =
            curve(TransportKind::RedisStreams.into(), |n| if n >= 1_990 { 3_000_000 } else { 1_000_000 + n });
        let texts = [
            takeaway(&[&core(), &tail(93)], true),
            takeaway(&[&core(), &tail(0)], true),
            takeaway(&[&core(), &tail(100)], true),
            takeaway(&[&core(), &far_tail], true),
            takeaway(&[&core(), &tail(93)], false),
            takeaway(&[&core()], true),
        ];
        insta::assert_snapshot!(texts.join("\n").replace('\u{a0}', " "), @r"
        p99 of redis-streams is 3.0× that of nats-core (3.00 ms against 1.00 ms); the gap opens around p95.
        p99 of redis-streams is 3.0× that of nats-core (3.00 ms against 1.00 ms); the gap is there from the fastest tenth on.
        At p99 all transports lie within 1 % of each other, around 1.00 ms.
        At p99 all transports lie within 1 % of each other, around 1.00 ms; p99.9 of redis-streams is 3.0× that of nats-core (3.00 ms against 1.00 ms).
        At p99 the transports lie between 1.00 ms and 3.00 ms; with an invalid trial among them nothing is ranked.
        nats-core has p99 1.00 ms.
        ");
    }
}
