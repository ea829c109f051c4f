//! Redis cuts our connections while it goes on: they are made again, and what was in flight is reconciled.

use std::time::Duration;

use weighbridge_record::result::{DoubtKind, GapKind, Side, Trial};

use crate::harness::Run;
use crate::harness::brokers::Redis;

/// Cuts all connections of `kind` in the middle of the window.
fn kicked(transport: &str, kind: &str) -> Trial {
    let server = Redis::start(&[]);
    let mut run = Run::short(&[transport]).with(&["--duration", "4s", "--redis-url", &server.url()]);
    for change in ["workers.count=4", "load.drain=3s", "load.rate=500"] {
        run = run.with(&["--set", change]);
    }
    let running = run.start();
    server.wait_until_busy(400);
    for _ in 0..2 {
        let cut: u64 = redis::cmd("CLIENT")
            .arg(&["KILL", "TYPE", kind])
            .query(&mut server.connect())
            .expect("CLIENT KILL");
        assert!(cut > 0, "there was none");
        std::thread::sleep(Duration::from_millis(500));
    }
    let ran = running.end();
    ran.expect_code(&[0, 99, 100]);
    ran.trial()
}

/// Told, over, and gone on from; `sides` are those whose connections were cut.
fn expect_gone_on(trial: &Trial, sides: &[Side]) {
    let doubts: Vec<_> = trial.doubts.iter().map(|doubt| doubt.kind).collect();
    assert!(doubts.contains(&DoubtKind::Disconnected), "{doubts:?}");
    assert!(
        !doubts.contains(&DoubtKind::BrokerGone) && !doubts.contains(&DoubtKind::EndedEarly),
        "{doubts:?}"
    );
    for side in sides {
        let told = trial.gaps.iter().any(|gap| gap.side == *side && gap.kind == GapKind::Disconnected);
        assert!(told, "{side:?} of {:?}", trial.gaps);
    }
    assert!(trial.gaps.iter().all(|gap| gap.end_s.is_some()), "{:?}", trial.gaps);
    let last = trial.series.iter().filter(|row| (3.0..4.0).contains(&row.t_s));
    let (sent, completed) = last.fold((0, 0), |(s, c), row| (s + row.sent, c + row.completed));
    assert!(
        sent > 0 && completed * 10 >= sent * 9,
        "{completed} of {sent} in the last second: {:?}",
        trial.errors
    );
    // Only what was on its way in the moment of a cut can be lost.
    let ledger = &trial.ledger;
    assert!(ledger.lost < 100 && ledger.completed + ledger.lost == ledger.attempted, "{ledger:?}");
}

#[test]
fn redis_pubsub_publishes_again_when_its_connections_were_cut() {
    expect_gone_on(&kicked("redis-pubsub", "normal"), &[Side::Generator, Side::Worker]);
}

#[test]
fn redis_pubsub_subscribes_again_when_its_subscriptions_were_cut() {
    expect_gone_on(&kicked("redis-pubsub", "pubsub"), &[Side::Collector, Side::Worker]);
}

#[test]
fn redis_streams_goes_on_when_its_connections_were_cut() {
    let trial = kicked("redis-streams", "normal");
    expect_gone_on(&trial, &[Side::Generator, Side::Worker, Side::Collector]);
    let ledger = &trial.ledger;
    assert_eq!((ledger.lost_acknowledged, ledger.lost_results), (0, 0), "{ledger:?} {:?}", trial.errors);
}
