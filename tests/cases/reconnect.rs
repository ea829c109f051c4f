//! Brokers that go away in the middle of a run: what was in flight is reconciled, the run goes on where it can,
//! and everything is told.

use std::time::Duration;

use weighbridge_record::result::{DoubtKind, FindingClass, Gap, GapKind, Side, Trial};
use weighbridge_record::terms::Stage;

use crate::harness::brokers::{Nats, Redis};
use crate::harness::{Ran, Run, Running};

pub const DOWN: Duration = Duration::from_secs(2);
/// Requests that are to be through before the broker goes.
const BUSY: u64 = 400;

/// A server that stands for somebody else's, of either kind.
pub enum Broker {
    Redis(Redis),
    Nats(Nats),
}

impl Broker {
    /// With all its data on disk.
    pub fn of(transport: &str) -> Self {
        if transport.starts_with("redis") {
            Self::Redis(Redis::start(&["--appendonly", "yes", "--appendfsync", "always"]))
        } else {
            Self::Nats(Nats::start(""))
        }
    }

    pub fn flags(&self) -> [String; 2] {
        match self {
            Self::Redis(server) => ["--redis-url".to_string(), server.url()],
            Self::Nats(server) => ["--nats-url".to_string(), server.url()],
        }
    }

    pub fn wait_until_busy(&self) {
        self.wait_until(BUSY);
    }

    /// Waits until a Redis has handled so many commands, or a NATS so many messages.
    pub fn wait_until(&self, count: u64) {
        match self {
            Self::Redis(server) => server.wait_until_busy(count),
            Self::Nats(server) => server.wait_until_busy(count),
        }
    }

    pub fn kill(&mut self) {
        match self {
            Self::Redis(server) => server.kill(),
            Self::Nats(server) => server.kill(),
        }
    }

    /// Stops the process where it stands for so long.
    pub fn stand_still(&self, time: Duration) {
        match self {
            Self::Redis(server) => server.stand_still(time),
            Self::Nats(server) => server.stand_still(time),
        }
    }

    fn remember(&self) {
        match self {
            Self::Redis(server) => server.remember(),
            Self::Nats(server) => server.remember(),
        }
    }

    fn forget(&self) {
        match self {
            Self::Redis(server) => server.forget(),
            Self::Nats(server) => server.forget(),
        }
    }

    pub fn start_again(&mut self, with_data: bool) {
        match self {
            Self::Redis(server) => server.start_again(with_data),
            Self::Nats(server) => server.start_again(with_data),
        }
    }
}

/// 200 requests a second on four workers, for as long as it takes to lose a broker and to have it again.
pub fn start(transport: &str, broker: &Broker, set: &[&str]) -> Running {
    let mut run = Run::short(&[transport]).with(&["--duration", "9s"]);
    for change in ["workers.count=4", "load.drain=3s", "brokers.durability=os"].iter().chain(set) {
        run = run.with(&["--set", change]);
    }
    let [flag, url] = broker.flags();
    run.with(&[&flag, &url]).start()
}

/// The broker goes away in the middle of the window, and comes back two seconds later.
fn interrupted(transport: &str, with_data: bool, set: &[&str]) -> Ran {
    let mut broker = Broker::of(transport);
    let running = start(transport, &broker, set);
    broker.wait_until_busy();
    broker.kill();
    std::thread::sleep(DOWN);
    broker.start_again(with_data);
    running.end()
}

/// What must be true of any run that a broker came back to.
fn expect_told_and_gone_on(ran: &Ran) -> Trial {
    ran.expect_code(&[0, 99, 100]);
    let trial = ran.trial();
    let doubts: Vec<_> = trial.doubts.iter().map(|doubt| doubt.kind).collect();
    assert!(doubts.contains(&DoubtKind::Disconnected), "{doubts:?}");
    assert!(!doubts.contains(&DoubtKind::EndedEarly), "{doubts:?} {:?}", trial.errors);
    assert!(!doubts.contains(&DoubtKind::BrokerGone), "{:?}", trial.gaps);
    assert_eq!(trial.valid, !doubts.iter().any(|kind| kind.invalidates()), "{doubts:?}");
    for side in [Side::Generator, Side::Worker] {
        let told = trial.gaps.iter().any(|gap| gap.side == side && gap.kind == GapKind::Disconnected);
        assert!(told, "{side:?} of {:?}", trial.gaps);
    }
    // Not a trickle: nearly all that was sent in the last second of the window.
    let last: Vec<_> = trial.series.iter().filter(|row| (8.0..9.0).contains(&row.t_s)).collect();
    let (sent, completed): (u64, u64) =
        last.iter().fold((0, 0), |(sent, completed), row| (sent + row.sent, completed + row.completed));
    assert!(completed * 2 > sent && sent > 0, "{completed} of {sent} in the last second: {:?}", trial.errors);
    let lost = trial
        .findings
        .iter()
        .filter(|finding| matches!(finding.class, FindingClass::LostRequest | FindingClass::LostResult));
    let kept = trial.ledger.lost_requests.min(100) + trial.ledger.lost_results.min(100);
    assert_eq!(lost.count() as u64, kept, "{:?}", trial.ledger);
    trial
}

/// On paths that store nothing, what was due while the broker was away is lost, and said to be.
fn expect_lost_meanwhile(trial: &Trial) {
    assert!(trial.ledger.lost > 0 && trial.ledger.indeterminate > 0, "{:?}", trial.ledger);
}

#[test]
fn redis_pubsub_goes_on_when_the_broker_is_back() {
    expect_lost_meanwhile(&expect_told_and_gone_on(&interrupted("redis-pubsub", true, &[])));
}

#[test]
fn nats_core_goes_on_when_the_broker_is_back() {
    expect_told_and_gone_on(&interrupted("nats-core", true, &[]));
}

#[test]
fn nats_request_goes_on_when_the_broker_is_back() {
    expect_told_and_gone_on(&interrupted("nats-request", true, &[]));
}

#[test]
fn redis_streams_goes_on_when_the_broker_is_back_and_strands_nothing_it_had_confirmed() {
    let trial = expect_told_and_gone_on(&interrupted("redis-streams", true, &[]));
    assert_eq!(trial.ledger.lost_acknowledged, 0, "{:?} {:?}", trial.ledger, trial.errors);
}

#[test]
fn nats_jetstream_goes_on_when_the_broker_is_back() {
    expect_told_and_gone_on(&interrupted("nats-jetstream", true, &[]));
}

#[test]
fn a_broker_that_comes_back_without_its_data_begins_an_epoch_that_is_told() {
    for transport in ["redis-streams", "nats-jetstream"] {
        let trial = expect_told_and_gone_on(&interrupted(transport, false, &[]));
        let epochs: Vec<_> = trial.gaps.iter().filter(|gap| gap.kind == GapKind::Epoch).collect();
        assert!(!epochs.is_empty(), "{transport}: {:?}", trial.gaps);
        assert!(epochs.iter().all(|gap| gap.end_s.is_some()), "{epochs:?}");
        // What was due while it was away is unknown and comes to nothing; what the client of NATS sends later is
        // refused or stored.
        let ledger = &trial.ledger;
        assert!(ledger.indeterminate > 0, "{transport}: {ledger:?}");
        assert!(ledger.lost > 0 || transport == "nats-jetstream", "{transport}: {ledger:?}");
    }
}

/// Some 200 results that were read are gone with the last second of the broker's data. Results that it stores since
/// are read, and those that it has kept are not read again.
#[test]
fn a_broker_that_comes_back_without_its_last_second_gives_each_result_once() {
    for transport in ["redis-streams", "nats-jetstream"] {
        let mut broker = Broker::of(transport);
        let running = start(transport, &broker, &[]);
        broker.wait_until_busy();
        broker.remember();
        std::thread::sleep(Duration::from_secs(1));
        broker.kill();
        broker.forget();
        broker.start_again(true);
        let trial = expect_told_and_gone_on(&running.end());
        let told = |gap: &Gap| gap.side == Side::Collector && gap.kind == GapKind::Epoch;
        assert!(trial.gaps.iter().any(told), "{transport}: {:?}", trial.gaps);
        // What the workers had in hand at either end of that second.
        let ledger = &trial.ledger;
        assert!(ledger.lost_results < 50 && ledger.duplicated < 50, "{transport}: {ledger:?}");
    }
}

#[test]
fn a_broker_that_does_not_come_back_leaves_a_partial_record_that_is_invalid() {
    for transport in ["redis-pubsub", "redis-streams", "nats-core", "nats-jetstream"] {
        let mut broker = Broker::of(transport);
        let running = start(transport, &broker, &["load.duration=4s", "load.drain=1s"]);
        broker.wait_until_busy();
        broker.kill();
        let ran = running.end();
        ran.expect_code(&[100]);
        let trial = ran.trial();
        // Nobody stopped it: the planned end came, and the broker was not back.
        assert!(trial.complete && !trial.valid);
        assert!(trial.doubts.iter().any(|doubt| doubt.kind == DoubtKind::BrokerGone), "{:?}", trial.doubts);
        assert!(trial.gaps.iter().any(|gap| gap.end_s.is_none()), "{:?}", trial.gaps);
        assert!(trial.ledger.completed > 0 && trial.ledger.lost > 0, "{:?}", trial.ledger);
    }
}

#[test]
fn a_closed_loop_waits_for_the_broker_instead_of_failing_as_fast_as_it_can() {
    for transport in ["redis-pubsub", "nats-core"] {
        let set = [
            "load={ executor = \"closed-loop\", in_flight = 8, duration = \"9s\", drain = \"3s\", timeout = \"1s\" }",
        ];
        let trial = {
            let mut broker = Broker::of(transport);
            let mut run = Run::short(&[transport]);
            for change in set.iter().chain(&["workers.count=4"]) {
                run = run.with(&["--set", change]);
            }
            let [flag, url] = broker.flags();
            let running = run.with(&[&flag, &url]).start();
            broker.wait_until_busy();
            broker.kill();
            std::thread::sleep(DOWN);
            broker.start_again(true);
            let ran = running.end();
            ran.expect_code(&[0, 99, 100]);
            ran.trial()
        };
        let back_s = trial.gaps.iter().filter_map(|gap| gap.end_s).fold(0.0, f64::max);
        let after: u64 = trial.series.iter().filter(|row| row.t_s > back_s).map(|row| row.completed).sum();
        assert!(after > 0, "{transport}: {:?} {:?}", trial.gaps, trial.errors);
        assert!(trial.ledger.lost < 1_000, "{transport}: {:?}", trial.ledger);
    }
}

/// The client's queue holds some two thousand messages, a third of what falls due while the broker is away.
#[test]
fn a_client_whose_queue_is_full_does_not_hold_up_the_pacer() {
    for transport in ["nats-core", "nats-jetstream"] {
        let ran = interrupted(transport, true, &["load.rate=3000", "load.max_in_flight=100"]);
        ran.expect_code(&[0, 99, 100]);
        let trial = ran.trial();
        assert!(trial.ledger.lost_requests > 0 && trial.ledger.indeterminate > 0, "{:?}", trial.ledger);
        let lag = trial.latency_ns.get(Stage::SendLag).and_then(|lag| lag.max).expect("sends");
        assert!(lag < 1_000_000_000, "{transport}: a send waited for {lag} ns");
    }
}
