//! What another setting changes: two settings of one scenario, pair by pair. Pure.

use crate::own_lateness::vouched;
use crate::paired::{PAIRS_MIN, SIGNIFICANCE, correct, paired_at_look};
use crate::places::at_points;
use crate::point::Point;
use crate::result::{Change, ChangeVerdict, Cost, PairRecord, Trial};
use crate::stats::{median, rank_sum_p};
use crate::terms::Path;

/// The key of the two points of a pair.
pub const SETTING: &str = "setting";
pub const BASE: &str = "base";
pub const NEW: &str = "new";

#[derive(Clone, Copy, PartialEq)]
enum Worse {
    Higher,
    Lower,
}

/// Of p99 and p90 the first that all trials of a path have.
const FIGURES: [(&[&str], Worse); 3] = [
    (&["latency_ns.turnaround.p50"], Worse::Higher),
    (&["latency_ns.turnaround.p99", "latency_ns.turnaround.p90"], Worse::Higher),
    (&["rates.completed_per_s"], Worse::Lower),
];

/// The point of a side.
pub fn point(side: &str) -> Point {
    Point::from([(SETTING.to_owned(), side.into())])
}

/// Judges the trials of a pair, which was asked for in these words.
pub fn between_settings(
    base: Vec<String>,
    new: Vec<String>,
    tolerance_percent: f64,
    trials: &[Trial],
) -> PairRecord {
    between_settings_at_look(base, new, tolerance_percent, trials, 1)
}

/// As [`between_settings`], where the trials are looked at up to `looks` times as they come in.
pub fn between_settings_at_look(
    base: Vec<String>,
    new: Vec<String>,
    tolerance_percent: f64,
    trials: &[Trial],
    looks: u32,
) -> PairRecord {
    let valid = !trials.is_empty() && trials.iter().all(|trial| trial.valid);
    let changes = if valid { changes(trials, tolerance_percent / 100.0, looks) } else { Vec::new() };
    let verdict = changes.iter().map(|change| change.verdict).max();
    PairRecord { base, new, tolerance_percent, verdict, changes }
}

fn changes(trials: &[Trial], tolerance: f64, looks: u32) -> Vec<Change> {
    let mut found = between_points(trials, &point(BASE), &point(NEW), looks);
    judge(&mut found, tolerance);
    found.into_iter().map(|(change, _)| change).collect()
}

/// Every figure of every path at one point against another, not yet judged.
fn between_points(trials: &[Trial], base: &Point, new: &Point, looks: u32) -> Vec<(Change, Worse)> {
    let points = at_points(trials);
    let side = |asked: &Point| {
        let of_side = points.iter().find(|(at, _)| *at == asked);
        of_side.map_or(&[][..], |(_, places)| places.as_slice())
    };
    let (base, new) = (side(base), side(new));
    let mut found = Vec::new();
    for base in base {
        let Some(new) = new.iter().find(|new| new.path == base.path) else { continue };
        let pairs = base.beside(new);
        for (figures, worse) in FIGURES {
            let first = figures.iter().find_map(|figure| of_figure(figure, &pairs, looks));
            found.extend(first.map(|change| (change, worse)));
        }
        found.push((unanswered(base.path, &pairs, looks), Worse::Higher));
    }
    found
}

/// Whether a sweep weighs settings: points of one key whose values are words, or on and off, and no quantity.
pub fn weighs_settings<'a>(points: impl IntoIterator<Item = &'a Point>) -> bool {
    let points: Vec<_> = points.into_iter().collect();
    let Some(key) = points.first().and_then(|point| point.keys().next()) else { return false };
    let is_setting = |point: &&Point| {
        point.len() == 1 && point.get(key).is_some_and(|value| value.is_string() || value.is_boolean())
    };
    points.len() > 1 && *key != SETTING && points.iter().all(is_setting)
}

/// What each value of a swept setting costs against the first, over pairs of trials with one seed; all chances are
/// corrected for each other. Nothing where the sweep weighs no settings, or a trial is invalid.
pub fn costs(trials: &[Trial], looks: u32) -> Vec<Cost> {
    let points: Vec<&Point> = at_points(trials).into_iter().map(|(point, _)| point).collect();
    if !weighs_settings(points.iter().copied()) || trials.iter().any(|trial| !trial.valid) {
        return Vec::new();
    }
    let counts: Vec<_> =
        points[1..].iter().map(|new| between_points(trials, points[0], new, looks)).collect();
    let mut sizes: Vec<usize> = counts.iter().map(Vec::len).collect();
    let mut all: Vec<_> = counts.into_iter().flatten().collect();
    // No cost is too high here: whoever asks for a setting knows what it is worth.
    judge(&mut all, f64::INFINITY);
    let mut judged = all.into_iter().map(|(change, _)| change);
    let cost = |(point, size): (&&Point, usize)| Cost {
        base: points[0].clone(),
        point: (*point).clone(),
        changes: judged.by_ref().take(size).collect(),
    };
    points[1..].iter().zip(sizes.drain(..)).map(cost).collect()
}

/// Base and new of a repetition.
type Pair<'a> = (&'a Trial, &'a Trial);

/// None where a trial lacks the figure, or it is the instrument's own lateness.
fn of_figure(figure: &str, pairs: &[Pair<'_>], looks: u32) -> Option<Change> {
    let (base, new): (Vec<&Trial>, Vec<&Trial>) = pairs.iter().copied().unzip();
    let (base, new) = (vouched(&base, figure)?, vouched(&new, figure)?);
    let found = paired_at_look(&new, &base, looks)?;
    Some(Change {
        path: pairs.first()?.0.path,
        figure: figure.to_owned(),
        base: median(&base),
        new: median(&new),
        ratio: Some(found.ratio),
        of_repetitions: found.ratios,
        p_adjusted: found.p,
        verdict: ChangeVerdict::TooFewRepetitions,
    })
}

/// Requests without an answer were counted, not estimated: one where there was none is a regression. Where both
/// sides have some, their shares are held against each other by the rank-sum test.
fn unanswered(path: Path, pairs: &[Pair<'_>], looks: u32) -> Change {
    let count = |trial: &Trial| trial.ledger.unanswered() as f64;
    let share = |trial: &Trial| count(trial) / trial.ledger.attempted.max(1) as f64;
    let (base, new): (Vec<f64>, Vec<f64>) = pairs.iter().map(|(base, new)| (share(base), share(new))).unzip();
    let some = |shares: &[f64]| shares.iter().any(|share| *share > 0.0);
    let both = some(&base) && some(&new) && pairs.len() >= PAIRS_MIN;
    let verdict = match (some(&base), some(&new)) {
        (false, true) => ChangeVerdict::Regression,
        (true, false) => ChangeVerdict::Better,
        (true, true) if both && median(&new) > median(&base) => ChangeVerdict::Regression,
        (true, true) if both && median(&new) < median(&base) => ChangeVerdict::Better,
        (true, true) | (false, false) => ChangeVerdict::NoDifferenceShown,
    };
    Change {
        path,
        figure: "ledger.unanswered".to_owned(),
        base: pairs.iter().map(|(base, _)| count(base)).sum(),
        new: pairs.iter().map(|(_, new)| count(new)).sum(),
        ratio: None,
        of_repetitions: Vec::new(),
        p_adjusted: both.then(|| (rank_sum_p(&new, &base) * f64::from(looks)).min(1.0)),
        verdict,
    }
}

/// Corrects the chances for each other and gives the verdicts.
fn judge(changes: &mut [(Change, Worse)], tolerance: f64) {
    correct(changes.iter_mut().filter_map(|(change, _)| change.p_adjusted.as_mut()));
    for (change, worse) in changes {
        let Some(p) = change.p_adjusted else { continue };
        change.verdict = match p > SIGNIFICANCE {
            true => ChangeVerdict::NoDifferenceShown,
            false => shown(change, *worse, tolerance),
        };
    }
}

/// What a difference is that chance does not explain.
fn shown(change: &Change, worse: Worse, tolerance: f64) -> ChangeVerdict {
    // Which way a count has moved was plain before.
    let Some(ratio) = change.ratio else { return change.verdict };
    let (got_worse, beyond) = match worse {
        Worse::Higher => (ratio.median > 1.0, ratio.low.is_some_and(|low| low > 1.0 + tolerance)),
        Worse::Lower => (ratio.median < 1.0, ratio.high.is_some_and(|high| high < 1.0 - tolerance)),
    };
    match (got_worse, beyond) {
        (true, true) => ChangeVerdict::Regression,
        (true, false) => ChangeVerdict::Worse,
        (false, _) => ChangeVerdict::Better,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::terms::TransportKind;

    /// A pair whose new side takes `factor` as long in repetition n as `factors[n]` says.
    fn pair(factors: &[f64]) -> Vec<Trial> {
        let fixture = Fixture {
            transports: vec![TransportKind::NatsCore],
            points: [BASE, NEW].map(point).to_vec(),
            repetitions: factors.len() as u32,
            seconds: 1,
            ..Fixture::default()
        };
        let mut trials = fixture.build().trials;
        for trial in &mut trials {
            let repetition = trial.repetition as usize - 1;
            let factor = if trial.point == point(NEW) { factors[repetition] } else { 1.0 };
            let level = factor * (1.0 + 0.2 * repetition as f64);
            let turnaround = trial.latency_ns.turnaround.as_mut().unwrap();
            (turnaround.p50, turnaround.p99) = (Some((1e6 * level) as u64), Some((5e6 * level) as u64));
            trial.rates.completed_per_s = 2_000.0;
        }
        trials
    }

    fn verdict(trials: &[Trial]) -> Option<ChangeVerdict> {
        between_settings(Vec::new(), Vec::new(), 5.0, trials).verdict
    }

    #[test]
    fn a_tenth_more_is_a_regression_and_a_hundredth_is_within_the_tolerance() {
        assert_eq!(verdict(&pair(&[1.10, 1.11, 1.09, 1.10, 1.12])), Some(ChangeVerdict::Regression));
        assert_eq!(verdict(&pair(&[1.010, 1.011, 1.009, 1.010, 1.012])), Some(ChangeVerdict::Worse));
        assert_eq!(verdict(&pair(&[0.90, 0.91, 0.89, 0.90, 0.92])), Some(ChangeVerdict::Better));
        assert_eq!(verdict(&pair(&[1.02, 0.99, 1.01, 0.98, 1.0])), Some(ChangeVerdict::NoDifferenceShown));
        assert_eq!(verdict(&pair(&[1.5, 1.5])), Some(ChangeVerdict::TooFewRepetitions));
    }

    #[test]
    fn a_request_without_an_answer_where_there_was_none_is_a_regression() {
        let mut trials = pair(&[1.0; 5]);
        let new = trials.iter_mut().find(|trial| trial.point == point(NEW)).unwrap();
        (new.ledger.completed, new.ledger.lost) = (new.ledger.completed - 1, new.ledger.lost + 1);
        assert_eq!(verdict(&trials), Some(ChangeVerdict::Regression));
    }

    #[test]
    fn an_invalid_trial_leaves_nothing_to_judge() {
        let mut trials = pair(&[1.5; 5]);
        trials[3].valid = false;
        let record = between_settings(Vec::new(), Vec::new(), 5.0, &trials);
        assert_eq!((record.verdict, record.changes.len()), (None, 0));
        assert_eq!(verdict(&[]), None);
    }

    /// A sweep of a setting over two values, whose second takes `factor` as long.
    fn swept(values: [serde_json::Value; 2], factor: f64) -> Vec<Trial> {
        let mut trials = pair(&[factor, factor * 1.01, factor * 0.99, factor, factor * 1.02]);
        for trial in &mut trials {
            let value = if trial.point == point(NEW) { values[1].clone() } else { values[0].clone() };
            trial.point = Point::from([("brokers.tls".to_owned(), value)]);
        }
        trials
    }

    #[test]
    fn a_setting_is_held_against_its_first_value_and_a_quantity_is_not() {
        let found = costs(&swept(["off".into(), "tls".into()], 1.2), 1);
        let [cost] = &found[..] else { panic!("one value beside the first: {found:?}") };
        assert_eq!(
            (cost.base["brokers.tls"].as_str(), cost.point["brokers.tls"].as_str()),
            (Some("off"), Some("tls"))
        );
        let median = &cost.changes[0];
        assert!(median.ratio.is_some_and(|ratio| (ratio.median - 1.2).abs() < 0.02), "{median:?}");
        assert_eq!(median.verdict, ChangeVerdict::Worse);
        let same = costs(&swept(["off".into(), "tls".into()], 1.0), 1);
        assert_eq!(same[0].changes[0].verdict, ChangeVerdict::NoDifferenceShown);
        assert_eq!(costs(&swept([100.into(), 200.into()], 1.2), 1), []);
        let mut invalid = swept(["off".into(), "tls".into()], 1.2);
        invalid[0].valid = false;
        assert_eq!(costs(&invalid, 1), []);
        assert_eq!(costs(&pair(&[1.2; 5]), 1), [], "a pair has a record of its own");
    }

    #[test]
    fn a_repetition_of_one_side_alone_has_no_pair() {
        let mut trials = pair(&[1.10, 1.11, 1.09, 1.10, 5.0]);
        trials.retain(|trial| trial.repetition != 5 || trial.point == point(NEW));
        let record = between_settings(Vec::new(), Vec::new(), 5.0, &trials);
        assert_eq!(record.changes[0].of_repetitions.len(), 4);
    }
}
