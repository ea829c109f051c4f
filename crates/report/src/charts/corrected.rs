//! Corrected against uncorrected turnaround: what a tool blind to coordinated omission would not show.

use super::figure::{Detail, Figure, Layout};
use super::percentile_lines::{self, Curve};
use crate::ReportError;
use crate::claim::{Claim, Fact, What, of};
use crate::groups::{Entry, Group};
use weighbridge_record::format;
use weighbridge_record::terms::{Path, Stage};

pub fn draw(group: &Group<'_>, _: Detail) -> Result<Option<Figure>, ReportError> {
    let mut pairs: Vec<(Path, [Curve; 2])> = Vec::new();
    for entry in &group.entries {
        let corrected = Curve::of(entry, Stage::Turnaround, "corrected", false)?;
        let uncorrected = Curve::of(entry, Stage::TurnaroundUncorrected, "uncorrected", true)?;
        pairs.extend(corrected.zip(uncorrected).map(|(one, other)| (entry.path, [one, other])));
    }
    let panels = percentile_lines::panels(&pairs, "turnaround")?;
    if panels.is_empty() || !group.scheduled() {
        return Ok(None);
    }
    Ok(Some(Figure {
        id: "",
        title: "Turnaround, corrected and uncorrected",
        takeaway: takeaway(group),
        note: "Corrected counts from the moment a request was meant to be sent, uncorrected from the moment it was sent. A gap means that the instrument or the path held requests back.".to_owned(),
        paths: Vec::new(),
        kinds: vec![("line", "corrected"), ("line second", "uncorrected")],
        layout: Layout::Grid,
        panels,
        tables: Vec::new(),
    }))
}

/// Where correction changes most at p99, by the medians over repetitions.
fn takeaway(group: &Group<'_>) -> Claim {
    let figure = |stage: Stage| stage.figure("p99");
    let gap = |entry: &Entry<'_>| {
        let median = |stage: Stage| entry.vouched(&figure(stage)).map(|estimate| estimate.median);
        Some((entry.path, median(Stage::Turnaround)?, median(Stage::TurnaroundUncorrected)?))
    };
    let ratio = |gap: &(Path, f64, f64)| gap.1 / gap.2.max(1.0);
    let widest = group.entries.iter().filter_map(gap).max_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    let Some(widest) = widest else {
        return Claim::words("Nothing to compare at p99: too few samples, or our own lateness.");
    };
    let (path, corrected, uncorrected) = widest;
    let print = |stage: Stage, ns: f64| {
        Claim::default().figure(format::latency(ns), ns, of(&group.at, path, What::Median(figure(stage))))
    };
    let (corrected, uncorrected) =
        (print(Stage::Turnaround, corrected), print(Stage::TurnaroundUncorrected, uncorrected));
    let what = What::Quotient(figure(Stage::Turnaround), figure(Stage::TurnaroundUncorrected));
    let claim = if ratio(&widest) < CLOSE_RATIO_MAX {
        let claim = Claim::words("Correction changes little: p99 is most apart with ").and(corrected);
        claim.say(" against ").and(uncorrected).say(format!(" ({path})."))
    } else {
        let claim =
            Claim::words(format!("Without correction the p99 of {path} would read ")).and(uncorrected);
        claim.say("; it is ").and(corrected).say(".")
    };
    claim.resting_on(Fact::Most { at: group.at.clone(), path, what })
}

/// Below this ratio correction is said to change little.
const CLOSE_RATIO_MAX: f64 = 1.1;
