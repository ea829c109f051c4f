//! Corrected against uncorrected turnaround: what a tool blind to coordinated omission would not show.

use super::figure::{Detail, Figure, Layout};
use super::percentile_lines::{self, Curve};
use crate::ReportError;
use crate::groups::Group;
use weighbridge_record::format;
use weighbridge_record::histogram::answers;
use weighbridge_record::terms::{Path, Stage};

pub fn draw(group: &Group<'_>, _: Detail) -> Result<Option<Figure>, ReportError> {
    let mut pairs: Vec<(Path, [Curve; 2])> = Vec::new();
    for entry in &group.entries {
        let merged = (entry.merged(Stage::Turnaround)?, entry.merged(Stage::TurnaroundUncorrected)?);
        let (Some(corrected), Some(uncorrected)) = merged else { continue };
        let path = entry.path;
        let unanswered = entry.unanswered(Stage::Turnaround);
        let curve = |name: &str, histogram, second| Curve {
            name: name.to_owned(),
            path,
            histogram,
            unanswered,
            second,
        };
        pairs.push((path, [curve("corrected", corrected, false), curve("uncorrected", uncorrected, true)]));
    }
    let panels = percentile_lines::panels(&pairs, "turnaround")?;
    if panels.is_empty() || !group.scheduled() {
        return Ok(None);
    }
    Ok(Some(Figure {
        id: "",
        title: "Turnaround, corrected and uncorrected",
        takeaway: takeaway(&pairs),
        note: "Corrected counts from the moment a request was meant to be sent, uncorrected from the moment it was sent. A gap means that the instrument or the path held requests back.".to_owned(),
        paths: Vec::new(),
        kinds: vec![("line", "corrected"), ("line second", "uncorrected")],
        layout: Layout::Grid,
        panels,
        tables: Vec::new(),
    }))
}

fn takeaway(pairs: &[(Path, [Curve; 2])]) -> String {
    let gap = |(path, [corrected, uncorrected]): &(Path, [Curve; 2])| {
        let enough = answers(corrected.histogram.len(), 0.99) && answers(uncorrected.histogram.len(), 0.99);
        let at = |curve: &Curve| curve.histogram.value_at_quantile(0.99);
        enough.then(|| (*path, at(corrected), at(uncorrected)))
    };
    let gaps = pairs.iter().filter_map(gap);
    let ratio = |corrected: u64, uncorrected: u64| corrected as f64 / uncorrected.max(1) as f64;
    let widest = gaps.max_by(|a, b| ratio(a.1, a.2).total_cmp(&ratio(b.1, b.2)));
    match widest {
        None => "Too few samples to compare at p99.".to_owned(),
        Some((path, corrected, uncorrected)) if ratio(corrected, uncorrected) < 1.1 => format!(
            "Correction changes little: the largest difference at p99 is {} against {} ({path}).",
            format::latency_ns(corrected),
            format::latency_ns(uncorrected)
        ),
        Some((path, corrected, uncorrected)) => format!(
            "Without correction the p99 of {path} would read {}; it is {}.",
            format::latency_ns(uncorrected),
            format::latency_ns(corrected)
        ),
    }
}
