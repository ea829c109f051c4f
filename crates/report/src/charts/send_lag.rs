//! Send lag: how late the instrument itself was, and in what bursts it sent.

use super::figure::{Detail, Figure, Layout, Panel, Table};
use super::percentile_lines::{self, Curve, LatencyScale};
use super::plot::Size;
use crate::ReportError;
use crate::claim::{Claim, Fact, What, of};
use crate::groups::{Entry, Group};
use weighbridge_record::format;
use weighbridge_record::stats::range;
use weighbridge_record::terms::Stage;

pub fn draw(group: &Group<'_>, _: Detail) -> Result<Option<Figure>, ReportError> {
    let mut curves = Vec::new();
    for entry in &group.entries {
        curves.extend(Curve::of(entry, Stage::SendLag, entry.path.name(), false)?);
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
        takeaway: takeaway(group),
        note: "From the moment a request was meant to be sent to the moment it was sent. Corrected latencies include it.".to_owned(),
        paths: curves.iter().map(|curve| curve.path).collect(),
        kinds: Vec::new(),
        layout: Layout::Variants,
        panels: vec![Panel { title: "send lag".to_owned(), drawing }],
        tables: std::iter::once(bursts(group)).chain(wakes(group)).collect(),
    }))
}

/// The repetition in which we were latest, at p99.
fn takeaway(group: &Group<'_>) -> Claim {
    let figure = Stage::SendLag.figure("p99");
    let latest = |entry: &Entry<'_>| {
        let (_, high) = range(&entry.each(&figure)?);
        Some((entry.path, high))
    };
    let worst = group.entries.iter().filter_map(latest).max_by(|a, b| a.1.total_cmp(&b.1));
    let Some((path, ns)) = worst else { return Claim::words("Too few samples for the p99 of the send lag.") };
    let what = What::Largest(figure);
    let claim = Claim::words("In no repetition was the instrument later than ");
    let claim = claim.figure(format::latency(ns), ns, of(&group.at, path, what.clone()));
    let claim = claim.say(format!(" at p99 of its send lag (worst: {path})."));
    claim.resting_on(Fact::Most { at: group.at.clone(), path, what })
}

/// How late threads woke that had asked a timer for it; none in records of earlier versions.
fn wakes(group: &Group<'_>) -> Option<Table> {
    let head = ["transport", "repetition", "thread", "wakes", "p50", "p99", "p99.9", "latest"];
    let mut rows = Vec::new();
    for trial in group.trials() {
        let Some(wakes) = &trial.generator.wakes else { continue };
        let kinds = [
            ("sleeps, ordinary", &wakes.ordinary),
            ("sleeps, as generators", &wakes.prompt),
            ("generators", &wakes.generators),
            ("workers", &wakes.workers),
        ];
        for (kind, late) in kinds {
            let Some(late) = late else { continue };
            let figure = |ns: Option<u64>| ns.map_or_else(String::new, format::latency_ns);
            let (path, repetition) = (trial.path.name().to_owned(), trial.repetition.to_string());
            let figures = [late.p50, late.p99, late.p999, late.max].map(figure);
            let row = [path, repetition, kind.to_owned(), format::count(late.count)];
            rows.push(row.into_iter().chain(figures).collect());
        }
    }
    let caption = "How late threads woke: two that only sleep, and the instrument's own";
    (!rows.is_empty()).then(|| Table { caption, head: head.map(str::to_owned).to_vec(), rows })
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
