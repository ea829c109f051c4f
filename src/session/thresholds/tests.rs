//! What passes and what fails where requests got no answer.

use super::*;
use weighbridge_plan::scenario::{self, Overrides};
use weighbridge_record::fixture::Fixture;
use weighbridge_record::result::LedgerTotals;
use weighbridge_record::terms::TransportKind;

const SCENARIO: &str = r#"
name = "judged"
question = "Was all of it answered?"
transports = ["redis-streams", "nats-core"]
[load]
executor = "constant-arrival-rate"
rate = 1000
duration = "5s"
"#;

fn plan(thresholds: &str) -> Plan {
    let text = format!("{SCENARIO}[thresholds]\n{thresholds}\n");
    scenario::plan("judged.toml", &text, &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Trials of both paths in which everything was answered, then spoilt.
fn judged(thresholds: &str, spoil: impl FnOnce(&mut LedgerTotals)) -> (Verdict, Vec<String>) {
    let plan = plan(thresholds);
    let transports = plan.transports();
    let mut trials = Fixture { transports, ..Fixture::default() }.build().trials;
    for trial in &mut trials {
        trial.point = plan.points[0].point.clone();
    }
    let dead = trials.iter_mut().find(|trial| trial.path == TransportKind::RedisStreams).unwrap();
    spoil(&mut dead.ledger);
    let outcomes = hold(&plan, &trials);
    let failed = outcomes.iter().filter(|outcome| !outcome.passed);
    let failed = failed.map(|outcome| format!("{} {}", outcome.path, outcome.expression)).collect();
    (verdict(&trials, &outcomes), failed)
}

fn refuse(ledger: &mut LedgerTotals, count: u64) {
    ledger.completed -= count;
    ledger.rejected += count;
}

#[test]
fn a_run_in_which_all_was_answered_passes_and_its_outcomes_say_what_was_held() {
    assert_eq!(judged("", |_| {}), (Verdict::Passed, vec![]));
    let plan = plan("");
    let expressions: Vec<_> = plan.points[0].thresholds.iter().map(|held| held.expression.as_str()).collect();
    assert_eq!(expressions, ["ledger.unanswered == 0"]);
}

#[test]
fn requests_without_an_answer_fail_a_scenario_that_says_nothing_of_them() {
    let refused = judged("\"ledger.lost\" = \"== 0\"", |ledger| refuse(ledger, 1));
    assert_eq!(refused, (Verdict::Failed, vec!["redis-streams ledger.unanswered == 0".to_owned()]));
}

#[test]
fn a_scenario_says_itself_how_many_need_no_answer() {
    let bounded = "\"ledger.unanswered\" = \"<= 3\"";
    assert_eq!(judged(bounded, |ledger| refuse(ledger, 3)), (Verdict::Passed, vec![]));
    let (verdict, failed) = judged(bounded, |ledger| refuse(ledger, 4));
    assert_eq!((verdict, failed.len()), (Verdict::Failed, 1), "{failed:?}");
}

#[test]
fn a_path_that_completed_nothing_does_not_pass_whatever_the_scenario_allows() {
    let any = "\"ledger.unanswered\" = \">= 0\"";
    let dead = vec!["redis-streams ledger.completed > 0".to_owned()];
    let all_refused = judged(any, |ledger| refuse(ledger, ledger.completed));
    assert_eq!(all_refused, (Verdict::Failed, dead.clone()));
    let nothing_attempted = judged(any, |ledger| *ledger = LedgerTotals::default());
    assert_eq!(nothing_attempted, (Verdict::Failed, dead));
}

/// What comes of a threshold where p99 of one path is this turnaround with this send lag in it.
fn held_at(threshold: &str, lag_ns: u64, turnaround_ns: u64) -> ThresholdOutcome {
    let plan = plan(threshold);
    let transports = vec![TransportKind::RedisStreams];
    let mut trial = Fixture { transports, seconds: 1, ..Fixture::default() }.build().trials.swap_remove(0);
    trial.latency_ns.send_lag.as_mut().unwrap().p99 = Some(lag_ns);
    trial.latency_ns.turnaround.as_mut().unwrap().p99 = Some(turnaround_ns);
    hold_one(&plan.points[0].thresholds[0], &[&trial])
}

#[test]
fn a_bound_that_our_own_lateness_breaks_is_not_observed() {
    let upper = "\"turnaround.p99\" = \"< 20ms\"";
    let broken = held_at(upper, 14_000_000, 42_000_000);
    assert!(!broken.passed && broken.observed.is_none());
    let why = broken.unobserved.unwrap().replace('\u{a0}', " ");
    assert_eq!(why, "own lateness: send lag p99 is 14.0 ms of 42.0 ms in repetition 1");
    let lower = held_at("\"turnaround.p99\" = \"> 1ms\"", 14_000_000, 42_000_000);
    assert!(!lower.passed && lower.unobserved.is_some(), "our lateness would make it true");
}

#[test]
fn a_bound_that_holds_in_spite_of_our_lateness_holds_and_one_the_path_breaks_is_broken() {
    let upper = "\"turnaround.p99\" = \"< 20ms\"";
    let held = held_at(upper, 4_000_000, 12_000_000);
    assert_eq!((held.passed, held.observed, held.unobserved), (true, Some(12e6), None));
    let broken = held_at(upper, 1_000_000, 42_000_000);
    assert_eq!((broken.passed, broken.observed, broken.unobserved), (false, Some(42e6), None));
}
