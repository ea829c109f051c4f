//! Requests that take two paths in one trial: shared out as asked, counted once, and by leg.

use weighbridge_record::result::{Kept, LedgerTotals, SeamCheck, Trial};
use weighbridge_record::terms::{OnFailure, RouteKind, TransportKind};

use crate::harness::Run;
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

/// Measured by the program itself, which worker processes are too, and whose ceiling is measured before.
fn by_program(toml: &str) -> Trial {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("route.toml");
    std::fs::write(&path, toml).expect("writing a scenario");
    let ran = Run::scenario(&path.display().to_string()).end();
    ran.expect_measured().trial()
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
fn what_one_broker_does_not_take_fails_where_both_are_needed_and_was_answered_all_the_same() {
    // Gone until the trial is over.
    let fault =
        "[[faults]]\naction = \"kill-broker\"\ntarget = \"nats-server\"\nat = \"1s\"\ndown_for = \"20s\"";
    let taken = |fault: &str| {
        let toml = scenario("kind = \"dual\"", PAIRS[1], fault).replace("drain = \"8s\"", "drain = \"2s\"");
        let trial = routed(&planned(&toml));
        expect_all_answered_once(&trial);
        let pairs = trial.pairs.expect("pairs");
        assert!(pairs.publish_ns.is_some(), "both confirm");
        pairs.taken.expect("who took them")
    };
    let struck = taken(fault);
    let (failed, answered) = struck.failed(OnFailure::Both);
    // Three seconds at 400/s.
    assert!(failed > 800 && answered == failed, "{struck:?}");
    assert_eq!((struck.failed(OnFailure::Any), struck.to_alone), ((0, 0), 0), "{struck:?}");
    let fair = taken("");
    assert_eq!((fair.failed(OnFailure::Both), fair.failed(OnFailure::Any)), ((0, 0), (0, 0)), "{fair:?}");
}

#[test]
fn a_publisher_that_needs_both_waits_for_the_side_that_stands_still() {
    let fault = "[[faults]]\naction = \"pause-broker\"\ntarget = \"nats-server\"\nat = \"1s\"\nfor = \"1s\"";
    let trial = measured("kind = \"dual\"", PAIRS[1], fault);
    let pairs = trial.pairs.expect("pairs");
    let waits = pairs.publish_ns.expect("both confirm");
    let longest = [&waits.from, &waits.any, &waits.to, &waits.both].map(|waits| waits.max.expect("waits"));
    let second_ns = pairs.second_ns.and_then(|second| second.max).expect("second answers");
    // The pause is a second; without it a wait takes some milliseconds, on a machine that is busy some tens.
    assert!(longest[0].max(longest[1]) < 700_000_000, "{longest:?}");
    assert!(longest[2].min(longest[3]).min(second_ns) > 800_000_000, "{longest:?}, {second_ns} ns");
}

#[test]
fn at_each_seam_the_servers_tell_what_they_hold_and_the_legs_what_is_under_way() {
    let stages = "kind = \"shift\"\nstages = [{ percent = 0, duration = \"2s\" }, { percent = 100, duration = \"2s\" }]";
    let trial = measured(stages, PAIRS[1], "");
    expect_all_answered_once(&trial);
    let route = trial.route.as_ref().expect("a route");
    for (stage, (at_work, idle)) in route.stages.iter().zip([(0, 1), (1, 0)]) {
        let legs = &stage.legs;
        assert_eq!((legs[idle].under_way, legs[idle].drained_s), (0, Some(0.0)), "{legs:?}");
        // Two milliseconds each at 400/s: one or two at a time, unless the machine is held up.
        assert!(legs[at_work].under_way < 100 && legs[at_work].drained_s.is_some(), "{legs:?}");
        for leg in legs {
            let what: Vec<&str> = leg.held.iter().map(|held| held.what.as_str()).collect();
            let group = if leg.transport == TransportKind::RedisStreams { "group" } else { "consumer" };
            assert_eq!(what, ["stream", group, "stream"], "{leg:?}");
            assert!(leg.held.iter().all(|held| held.show.is_empty() && held.remove.is_empty()), "{leg:?}");
        }
        // The results of each leg stay where they are.
        let results = |leg: usize| legs[leg].held[2].entries.expect("a count");
        assert!(results(at_work) > 700, "{legs:?}");
    }
    for leg in &trial.legs {
        assert_eq!(leg.held[0].entries, Some(0), "{leg:?}");
        assert_eq!(leg.held[2].entries, Some(leg.ledger.completed), "{leg:?}");
        let program = if leg.transport == TransportKind::RedisStreams { "redis-cli " } else { "nats " };
        let whole = |command: &str| command.starts_with(program) && !command.contains("127.0.0.1");
        assert!(leg.held.iter().all(|held| whole(&held.show) && whole(&held.remove)), "{leg:?}");
    }
}

#[test]
fn subjects_are_tried_before_the_load_and_one_that_reaches_nobody_is_refused() {
    for (legs, bare_heard) in [(PAIRS[0], [0, 0]), (PAIRS[1], [1, 0])] {
        let seam = measured("kind = \"split\"\npercent = 50", legs, "").route.expect("a route").seam;
        let [from, from_bare, to, to_bare] = &seam[..] else { panic!("{seam:?}") };
        for SeamCheck { used, published, delivered, subject, .. } in [from, to] {
            assert!(*used && subject == "prioritization.request.{category}", "{seam:?}");
            assert!(*published > 1 && published == delivered, "{seam:?}");
        }
        // The stream of Redis is one key; the others hear the subjects that they are asked for.
        assert_eq!(
            [from_bare, to_bare].map(|bare| (bare.used, bare.delivered)),
            bare_heard.map(|n| (false, n))
        );
    }
    // As the guide's first phase publishes: where its first phase listens too, it is heard.
    let bare = "\"redis-pubsub\", \"nats-core\"";
    let trial = routed(&planned(&scenario("kind = \"split\"\npercent = 50", bare, "subjects = \"bare\"")));
    expect_all_answered_once(&trial);
    assert!(trial.route.expect("a route").seam.iter().all(|check| check.used == (check.delivered > 0)));
    let ran = Run::scenario("cutover").with(&["--set", "brokers.subjects=bare"]).end();
    ran.expect_code(&[69])
        .expect_error(&["nats-jetstream", "0 came to a worker", "by-category"])
        .expect_no_report();
}

#[test]
fn idempotent_workers_answer_once_what_a_crash_on_either_side_has_delivered_twice() {
    let crash = |target| {
        format!(
            "[[faults]]\naction = \"kill-worker\"\nmoment = \"before-ack\"\ntarget = \"{target}\"\nat = \"1s\"\n\
             down_for = \"500ms\"\n"
        )
    };
    let faults = [crash("worker.1"), crash("worker.3")].concat();
    for (delivery, doubled) in [("at-least-once", true), ("exactly-once", false)] {
        let more = format!("delivery = \"{delivery}\"\n{faults}");
        let toml = scenario("kind = \"split\"\npercent = 50", PAIRS[1], &more);
        let toml = toml.replace("[workers]", "[workers]\nkind = \"processes\"");
        let trial = by_program(&toml);
        expect_legs_to_add_up(&trial);
        assert_eq!(trial.ledger.unanswered(), 0, "{delivery}: {:?} {:?}", trial.ledger, trial.errors);
        for leg in &trial.legs {
            assert!(leg.ledger.redelivered > 0, "{delivery}: {leg:?}");
            assert_eq!(leg.ledger.duplicated > 0, doubled, "{delivery}: {leg:?}");
        }
    }
}

#[test]
fn an_old_broker_that_dies_in_its_drain_holds_the_new_one_up_no_longer_than_its_connections_are_gone() {
    let fault =
        "[[faults]]\naction = \"kill-broker\"\ntarget = \"redis-server\"\nat = \"990ms\"\ndown_for = \"1s\"";
    for legs in PAIRS {
        let trial = measured("kind = \"cutover\"\nat = \"1s\"", legs, fault);
        expect_legs_to_add_up(&trial);
        let [redis, nats] = &trial.legs[..] else { panic!("{:?}", trial.legs) };
        assert_eq!(nats.ledger.unanswered(), 0, "{:?}", nats.ledger);
        if redis.transport == TransportKind::RedisStreams {
            assert_eq!(redis.ledger.lost_acknowledged, 0, "{:?}", redis.ledger);
        }
        let broken = trial.promises.iter().filter(|promise| promise.verdict == Kept::Broken);
        assert_eq!(broken.count(), 0, "{:?}", trial.promises);
    }
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
fn a_fast_route_under_a_fault_is_held_against_the_ceiling_of_one_leg_in_fair_weather() {
    let fault =
        "[[faults]]\naction = \"pause-broker\"\ntarget = \"nats-server\"\nat = \"200ms\"\nfor = \"100ms\"";
    let toml = scenario("kind = \"split\"\npercent = 50", PAIRS[0], fault)
        .replace("rate = 400", "rate = 12000\nmax_in_flight = 20000")
        .replace("duration = \"4s\"", "duration = \"500ms\"")
        .replace("service_time = \"2ms\"", "");
    let trial = by_program(&toml);
    expect_legs_to_add_up(&trial);
    assert!(trial.ledger.attempted > 5_000 && trial.faults.len() == 1, "{:?}", trial.ledger);
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
