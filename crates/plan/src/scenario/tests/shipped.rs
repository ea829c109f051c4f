//! The scenarios in `scenarios/`.

use std::path::Path;

use super::super::explain::{load_words, offered};
use super::super::shelf::EMBEDDED;
use super::super::{LoadError, Overrides, Place, explain, list, load, plan, schema};
use super::planned;
use crate::Executor;
use weighbridge_record::terms::Durability;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

#[test]
fn every_file_of_the_folder_is_built_in_under_its_name() {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "toml"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, EMBEDDED.map(|(name, _)| name));
    for (name, text) in EMBEDDED {
        assert_eq!(planned(text).name, name);
    }
}

#[test]
fn every_shipped_scenario_is_planned_and_says_how_to_read_it() {
    for (name, text) in EMBEDDED {
        let plan = planned(text);
        assert_eq!(plan.source, text, "{name}: comments and order are kept");
        assert!(plan.reading.as_ref().is_some_and(|reading| reading.len() > 200), "{name}");
        assert!(plan.question.ends_with('?'), "{name}");
        let explained = explain(&plan);
        // In these a queue is the point: a storm, or requests that wait when the plug is pulled.
        let is_wanted = ["redelivery-storm", "power-failure"].contains(&name);
        assert_eq!(explained.contains("a queue will grow"), is_wanted, "{name}:\n{explained}");
        assert!(!explained.contains("fewer than 3 syncs"), "{name}:\n{explained}");
    }
}

#[test]
fn a_shipped_scenario_with_a_flag_is_recorded_as_it_ran() {
    let flags = Overrides { seed: Some(7), ..Overrides::default() };
    for (name, text) in EMBEDDED {
        let flagged = plan(name, text, &flags).unwrap();
        let again = planned(&flagged.source);
        assert_eq!(format!("{:?}", again.points), format!("{:?}", flagged.points), "{name}");
        assert_eq!((again.seed, again.reading), (7, planned(text).reading), "{name}");
    }
}

#[test]
fn every_shipped_scenario_is_valid_against_the_json_schema() {
    let validator = jsonschema::validator_for(&schema().into()).unwrap();
    for (name, text) in EMBEDDED {
        let table: toml::Table = toml::from_str(text).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(&serde_json::to_value(table).unwrap())
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

#[test]
fn the_quickstart_is_the_one_that_the_design_describes() {
    let plan = load("quickstart", &folder(), &Overrides::default()).unwrap();
    assert_eq!(plan.paths.len(), 5);
    assert_eq!(offered(&plan.points[0]), "2 000/s, Poisson, 5 s after 1 s of warm-up");
    insta::assert_snapshot!(explain(&plan), @r##"
    quickstart: Which path answers a priority request fastest?
      trials      1 point x 5 transports x 1 repetition = 5 trials
      time        about 37.5 s, plus a drain of at most 10 s per trial
      load        2 000/s, Poisson, 5 s after 1 s of warm-up
      limits      1 generator with 1 connection each, batches of at most 256, at most 20 000 in flight, timeout 30 s, drain up to 10 s
      payload     description of 256 bytes, 6 categories, 4 roles
      workers     4 workers, 16 at a time each, service time exponential with mean 2 ms
      transport   redis-pubsub: durability none, at most once
      transport   redis-streams: durability memory, at least once
      transport   nats-core: durability none, at most once
      transport   nats-jetstream: durability memory, at least once
      transport   nats-request: durability none, at most once, loss seen by the requester
      thresholds  turnaround.p99 < 50ms, ledger.lost == 0, ledger.unanswered == 0
      warning     the transports promise different things (at least once; at most once; at most once, loss seen by the requester): compare like with like
    "##);
}

#[test]
fn every_executor_is_told_in_words() {
    let offer = |name: &str| offered(&load(name, &folder(), &Overrides::default()).unwrap().points[0]);
    assert_eq!(
        offer("spike"),
        "from 300/s: 4 s steady, to 3 000/s in 500 ms, 5 s steady, to 300/s in 500 ms, 6 s steady; Poisson, \
         16 s after 1 s of warm-up"
    );
    assert_eq!(offer("throughput"), "as fast as accepted with 1 024 in flight, 5 s after 1 s of warm-up");
    let closed = super::with(
        "executor = \"constant-arrival-rate\"\nrate = 100",
        "executor = \"closed-loop\"\nin_flight = 1\nwarmup = \"0s\"",
    );
    assert_eq!(offered(&planned(&closed).points[0]), "closed loop with 1 in flight, 5 s without warm-up");
}

#[test]
fn a_search_is_told_in_words() {
    let plan = load("capacity", &folder(), &Overrides::default()).unwrap();
    assert!(plan.is_only_searched());
    insta::assert_snapshot!(explain(&plan), @r"
    capacity: What is the highest rate of priority requests that each path sustains with p99 under 50 ms?
      search      from 4 000/s to 1 000 000/s, to within 10 %; 4 s after 1 s of warm-up, 20 s to confirm
      probes      at most 36 of each transport
      limits      1 generator with 1 connection each, batches of at most 256, at most 10 000 in flight, timeout 30 s, drain up to 2 s
      payload     description of 256 bytes, 6 categories, 4 roles
      workers     4 workers, 256 at a time each, no service time
      transport   nats-core: durability none, at most once
      transport   nats-jetstream: durability memory, at least once
      transport   nats-request: durability none, at most once, loss seen by the requester
      transport   redis-pubsub: durability none, at most once
      transport   redis-streams: durability memory, at least once
      thresholds  turnaround.p99 < 50ms, ledger.lost == 0, ledger.unanswered == 0
      warning     the transports promise different things (at least once; at most once; at most once, loss seen by the requester): compare like with like
    ");
    let both = planned(&format!("{}[search]\n", super::SOUND));
    assert_eq!(load_words(&both), offered(&both.points[0]), "it can be run");
    let explained = explain(&both);
    assert!(
        explained.contains("search      from 100/s to 10 000/s") && explained.contains("trials"),
        "{explained}"
    );
}

#[test]
fn a_plan_that_cannot_answer_is_warned_about() {
    let warned = |text: &str, says: &str| {
        let explained = explain(&planned(text));
        assert!(explained.contains(says), "{says}:\n{explained}");
    };
    let calm = explain(&planned(super::SOUND));
    assert!(!calm.contains("warning"), "{calm}");
    let lazy = super::with("\"nats-core\"", "\"redis-streams\"").replace("\"5s\"", "\"2s\"");
    let lazy =
        lazy.replace("[workers]", "[brokers]\ndurability = \"lazy\"\nredis_url = \"redis://h\"\n[workers]");
    warned(&lazy, "2 s show fewer than 3 syncs");
    warned(&lazy, "redis-streams on an external broker");
    warned(&lazy, "promise different things");
    warned(&super::with("count = 2", "count = 2\nservice_time = \"1s\""), "a queue will grow");
    let threshold = |line: &str| format!("{}[thresholds]\n{line}\n", super::SOUND);
    warned(&threshold("\"turnaround.p999\" = \"< 1s\""), "needs 10 000 requests, but about 500 are sent");
    warned(&threshold("\"publish.max\" = \"< 1s\""), "nats-core never answers");
}

#[test]
fn a_sweep_makes_one_point_per_value_and_a_grid_of_several_keys() {
    let plan = load("durability-tiers", &folder(), &Overrides::default()).unwrap();
    let tiers: Vec<_> = plan.points.iter().map(|point| point.brokers.durability).collect();
    assert_eq!(tiers, [Durability::Memory, Durability::Lazy, Durability::Os, Durability::Sync]);

    let grid = format!("{}\n[sweep]\n\"workers.count\" = [1, 2]\n\"load.rate\" = [10, 20]\n", super::SOUND);
    let points = planned(&grid).points;
    let pairs: Vec<_> = points
        .iter()
        .map(|point| match point.load.executor {
            Executor::ConstantArrivalRate { rate_per_s, .. } => {
                (point.workers.work().unwrap().count, rate_per_s)
            }
            _ => unreachable!("the executor isn't swept"),
        })
        .collect();
    assert_eq!(pairs, [(1, 10.0), (1, 20.0), (2, 10.0), (2, 20.0)]);
    assert_eq!(points[1].point["load.rate"], 20);
}

#[test]
fn a_scenario_in_the_folder_wins_over_the_built_in_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("quickstart.toml"), super::SOUND).unwrap();
    std::fs::write(folder.path().join("broken.toml"), "name = 3\n").unwrap();
    assert_eq!(load("quickstart", folder.path(), &Overrides::default()).unwrap().name, "sound");
    assert_eq!(load("spike", folder.path(), &Overrides::default()).unwrap().name, "spike");

    let listed = list(folder.path());
    assert_eq!(listed.len(), EMBEDDED.len() + 1);
    let of = |name: &str| listed.iter().find(|listed| listed.name == name).unwrap();
    assert_eq!(of("spike").place, Place::Embedded);
    assert_eq!(of("quickstart").summary.as_ref().unwrap().question, "Is it sound?");
    assert!(matches!(of("quickstart").place, Place::File(_)));
    assert!(of("broken").summary.as_ref().unwrap_err().contains("`name` must be a string"));
}

#[test]
fn an_unknown_name_suggests_the_nearest_and_lists_what_there_is() {
    let error = load("quikstart", &folder(), &Overrides::default()).unwrap_err();
    assert!(matches!(error, LoadError::NotFound { .. }));
    let text = error.to_string();
    assert!(text.contains("did you mean `quickstart`?") && text.contains("throughput"), "{text}");
}

#[test]
fn a_path_that_is_not_there_is_named() {
    let error = load("./nowhere.toml", &folder(), &Overrides::default()).unwrap_err();
    assert!(error.to_string().contains("./nowhere.toml"), "{error}");
}
