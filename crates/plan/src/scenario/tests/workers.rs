//! Who the workers are.

use super::{SOUND, planned, refused, with};
use crate::{ScoringFormat, Workers};
use weighbridge_record::terms::CompletedBy;

#[test]
fn threads_are_the_default_and_none_is_a_count_of_zero() {
    let plan = planned(&with("count = 2", "kind = \"threads\"\ncount = 2"));
    assert_eq!(plan.points[0].workers, planned(SOUND).points[0].workers);
    for nobody in ["count = 0", "kind = \"none\"", "kind = \"none\"\ncount = 0"] {
        let plan = planned(&with("count = 2", nobody));
        assert_eq!(plan.points[0].workers, Workers::None, "{nobody}");
        assert_eq!(plan.points[0].completed_by(), CompletedBy::Acknowledgement, "{nobody}");
    }
}

#[test]
fn nobody_cannot_be_counted() {
    let summary = refused(&with("count = 2", "kind = \"none\"\ncount = 2")).summary();
    assert!(summary.contains("12:") && summary.contains("`workers.count` must be 0"), "{summary}");
}

#[test]
fn kinds_that_are_not_there_are_refused_where_they_stand() {
    let summary = refused(&with("count = 2", "kind = \"robots\"")).summary();
    assert!(summary.contains("workers.kind") && summary.contains("threads"), "{summary}");
}

#[test]
fn a_scoring_service_is_asked_as_it_says() {
    let text = "kind = \"http\"\nurl = \"http://127.0.0.1:8000/v1/chat\"\nformat = \"openai\"\nmodel = \"small\"\ntimeout = \"2s\"\nretries = 1\n";
    let plan = planned(&with("count = 2", text));
    let service = plan.points[0].workers.service().expect("a service");
    assert_eq!(
        (service.address.as_str(), service.timeout_ns, service.retries),
        ("127.0.0.1:8000", 2_000_000_000, 1)
    );
    assert_eq!(service.format, ScoringFormat::Openai { model: "small".to_owned() });
    let plan = planned(&with("count = 2", "kind = \"http\"\nurl = \"http://[::1]/score\"\n"));
    let service = plan.points[0].workers.service().expect("a service");
    assert_eq!((service.address.as_str(), &service.format), ("[::1]:80", &ScoringFormat::Json));
}

#[test]
fn a_scoring_service_that_cannot_be_asked_is_refused() {
    for (keys, told) in [
        ("kind = \"http\"", "need `url`"),
        ("kind = \"http\"\nurl = \"https://h/\"", "https is not built in"),
        ("kind = \"http\"\nurl = \"http://u:geheim@h/\"", "WEIGHBRIDGE_SCORER_KEY"),
        ("kind = \"http\"\nurl = \"redis://h/\"", "its scheme is another"),
        ("kind = \"http\"\nurl = \"http://h/\"\nformat = \"openai\"", "needs `model`"),
        ("kind = \"http\"\nurl = \"http://h/\"\nmodel = \"m\"", "`model` is for"),
        ("kind = \"http\"\nurl = \"http://h/\"\nservice_time = \"1ms\"", "not for workers of kind http"),
        ("kind = \"http\"\nurl = \"http://h/\"\nresults = false", "publish results"),
        ("retries = 3", "`retries` is for workers of kind http"),
    ] {
        let summary = refused(&with("count = 2", keys)).summary();
        assert!(summary.contains(told) && !summary.contains("geheim"), "{keys}: {summary}");
    }
}

#[test]
fn external_workers_are_started_by_their_command() {
    let text = with("count = 2", "kind = \"external\"\ncommand = [\"python3\", \"worker.py\"]\ncount = 20");
    let plan = planned(&text);
    let external = plan.points[0].workers.external().expect("external workers");
    assert_eq!(external.work.count, 20);
    assert_eq!(external.command.as_deref(), Some(&["python3".to_owned(), "worker.py".to_owned()][..]));
    assert_eq!(plan.points[0].completed_by(), CompletedBy::Result);
}

#[test]
fn what_external_workers_cannot_be_told_is_refused_where_it_stands() {
    let external = "kind = \"external\"\ncommand = [\"./worker\"]\n";
    for (key, told) in [
        ("results = false", "publish results"),
        ("count = 0", "at least 1"),
        ("service_time = \"2ms\"", "`service_time` is not for workers of kind external"),
        ("prefetch = 9", "`prefetch` is not for workers of kind external"),
    ] {
        let summary = refused(&with("count = 2", &format!("{external}{key}"))).summary();
        assert!(summary.contains("13:") && summary.contains(told), "{summary}");
    }
    let slow = "[[faults]]\naction = \"slow-worker\"\nat = \"1s\"\nfor = \"1s\"\n";
    let summary = refused(&with("count = 2", &format!("{external}{slow}"))).summary();
    assert!(summary.contains("needs workers of ours"), "{summary}");
    let kill = "[[faults]]\naction = \"kill-worker\"\nat = \"1s\"\nmoment = \"before-reply\"\n";
    let summary = refused(&with("count = 2", &format!("{external}{kill}"))).summary();
    assert!(summary.contains("`moment` needs workers of ours"), "{summary}");
    planned(&with("count = 2", &format!("{external}{}", kill.replace("moment = \"before-reply\"\n", ""))));
}

#[test]
fn a_command_belongs_to_external_workers_alone() {
    let summary = refused(&with("count = 2", "command = [\"./worker\"]")).summary();
    assert!(summary.contains("11:") && summary.contains("kind external"), "{summary}");
}

#[test]
fn workers_that_somebody_runs_already_must_know_where() {
    let alone = "kind = \"external\"\ncount = 2\n";
    let summary = refused(&with("count = 2", alone)).summary();
    assert!(summary.contains("11:") && summary.contains("name one by its URL"), "{summary}");
    let urls = "[brokers]\nredis_url = \"redis://127.0.0.1\"\nnats_url = \"nats://127.0.0.1\"\n";
    let summary = refused(&with("count = 2", &format!("{alone}{urls}"))).summary();
    assert!(summary.contains("`brokers.prefix`"), "{summary}");
    planned(&with("count = 2", &format!("{alone}{urls}prefix = \"\"\n")));
}

#[test]
fn a_path_that_needs_workers_says_so_where_they_were_sent_away() {
    let text = with("count = 2", "kind = \"none\"").replace("nats-core", "nats-request");
    let summary = refused(&text).summary();
    assert!(summary.contains("11:") && summary.contains("nats-request needs workers"), "{summary}");
}
