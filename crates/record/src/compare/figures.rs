//! Ratios of figures over the repetitions of two runs, and what they show.

use super::document::{FigureComparison, FigureVerdict};
use crate::own_lateness::{vouched, worst};
use crate::paired::{PAIRS_MIN, SIGNIFICANCE, correct};
use crate::places::{Place, places};
use crate::result::{Estimate, RunResult, Trial};
use crate::stats::{median, rank_sum_p};
use crate::unpaired::unpaired;

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
                figures.extend(at_place(place, &base, &new));
            }
            None => left_out.push(format!("{}: only in the base run", place.label())),
        }
    }
    let only_new = new.iter().filter(|place| !base.iter().any(|other| same(place, other)));
    left_out.extend(only_new.map(|place| format!("{}: only in the new run", place.label())));
    judge(&mut figures, tolerance);
    (figures.into_iter().map(|(figure, _)| figure).collect(), left_out)
}

/// A figure, and which way it gets worse.
type Open = (FigureComparison, Worse);

/// Corrects the chances of each point for each other and gives the verdicts.
fn judge(figures: &mut [Open], tolerance: f64) {
    // Those of a point stand together.
    for of_point in figures.chunk_by_mut(|(a, _), (b, _)| a.point == b.point) {
        correct(of_point.iter_mut().filter_map(|(figure, _)| figure.p_adjusted.as_mut()));
        for (figure, worse) in of_point {
            figure.verdict = match (figure.ratio, figure.p_adjusted) {
                (Some(ratio), p) => verdict(ratio, p, *worse, tolerance),
                (None, Some(p)) if p > SIGNIFICANCE => FigureVerdict::Inconclusive,
                // Which way a count has moved was plain before.
                (None, _) => figure.verdict,
            };
        }
    }
}

/// What both runs have of a place, with the chance of each figure by itself.
fn at_place(place: &Place<'_>, base: &[&Trial], new: &[&Trial]) -> Vec<Open> {
    let blank = |figure: &str| FigureComparison {
        path: place.path,
        point: place.point.clone(),
        figure: figure.to_owned(),
        base: None,
        new: None,
        base_repetitions: base.len() as u32,
        new_repetitions: new.len() as u32,
        ratio: None,
        p_adjusted: None,
        verdict: FigureVerdict::Inconclusive,
    };
    let mut found = Vec::new();
    for (figure, worse) in FIGURES {
        let (base_values, new_values) = (values(base, figure), values(new, figure));
        if base_values.is_none() && new_values.is_none() {
            continue;
        }
        let vouched = vouched(new, figure).zip(vouched(base, figure));
        let held = vouched.and_then(|(new, base)| unpaired(&new, &base));
        let row = FigureComparison {
            base: base_values.as_deref().map(median),
            new: new_values.as_deref().map(median),
            ratio: held.map(|held| held.ratio),
            p_adjusted: held.and_then(|held| held.p),
            ..blank(figure)
        };
        found.push((row, worse));
    }
    let lost = |trials: &[&Trial]| trials.iter().map(|trial| trial.ledger.lost).sum::<u64>() as f64;
    let (p_adjusted, verdict) = lost_shares_held(&lost_shares(new), &lost_shares(base));
    let row = FigureComparison {
        base: Some(lost(base)),
        new: Some(lost(new)),
        p_adjusted,
        verdict,
        ..blank("ledger.lost")
    };
    found.push((row, Worse::Higher));
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

/// What the ratio of new to base shows. A change counts where the whole interval lies beyond the tolerance *and*
/// the corrected chance excludes that nothing differs: one of many intervals lies anywhere.
fn verdict(ratio: Estimate, p_adjusted: Option<f64>, worse: Worse, tolerance: f64) -> FigureVerdict {
    let Some((low, high)) = ratio.low.zip(ratio.high) else { return FigureVerdict::Inconclusive };
    let (floor, ceiling) = (1.0 - tolerance, 1.0 + tolerance);
    let certain = p_adjusted.is_some_and(|p| p <= SIGNIFICANCE);
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
/// estimated. Where both lost, the shares of attempted requests are held against each other by the rank-sum test,
/// whose chance is given with what it would show.
fn lost_shares_held(new: &[f64], base: &[f64]) -> (Option<f64>, FigureVerdict) {
    let lost = |shares: &[f64]| shares.iter().any(|share| *share > 0.0);
    match (lost(base), lost(new)) {
        (false, false) => (None, FigureVerdict::NoRegression),
        (true, false) => (None, FigureVerdict::Improvement),
        (false, true) => (None, FigureVerdict::Regression),
        (true, true) if new.len().min(base.len()) < PAIRS_MIN => (None, FigureVerdict::Inconclusive),
        (true, true) if median(new) > median(base) => {
            (Some(rank_sum_p(new, base)), FigureVerdict::Regression)
        }
        (true, true) => (Some(rank_sum_p(new, base)), FigureVerdict::Improvement),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdict on a figure that is the only one.
    fn alone(new: &[f64], base: &[f64], worse: Worse, tolerance: f64) -> FigureVerdict {
        let held = unpaired(new, base).unwrap();
        verdict(held.ratio, held.p, worse, tolerance)
    }

    /// The verdict on a loss that is the only figure.
    fn lost_alone(new: &[f64], base: &[f64]) -> FigureVerdict {
        match lost_shares_held(new, base) {
            (Some(p), _) if p > SIGNIFICANCE => FigureVerdict::Inconclusive,
            (_, verdict) => verdict,
        }
    }

    #[test]
    fn a_loss_where_there_was_none_is_a_regression() {
        assert_eq!(lost_alone(&[0.0, 0.1, 0.0], &[0.0; 3]), FigureVerdict::Regression);
        assert_eq!(lost_alone(&[0.0; 3], &[0.0; 3]), FigureVerdict::NoRegression);
        assert_eq!(lost_alone(&[0.0; 3], &[0.1; 3]), FigureVerdict::Improvement);
        assert_eq!(lost_alone(&[0.1, 0.2, 0.3], &[0.2, 0.1, 0.3]), FigureVerdict::Inconclusive);
        assert_eq!(lost_alone(&[0.4, 0.5, 0.6, 0.7], &[0.2, 0.1, 0.3, 0.2]), FigureVerdict::Regression);
    }

    #[test]
    fn three_losses_against_three_show_nothing_however_far_apart() {
        assert_eq!(lost_alone(&[0.4, 0.5, 0.6], &[0.2, 0.1, 0.3]), FigureVerdict::Inconclusive);
    }

    #[test]
    fn a_rate_gets_worse_downwards_and_a_latency_upwards() {
        let base = [100.0, 101.0, 99.0, 100.5, 99.5];
        let [more, less] = [1.2, 0.8].map(|factor| base.map(|value| value * factor));
        assert_eq!(alone(&more, &base, Worse::Higher, 0.05), FigureVerdict::Regression);
        assert_eq!(alone(&less, &base, Worse::Higher, 0.05), FigureVerdict::Improvement);
        assert_eq!(alone(&more, &base, Worse::Lower, 0.05), FigureVerdict::Improvement);
        assert_eq!(alone(&less, &base, Worse::Lower, 0.05), FigureVerdict::Regression);
        assert_eq!(alone(&base, &base, Worse::Lower, 0.05), FigureVerdict::NoRegression);
    }

    #[test]
    fn a_change_that_straddles_the_limit_is_inconclusive() {
        let base = [100.0, 101.0, 99.0, 100.5, 99.5];
        let near = [103.0, 104.0, 105.0, 106.0, 107.0];
        assert_eq!(alone(&near, &base, Worse::Higher, 0.05), FigureVerdict::Inconclusive);
        assert_eq!(alone(&near[..2], &base, Worse::Higher, 0.01), FigureVerdict::Inconclusive);
    }

    #[test]
    fn an_interval_beyond_the_tolerance_shows_nothing_while_chance_is_not_excluded() {
        let beyond = Estimate { median: 1.3, low: Some(1.1), high: Some(1.5) };
        assert_eq!(verdict(beyond, Some(0.04), Worse::Higher, 0.05), FigureVerdict::Regression);
        assert_eq!(verdict(beyond, Some(0.06), Worse::Higher, 0.05), FigureVerdict::Inconclusive);
        assert_eq!(verdict(beyond, None, Worse::Higher, 0.05), FigureVerdict::Inconclusive);
    }
}
