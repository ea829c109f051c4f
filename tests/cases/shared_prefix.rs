//! Two runs that are given one prefix on one server: each hears the other, and both say so.

use weighbridge_record::result::DoubtKind;

use crate::harness::brokers::{Nats, Redis};
use crate::harness::{Ran, Run, Running};

fn start(transport: &str, flag: &str, url: &str) -> Running {
    let shared = ["--duration", "4s", "--set", "brokers.prefix=own", "--set", "load.drain=1s"];
    Run::short(&[transport]).with(&shared).with(&[flag, url]).start()
}

/// What the other's messages are to this run: unexpected, and not its own.
fn expect_named(ran: &Ran, transport: &str) {
    let trial = ran.kept();
    let doubted = trial.doubts.iter().find(|doubt| doubt.kind == DoubtKind::Unexpected);
    assert!(doubted.is_some_and(|doubt| doubt.detail.contains("`own`")), "{transport}: {:?}", trial.doubts);
    assert!(trial.ledger.unexpected > 0 && trial.ledger.check().is_ok(), "{transport}: {:?}", trial.ledger);
    let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("belong to no request"), "{transport}: {}", ran.stdout);
}

#[test]
fn two_runs_with_one_prefix_name_it_on_paths_that_store_nothing() {
    let (redis, nats) = (Redis::start(&[]), Nats::start(""));
    for (transport, flag, url) in
        [("redis-pubsub", "--redis-url", redis.url()), ("nats-core", "--nats-url", nats.url())]
    {
        let both = [start(transport, flag, &url), start(transport, flag, &url)];
        for run in both {
            expect_named(&run.end(), transport);
        }
    }
}

/// The names are taken, so the second run does not begin, and the first is not disturbed.
#[test]
fn a_second_run_with_the_prefix_of_the_first_is_refused_on_paths_that_store() {
    let (redis, nats) = (Redis::start(&[]), Nats::start(""));
    for (transport, flag, url) in
        [("redis-streams", "--redis-url", redis.url()), ("nats-jetstream", "--nats-url", nats.url())]
    {
        let first = start(transport, flag, &url);
        match transport {
            "redis-streams" => redis.wait_until_busy(400),
            _ => nats.wait_until_busy(500),
        }
        let second = start(transport, flag, &url).end();
        second.expect_code(&[1]).expect_error(&["exists already", "brokers.prefix"]).expect_no_report();
        let ran = first.end();
        ran.expect_measured();
        assert_eq!(ran.trial().ledger.unexpected, 0, "{transport}");
    }
}
