//! Variables of the environment that stand for keys of a scenario: subjects, and what JetStream is given.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::harness::Run;
use crate::harness::brokers::{Nats, Redis};

const SUBJECTS: [(&str, &str); 3] = [
    ("PRIORITY_REQUEST_SUBJECT", "engine.ask"),
    ("PRIORITY_RESULT_SUBJECT", "engine.answer"),
    ("PRIORITY_SYNC_SUBJECT", "engine.now"),
];

fn with_subjects(run: Run) -> Run {
    SUBJECTS.iter().fold(run, |run, (name, value)| run.variable(name, value))
}

#[test]
fn messages_go_where_the_environment_says_and_a_flag_goes_before_it() {
    let server = Redis::start(&[]);
    let mut connection = server.connect();
    let mut heard = connection.as_pubsub();
    heard.psubscribe("*").expect("subscribing");
    heard.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    let set = ["brokers.result_subject=by.flag", "brokers.prefix=t"];
    let run = Run::short(&["redis-pubsub"]).with(&["--redis-url", &server.url()]);
    let run = set.iter().fold(run, |run, set| run.with(&["--set", set]));
    let running = with_subjects(run).start();
    let mut channels = BTreeSet::new();
    while channels.len() < 2 {
        let channel = heard.get_message().expect("a message").get_channel_name().to_owned();
        // Canaries of the preflight and categories are left out.
        channels.insert(channel.rsplit_once('.').expect("a category").0.to_owned());
    }
    running.end().expect_measured();
    assert_eq!(channels.into_iter().collect::<Vec<_>>(), ["t.by.flag", "t.engine.ask"]);
}

#[test]
fn every_path_works_on_other_subjects_with_the_least_rights() {
    let transports = ["redis-pubsub", "redis-streams", "nats-core", "nats-jetstream", "nats-request"];
    let run = with_subjects(Run::short(&transports).with(&["--set", "brokers.auth=acl"]));
    let ran = run.variable("JETSTREAM_DOMAIN", "priority").end();
    ran.expect_measured();
    for trial in ran.result().trials {
        let ledger = trial.ledger;
        assert!(ledger.attempted > 0 && ledger.completed == ledger.attempted, "{}: {ledger:?}", trial.path);
    }
}

#[test]
fn a_jetstream_of_ours_gets_what_the_environment_says() {
    let run = Run::short(&["nats-jetstream"]).variable("JETSTREAM_MAX_MEMORY", "256MB");
    let ran = run.variable("JETSTREAM_MAX_STORAGE", "512MB").end();
    ran.expect_measured();
    let config = &ran.trial().brokers[0].config;
    assert_eq!(config["jetstream.max_memory"], (256 << 20).to_string());
    assert_eq!(config["jetstream.max_storage"], (512 << 20).to_string());
}

#[test]
fn a_domain_that_the_server_does_not_know_is_refused_before_any_load() {
    let nats = Nats::start("");
    let run = Run::short(&["nats-jetstream"]).with(&["--nats-url", &nats.url()]);
    let ran = run.variable("JETSTREAM_DOMAIN", "elsewhere").end();
    ran.expect_code(&[69]).expect_error(&["elsewhere"]).expect_no_report();
}

#[test]
fn what_can_be_no_subject_is_refused_with_the_variable() {
    for (name, value, words) in [
        ("PRIORITY_REQUEST_SUBJECT", "prioritization.>", &["PRIORITY_REQUEST_SUBJECT", "wildcards"][..]),
        ("PRIORITY_RESULT_SUBJECT", "prioritization.request", &["hear each other's messages"]),
        ("JETSTREAM_MAX_MEMORY", "much", &["JETSTREAM_MAX_MEMORY", "512MB"]),
    ] {
        let ran = Run::short(&["nats-core"]).variable(name, value).end();
        ran.expect_code(&[104]).expect_error(words).expect_no_report();
    }
    // Empty is not set.
    let ran = Run::short(&["nats-core"]).variable("PRIORITY_REQUEST_SUBJECT", "").end();
    ran.expect_measured();
}
