//! What would stop a later trial is told before the first is measured, and nothing is kept of it anywhere.

use async_nats::jetstream::{self, stream};

use crate::harness::brokers::{Nats, Redis};
use crate::harness::{Ran, Run, entries};

/// Ends the run with the words, before anything was measured.
fn expect_refused(run: Run, words: &[&str]) -> Ran {
    let scratch = run.scratch().to_owned();
    // The folder goes with what the run leaves.
    let ran = run.end();
    ran.expect_code(&[1]).expect_error(words).expect_no_report();
    assert!(!ran.stderr.contains("1/2"), "the first was measured:\n{}", ran.stderr);
    assert_eq!(entries(&scratch), Vec::<String>::new(), "something is kept in the temporary folder");
    ran
}

#[test]
fn a_body_too_long_for_the_last_path_is_refused_before_the_first_is_measured() {
    let big = ["--set", "payload.description_bytes=1048576"];
    for transport in ["nats-core", "nats-jetstream", "nats-request"] {
        expect_refused(Run::short(&["redis-pubsub", transport]).with(&big), &["max_payload", "1048576"]);
    }
    let server = Nats::start("max_payload: 100000");
    let external = ["--set", "payload.description_bytes=100000", "--nats-url", &server.url()];
    expect_refused(Run::short(&["in-process", "nats-core"]).with(&external), &["max_payload", "100000"]);
    let server = Redis::start(&["--proto-max-bulk-len", "1mb"]);
    let external = [big[0], big[1], "--redis-url", &server.url()];
    expect_refused(Run::short(&["in-process", "redis-streams"]).with(&external), &["proto-max-bulk-len"]);
}

#[test]
fn a_body_too_long_at_the_last_point_is_refused_before_the_first_is_measured() {
    let scenario = "name = \"case\"\nquestion = \"Is it refused?\"\ntransports = [\"nats-core\"]\n\
                    [load]\nexecutor = \"constant-arrival-rate\"\nrate = 100\nduration = \"1s\"\n\
                    [sweep]\n\"payload.description_bytes\" = [256, 2000000]\n";
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("case.toml");
    std::fs::write(&path, scenario).expect("writing a scenario");
    expect_refused(Run::scenario(&path.display().to_string()), &["max_payload", "1048576"]);
}

#[test]
fn a_body_that_just_fits_is_measured() {
    let ran = Run::short(&["nats-core"]).with(&["--set", "payload.description_bytes=1048000"]).end();
    ran.expect_measured();
    assert!(ran.trial().ledger.completed > 0);
}

#[tokio::test]
async fn a_stream_in_the_way_of_the_last_path_is_told_before_the_first_is_measured() {
    let server = Nats::start("");
    let context = jetstream::new(server.connect().await);
    let name = "mine_PRIORITY_REQUESTS";
    let subjects = vec!["elsewhere".to_string()];
    let config = stream::Config { name: name.to_string(), subjects, ..stream::Config::default() };
    context.create_stream(config).await.expect("creating a stream");
    let set = ["--set", "brokers.prefix=mine", "--nats-url", &server.url()];
    expect_refused(Run::short(&["nats-core", "nats-jetstream"]).with(&set), &[name, "exists already"]);
    let mut stream = context.get_stream(name).await.expect("it is still there");
    assert_eq!(stream.info().await.expect("its state").config.subjects, ["elsewhere"]);
}

#[test]
fn more_connections_than_files_may_be_open_are_refused_with_the_limit_and_what_is_needed() {
    for (transport, workers, connections) in
        [("nats-core", 10_000, "10002"), ("redis-streams", 100, "202"), ("redis-pubsub", 40, "43")]
    {
        let count = format!("workers.count={workers}");
        let run = Run::short(&["in-process", transport]).with(&["--set", &count]).with_open_files_up_to(64);
        let needs = format!("{transport} needs {connections} connections");
        expect_refused(run, &[&needs, "may open only 64 files", "`ulimit -n"]);
    }
}

#[test]
fn more_connections_than_a_server_of_ours_takes_are_refused_with_its_setting() {
    let many = ["--set", "workers.count=5000"];
    expect_refused(
        Run::short(&["in-process", "redis-streams"]).with(&many),
        &["10006 connections", "(maxclients)"],
    );
}

/// How many it takes is known to whoever runs it.
#[test]
fn more_connections_than_a_server_of_somebody_elses_takes_are_refused_with_its_setting() {
    let many = ["--set", "workers.count=30"];
    let redis = Redis::start(&["--maxclients", "20"]);
    let nats = Nats::start("max_connections: 20");
    for (transport, flag, url, setting) in [
        ("redis-streams", "--redis-url", redis.url(), "`maxclients`"),
        ("redis-pubsub", "--redis-url", redis.url(), "`maxclients`"),
        ("nats-core", "--nats-url", nats.url(), "maximum connections exceeded"),
    ] {
        let ran = Run::short(&[transport]).with(&many).with(&[flag, &url]).end();
        ran.expect_code(&[69]).expect_error(&[setting]).expect_no_report();
    }
}

/// Enough by what is counted beforehand is enough in the run.
#[test]
fn as_many_files_as_are_asked_for_suffice() {
    for (transport, connections) in [("redis-streams", 10), ("nats-jetstream", 6)] {
        let run = Run::short(&[transport]).with(&["--set", "workers.count=4"]);
        let ran = run.with_open_files_up_to(connections + 40).end();
        ran.expect_measured();
        assert_eq!(ran.trial().errors, [], "{transport}");
    }
}

#[test]
fn a_server_that_cannot_be_connected_to_is_told_with_the_reason() {
    let dead =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("its address");
    for (transport, flag, url) in [
        ("redis-pubsub", "--redis-url", format!("redis://{dead}")),
        ("nats-core", "--nats-url", format!("nats://{dead}")),
        ("nats-core", "--nats-url", format!("tls://{dead}")),
    ] {
        let ran = Run::short(&[transport]).with(&[flag, &url]).end();
        ran.expect_code(&[69]).expect_error(&[&dead.to_string(), "Connection refused"]).expect_no_report();
    }
    let server = Nats::start("");
    let url = format!("tls://{}", server.address);
    let ran = Run::short(&["nats-core"]).with(&["--nats-url", &url]).end();
    ran.expect_code(&[69])
        .expect_error(&[&server.address, "write nats:// where it has none"])
        .expect_no_report();
}
