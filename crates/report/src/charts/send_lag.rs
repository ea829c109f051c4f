//! Send lag: how late the instrument itself was, and in what bursts it sent.

use super::figure::{Detail, Figure, Layout, Panel, Table};
use super::percentile_lines::{self, Curve, LatencyScale};
use super::plot::Size;
use crate::ReportError;
use crate::groups::Group;
use weighbridge_record::format;
use weighbridge_record::histogram::answers;
use weighbridge_record::terms::Stage;

pub fn draw(group: &Group<'_>, _: Detail) -> Result<Option<Figure>, ReportError> {
    let mut curves = Vec::new();
    for entry in &group.entries {
        if let Some(histogram) = entry.merged(Stage::SendLag)? {
            let name = entry.path.name().to_owned();
            curves.push(Curve {
                name,
                path: entry.path,
                histogram,
                unanswered: entry.unanswered(Stage::SendLag),
                second: false,
            });
        }
    }
    let reach = percentile_lines::reach(&curves);
    if reach == 0.0 || !group.scheduled() {
        return Ok(None);
    }
    let span = percentile_lines::latency_span(&curves);
    let drawing = percentile_lines::draw(&curves, Size::Wide, LatencyScale::Log, "send lag", span, reach)?;
    Ok(Some(Figure {
        id: "",
        title: "Send lag of the instrument",
        takeaway: takeaway(&curves),
        note: "From the moment a request was meant to be sent to the moment it was sent. Corrected latencies include it.".to_owned(),
        paths: curves.iter().map(|curve| curve.path).collect(),
        kinds: Vec::new(),
        layout: Layout::Variants,
        panels: vec![Panel { title: "send lag".to_owned(), drawing }],
        tables: vec![bursts(group)],
    }))
}

fn takeaway(curves: &[Curve]) -> String {
    let enough = curves.iter().filter(|curve| answers(curve.histogram.len(), 0.99));
    let worst = enough.max_by_key(|curve| curve.histogram.value_at_quantile(0.99));
    worst.map_or("Too few samples for the p99 of the send lag.".to_owned(), |curve| {
        format!(
            "The instrument was at most {} late for 99 % of requests (worst: {}).",
            format::latency_ns(curve.histogram.value_at_quantile(0.99)),
            curve.path
        )
    })
}

fn bursts(group: &Group<'_>) -> Table {
    let head = ["transport", "repetition", "wakes", "mean burst", "p50", "p99", "largest burst"];
    let rows = group.trials().map(|trial| {
        let bursts = &trial.generator.bursts;
        vec![
            trial.path.name().to_owned(),
            trial.repetition.to_string(),
            format::count(bursts.wakes),
            format::number(bursts.mean),
            format::count(bursts.p50),
            format::count(bursts.p99),
            format::count(bursts.max),
        ]
    });
    Table {
        caption: "Requests sent per wake of the pacer",
        head: head.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}
