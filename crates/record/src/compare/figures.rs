//! Ratios of figures over the repetitions of two runs, and what they show.

use super::document::{FigureComparison, FigureVerdict};
use crate::own_lateness::{vouched, worst};
use crate::places::{Place, places};
use crate::result::{RunResult, Trial};
use crate::stats::{median, ratio, told_apart};

/// Which way a figure gets worse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Worse {
    Higher,
    Lower,
}

const FIGURES: [(&str, Worse); 3] = [
    ("latency_ns.turnaround.p50", Worse::Higher),
    ("latency_ns.turnaround.p99", Worse::Higher),
    ("rates.completed_per_s", Worse::Lower),
];

/// Every figure of every path and point that both runs have, and what only one of them has.
pub(super) fn compare(
    base: &RunResult,
    new: &RunResult,
    tolerance: f64,
) -> (Vec<FigureComparison>, Vec<String>) {
    let (base, new) = (places(&base.trials), places(&new.trials));
    let same = |a: &Place<'_>, b: &Place<'_>| a.path == b.path && a.point == b.point;
    let mut figures = Vec::new();
    let mut left_out = Vec::new();
    for place in &base {
        match new.iter().find(|other| same(place, other)) {
            Some(other) => {
                let (base, new) = (place.valid(), other.valid());
                left_out.extend(own_lateness(place, [("base", &base), ("new", &new)]));
                figures.extend(at_place(place, &base, &new, tolerance));
            }
            None => left_out.push(format!("{}: only in the base run", place.label())),
        }
    }
    let only_new = new.iter().filter(|place| !base.iter().any(|other| same(place, other)));
    left_out.extend(only_new.map(|place| format!("{}: only in the new run", place.label())));
    (figures, left_out)
}

fn at_place(place: &Place<'_>, base: &[&Trial], new: &[&Trial], tolerance: f64) -> Vec<FigureComparison> {
    let blank = |figure: &str| FigureComparison {
        path: place.path,
        point: place.point.clone(),
        figure: figure.to_owned(),
        base: None,
        new: None,
        base_repetitions: base.len() as u32,
        new_repetitions: new.len() as u32,
        ratio: None,
        verdict: FigureVerdict::Inconclusive,
    };
    let mut found = Vec::new();
    for (figure, worse) in FIGURES {
        let (base_values, new_values) = (values(base, figure), values(new, figure));
        if base_values.is_none() && new_values.is_none() {
            continue;
        }
        let mut row = FigureComparison {
            base: base_values.as_deref().map(median),
            new: new_values.as_deref().map(median),
            ..blank(figure)
        };
        if let (Some(base_values), Some(new_values)) = (vouched(base, figure), vouched(new, figure)) {
            row.ratio = ratio(&new_values, &base_values);
            row.verdict = verdict(&new_values, &base_values, worse, tolerance);
        }
        found.push(row);
    }
    let lost = |trials: &[&Trial]| trials.iter().map(|trial| trial.ledger.lost).sum::<u64>() as f64;
    found.push(FigureComparison {
        base: Some(lost(base)),
        new: Some(lost(new)),
        verdict: lost_verdict(&lost_shares(new), &lost_shares(base)),
        ..blank("ledger.lost")
    });
    found
}

/// The figures that are the instrument's own in one of the runs: nothing is said of them.
fn own_lateness(place: &Place<'_>, sides: [(&str, &Vec<&Trial>); 2]) -> Vec<String> {
    let of = |(run, trials): (&str, &Vec<&Trial>), figure: &str| {
        let (trial, own) = worst(trials, figure)?;
        let (label, statistic) = (place.label(), figure.rsplit_once('.')?.1);
        let words = own.words(statistic);
        Some(format!(
            "{label}: {statistic} of the {run} run is own lateness: {words} in repetition {}",
            trial.repetition
        ))
    };
    FIGURES.iter().flat_map(|(figure, _)| sides.into_iter().filter_map(|side| of(side, figure))).collect()
}

/// The figure of every trial; none unless all have it.
fn values(trials: &[&Trial], figure: &str) -> Option<Vec<f64>> {
    trials.iter().map(|trial| trial.figure(figure)).collect()
}

/// What the ratio of new to base shows. A change counts where the whole interval lies beyond the tolerance
/// *and* the rank-sum test tells the repetitions apart: the bootstrap alone is too eager with few of them.
pub(super) fn verdict(new: &[f64], base: &[f64], worse: Worse, tolerance: f64) -> FigureVerdict {
    let Some((low, high)) = ratio(new, base).and_then(|ratio| Some((ratio.low?, ratio.high?))) else {
        return FigureVerdict::Inconclusive;
    };
    let (floor, ceiling) = (1.0 - tolerance, 1.0 + tolerance);
    let certain = told_apart(new, base);
    let (above, below) = (low > ceiling && certain, high < floor && certain);
    let (regressed, improved, kept) = match worse {
        Worse::Higher => (above, below, high <= ceiling),
        Worse::Lower => (below, above, low >= floor),
    };
    if regressed {
        FigureVerdict::Regression
    } else if improved {
        FigureVerdict::Improvement
    } else if kept {
        FigureVerdict::NoRegression
    } else {
        FigureVerdict::Inconclusive
    }
}

fn lost_shares(trials: &[&Trial]) -> Vec<f64> {
    let share = |trial: &&Trial| trial.ledger.lost as f64 / trial.ledger.attempted.max(1) as f64;
    trials.iter().map(share).collect()
}

/// A loss where the base lost nothing is a regression, one repetition or five: it was counted, not
/// estimated. Where both lost, the shares of attempted requests are held against each other.
fn lost_verdict(new: &[f64], base: &[f64]) -> FigureVerdict {
    let lost = |shares: &[f64]| shares.iter().any(|share| *share > 0.0);
    match (lost(base), lost(new)) {
        (false, false) => FigureVerdict::NoRegression,
        (true, false) => FigureVerdict::Improvement,
        (false, true) => FigureVerdict::Regression,
        (true, true) if !told_apart(new, base) => FigureVerdict::Inconclusive,
        (true, true) if median(new) > median(base) => FigureVerdict::Regression,
        (true, true) => FigureVerdict::Improvement,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_where_there_was_none_is_a_regression() {
        assert_eq!(lost_verdict(&[0.0, 0.1, 0.0], &[0.0; 3]), FigureVerdict::Regression);
        assert_eq!(lost_verdict(&[0.0; 3], &[0.0; 3]), FigureVerdict::NoRegression);
        assert_eq!(lost_verdict(&[0.0; 3], &[0.1; 3]), FigureVerdict::Improvement);
        assert_eq!(lost_verdict(&[0.1, 0.2, 0.3], &[0.2, 0.1, 0.3]), FigureVerdict::Inconclusive);
        assert_eq!(lost_verdict(&[0.4, 0.5, 0.6], &[0.2, 0.1, 0.3]), FigureVerdict::Regression);
    }

    #[test]
    fn a_rate_gets_worse_downwards_and_a_latency_upwards() {
        let base = [100.0, 101.0, 99.0, 100.5, 99.5];
        let [more, less] = [1.2, 0.8].map(|factor| base.map(|value| value * factor));
        assert_eq!(verdict(&more, &base, Worse::Higher, 0.05), FigureVerdict::Regression);
        assert_eq!(verdict(&less, &base, Worse::Higher, 0.05), FigureVerdict::Improvement);
        assert_eq!(verdict(&more, &base, Worse::Lower, 0.05), FigureVerdict::Improvement);
        assert_eq!(verdict(&less, &base, Worse::Lower, 0.05), FigureVerdict::Regression);
        assert_eq!(verdict(&base, &base, Worse::Lower, 0.05), FigureVerdict::NoRegression);
    }

    #[test]
    fn a_change_that_straddles_the_limit_is_inconclusive() {
        let base = [100.0, 101.0, 99.0, 100.5, 99.5];
        let near = [103.0, 104.0, 105.0, 106.0, 107.0];
        assert_eq!(verdict(&near, &base, Worse::Higher, 0.05), FigureVerdict::Inconclusive);
        assert_eq!(verdict(&near[..2], &base, Worse::Higher, 0.01), FigureVerdict::Inconclusive);
    }
}
