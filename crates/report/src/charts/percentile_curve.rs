//! Percentile curve of the answering latency, transports overlaid, on a log and on a linear scale.

use super::figure::{Detail, Figure, Layout, Panel};
use super::percentile_lines::{self, Curve, LatencyScale};
use super::plot::Size;
use crate::ReportError;
use crate::claim::Claim;
use crate::groups::Group;
use crate::ranking::{Place, Ranking};
use weighbridge_record::paired::PAIRS_MIN;
use weighbridge_record::terms::Stage;

pub fn draw(group: &Group<'_>, _: Detail) -> Result<Option<Figure>, ReportError> {
    let stage = Stage::ANSWER;
    let mut curves = Vec::new();
    for entry in &group.entries {
        curves.extend(Curve::of(entry, stage, entry.path.name(), false)?);
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
        takeaway: takeaway(group),
        note: note(group),
        paths: curves.iter().map(|curve| curve.path).collect(),
        kinds: Vec::new(),
        layout: Layout::Variants,
        panels,
        tables: Vec::new(),
    }))
}

fn note(group: &Group<'_>) -> String {
    let repetitions = if group.repetitions() > 1 {
        " A curve is the median over the repetitions, its shade reaches from the lowest to the highest of them."
    } else {
        ""
    };
    format!(
        "Each nine takes the same width, so that the tail can be seen. A curve ends where a repetition has fewer than 10 samples above it, or where requests were not answered.{repetitions}"
    )
}

/// What the repetitions show of the slowest against the fastest, by the figure that ranks them.
fn takeaway(group: &Group<'_>) -> Claim {
    if !group.scheduled() {
        return Claim::words(
            "Nothing is scheduled, so a stall hides itself; no percentile is held against another.",
        );
    }
    if group.at_own_rates() {
        return Claim::words(
            "Each transport is at the rate that it sustains, so no percentile is held against another.",
        );
    }
    let Some(ranking) = Ranking::of(group) else {
        return match Ranking::own_lateness(group) {
            Some((path, words)) => {
                Claim::words(format!("Nothing is compared: of {path}, ")).and(words).say(".")
            }
            None => Claim::words("Some transports have too few samples to be compared."),
        };
    };
    let (fast, slow) = (&ranking.places[0], &ranking.places[ranking.places.len() - 1]);
    let name = ranking.measure.statistic();
    if fast.path == slow.path {
        return Claim::words(format!("{} has {name} ", fast.path)).and(ranking.print(slow)).say(".");
    }
    let named = |place: &Place| ranking.print(place).say(format!(" ({})", place.path));
    let span = Claim::words(format!("At {name} the transports lie between "));
    let span = span.and(named(fast)).say(" and ").and(named(slow));
    if group.trials().any(|trial| !trial.valid) {
        span.say("; with an invalid trial among them nothing is ranked.")
    } else if ranking.shown(slow) {
        Claim::words(format!("{name} of {} is ", slow.path))
            .and(ranking.print_times_worse(slow))
            .say(format!(" that of {} (", fast.path))
            .and(ranking.print(slow))
            .say(" against ")
            .and(ranking.print(fast))
            .say(").")
            .resting_on(ranking.shown_fact(slow))
    } else if group.repetitions() < PAIRS_MIN {
        span.say("; so few repetitions tell no difference.")
    } else {
        span.say("; no difference between these two is shown.").resting_on(ranking.shown_fact(slow))
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
        figure.takeaway.text.replace('\u{a0}', " ")
    }

    fn run(repetitions: u32) -> RunResult {
        let transports = vec![TransportKind::NatsCore, TransportKind::RedisStreams];
        Fixture { transports, repetitions, seconds: 2, ..Fixture::default() }.build()
    }

    #[test]
    fn what_repetitions_show_is_said() {
        let mut invalid = run(3);
        invalid.trials[0].valid = false;
        let alone =
            Fixture { transports: vec![TransportKind::NatsCore], seconds: 2, ..Fixture::default() }.build();
        insta::assert_snapshot!([told(&run(3)), told(&run(1)), told(&invalid), told(&alone)].join("\n"), @r"
        p99 of redis-streams is 2.2× that of nats-core (5.76 ms against 2.62 ms).
        At p99 the transports lie between 2.61 ms (nats-core) and 5.60 ms (redis-streams); so few repetitions tell no difference.
        At p99 the transports lie between 2.62 ms (nats-core) and 5.76 ms (redis-streams); with an invalid trial among them nothing is ranked.
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
            "At p99 the transports lie between 4.00 ms (redis-streams) and 4.00 ms (nats-core); no difference between these two is shown."
        );
    }
}
