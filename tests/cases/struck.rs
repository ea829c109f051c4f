//! Whole trials on servers of our own that are struck while the load is on.

use weighbridge_plan::{End, FaultAction, FaultPlan, Plan};
use weighbridge_record::result::Trial;
use weighbridge_record::terms::TransportKind;

use crate::harness::library::{self, only_fault, planned};

const MS: u64 = 1_000_000;

const SCENARIO: &str = r#"
name = "struck"
question = "What comes of it?"
transports = ["redis-pubsub", "redis-streams", "nats-core", "nats-jetstream", "nats-request"]
[load]
executor = "constant-arrival-rate"
arrivals = "uniform"
rate = 200
warmup = "0s"
duration = "6s"
cooldown = "0s"
drain = "5s"
[workers]
count = 2
[brokers]
durability = "sync"
"#;

fn struck(plan: &mut Plan, transport: TransportKind, action: FaultAction) -> Trial {
    plan.points[0].faults = vec![FaultPlan { at_ns: 500 * MS, every_ns: None, action, target: None }];
    let trial = library::trial(plan, transport);
    let fault = only_fault(&trial);
    assert_eq!(fault.action, action.name());
    assert!(fault.start_s >= 0.5, "{fault:?}");
    trial
}

/// Seconds that the only fault of a trial lasted.
fn lasted_s(trial: &Trial) -> f64 {
    trial.faults[0].end_s.expect("it ended") - trial.faults[0].start_s
}

#[test]
fn a_server_that_stands_still_for_a_while_loses_nothing() {
    let mut plan = planned(SCENARIO);
    for transport in plan.transports() {
        let trial = struck(&mut plan, transport, FaultAction::Pause { lasting_ns: 300 * MS });
        assert!(lasted_s(&trial) >= 0.3, "{:?}", trial.faults);
        let ledger = &trial.ledger;
        assert_eq!((ledger.completed, ledger.lost), (ledger.attempted, 0), "{transport}: {ledger:?}");
        let longest_ns = trial.latency_ns.turnaround.as_ref().and_then(|latency| latency.max);
        assert!(longest_ns.expect("samples") >= 250 * MS, "{transport}: the stall shows: {longest_ns:?}");
    }
}

#[test]
fn a_server_that_is_killed_comes_back_and_the_load_goes_on() {
    let mut plan = planned(SCENARIO);
    for transport in plan.transports() {
        let kill = FaultAction::End { how: End::Kill, down_ns: 500 * MS };
        let trial = struck(&mut plan, transport, kill);
        assert!(lasted_s(&trial) >= 0.5, "{:?}", trial.faults);
        assert!(!trial.gaps.is_empty(), "{transport}: the ends of the path noticed nothing");
        // Clients try again after up to some seconds, on a busy machine more; by now all are back.
        let last = trial.series.iter().filter(|row| (5.0..6.0).contains(&row.t_s));
        let (sent, completed) = last.fold((0, 0), |(s, c), row| (s + row.sent, c + row.completed));
        let told = (&trial.gaps, &trial.errors);
        assert!(sent > 0 && completed * 2 > sent, "{transport}: {completed} of {sent}: {told:?}");
        if transport == TransportKind::RedisStreams {
            assert_eq!(trial.ledger.lost_acknowledged, 0, "{:?}", trial.ledger);
        }
        let server = &trial.brokers[0];
        assert!(server.cpu_seconds.is_some() && server.net_in_bytes.is_some(), "{server:?}");
    }
}
