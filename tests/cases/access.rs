//! A broker that lets us in no more, in the middle of a run: gone for good, its password changed, a right taken.
//! The trial ends by itself, and is told and judged alike on all paths.

use weighbridge_record::result::{DoubtKind, Trial};

use crate::harness::brokers::{Nats, Redis};
use crate::harness::{Ran, Run, Running};
use crate::reconnect::{Broker, start};

const SECRET: &str = "hush-4711";
const CHANGED: &str = "hush-4712";
const BUSY: u64 = 400;

fn run(transport: &str, flag: &str, url: &str) -> Running {
    let run = Run::short(&[transport]).with(&["--duration", "4s", flag, url]);
    run.with(&["--set", "load.drain=1s", "--set", "brokers.prefix=own"]).start()
}

/// Invalid, with an error and the doubt, and without a flood on standard error.
fn expect_judged(ran: &Ran, doubt: DoubtKind, words: &[&str]) -> Trial {
    ran.expect_code(&[100]).expect_hidden(SECRET).expect_hidden(CHANGED);
    assert!(!ran.stderr.contains("async_nats") && ran.stderr.lines().count() < 40, "{}", ran.stderr);
    let trial = ran.trial();
    let doubts: Vec<_> = trial.doubts.iter().map(|doubt| doubt.kind).collect();
    assert!(!trial.valid && doubts.contains(&doubt), "{doubts:?} {:?}", trial.errors);
    assert!(!doubts.contains(&DoubtKind::EndedEarly), "{doubts:?} {:?}", trial.errors);
    let told = |word: &&&str| trial.errors.iter().any(|error| error.message.contains(**word));
    assert!(words.iter().any(|word| told(&word)), "none of {words:?} in {:?}", trial.errors);
    let ledger = &trial.ledger;
    assert!(ledger.completed > 0 && ledger.completed < ledger.attempted, "{ledger:?}");
    trial
}

fn gone(transport: &str) {
    let mut broker = Broker::of(transport);
    let running = start(transport, &broker, &["load.duration=4s", "load.drain=1s"]);
    broker.wait_until_busy();
    broker.kill();
    let trial = expect_judged(&running.end(), DoubtKind::BrokerGone, &["cannot reach"]);
    assert!(trial.doubts.iter().all(|doubt| doubt.kind != DoubtKind::AccessLost), "{:?}", trial.doubts);
}

#[test]
fn a_redis_that_is_gone_for_good_is_told() {
    ["redis-pubsub", "redis-streams"].iter().for_each(|transport| gone(transport));
}

#[test]
fn a_nats_that_is_gone_for_good_is_told() {
    ["nats-core", "nats-jetstream", "nats-request"].iter().for_each(|transport| gone(transport));
}

/// Let in with a new password only, and everybody has to come in again.
fn expect_locked_out(ran: &Ran) {
    let trial = expect_judged(ran, DoubtKind::AccessLost, &["refused"]);
    assert!(trial.doubts.iter().any(|doubt| doubt.kind == DoubtKind::BrokerGone), "{:?}", trial.doubts);
}

#[test]
fn a_redis_whose_password_is_changed_is_told() {
    for transport in ["redis-pubsub", "redis-streams"] {
        let server = Redis::start(&[]);
        let mut admin = server.connect();
        let running = run(transport, "--redis-url", &server.url());
        server.wait_until_busy(BUSY);
        redis::cmd("CONFIG").arg(&["SET", "requirepass", CHANGED]).exec(&mut admin).expect("CONFIG SET");
        for kind in ["normal", "pubsub"] {
            redis::cmd("CLIENT").arg(&["KILL", "TYPE", kind]).exec(&mut admin).expect("CLIENT KILL");
        }
        expect_locked_out(&running.end());
    }
}

#[test]
fn a_nats_whose_password_is_changed_is_told() {
    for transport in ["nats-core", "nats-jetstream", "nats-request"] {
        let server = Nats::start(&format!("authorization {{ user: engine, password: \"{SECRET}\" }}"));
        let running = run(transport, "--nats-url", &server.url_of("engine", SECRET));
        server.wait_until_busy(BUSY);
        server.reload(SECRET, CHANGED);
        expect_locked_out(&running.end());
    }
}

#[test]
fn a_right_that_redis_takes_is_told() {
    for (transport, right) in [
        ("redis-pubsub", "-publish"),
        ("redis-pubsub", "resetchannels"),
        ("redis-streams", "-xadd"),
        ("redis-streams", "-xreadgroup"),
        ("redis-streams", "-xread"),
    ] {
        let server = Redis::start(&[]);
        let set = |rights: &[&str]| {
            let words = ["SETUSER", "engine"].iter().chain(rights).collect::<Vec<_>>();
            redis::cmd("ACL").arg(words).exec(&mut server.connect()).expect("ACL SETUSER");
        };
        set(&["on", &format!(">{SECRET}"), "~*", "&*", "+@all"]);
        let running = run(transport, "--redis-url", &server.url_of("engine", SECRET));
        server.wait_until_busy(BUSY);
        set(&[right]);
        expect_judged(&running.end(), DoubtKind::AccessLost, &["NOPERM"]);
    }
}

#[test]
fn a_right_that_nats_takes_is_told() {
    for (transport, right, subject) in [
        ("nats-core", "publish", "own.prioritization.>"),
        ("nats-core", "subscribe", "own.prioritization.>"),
        ("nats-jetstream", "publish", "own.prioritization.>"),
        ("nats-jetstream", "publish", "$JS.>"),
        ("nats-request", "publish", "own.prioritization.>"),
        ("nats-request", "publish", "_INBOX.>"),
        ("nats-request", "subscribe", "own.prioritization.>"),
    ] {
        let before = "permissions: { publish: { deny: \"elsewhere\" } }";
        let after = format!("permissions: {{ {right}: {{ deny: \"{subject}\" }} }}");
        let user =
            format!("authorization {{ users: [ {{ user: engine, password: \"{SECRET}\", {before} }} ] }}");
        let server = Nats::start(&user);
        let running = run(transport, "--nats-url", &server.url_of("engine", SECRET));
        server.wait_until_busy(BUSY);
        server.reload(before, &after);
        expect_judged(&running.end(), DoubtKind::AccessLost, &["Permissions Violation"]);
    }
}
