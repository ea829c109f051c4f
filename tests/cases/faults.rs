//! The account against a transport that does known wrongs: each gives exactly its class and count.
//!
//! Generator, workers and collector are the real ones; only the path between them is broken.

use weighbridge::session::{Settings, Silent, TrialSpec, measure_wrapped};
use weighbridge_plan::scenario::{Overrides, plan};
use weighbridge_record::result::LedgerTotals;
use weighbridge_record::terms::TransportKind;

use weighbridge::calibrate::faulty::{Faulty, Wrong, Wrongs};

/// One worker, so that order is judged over all requests. A request that is lost keeps the drain waiting.
const SCENARIO: &str = r#"
name = "faults"
question = "Is every wrong told by its name?"
transports = ["in-process"]
[load]
executor = "constant-arrival-rate"
arrivals = "uniform"
rate = 400
warmup = "0s"
duration = "500ms"
cooldown = "0s"
drain = "2s"
[workers]
count = 1
"#;

/// Requests of the scenario.
const ATTEMPTED: u64 = 200;

fn measured(wrongs: Wrongs, set: &[&str]) -> LedgerTotals {
    let set = set.iter().map(|change| (*change).to_string()).collect();
    let overrides = Overrides { set, ..Overrides::default() };
    let plan = plan("faults.toml", SCENARIO, &overrides).unwrap_or_else(|errors| panic!("{errors}"));
    let point = &plan.points[0];
    let spec = TrialSpec::alone(point, TransportKind::InProcess, plan.seed);
    let settings = Settings::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let faulty = |inner| Faulty::new(inner, wrongs);
    let trial = runtime.block_on(measure_wrapped(&spec, &settings, &Silent, faulty));
    let ledger = trial.unwrap_or_else(|error| panic!("{error}")).ledger;
    assert_eq!(ledger.check(), Ok(()));
    ledger
}

/// The ledger of a run in which nothing went wrong.
fn sound() -> LedgerTotals {
    LedgerTotals {
        attempted: ATTEMPTED,
        sent: ATTEMPTED,
        delivered: ATTEMPTED,
        completed: ATTEMPTED,
        ..LedgerTotals::default()
    }
}

/// `wrong` done to five requests that are not neighbours.
fn five(wrong: Wrong) -> Wrongs {
    [20, 50, 81, 120, 150].map(|sequence| (sequence, wrong)).into()
}

#[test]
fn no_wrong_gives_no_anomaly() {
    assert_eq!(measured(Wrongs::new(), &[]), sound());
}

#[test]
fn a_dropped_request_is_a_lost_request() {
    let lost = LedgerTotals { delivered: 195, completed: 195, lost: 5, lost_requests: 5, ..sound() };
    assert_eq!(measured(five(Wrong::DropRequest), &[]), lost);
}

#[test]
fn a_dropped_result_is_a_lost_result() {
    let lost = LedgerTotals { completed: 195, lost: 5, lost_results: 5, ..sound() };
    assert_eq!(measured(five(Wrong::DropResult), &[]), lost);
}

#[test]
fn a_second_result_is_a_duplicate() {
    assert_eq!(measured(five(Wrong::DuplicateResult), &[]), LedgerTotals { duplicated: 5, ..sound() });
}

#[test]
fn a_second_delivery_is_a_redelivery_and_loses_nothing() {
    assert_eq!(measured(five(Wrong::Redeliver), &[]), LedgerTotals { redelivered: 5, ..sound() });
}

#[test]
fn a_request_that_was_overtaken_is_reordered() {
    assert_eq!(measured(five(Wrong::Reorder), &[]), LedgerTotals { reordered: 5, ..sound() });
}

#[test]
fn a_corrupt_request_is_unexpected_and_lost() {
    let lost =
        LedgerTotals { delivered: 195, completed: 195, lost: 5, lost_requests: 5, unexpected: 5, ..sound() };
    assert_eq!(measured(five(Wrong::CorruptRequest), &[]), lost);
}

#[test]
fn a_corrupt_result_is_unexpected_and_lost() {
    let lost = LedgerTotals { completed: 195, lost: 5, lost_results: 5, unexpected: 5, ..sound() };
    assert_eq!(measured(five(Wrong::CorruptResult), &[]), lost);
}

#[test]
fn a_stranger_is_unexpected_and_nothing_else() {
    assert_eq!(measured(five(Wrong::PrecedeByStranger), &[]), LedgerTotals { unexpected: 5, ..sound() });
}

#[test]
fn a_number_that_was_never_sent_is_unexpected_and_leaves_the_order_of_the_rest_alone() {
    // Its answer comes back as well.
    let mut wrongs = five(Wrong::PrecedeByForgery);
    assert_eq!(measured(wrongs.clone(), &[]), LedgerTotals { unexpected: 10, ..sound() });
    wrongs.insert(180, Wrong::Reorder);
    assert_eq!(measured(wrongs, &[]), LedgerTotals { unexpected: 10, reordered: 1, ..sound() });
}

#[test]
fn a_refused_request_is_rejected_not_lost() {
    let rejected = LedgerTotals { delivered: 195, completed: 195, rejected: 5, ..sound() };
    assert_eq!(measured(five(Wrong::Reject), &[]), rejected);
}

#[test]
fn an_unknown_outcome_is_reconciled_when_the_result_comes() {
    assert_eq!(measured(five(Wrong::Indeterminate), &[]), LedgerTotals { indeterminate: 5, ..sound() });
}

#[test]
fn a_request_that_the_broker_gave_up_is_parked() {
    let parked = LedgerTotals { delivered: 195, completed: 195, parked: 5, ..sound() };
    assert_eq!(measured(five(Wrong::Park), &[]), parked);
}

/// Where delivery ends a request, what happens to results that nobody sends can't matter.
#[test]
fn without_results_a_delivery_completes_and_wrongs_on_the_way_there_are_still_told() {
    let told = |wrong| measured(five(wrong), &["workers.results=false"]);
    assert_eq!(measured(Wrongs::new(), &["workers.results=false"]), sound());
    let lost = LedgerTotals { delivered: 195, completed: 195, lost: 5, lost_requests: 5, ..sound() };
    assert_eq!(told(Wrong::DropRequest), lost);
    assert_eq!(told(Wrong::CorruptRequest), LedgerTotals { unexpected: 5, ..lost });
    assert_eq!(told(Wrong::Redeliver), LedgerTotals { redelivered: 5, ..sound() });
    assert_eq!(told(Wrong::Reorder), LedgerTotals { reordered: 5, ..sound() });
    assert_eq!(told(Wrong::PrecedeByStranger), LedgerTotals { unexpected: 5, ..sound() });
    let parked = LedgerTotals { delivered: 195, completed: 195, parked: 5, ..sound() };
    assert_eq!(told(Wrong::Park), parked);
}

#[test]
fn all_wrongs_at_once_are_told_apart_also_with_two_generators_and_slow_workers() {
    let mut wrongs = Wrongs::new();
    let all = [
        Wrong::DropRequest,
        Wrong::DropResult,
        Wrong::DuplicateResult,
        Wrong::Redeliver,
        Wrong::CorruptRequest,
        Wrong::CorruptResult,
        Wrong::PrecedeByStranger,
        Wrong::Reject,
        Wrong::Indeterminate,
        Wrong::Park,
    ];
    for (place, wrong) in all.into_iter().enumerate() {
        // Each twice, an even and an odd number: one for each generator.
        wrongs.insert(10 + 6 * place as u64, wrong);
        wrongs.insert(101 + 8 * place as u64, wrong);
    }
    let mut ledger = measured(wrongs, &["load.generators=2", "workers.service_time=1ms", "workers.count=4"]);
    // Threads of two generators and four workers overtake each other by themselves.
    ledger.reordered = 0;
    let told = LedgerTotals {
        delivered: 200 - 2 - 2 - 2 - 2,
        completed: 200 - 12,
        rejected: 2,
        parked: 2,
        lost: 8,
        lost_requests: 4,
        lost_results: 4,
        duplicated: 2,
        redelivered: 2,
        indeterminate: 2,
        unexpected: 6,
        ..sound()
    };
    assert_eq!(ledger, told);
}
