//! Whole trials on servers of ours whose network fails while the load is on.

use weighbridge_record::result::{ProxyRecord, Trial};
use weighbridge_record::terms::TransportKind;

use crate::harness::library::{self, only_fault, planned};

const MS: u64 = 1_000_000;

/// Faults begin at 1 s and last until 2 s. By 3 s a path that is well is as it was.
const SCENARIO: &str = r#"
name = "network"
question = "What comes of it?"
transports = ["redis-pubsub", "redis-streams", "nats-core", "nats-jetstream", "nats-request"]
[load]
executor = "constant-arrival-rate"
arrivals = "uniform"
rate = 200
warmup = "500ms"
duration = "4s"
cooldown = "0s"
drain = "5s"
[workers]
count = 2
[brokers]
durability = "memory"
# What was on a connection that was reset comes again within the drain.
ack_wait = "2s"
[[faults]]
at = "1s"
"#;

/// One trial on each path that goes over a server, with a fault of these keys.
fn struck(keys: &str) -> Vec<(TransportKind, Trial, ProxyRecord)> {
    let plan = planned(&format!("{SCENARIO}{keys}\n"));
    let trial = |transport: TransportKind| {
        let trial = library::trial(&plan, transport);
        let fault = only_fault(&trial);
        assert!(fault.start_s >= 1.0, "{fault:?}");
        let proxy = trial.brokers[0].proxy.expect("all went through it");
        assert!(proxy.connections > 0 && proxy.to_server_bytes > 0 && proxy.to_client_bytes > 0, "{proxy:?}");
        (transport, trial, proxy)
    };
    plan.transports().into_iter().map(trial).collect()
}

/// Median over the intervals from one second to another of the turnaround of requests intended there.
fn turnaround_p50_ns(trial: &Trial, from_s: f64, to_s: f64) -> u64 {
    let rows = trial.series.iter().filter(|row| (from_s..to_s).contains(&row.t_s));
    let mut medians: Vec<u64> = rows.filter_map(|row| row.turnaround.as_ref()?.p50).collect();
    medians.sort_unstable();
    *medians.get(medians.len() / 2).unwrap_or_else(|| panic!("no samples from {from_s} s to {to_s} s"))
}

fn longest_ns(trial: &Trial) -> u64 {
    trial.latency_ns.turnaround.as_ref().and_then(|latency| latency.max).expect("samples")
}

fn assert_nothing_lost(transport: TransportKind, trial: &Trial) {
    let ledger = &trial.ledger;
    assert_eq!((ledger.completed, ledger.lost), (ledger.attempted, 0), "{transport}: {ledger:?}");
}

/// Without the fault it is a few milliseconds at most; a busy machine adds some.
fn assert_well_again(transport: TransportKind, trial: &Trial) {
    let after_ns = turnaround_p50_ns(trial, 3.0, 4.0);
    assert!(after_ns < 40 * MS, "{transport}: {after_ns} ns");
}

#[test]
fn a_partition_of_a_second_loses_nothing_and_shows() {
    for (transport, trial, proxy) in struck("action = \"partition\"\nfor = \"1s\"") {
        assert_nothing_lost(transport, &trial);
        assert!(longest_ns(&trial) >= 900 * MS, "{transport}: the stall shows: {}", longest_ns(&trial));
        assert!(trial.gaps.is_empty() && proxy.reset == 0, "{transport}: {:?}", trial.gaps);
        assert_well_again(transport, &trial);
    }
}

#[test]
fn a_delay_shows_at_the_median_and_is_gone_afterwards() {
    for (transport, trial, _) in
        struck("action = \"delay\"\ndelay = \"20ms\"\njitter = \"5ms\"\nfor = \"1s\"")
    {
        assert_nothing_lost(transport, &trial);
        // To the server and from it, there and back.
        let during_ns = turnaround_p50_ns(&trial, 1.1, 1.8);
        assert!(during_ns >= 80 * MS, "{transport}: {during_ns} ns");
        assert_well_again(transport, &trial);
    }
}

#[test]
fn a_limit_below_the_load_makes_it_wait_and_what_waited_comes_afterwards() {
    // The load needs some 100 kB/s.
    for (transport, trial, _) in struck("action = \"throttle\"\nbytes_per_s = 5_000\nfor = \"1s\"") {
        assert_nothing_lost(transport, &trial);
        assert!(longest_ns(&trial) >= 500 * MS, "{transport}: {}", longest_ns(&trial));
        assert_well_again(transport, &trial);
    }
}

#[test]
fn a_reset_of_all_connections_is_noticed_and_the_load_goes_on() {
    for (transport, trial, proxy) in struck("action = \"reset\"") {
        assert!(proxy.reset > 0 && proxy.connections > proxy.reset, "{transport}: {proxy:?}");
        assert!(!trial.gaps.is_empty(), "{transport}: the ends of the path noticed nothing");
        if matches!(transport, TransportKind::RedisStreams | TransportKind::NatsJetstream) {
            assert_eq!(trial.ledger.lost_acknowledged, 0, "{transport}: {:?}", trial.ledger);
        }
        let last = trial.series.iter().filter(|row| (3.0..4.0).contains(&row.t_s));
        let (sent, completed) = last.fold((0, 0), |(s, c), row| (s + row.sent, c + row.completed));
        assert!(sent > 0 && completed * 2 > sent, "{transport}: {completed} of {sent}: {:?}", trial.gaps);
    }
}
