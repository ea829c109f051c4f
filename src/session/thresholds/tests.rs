//! What passes and what fails where requests got no answer.

use super::*;
use weighbridge_plan::scenario::{self, Overrides};
use weighbridge_record::fixture::Fixture;
use weighbridge_record::result::LedgerTotals;

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
    let transports = plan.transports.clone();
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
