//! Requests that take two paths in one trial: shared out as asked, counted once, and by leg.

use weighbridge_record::result::{Kept, LedgerTotals, Trial};
use weighbridge_record::terms::{RouteKind, TransportKind};

use crate::harness::library::{planned, routed};

const PAIRS: [&str; 2] = ["\"redis-pubsub\", \"nats-core\"", "\"redis-streams\", \"nats-jetstream\""];

fn scenario(route: &str, legs: &str, more: &str) -> String {
    format!(
        r#"
name = "route"
question = "Who takes which leg?"
[route]
legs = [[{legs}]]
{route}
[load]
executor = "constant-arrival-rate"
rate = 400
warmup = "500ms"
duration = "4s"
drain = "8s"
timeout = "3s"
generators = 2
[workers]
count = 2
service_time = "2ms"
[brokers]
durability = "os"
ack_wait = "2s"
{more}
"#
    )
}

fn measured(route: &str, legs: &str, more: &str) -> Trial {
    let trial = routed(&planned(&scenario(route, legs, more)));
    assert!(
        trial.complete && trial.ledger.check() == Ok(()),
        "{legs}: {:?} {:?}",
        trial.ledger,
        trial.errors
    );
    for leg in &trial.legs {
        assert_eq!(leg.ledger.check(), Ok(()), "{}: {:?}", leg.transport, leg.ledger);
    }
    trial
}

/// Counts of the whole and the sums of those of the legs; what belongs to no request is of the whole alone.
fn expect_legs_to_add_up(trial: &Trial) {
    let mut sum = LedgerTotals::default();
    trial.legs.iter().for_each(|leg| sum.merge(&leg.ledger));
    assert_eq!(LedgerTotals { unexpected: trial.ledger.unexpected, ..sum }, trial.ledger);
}

fn expect_all_answered_once(trial: &Trial) {
    let LedgerTotals { attempted, completed, duplicated, unexpected, .. } = trial.ledger;
    assert!(attempted > 1_500, "{:?}", trial.ledger);
    assert_eq!(
        (completed, duplicated, unexpected),
        (attempted, 0, 0),
        "{:?} {:?}",
        trial.ledger,
        trial.errors
    );
}

#[test]
fn a_shift_gives_each_leg_the_share_of_its_stage_and_loses_nothing() {
    let stages = "kind = \"shift\"\nstages = [{ percent = 0, duration = \"1s\" }, { percent = 10, duration = \"2s\" }, \
                  { percent = 100, duration = \"1s\" }]";
    for legs in PAIRS {
        let trial = measured(stages, legs, "");
        expect_all_answered_once(&trial);
        expect_legs_to_add_up(&trial);
        let route = trial.route.expect("a route");
        assert_eq!(route.kind, RouteKind::Shift);
        for stage in &route.stages {
            let observed = stage.observed_percent.expect("requests");
            // Exact over each hundred; a stage may begin within one.
            let within = 100.0 * 100.0 / stage.attempted as f64 / 100.0;
            assert!(
                (observed - f64::from(stage.asked_percent.expect("a share"))).abs() <= within,
                "{stage:?}"
            );
            assert_eq!((stage.unanswered, stage.duplicated), (0, 0), "{stage:?}");
        }
    }
}

#[test]
fn of_a_pair_both_sides_answer_alike_and_a_request_counts_once() {
    for legs in PAIRS {
        let trial = measured("kind = \"dual\"", legs, "");
        expect_all_answered_once(&trial);
        let pairs = trial.pairs.expect("pairs");
        assert_eq!(
            (pairs.compared, pairs.equal, pairs.different),
            (trial.ledger.attempted, pairs.compared, 0)
        );
        assert_eq!((pairs.missing_from, pairs.missing_to), (0, 0));
        assert!(
            trial.legs.iter().all(|leg| leg.ledger.completed == trial.ledger.attempted),
            "{:?}",
            trial.legs
        );
    }
}

#[test]
fn a_stage_of_a_shift_may_take_both_legs() {
    let stages = "kind = \"shift\"\nstages = [{ percent = 0, duration = \"1s\" }, { both = true, duration = \"1s\" }, \
                  { percent = 100, duration = \"2s\" }]";
    for legs in PAIRS {
        let trial = measured(stages, legs, "");
        expect_all_answered_once(&trial);
        let (route, pairs) = (trial.route.expect("a route"), trial.pairs.expect("pairs"));
        assert_eq!((pairs.compared, pairs.equal), (route.stages[1].attempted, pairs.compared), "{pairs:?}");
        let over_legs: u64 = trial.legs.iter().map(|leg| leg.ledger.completed).sum();
        assert_eq!(over_legs, trial.ledger.completed + pairs.compared);
    }
}

#[test]
fn a_side_that_stands_still_is_behind_and_the_other_goes_on() {
    let fault = "[[faults]]\naction = \"pause-broker\"\ntarget = \"nats-server\"\nat = \"1s\"\nfor = \"1s\"";
    let trial = measured("kind = \"dual\"\non_failure = \"any\"", PAIRS[0], fault);
    expect_all_answered_once(&trial);
    let pairs = trial.pairs.expect("pairs");
    assert_eq!(pairs.compared, trial.ledger.attempted, "{pairs:?}");
    let lag = pairs.lag_ns.and_then(|lag| lag.max).expect("lag");
    assert!(lag > 800_000_000, "{lag} ns between the sides");
    // A quarter of the window is the pause; the other side answers meanwhile.
    assert!(trial.route.expect("a route").silence_s_max < 0.7);
}

#[test]
fn a_cutover_and_back_loses_nothing_and_drains_first_where_that_is_asked_for() {
    for legs in PAIRS {
        let trial = measured("kind = \"cutover\"\nat = \"1s\"\nback_at = \"3s\"", legs, "");
        expect_all_answered_once(&trial);
        expect_legs_to_add_up(&trial);
        let route = trial.route.expect("a route");
        let asked: Vec<_> = route.stages.iter().map(|stage| stage.asked_percent).collect();
        assert_eq!(asked, [Some(0), Some(100), Some(0)]);
        let observed: Vec<_> = route.stages.iter().filter_map(|stage| stage.observed_percent).collect();
        assert_eq!(observed, [0.0, 100.0, 0.0]);
    }
}

#[test]
fn what_a_dead_broker_takes_with_it_is_what_its_leg_may_lose() {
    let stages = "kind = \"shift\"\nstages = [{ percent = 50, duration = \"2s\" }, { percent = 0, duration = \"2s\" }]";
    let fault =
        "[[faults]]\naction = \"kill-broker\"\ntarget = \"nats-server\"\nat = \"1s\"\ndown_for = \"2s\"";
    for legs in PAIRS {
        let trial = measured(stages, legs, fault);
        expect_legs_to_add_up(&trial);
        let [redis, nats] = &trial.legs[..] else { panic!("{:?}", trial.legs) };
        assert_eq!(redis.ledger.completed, redis.ledger.attempted, "{:?}", redis.ledger);
        if nats.transport == TransportKind::NatsJetstream {
            assert_eq!(nats.ledger.lost_acknowledged, 0, "{:?}", nats.ledger);
        }
        assert!(nats.ledger.indeterminate > 0, "{:?}", nats.ledger);
        let broken = trial.promises.iter().filter(|promise| promise.verdict == Kept::Broken);
        assert_eq!(broken.count(), 0, "{:?}", trial.promises);
        assert!(trial.promises.iter().all(|promise| promise.leg.is_some()), "{:?}", trial.promises);
    }
}

#[test]
fn two_paths_of_one_server_do_not_hear_each_other() {
    for legs in ["\"redis-pubsub\", \"redis-streams\"", "\"nats-core\", \"nats-jetstream\""] {
        let trial = measured("kind = \"split\"\npercent = 30", legs, "");
        expect_all_answered_once(&trial);
        expect_legs_to_add_up(&trial);
        assert_eq!(trial.brokers.len(), 1, "{:?}", trial.brokers);
    }
}
