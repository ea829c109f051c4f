//! Flags over a scenario: what they replace, and how their mistakes are told.

use super::super::{Overrides, plan};
use crate::Repeat;

use super::{SOUND, planned, refused_with, with};

#[test]
fn flags_replace_values_and_show_in_the_source() {
    let flags = Overrides {
        transports: vec![weighbridge_record::terms::TransportKind::InProcess],
        rate: Some(50.0),
        duration: Some("2s".to_owned()),
        repeat: Some(Repeat::Times(3)),
        seed: Some(9),
        set: vec!["workers.service_time=2ms".to_owned(), "thresholds.ledger.lost=== 0".to_owned()],
        ..Overrides::default()
    };
    let plan = plan("test.toml", SOUND, &flags).unwrap();
    assert_eq!((plan.repeat, plan.seed, plan.points[0].load.duration_ns), (3, 9, 2_000_000_000));
    assert_eq!(plan.points[0].thresholds[0].expression, "ledger.lost == 0");
    let again = planned(&plan.source);
    assert_eq!(format!("{:?}", again.points), format!("{:?}", plan.points));
    insta::assert_snapshot!(plan.source, @r##"
    name = "sound"
    question = "Is it sound?"
    transports = ["in-process"]
    repeat = 3
    seed = 9

    [load]
    executor = "constant-arrival-rate"
    rate = 50
    duration = "2s"

    [workers]
    count = 2
    service_time = "2ms"

    [thresholds]
    "ledger.lost" = "== 0"
    "##);
}

#[test]
fn mistakes_in_flags_name_the_flag() {
    let set = |text: &str| Overrides { set: vec![text.to_owned()], ..Overrides::default() };
    let cases = [
        ("load.rate=0", "`--set load.rate=0`: `load.rate` must be greater than 0"),
        ("load.rate", "write key.path=value"),
        ("load..rate=1", "empty part"),
        ("load.rate=", "no value"),
        ("payload.description_bytes=[1", "not a TOML value"),
        ("load.rats=5", "did you mean `rate`?"),
        ("name.x=5", "can't be set"),
        ("load.duration=5", "write \"5s\""),
    ];
    for (text, says) in cases {
        let summary = refused_with(SOUND, &set(text));
        assert!(summary.contains(says) && summary.contains("`--set "), "{text}: {summary}");
    }
    let rate = Overrides { rate: Some(0.0), ..Overrides::default() };
    assert!(refused_with(SOUND, &rate).starts_with("`--rate 0`: "));
}

#[test]
fn every_seed_of_64_bits_is_taken_from_flag_and_file() {
    let flags = Overrides { seed: Some(u64::MAX), ..Overrides::default() };
    let by_flag = plan("test.toml", SOUND, &flags).unwrap();
    assert_eq!((by_flag.seed, planned(&by_flag.source).seed), (u64::MAX, u64::MAX));
    let larger = Overrides { set: vec!["seed=18446744073709551616".to_owned()], ..Overrides::default() };
    assert!(refused_with(SOUND, &larger).contains("`seed` must be a whole number"));
}

#[test]
fn what_makes_it_another_measurement_is_told_and_nothing_else_is() {
    let changed = |flags: Overrides| plan("test.toml", SOUND, &flags).unwrap().changed;
    let other = Overrides {
        rate: Some(50.0),
        set: vec!["workers.service_time=2ms".to_owned()],
        ..Overrides::default()
    };
    assert_eq!(changed(other), ["--set workers.service_time=2ms", "--rate 50"]);
    let same = Overrides {
        rate: Some(100.0),
        repeat: Some(Repeat::Times(3)),
        seed: Some(9),
        transports: vec![weighbridge_record::terms::TransportKind::InProcess],
        ..Overrides::default()
    };
    assert!(changed(same).is_empty());
}

#[test]
fn a_rate_for_a_ramp_or_a_swept_key_is_refused_with_the_reason() {
    let ramp = with(
        "executor = \"constant-arrival-rate\"\nrate = 100\nduration = \"5s\"",
        "executor = \"ramping-arrival-rate\"\nstages = [{ target = 5, duration = \"1s\" }]",
    );
    let rate = Overrides { rate: Some(5.0), ..Overrides::default() };
    let summary = refused_with(&ramp, &rate);
    assert!(summary.contains("`--rate 5`") && summary.contains("its stages set the rate"), "{summary}");
    let swept = format!("{SOUND}[sweep]\n\"load.rate\" = [1, 2]\n");
    assert!(refused_with(&swept, &rate).contains("--set sweep.load.rate=[...]"));
    let both = vec!["load.rate=5".to_owned(), "sweep.load.rate=[7]".to_owned()];
    let both = Overrides { set: both, ..Overrides::default() };
    assert!(refused_with(SOUND, &both).contains("`--set load.rate=5`: the scenario sweeps"));
    let other = Overrides { set: vec!["sweep.load.rate=[7]".to_owned()], ..Overrides::default() };
    assert_eq!(plan("test.toml", &swept, &other).unwrap().points.len(), 1);
}
