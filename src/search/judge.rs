//! Whether a trial shows that its rate is sustained, and if not, every reason why.

use super::backlog;
use super::shown::Shown;
use weighbridge_record::result::{Doubt, DoubtKind, Reason, ThresholdOutcome, Trial};
use weighbridge_record::terms::Loss;

/// What a trial shows, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    pub shown: Shown,
    /// Empty where the rate is sustained. What the instrument did comes first: the rest may follow from it.
    pub reasons: Vec<Reason>,
}

/// Judges a trial that ran to its end; `thresholds` are those of its scenario, held against this trial alone.
pub fn judge(trial: &Trial, thresholds: &[ThresholdOutcome]) -> Judgement {
    let mut reasons: Vec<Reason> = instrument(trial)
        .cloned()
        .chain(unobserved(thresholds))
        .map(|doubt| Reason::Instrument { doubt })
        .collect();
    let shown_by_failure = if reasons.is_empty() { Shown::NotSustained } else { Shown::InstrumentFailed };
    let counted = ledger(trial);
    let told = !counted.is_empty();
    reasons.extend(counted);
    reasons.extend(
        thresholds
            .iter()
            .filter(|outcome| !outcome.passed && outcome.unobserved.is_none())
            .filter_map(|outcome| threshold(outcome, told)),
    );
    reasons.extend(match trial.faults.is_empty() {
        true => backlog::growth(&trial.series).map(Reason::BacklogGrows),
        // After a fault a backlog is what is to be expected, and whether it goes is what is asked.
        false => not_recovered(trial),
    });
    let shown = if reasons.is_empty() { Shown::Sustained } else { shown_by_failure };
    Judgement { shown, reasons }
}

/// Doubts that leave nothing to be said of the path. Where requests were shed, the path was too slow for what
/// it had got already; that it made the generator late as well is no excuse for it.
fn instrument(trial: &Trial) -> impl Iterator<Item = &Doubt> {
    let shed = trial.ledger.unsent > 0;
    let excused = move |kind| shed && matches!(kind, DoubtKind::GeneratorLagged | DoubtKind::RateNotReached);
    trial.doubts.iter().filter(move |doubt| doubt.kind.invalidates() && !excused(doubt.kind))
}

/// Thresholds on figures that are the instrument's own: they show nothing of the path.
fn unobserved(thresholds: &[ThresholdOutcome]) -> impl Iterator<Item = Doubt> {
    let told = |outcome: &ThresholdOutcome| {
        let (expression, why) = (&outcome.expression, outcome.unobserved.as_ref()?);
        Some(Doubt {
            kind: DoubtKind::GeneratorLagged,
            detail: format!("`{expression}` can't be held: {why}"),
        })
    };
    thresholds.iter().filter_map(told)
}

fn ledger(trial: &Trial) -> Vec<Reason> {
    let totals = &trial.ledger;
    let attempted = totals.attempted;
    let mut reasons = Vec::new();
    if totals.unsent > 0 {
        reasons.push(Reason::Unsent { unsent: totals.unsent, attempted });
    }
    if totals.rejected > 0 {
        reasons.push(Reason::Rejected { rejected: totals.rejected, attempted });
    }
    let lost = if trial.faults.is_empty() { totals.lost } else { lost_against_promise(trial) };
    if lost > 0 {
        reasons.push(Reason::Lost { lost, attempted });
    }
    reasons
}

/// What was lost and may not be, under faults: what the broker had confirmed, where it stores requests.
fn lost_against_promise(trial: &Trial) -> u64 {
    let stores = trial.legs.iter().any(|leg| leg.promise.loss == Loss::ByTier);
    if stores { trial.ledger.lost_acknowledged } else { 0 }
}

/// The path was not back at its rate before the trial ended.
fn not_recovered(trial: &Trial) -> Option<Reason> {
    let back = trial.faults.iter().all(|fault| fault.recovered_s.is_some());
    (!back).then(|| Reason::Threshold {
        expression: "faults.recovered_s within the trial".to_owned(),
        observed: None,
        samples: trial.faults.len() as u64,
    })
}

/// A threshold on a count that `told` has a reason of its own for would say the same twice.
fn threshold(outcome: &ThresholdOutcome, told: bool) -> Option<Reason> {
    let metric = outcome.expression.split_whitespace().next().unwrap_or_default();
    let counted = outcome.observed.is_some_and(|count| count > 0.0);
    let twice = match metric {
        "ledger.lost" | "ledger.unsent" | "ledger.rejected" => counted,
        "ledger.unanswered" => counted && told,
        "ledger.completed" => !counted && told,
        _ => false,
    };
    (!twice).then(|| Reason::Threshold {
        expression: outcome.expression.clone(),
        observed: outcome.observed,
        samples: outcome.samples,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::result::Fault;
    use weighbridge_record::terms::{Action, DeliveryMode, TransportKind};

    /// A trial without a fault, and its threshold on p99.
    fn sound() -> (Trial, Vec<ThresholdOutcome>) {
        let transports = vec![TransportKind::NatsCore];
        let mut result = Fixture { transports, seconds: 3, ..Fixture::default() }.build();
        (result.trials.remove(0), result.thresholds)
    }

    fn judged(change: impl FnOnce(&mut Trial, &mut Vec<ThresholdOutcome>)) -> Judgement {
        let (mut trial, mut thresholds) = sound();
        change(&mut trial, &mut thresholds);
        judge(&trial, &thresholds)
    }

    fn doubt(kind: DoubtKind) -> Doubt {
        Doubt { kind, detail: "its figures".to_owned() }
    }

    #[test]
    fn a_sound_trial_is_sustained() {
        let judgement = judged(|_, _| {});
        assert_eq!((judgement.shown, judgement.reasons), (Shown::Sustained, Vec::new()));
    }

    #[test]
    fn under_faults_a_rate_is_sustained_that_recovers_and_loses_nothing_that_was_confirmed() {
        let struck =
            |recovered_s| Fault { recovered_s, ..Fault::begun(Action::KillBroker, "nats-server", 1.0) };
        let lost = judged(|trial, _| {
            trial.faults = vec![struck(Some(1.0))];
            trial.ledger.lost = 40;
        });
        assert_eq!(lost.shown, Shown::Sustained, "at most once: {:?}", lost.reasons);
        let stays = judged(|trial, _| trial.faults = vec![struck(None)]);
        assert_eq!(stays.shown, Shown::NotSustained);
        let confirmed = judged(|trial, _| {
            trial.faults = vec![struck(Some(1.0))];
            trial.legs[0].promise = TransportKind::NatsJetstream.promise(DeliveryMode::AtLeastOnce);
            (trial.ledger.lost, trial.ledger.lost_acknowledged) = (40, 3);
        });
        let attempted = confirmed.reasons.iter().find_map(|reason| match reason {
            Reason::Lost { lost: 3, attempted } => Some(*attempted),
            _ => None,
        });
        assert!(attempted.is_some(), "{:?}", confirmed.reasons);
    }

    #[test]
    fn a_failed_threshold_is_a_reason_with_its_figures() {
        let judgement = judged(|_, thresholds| {
            thresholds[0].passed = false;
            thresholds[0].observed = Some(61e6);
        });
        assert_eq!(judgement.shown, Shown::NotSustained);
        assert!(
            matches!(&judgement.reasons[..], [Reason::Threshold { observed: Some(ns), .. }] if *ns == 61e6),
            "{judgement:?}"
        );
    }

    #[test]
    fn a_threshold_on_our_own_lateness_is_the_instruments_failure() {
        let judgement = judged(|_, thresholds| {
            thresholds[0].passed = false;
            thresholds[0].observed = None;
            thresholds[0].unobserved = Some("own lateness".to_owned());
        });
        assert_eq!(judgement.shown, Shown::InstrumentFailed);
        assert!(matches!(&judgement.reasons[..], [Reason::Instrument { .. }]), "{judgement:?}");
    }

    #[test]
    fn what_was_lost_shed_or_refused_is_a_reason_without_a_threshold() {
        let judgement = judged(|trial, _| {
            (trial.ledger.lost, trial.ledger.unsent, trial.ledger.rejected) = (3, 2, 1);
        });
        assert_eq!(judgement.shown, Shown::NotSustained);
        assert_eq!(judgement.reasons.len(), 3, "{judgement:?}");
    }

    #[test]
    fn a_loss_is_told_once() {
        let judgement = judged(|trial, thresholds| {
            trial.ledger.lost = 3;
            thresholds[0].expression = "ledger.lost == 0".to_owned();
            (thresholds[0].observed, thresholds[0].passed) = (Some(3.0), false);
        });
        assert!(matches!(judgement.reasons[..], [Reason::Lost { lost: 3, .. }]), "{judgement:?}");
    }

    #[test]
    fn unanswered_requests_are_a_reason_only_where_no_other_tells_them() {
        let unanswered = |trial: &mut Trial, thresholds: &mut Vec<ThresholdOutcome>| {
            thresholds[0].expression = "ledger.unanswered == 0".to_owned();
            (thresholds[0].observed, thresholds[0].passed) = (Some(3.0), false);
            trial.ledger.completed -= 3;
        };
        let parked = judged(|trial, thresholds| {
            unanswered(trial, thresholds);
            trial.ledger.parked = 3;
        });
        assert!(matches!(parked.reasons[..], [Reason::Threshold { .. }]), "{parked:?}");
        let refused = judged(|trial, thresholds| {
            unanswered(trial, thresholds);
            trial.ledger.rejected = 3;
        });
        assert!(matches!(refused.reasons[..], [Reason::Rejected { rejected: 3, .. }]), "{refused:?}");
    }

    #[test]
    fn a_late_generator_is_the_instruments_failure_unless_the_path_shed() {
        let late = judged(|trial, _| trial.doubts.push(doubt(DoubtKind::GeneratorLagged)));
        assert_eq!(late.shown, Shown::InstrumentFailed);
        let shed = judged(|trial, _| {
            trial.doubts.push(doubt(DoubtKind::GeneratorLagged));
            trial.doubts.push(doubt(DoubtKind::RateNotReached));
            trial.ledger.unsent = 9;
        });
        assert_eq!(shed.shown, Shown::NotSustained);
        let both = judged(|trial, _| {
            trial.doubts.push(doubt(DoubtKind::CeilingTooLow));
            trial.ledger.unsent = 9;
        });
        assert_eq!(both.shown, Shown::InstrumentFailed);
        assert!(matches!(both.reasons[0], Reason::Instrument { .. }));
    }

    #[test]
    fn a_doubt_that_does_not_invalidate_is_no_failure() {
        assert_eq!(judged(|trial, _| trial.doubts.push(doubt(DoubtKind::StealTime))).shown, Shown::Sustained);
    }

    #[test]
    fn a_growing_backlog_is_a_reason() {
        let judgement = judged(|trial, _| {
            let row = trial.series[1].clone();
            trial.series = (0..20).map(|_| row.clone()).collect();
            for (index, row) in trial.series.iter_mut().enumerate() {
                (row.t_s, row.in_flight) = (index as f64, 400 * index as u64);
            }
        });
        assert!(matches!(judgement.reasons[..], [Reason::BacklogGrows(_)]), "{judgement:?}");
    }
}
