//! Percentile curves of what the path adds: turnaround less service, request by request.

use super::figure::{Detail, Figure, Layout, Panel};
use super::percentile_lines::{self, Curve, LatencyScale};
use super::plot::Size;
use crate::ReportError;
use crate::groups::Group;
use weighbridge_record::format;
use weighbridge_record::terms::Stage;

/// None where the record doesn't tell transit.
pub fn draw(group: &Group<'_>, _: Detail) -> Result<Option<Figure>, ReportError> {
    let mut curves = Vec::new();
    for entry in &group.entries {
        if let Some(histogram) = entry.merged(Stage::Transit)? {
            let name = entry.path.name().to_owned();
            curves.push(Curve {
                name,
                path: entry.path,
                histogram,
                unanswered: entry.unanswered(Stage::Transit),
                second: false,
            });
        }
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
        takeaway: takeaway(&curves),
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

/// Path by path at p50, which most samples stand behind.
fn takeaway(curves: &[Curve]) -> String {
    let part = |curve: &Curve| Some(format!("{} {}", curve.path, format::latency_ns(curve.at(0.5).ns()?)));
    let parts: Vec<_> = curves.iter().filter_map(part).collect();
    if parts.is_empty() { String::new() } else { format!("At p50 the path adds: {}.", parts.join(", ")) }
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
        assert!(figure.takeaway.contains("nats-core 4"), "{}", figure.takeaway);
    }
}
