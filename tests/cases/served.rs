//! How long workers take is the same on every path, and what a path adds is told apart from it.

use weighbridge_record::result::Trial;
use weighbridge_record::terms::Stage;

use crate::harness::Run;

const PATHS: [&str; 6] =
    ["in-process", "redis-pubsub", "redis-streams", "nats-core", "nats-jetstream", "nats-request"];
const SERVICE_NS: f64 = 5e6;

/// A figure of a stage, in nanoseconds.
fn figure(trial: &Trial, stage: Stage, statistic: &str) -> f64 {
    let found = trial.latency_ns.get(stage).and_then(|latency| latency.statistic(statistic));
    found.unwrap_or_else(|| panic!("{}: no {} of {}", trial.path, statistic, stage.name()))
}

/// Two slots that are busy for 80 % of the time, so that requests often wait for one.
#[test]
fn every_path_serves_for_as_long_as_was_drawn_and_says_what_it_adds() {
    let busy = [
        "--rate",
        "320",
        "--duration",
        "2s",
        "--warmup",
        "200ms",
        "--set",
        "load.arrivals=\"poisson\"",
        "--set",
        "workers.service_time=5ms",
        "--set",
        "workers.count=1",
        "--set",
        "workers.concurrency=2",
    ];
    let ran = Run::short(&PATHS).with(&busy).end();
    ran.expect_measured();
    let trials = ran.result().trials;
    assert_eq!(trials.len(), PATHS.len());
    let mut means = Vec::new();
    for trial in &trials {
        let least = figure(trial, Stage::Service, "min");
        // A histogram keeps three digits.
        assert!(least >= 0.999 * SERVICE_NS, "{}: served in {least} ns", trial.path);
        means.push(figure(trial, Stage::Service, "mean"));
        let count = |stage: Stage| trial.latency_ns.get(stage).map(|latency| latency.count);
        assert_eq!(count(Stage::Transit), count(Stage::Turnaround), "{}", trial.path);
        let parts = figure(trial, Stage::Transit, "mean") + figure(trial, Stage::Service, "mean");
        let whole = figure(trial, Stage::Turnaround, "mean");
        assert!((parts / whole - 1.0).abs() < 0.002, "{}: {parts} is not {whole}", trial.path);
    }
    let (shortest, longest) =
        (means.iter().fold(f64::INFINITY, |a, b| a.min(*b)), means.iter().fold(0.0, |a: f64, b| a.max(*b)));
    eprintln!("means of services: {means:?}");
    assert!(longest < 1.15 * shortest, "{means:?}");
}
