//! Requests without an answer, and messages that answer none.

use super::*;

/// The doubts of a trial with this ledger, of whose window so many requests were not answered.
fn told(ledger: LedgerTotals, unanswered: u64) -> String {
    let mut case = sound();
    case.ledger = ledger;
    let turnaround = case.latencies.turnaround.as_mut().unwrap();
    (turnaround.count, turnaround.unanswered) = (turnaround.count - unanswered, unanswered);
    let line = |doubt: &Doubt| format!("{}: {}", doubt.kind.name(), doubt.detail);
    case.doubts().iter().map(line).collect::<Vec<_>>().join("\n").replace('\u{a0}', " ")
}

#[test]
fn requests_without_an_answer_are_counted_by_what_became_of_them() {
    let ledger = LedgerTotals { attempted: 5_500, sent: 5_500, completed: 5_188, ..LedgerTotals::default() };
    let refused = LedgerTotals { rejected: 300, lost: 12, lost_requests: 12, ..ledger };
    let shed = LedgerTotals { unsent: 312, sent: 5_188, ..ledger };
    let few = LedgerTotals { completed: 5_497, parked: 3, ..ledger };
    insta::assert_snapshot!([told(refused, 250), told(shed, 0), told(few, 3)].join("\n"), @r"
    unanswered: 312 of 5 500 requests were not answered: 300 refused, 12 lost; in the window 250 of 5 000 (5 %): p99 and all above it lie among them
    unanswered: 312 of 5 500 requests were not answered: 312 shed while 20 000 were in flight; none of them in the window
    unanswered: 3 of 5 500 requests were not answered: 3 parked by the broker after their last delivery; in the window 3 of 5 000 (0.06 %): no percentile that has its samples lies among them
    ");
}

#[test]
fn a_trial_whose_requests_are_all_answered_is_not_doubted_for_it() {
    assert_eq!(told(sound().ledger, 0), "");
    assert_eq!(told(LedgerTotals { indeterminate: 1, ..sound().ledger }, 0).lines().count(), 1);
}

#[test]
fn a_window_without_any_answer_is_told_and_what_a_stop_cut_off_is_not() {
    let mut case = sound();
    case.ledger = LedgerTotals { completed: 0, lost: 5000, lost_requests: 5000, ..case.ledger };
    case.latencies.turnaround = None;
    let doubts = case.doubts();
    let unanswered = doubts.iter().find(|doubt| doubt.kind == DoubtKind::Unanswered).expect("a doubt");
    assert!(unanswered.detail.ends_with("in the window nothing was answered"), "{}", unanswered.detail);
    case.complete = false;
    assert!(!case.kinds().contains(&DoubtKind::Unanswered));
}

#[test]
fn what_befell_requests_and_leaves_the_figures_those_of_the_path_invalidates_nothing() {
    let spoilt = |spoil: fn(&mut LedgerTotals)| {
        let mut case = sound();
        spoil(&mut case.ledger);
        case.kinds()
    };
    assert_eq!(spoilt(|ledger| (ledger.completed, ledger.rejected) = (4999, 1)), [DoubtKind::Unanswered]);
    assert_eq!(spoilt(|ledger| ledger.indeterminate = 1), [DoubtKind::Indeterminate]);
    assert_eq!(spoilt(|ledger| ledger.unexpected = 1), [DoubtKind::Unexpected]);
    for kind in [DoubtKind::Unanswered, DoubtKind::Indeterminate, DoubtKind::Unexpected] {
        assert!(!kind.invalidates(), "{kind:?}");
    }
}
