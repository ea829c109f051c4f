//! What stops a run before anything is measured: servers that aren't there or are elsewhere, bad scenarios.

use std::net::TcpListener;
use std::time::Duration;

use crate::harness::Run;
use crate::harness::brokers::{Nats, Redis};

/// Bounded: some retries and then the end, whatever the machine is busy with.
const GIVES_UP_WITHIN: Duration = Duration::from_secs(30);

/// An address on which nobody listens.
fn dead_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").to_string()
}

#[test]
fn a_broker_that_is_down_ends_the_run_with_69_and_its_address() {
    for (transport, flag, scheme) in
        [("redis-streams", "--redis-url", "redis"), ("nats-core", "--nats-url", "nats")]
    {
        let address = dead_address();
        let url = format!("{scheme}://{address}");
        let ran = Run::short(&[transport]).with(&[flag, &url]).end();
        ran.expect_code(&[69]).expect_error(&[&address]).expect_no_report();
        assert!(ran.took < GIVES_UP_WITHIN, "{transport}: {:?}", ran.took);
    }
}

#[test]
fn a_missing_binary_ends_the_run_with_69_and_the_command_that_installs_it() {
    for (transport, flag) in [("redis-pubsub", "--redis-server"), ("nats-core", "--nats-server")] {
        let ran = Run::short(&[transport]).with(&[flag, "/nonexistent/server"]).end();
        ran.expect_code(&[69]).expect_error(&["/nonexistent/server", "make brokers"]).expect_no_report();
    }
}

#[test]
fn a_server_missing_for_the_last_transport_is_noticed_before_the_first_is_measured() {
    let ran = Run::short(&["in-process", "nats-core"]).with(&["--nats-server", "/nonexistent/server"]).end();
    ran.expect_code(&[69]).expect_error(&["/nonexistent/server"]).expect_no_report();
    assert!(!ran.stderr.contains("1/2 in-process"), "the first was measured:\n{}", ran.stderr);
}

#[test]
fn a_host_beyond_loopback_is_refused_before_any_connection_unless_allowed() {
    for (transport, flag, url) in [
        ("redis-pubsub", "--redis-url", "redis://192.0.2.1:6379"),
        ("nats-core", "--nats-url", "nats://192.0.2.1:4222"),
    ] {
        let ran = Run::short(&[transport]).with(&[flag, url]).end();
        ran.expect_code(&[1, 2]).expect_error(&["--allow-host 192.0.2.1"]).expect_no_report();
        // A connection to this address, which belongs to nobody, would time out after two seconds.
        assert!(ran.took < Duration::from_secs(2), "{transport}: {:?}", ran.took);
    }
}

/// An address that is not loopback, and yet leads to this machine.
#[test]
fn a_host_beyond_loopback_that_is_allowed_by_name_is_measured() {
    let server = Redis::start(&[]);
    let url = server.url().replace("127.0.0.1", "0.0.0.0");
    let run = || Run::short(&["redis-streams"]).with(&["--redis-url", &url]);
    for allowed in [&[][..], &["--allow-host", "127.0.0.1"]] {
        run()
            .with(allowed)
            .end()
            .expect_code(&[1])
            .expect_error(&["0.0.0.0 is not a loopback address"])
            .expect_no_report();
    }
    let ran = run().with(&["--allow-host", "0.0.0.0"]).end();
    ran.expect_measured();
    let ledger = ran.trial().ledger;
    assert!(ledger.completed > 0 && ledger.completed == ledger.attempted, "{ledger:?}");
}

#[test]
fn a_scenario_with_a_mistake_is_refused_with_its_place_and_nothing_is_started() {
    let sound = "name = \"case\"\nquestion = \"Is it refused?\"\ntransports = [\"nats-core\"]\n\
                 [load]\nexecutor = \"constant-arrival-rate\"\nrate = 100\nduration = \"1s\"\n";
    for (old, new, place) in [
        ("rate = 100", "rte = 100", "6:1"),
        ("duration = \"1s\"", "duration = \"1 parsec\"", "7:12"),
        ("duration = \"1s\"", "duration = 1", "7:12"),
        ("rate = 100", "rate = nan", "6:8"),
        ("rate = 100", "rate = 0", "6:8"),
        ("rate = 100", "rate = -5", "6:8"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("case.toml");
        std::fs::write(&path, sound.replace(old, new)).expect("writing a scenario");
        let path = path.display().to_string();
        // A server that can't be found would be told before the mistake if anything was started.
        let ran = Run::scenario(&path).with(&["--nats-server", "/nonexistent/server"]).end();
        ran.expect_code(&[104]).expect_error(&[&format!("case.toml:{place}")]).expect_no_report();
    }
}

#[test]
fn a_payload_over_the_servers_limit_is_refused_with_the_name_of_the_setting() {
    let server = Nats::start("");
    for transport in ["nats-core", "nats-jetstream", "nats-request"] {
        let big = ["--set", "payload.description_bytes=2000000", "--nats-url", &server.url()];
        let ran = Run::short(&[transport]).with(&big).end();
        ran.expect_code(&[1]).expect_error(&["max_payload", "1048576"]).expect_no_report();
    }
}

#[test]
fn a_body_with_an_empty_description_is_served_on_every_path() {
    let ran = Run::short(&[]).with(&["--set", "payload.description_bytes=0"]).end();
    ran.expect_measured();
    let trials = ran.result().trials;
    assert_eq!(trials.len(), 5);
    for trial in trials {
        let (path, ledger) = (trial.path, trial.ledger);
        assert_eq!(ledger.check(), Ok(()), "{path}");
        assert!(ledger.completed > 0 && ledger.completed == ledger.attempted, "{path}: {ledger:?}");
    }
}

#[test]
fn a_url_that_names_no_server_is_blamed_on_where_it_was_written() {
    let url = "redis://hush-4711@127.0.0.1";
    let by_variable = Run::short(&["redis-pubsub"]).variable("REDIS_URL", url).end();
    let by_flag = Run::short(&["redis-pubsub"]).with(&["--redis-url", url]).end();
    for (ran, place) in
        [(by_variable, "the environment variable REDIS_URL: not a URL"), (by_flag, "`--redis-url`")]
    {
        ran.expect_code(&[104]).expect_error(&[place]).expect_hidden("hush-4711").expect_no_report();
    }
    let doctor = Run::command(&["doctor"]).variable("REDIS_URL", url).end();
    doctor.expect_code(&[2]).expect_error(&["the environment variable REDIS_URL"]).expect_hidden("hush-4711");
}
