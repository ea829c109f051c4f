//! What a scenario says of requests without an answer, and loads that could show nothing.

use super::super::{Overrides, plan};
use super::{SOUND, planned, refused, with};

fn promised(text: &str) -> Vec<String> {
    planned(text).points[0].thresholds.iter().map(|threshold| threshold.expression.clone()).collect()
}

#[test]
fn every_request_is_to_be_answered_unless_the_scenario_says_how_many_need_not_be() {
    assert_eq!(promised(SOUND), ["ledger.unanswered == 0"]);
    let with_thresholds = |lines: &str| promised(&format!("{SOUND}[thresholds]\n{lines}\n"));
    assert_eq!(
        with_thresholds("\"ledger.lost\" = \"== 0\""),
        ["ledger.lost == 0", "ledger.unanswered == 0"],
        "what was refused or shed is not lost"
    );
    assert_eq!(with_thresholds("\"ledger.unanswered\" = \"<= 7\""), ["ledger.unanswered <= 7"]);
}

#[test]
fn what_no_threshold_may_name_is_told_with_what_it_may() {
    let errors = refused(&format!("{SOUND}[thresholds]\n\"ledger.unanswerd\" = \"== 0\"\n"));
    assert!(errors.summary().contains("did you mean `unanswered`?"), "{}", errors.summary());
}

#[test]
fn a_load_without_a_request_in_its_window_is_refused_at_its_place() {
    for rate in ["1e-300", "0.19"] {
        let errors = refused(&with("rate = 100", &format!("rate = {rate}"))).errors;
        let told = errors[0].to_string();
        assert!(told.starts_with("test.toml:7:8: `load.rate` puts less than one request"), "{told}");
        assert!(told.contains("window of 5 s: raise it, or lengthen `load.duration`"), "{told}");
    }
    planned(&with("rate = 100", "rate = 0.2"));

    let ramp = |target: &str| {
        let stages = format!("stages = [{{ target = {target}, duration = \"4s\" }}]");
        with(
            "executor = \"constant-arrival-rate\"\nrate = 100\nduration = \"5s\"",
            &format!("executor = \"ramping-arrival-rate\"\n{stages}"),
        )
    };
    let told = refused(&ramp("0.4")).summary();
    assert!(told.contains("`load.stages` put less than one request into their 4 s"), "{told}");
    planned(&ramp("0.6"));

    let search = |low: &str| {
        with("rate = 100\n", "").replace("[workers]", &format!("[search]\nlow = {low}\nhigh = 9\n[workers]"))
    };
    let told = refused(&search("0.1")).summary();
    assert!(told.contains("`search.low` puts less than one request"), "{told}");
    planned(&search("0.2"));
}

#[test]
fn a_value_that_stands_twice_in_a_sweep_is_refused_where_it_stands_again() {
    let sweep = |values: &str| format!("{SOUND}[sweep]\n\"load.rate\" = {values}\n");
    for (values, column) in [("[10, 20, 10]", 24), ("[1000, 1e3]", 22)] {
        let told = refused(&sweep(values)).errors[0].to_string();
        assert!(told.starts_with(&format!("test.toml:13:{column}: ")), "{told}");
        assert!(told.contains("stands twice in `sweep.load.rate`; write `repeat`"), "{told}");
    }
    assert_eq!(planned(&sweep("[10, 20]")).points.len(), 2);
    let set = vec!["sweep.load.rate=[10, 10]".to_owned()];
    let flags = Overrides { set, ..Overrides::default() };
    let told = plan("test.toml", SOUND, &flags).unwrap_err().errors[0].to_string();
    assert!(told.contains("`10` stands twice"), "{told}");
}
