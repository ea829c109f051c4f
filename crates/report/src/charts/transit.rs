//! Percentile curves of what the path adds: turnaround less service, request by request.

use super::figure::{Detail, Figure, Layout, Panel};
use super::percentile_lines::{self, Curve, LatencyScale};
use super::plot::Size;
use crate::ReportError;
use crate::claim::{Claim, What, of};
use crate::groups::Group;
use weighbridge_record::format;
use weighbridge_record::terms::Stage;

/// None where the record doesn't tell transit.
pub fn draw(group: &Group<'_>, _: Detail) -> Result<Option<Figure>, ReportError> {
    let mut curves = Vec::new();
    for entry in &group.entries {
        curves.extend(Curve::of(entry, Stage::Transit, entry.path.name(), false)?);
    }
    let reach = percentile_lines::reach(&curves);
    if reach == 0.0 {
        return Ok(None);
    }
    let span = percentile_lines::latency_span(&curves);
    let (scale, name) = (LatencyScale::Log, Stage::Transit.name());
    let drawing = percentile_lines::draw(&curves, Size::Wide, scale, name, span, reach)?;
    Ok(Some(Figure {
        id: "",
        title: "What the path adds, by percentile",
        takeaway: takeaway(group),
        note: "Transit is the turnaround of a request less its own service: send lag, publish, queue and return. \
               A curve ends where fewer than 10 samples lie above it."
            .to_owned(),
        paths: curves.iter().map(|curve| curve.path).collect(),
        kinds: Vec::new(),
        layout: Layout::Variants,
        panels: vec![Panel { title: String::new(), drawing }],
        tables: Vec::new(),
    }))
}

/// Path by path at p50, the medians over repetitions.
fn takeaway(group: &Group<'_>) -> Claim {
    let figure = Stage::Transit.figure("p50");
    let parts = group.entries.iter().filter_map(|entry| {
        let ns = entry.vouched(&figure)?.median;
        let of_path = of(&group.at, entry.path, What::Median(figure.clone()));
        Some(Claim::words(format!("{} ", entry.path)).figure(format::latency(ns), ns, of_path))
    });
    let parts = Claim::join(parts, ", ");
    if parts.is_empty() {
        return Claim::words("What the path adds at p50 is our own lateness, or has too few samples.");
    }
    Claim::words("At p50 the path adds: ").and(parts).say(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::{Fixture, with_transit};

    #[test]
    fn it_is_drawn_where_the_record_tells_transit_and_only_there() {
        let result = Fixture { seconds: 1, ..Fixture::default() }.build();
        assert!(draw(&groups(&result)[0], Detail { intervals_max: 100 }).unwrap().is_none());
        let result = with_transit(result, 500_000);
        let figure = draw(&groups(&result)[0], Detail { intervals_max: 100 }).unwrap().unwrap();
        assert_eq!(figure.paths.len(), 5);
        assert!(figure.takeaway.text.contains("nats-core 4"), "{}", figure.takeaway);
    }
}
