//! Percentile curve of the answering latency, transports overlaid, on a log and on a linear scale.

use super::frame::Size;
use super::percentile_lines::{self, Curve, LatencyScale};
use super::{Detail, Figure, Layout, Panel};
use crate::report::groups::Group;
use crate::report::histogram::answers;
use crate::report::{ReportError, format};
use crate::terms::{Stage, TransportKind};

pub fn draw(group: &Group<'_>, _: Detail) -> Result<Option<Figure>, ReportError> {
    let stage = group.stage();
    let mut curves = Vec::new();
    for entry in &group.entries {
        if let Some(histogram) = entry.merged(stage)? {
            let name = entry.transport.name().to_owned();
            curves.push(Curve { name, transport: entry.transport, histogram, second: false });
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
        takeaway: takeaway(&curves),
        note: note(group),
        transports: curves.iter().map(|curve| curve.transport).collect(),
        kinds: Vec::new(),
        layout: Layout::Variants,
        panels,
        tables: Vec::new(),
    }))
}

fn note(group: &Group<'_>) -> String {
    let merged = if group.repetitions() > 1 { " Repetitions are merged sample by sample." } else { "" };
    format!(
        "Each nine takes the same width, so that the tail can be seen. A curve ends where fewer than 10 samples lie above it.{merged}"
    )
}

fn takeaway(curves: &[Curve]) -> String {
    // The in-process floor is no alternative to a broker, so it is compared only where it is alone.
    let mut curves: Vec<&Curve> = curves.iter().collect();
    if curves.iter().any(|curve| curve.transport != TransportKind::InProcess) {
        curves.retain(|curve| curve.transport != TransportKind::InProcess);
    }
    let quantile = [0.999, 0.99, 0.9, 0.5]
        .into_iter()
        .find(|quantile| curves.iter().all(|curve| answers(curve.histogram.len(), *quantile)));
    let Some(quantile) = quantile else {
        return "Some transports have too few samples to be compared.".to_owned();
    };
    let value = |curve: &Curve| curve.histogram.value_at_quantile(quantile);
    let (Some(low), Some(high)) =
        (curves.iter().min_by_key(|curve| value(curve)), curves.iter().max_by_key(|curve| value(curve)))
    else {
        return String::new();
    };
    let name = format::percentile(quantile);
    if low.transport == high.transport {
        return format!("{} has {name} {}.", low.transport, format::latency_ns(value(low)));
    }
    format!(
        "At {name} the transports lie between {} ({}) and {} ({}).",
        format::latency_ns(value(low)),
        low.transport,
        format::latency_ns(value(high)),
        high.transport
    )
}
