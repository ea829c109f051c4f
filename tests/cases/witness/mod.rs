//! A kill by the account of somebody else: a Python client that shares no code with ours hears the wire, and what it
//! counted agrees with the ledger.
//!
//! While the broker is down the witness hears nothing, and it may be back a little later than the instrument. So the
//! counts are equal where the broker was killed with nothing under way; under load they are equal outside the outage,
//! and inside it neither may have what the other excludes.

mod account;

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use weighbridge_record::result::Trial;

use crate::harness::{Ran, Run, Running, wait_for};
use crate::reconnect::{Broker, DOWN};
use account::Account;

const RATE_PER_S: u64 = 200;
/// Kills of the broker in a run where nothing is under way.
const KILLS: usize = 3;

/// Two seconds of load and a long pause, for each kill, and two seconds of load again.
fn with_pauses() -> String {
    let once = "{ target = 200, duration = \"2s\" }, { target = 0, duration = \"1ms\" }, \
        { target = 0, duration = \"8s\" }, { target = 200, duration = \"1ms\" }, ";
    format!(
        "load={{ executor = \"ramping-arrival-rate\", arrivals = \"uniform\", start_rate = 200, warmup = \"0s\", \
         drain = \"3s\", stages = [{}{{ target = 200, duration = \"2s\" }}] }}",
        once.repeat(KILLS)
    )
}
/// Longest that either side takes to be back, and to have through what was under way.
const MARGIN: Duration = Duration::from_secs(3);
/// Most requests that are under way at a time: a tenth of a second's, and the broker needs a hundredth of that.
const UNDER_WAY: u64 = RATE_PER_S / 10;
/// Nothing is under way when nothing has been heard for so long.
const QUIET: Duration = Duration::from_secs(1);

/// A listening Python process; killed when dropped.
struct Witness {
    child: Child,
    folder: TempDir,
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Witness {
    /// Hears whatever goes over the broker from the moment this returns.
    fn of(broker: &Broker) -> Self {
        let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/witness");
        assert!(packages.join("installed.txt").exists(), "this test needs ./scripts/install-witness.sh");
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name| File::create(folder.path().join(name)).expect("a file");
        let [_, url] = broker.flags();
        let child = Command::new("python3")
            .args([concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/witness/witness.py"), &url])
            .env("PYTHONPATH", packages)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(file("account"))
            .stderr(file("errors"))
            .spawn()
            .expect("starting python3");
        let witness = Self { child, folder };
        witness.wait_until("the witness", |account| account.connected == 1);
        witness
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).expect("reading what the witness wrote")
    }

    /// What it has heard so far.
    fn account(&self) -> Account {
        Account::read(&self.text("account"))
    }

    fn wait_until(&self, what: &str, holds: impl Fn(&Account) -> bool) {
        wait_for(what, || {
            let gone = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))
                .is_ok_and(|stat| stat.contains(") Z "));
            assert!(!gone, "the witness ended: {}", self.text("errors"));
            holds(&self.account()).then_some(())
        });
    }

    /// Waits until it hears nothing any more.
    fn wait_for_quiet(&self) {
        let mut heard = self.text("account").len();
        wait_for("silence on the wire", || {
            std::thread::sleep(QUIET);
            let before = std::mem::replace(&mut heard, self.text("account").len());
            (before == heard).then_some(())
        });
    }
}

/// The broker is killed each time that `due` has returned, and started again two seconds later.
fn witnessed(
    transport: &str,
    load: &[&str],
    kills: usize,
    due: impl Fn(&Witness, usize),
) -> (Account, Trial) {
    let mut broker = Broker::of(transport);
    let witness = Witness::of(&broker);
    let running = start(transport, &broker, load);
    for kill in 1..=kills {
        due(&witness, kill);
        broker.kill();
        std::thread::sleep(DOWN);
        broker.start_again(true);
    }
    let ran: Ran = running.end();
    ran.expect_code(&[0, 99, 100]);
    witness.wait_for_quiet();
    let account = witness.account();
    assert_eq!(
        (account.connected, &account.others[..]),
        (1 + kills as u32, &[][..]),
        "{}",
        witness.text("errors")
    );
    (account, ran.trial())
}

fn start(transport: &str, broker: &Broker, load: &[&str]) -> Running {
    let mut run = Run::short(&[transport]);
    for change in ["workers.count=4", "brokers.durability=os"].iter().chain(load) {
        run = run.with(&["--set", change]);
    }
    let [flag, url] = broker.flags();
    run.with(&[&flag, &url]).start()
}

fn expect_equal_counts(transport: &str) {
    let (account, trial) = witnessed(transport, &[&with_pauses()], KILLS, |witness, kill| {
        // The load before this kill has begun, and is over.
        let begun = (2 * kill as u64 - 1) * RATE_PER_S;
        witness.wait_until("requests", |account| account.requests.len() as u64 > begun);
        witness.wait_for_quiet();
    });
    let (ledger, requests) = (trial.ledger, account.requests.len() as u64);
    let most = (2 * KILLS as u64 + 1) * RATE_PER_S;
    assert!(requests > most, "there was no load after the last pause: {requests}");
    assert_eq!([ledger.attempted, ledger.sent, ledger.completed], [requests; 3], "{ledger:?}");
    assert_eq!((ledger.lost, &account.results), (0, &account.requests), "{ledger:?}");
    assert!(!trial.gaps.is_empty(), "the kill was not noticed");
}

fn expect_agreement_outside_the_outage(transport: &str) {
    let steady = ["load.duration=9s", "load.drain=3s"];
    let (account, trial) = witnessed(transport, &steady, 1, |witness, _| {
        witness.wait_until("requests", |account| account.requests.len() as u64 > 2 * RATE_PER_S);
    });
    let ledger = trial.ledger;
    let outage = account.outage(ledger.attempted, UNDER_WAY);
    // Outside of it every request and its result was heard. It is empty where the client kept all that was published
    // meanwhile and the witness was back first.
    let longest = RATE_PER_S * (DOWN + MARGIN).as_secs();
    assert!(outage.end - outage.start < longest, "{outage:?} {ledger:?}");
    assert!(!trial.gaps.is_empty(), "the kill was not noticed");
    // Nobody made up a request, none went by twice, and all that was heard is in the books.
    assert_eq!(account.twice, 0);
    assert!(account.requests.iter().all(|sequence| *sequence < ledger.attempted), "{ledger:?}");
    assert!(account.requests.len() as u64 <= ledger.sent, "{ledger:?}");
    assert!(account.results.len() as u64 <= ledger.completed + ledger.lost_results, "{ledger:?}");
    // The instrument may be back later than the witness, but no later than that.
    assert!(ledger.attempted - ledger.completed < longest, "{ledger:?}");
}

#[test]
fn of_three_kills_between_requests_on_nats_jetstream_the_witness_and_the_ledger_count_the_same() {
    expect_equal_counts("nats-jetstream");
}

#[test]
fn of_three_kills_between_requests_on_redis_streams_the_witness_and_the_ledger_count_the_same() {
    expect_equal_counts("redis-streams");
}

#[test]
fn of_a_kill_under_load_on_nats_core_the_witness_and_the_ledger_agree_outside_the_outage() {
    expect_agreement_outside_the_outage("nats-core");
}

#[test]
fn of_a_kill_under_load_on_redis_pubsub_the_witness_and_the_ledger_agree_outside_the_outage() {
    expect_agreement_outside_the_outage("redis-pubsub");
}

/// A scenario over Redis Pub/Sub and NATS core, heard on both wires.
fn expect_both_wires_to_agree(scenario: &str) {
    let brokers = ["redis-pubsub", "nats-core"].map(Broker::of);
    let witnesses = [0, 1].map(|leg| Witness::of(&brokers[leg]));
    let legs = "route.legs=[[\"redis-pubsub\", \"nats-core\"]]";
    let mut run = Run::scenario(scenario).with(&["--set", legs, "--rate", "200"]);
    for broker in &brokers {
        let [flag, url] = broker.flags();
        run = run.with(&[&flag, &url]);
    }
    let ran = run.end();
    ran.expect_code(&[0, 100]);
    witnesses.iter().for_each(Witness::wait_for_quiet);
    let heard = witnesses.each_ref().map(Witness::account);
    let trial = ran.trial();
    for (account, leg) in heard.iter().zip(&trial.legs) {
        assert_eq!((account.twice, &account.others[..]), (0, &[][..]), "{}", leg.transport);
        assert_eq!(account.requests.len() as u64, leg.ledger.sent, "{}: {:?}", leg.transport, leg.ledger);
        assert_eq!(account.results, account.requests, "{}", leg.transport);
        assert_eq!(leg.ledger.completed, leg.ledger.sent, "{}: {:?}", leg.transport, leg.ledger);
    }
    // Each request went over one wire, and none is missing.
    assert!(heard[0].requests.is_disjoint(&heard[1].requests));
    let all = heard[0].requests.len() + heard[1].requests.len();
    assert_eq!([trial.ledger.attempted, trial.ledger.completed], [all as u64; 2], "{:?}", trial.ledger);
    assert_eq!((trial.ledger.lost, trial.ledger.duplicated), (0, 0));
}

#[test]
fn of_a_shift_the_witnesses_of_both_wires_and_the_ledgers_of_both_legs_count_the_same() {
    expect_both_wires_to_agree("gradual-migration");
}

#[test]
fn of_a_cutover_and_back_the_witnesses_of_both_wires_and_the_ledgers_of_both_legs_count_the_same() {
    expect_both_wires_to_agree("cutover");
}
