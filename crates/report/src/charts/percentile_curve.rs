//! Percentile curve of the answering latency, transports overlaid, on a log and on a linear scale.

use super::figure::{Detail, Figure, Layout, Panel};
use super::percentile_lines::{self, Curve, LatencyScale};
use super::plot::Size;
use crate::ReportError;
use crate::groups::Group;
use crate::ranking::Ranking;
use weighbridge_record::format;
use weighbridge_record::terms::{Path, Stage};

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
        takeaway: takeaway(group, &curves),
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

/// What the repetitions show of the slowest against the fastest, by the figure that ranks them. Curves of merged
/// repetitions only say from where on two lie apart that are shown to differ.
fn takeaway(group: &Group<'_>, curves: &[Curve]) -> String {
    if !group.scheduled() {
        return "Nothing is scheduled, so a stall hides itself; no percentile is held against another."
            .to_owned();
    }
    let Some(ranking) = Ranking::of(group) else {
        return match Ranking::own_lateness(group) {
            Some((path, words)) => format!("Nothing is compared: of {path}, {words}."),
            None => "Some transports have too few samples to be compared.".to_owned(),
        };
    };
    let (fast, slow) = (&ranking.places[0], &ranking.places[ranking.places.len() - 1]);
    let name = ranking.measure.statistic();
    let (low, high) = (format::latency(fast.estimate.median), format::latency(slow.estimate.median));
    let ratio = slow.estimate.median / fast.estimate.median.max(1.0);
    if fast.path == slow.path {
        format!("{} has {name} {high}.", fast.path)
    } else if group.trials().any(|trial| !trial.valid) {
        format!(
            "At {name} the transports lie between {low} and {high}; with an invalid trial among them nothing is ranked."
        )
    } else if ratio < LEVEL {
        let percent = ((ratio - 1.0) * 100.0).ceil().max(1.0);
        format!("At {name} all transports lie within {percent:.0} % of each other, between {low} and {high}.")
    } else if ranking.shown(slow) {
        let curve = |path: Path| curves.iter().find(|curve| curve.path == path);
        let apart = curve(fast.path).zip(curve(slow.path));
        let opening =
            apart.map_or(String::new(), |(low, high)| format!("; {}", opening(low, high, name, ratio)));
        format!(
            "{name} of {} is {} that of {} ({high} against {low}){opening}.",
            slow.path,
            format::ratio(ratio),
            fast.path
        )
    } else {
        let why =
            if group.repetitions() < 3 { "one run tells no difference" } else { "no difference is shown" };
        format!(
            "At {name} the transports lie between {low} ({}) and {high} ({}); {why}.",
            fast.path, slow.path
        )
    }
}

/// Figures closer than this are not held against each other.
const LEVEL: f64 = 1.1;

/// The lowest percentile from which on the slower curve keeps at least half of the gap, on a log scale.
fn opening(low: &Curve, high: &Curve, statistic: &str, ratio: f64) -> String {
    let quantile = match statistic {
        "p50" => 0.5,
        "p90" => 0.9,
        _ => 0.99,
    };
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
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::result::RunResult;
    use weighbridge_record::terms::TransportKind;

    fn told(result: &RunResult) -> String {
        let figure = draw(&groups(result)[0], Detail { intervals_max: 60 }).unwrap().unwrap();
        figure.takeaway.replace('\u{a0}', " ")
    }

    fn run(repetitions: u32) -> RunResult {
        let transports = vec![TransportKind::NatsCore, TransportKind::RedisStreams];
        Fixture { transports, repetitions, seconds: 2, ..Fixture::default() }.build()
    }

    #[test]
    fn what_repetitions_show_is_said_and_from_where_the_curves_part() {
        let mut invalid = run(3);
        invalid.trials[0].valid = false;
        let alone =
            Fixture { transports: vec![TransportKind::NatsCore], seconds: 2, ..Fixture::default() }.build();
        insta::assert_snapshot!([told(&run(3)), told(&run(1)), told(&invalid), told(&alone)].join("\n"), @r"
        p99 of redis-streams is 2.2× that of nats-core (5.76 ms against 2.62 ms); the gap is there from the fastest tenth on.
        At p99 the transports lie between 2.61 ms (nats-core) and 5.60 ms (redis-streams); one run tells no difference.
        At p99 the transports lie between 2.62 ms and 5.76 ms; with an invalid trial among them nothing is ranked.
        nats-core has p99 2.61 ms.
        ");
    }

    #[test]
    fn a_tail_that_only_merged_repetitions_show_is_nothing_to_say() {
        let mut result = run(3);
        // Nearly level at p99 in each repetition; one stall makes the merged p99.9 of one path three times as long.
        for trial in &mut result.trials {
            let p99 = trial.latency_ns.turnaround.as_mut().unwrap();
            p99.p99 = Some(4_000_000 + u64::from(trial.repetition) * 1_000);
        }
        result.summary = weighbridge_record::summary::summarize(&result.trials);
        result.ratios = weighbridge_record::pairs::between_paths(&result.trials);
        assert_eq!(
            told(&result),
            "At p99 all transports lie within 1 % of each other, between 4.00 ms and 4.00 ms."
        );
    }
}
