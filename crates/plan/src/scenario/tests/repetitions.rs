//! `repeat = "auto"` and what belongs to it.

use super::super::{Overrides, explain, plan};
use super::{SOUND, planned, refused, refused_with, with};
use crate::{Repeat, Sequential};

const AUTO: &str = "repeat = \"auto\"\nquestion";

#[test]
fn auto_has_a_rule_with_defaults_that_the_section_and_flags_change() {
    let plain = planned(&with("question", AUTO));
    let rule = Sequential { margin_percent: 5.0, budget_ns: 600_000_000_000, repetitions_max: 20 };
    assert_eq!((plain.repeat, plain.sequential), (20, Some(rule)));
    let section = "[repetitions]\nmargin_percent = 2.5\nbudget = \"2m\"\nmax = 9\n";
    let written = planned(&format!("{}{section}", with("question", AUTO)));
    let rule = Sequential { margin_percent: 2.5, budget_ns: 120_000_000_000, repetitions_max: 9 };
    assert_eq!((written.repeat, written.sequential), (9, Some(rule)));
    let flags = Overrides {
        repeat: Some(Repeat::Auto),
        margin_percent: Some(2.5),
        budget: Some("2m".to_owned()),
        repeat_max: Some(9),
        ..Overrides::default()
    };
    let flagged = plan("test.toml", SOUND, &flags).unwrap();
    assert_eq!((flagged.repeat, flagged.sequential), (9, Some(rule)));
    assert_eq!(planned(&flagged.source).sequential, Some(rule), "{}", flagged.source);
}

#[test]
fn a_count_over_auto_counts() {
    let flags = Overrides { repeat: Some(Repeat::Times(4)), ..Overrides::default() };
    let plan = plan("test.toml", &with("question", AUTO), &flags).unwrap();
    assert_eq!((plan.repeat, plan.sequential), (4, None));
}

#[test]
fn no_more_repetitions_are_planned_than_there_is_time_for() {
    // Two transports of 1 s warm-up, 5 s window and 500 ms cool-down: 13 s a repetition at least.
    let text = format!("{}[repetitions]\nbudget = \"100s\"\n", with("question", AUTO));
    assert_eq!(planned(&text).repeat, 7);
    let told = explain(&planned(&text)).replace('\u{a0}', " ");
    assert!(told.contains("x at most 7 repetitions = at most 14 trials"), "{told}");
    assert!(told.contains("at most 1 min 40 s") || told.contains("at most 100 s"), "{told}");
    assert!(told.contains("looked at after 5 and 7") && !told.contains("a verdict takes 3"), "{told}");
    let told = explain(&planned(&text.replace("100s", "30s")));
    assert!(told.contains("has time for 2 of them at most, and a verdict takes 3"), "{told}");
}

#[test]
fn what_is_no_count_and_not_auto_is_told_what_may_stand_there() {
    let told = refused(&with("question", "repeat = \"often\"\nquestion")).summary();
    assert!(told.contains("`repeat` must be a whole number or \"auto\", not `often`"), "{told}");
    let told = refused(&with("question", "repeat = 2.5\nquestion")).summary();
    assert!(told.contains("`repeat` must be a whole number or \"auto\", not 2.5"), "{told}");
    assert!(refused(&with("question", "repeat = 0\nquestion")).summary().contains("must be at least 1"));
}

#[test]
fn a_rule_without_auto_names_the_mend() {
    let budget = Overrides { budget: Some("2m".to_owned()), ..Overrides::default() };
    let told = refused_with(SOUND, &budget);
    assert!(told.contains("`--budget 2m`") && told.contains("--repeat auto"), "{told}");
    for (key, says) in
        [("max = 2", "at least 3"), ("margin_percent = 0", "greater than 0"), ("budget = \"0s\"", "zero")]
    {
        let told = refused(&format!("{}[repetitions]\n{key}\n", with("question", AUTO))).summary();
        assert!(told.contains(says), "{told}");
    }
}
