//! `--repeat auto` from the outside: each reason to end, in order, on real brokers and in memory; what is refused.

use rustix::process::Signal;
use weighbridge_record::change::{BASE, NEW, point};
use weighbridge_record::result::{PairVerdict, RepetitionRule, RunResult, Stopped, Verdict};
use weighbridge_record::terms::TransportKind::{NatsCore, RedisPubsub};

use crate::harness::{Ran, Run, wait_for};
use crate::kept::kept;

/// Exit codes of a run that ended by itself: a busy machine makes trials invalid, or fails the scenario's thresholds.
const ENDED: [i32; 3] = [0, 99, 100];

fn rule(result: &RunResult) -> &RepetitionRule {
    result.scenario.repetitions.as_ref().expect("a rule")
}

/// What holds however busy the machine was: every look was taken at its time, and what was measured is what is told.
fn expect_sound(ran: &Ran) -> RunResult {
    ran.expect_code(&ENDED);
    let result = ran.result();
    let rule = rule(&result);
    let last = result.trials.iter().map(|trial| trial.repetition).max();
    assert_eq!((Some(result.scenario.repeat), rule.looks.last().copied()), (last, last), "{rule:?}");
    let planned = rule.looks_planned.iter().zip(&rule.looks);
    assert!(planned.rev().skip(1).all(|(planned, taken)| planned == taken), "{rule:?}");
    match rule.stopped.expect("a reason") {
        Stopped::NarrowEnough => assert_eq!((rule.open, rule.points_unjudged), (0, 0)),
        Stopped::Invalid => assert_eq!((result.verdict, ran.code), (Verdict::Invalid, 100)),
        Stopped::Budget | Stopped::RepetitionsMax => assert!(rule.open + rule.points_unjudged > 0),
    }
    assert!(result.scenario.source.contains("repeat = \"auto\""), "{}", result.scenario.source);
    result
}

/// That it stopped for this reason after so many repetitions, unless a busy machine made a trial invalid before.
fn expect_stopped(result: &RunResult, reason: Stopped, repetitions: u32) {
    let expected = (Some(reason), repetitions);
    let found = (rule(result).stopped, result.scenario.repeat);
    assert!(found == expected || found.0 == Some(Stopped::Invalid), "{found:?} is not {expected:?}");
}

#[test]
fn two_brokers_are_measured_in_turn_until_there_is_a_reason_to_end() {
    let run =
        Run::scenario("baseline-latency").with(&["--transport", "nats-core", "--transport", "redis-pubsub"]);
    let flags =
        ["--repeat", "auto", "--budget", "15s", "--margin", "30", "--repeat-max", "6", "--duration", "1s"];
    let ran = run.with(&flags).with(&["--set", "load.warmup=100ms"]).end();
    let result = expect_sound(&ran);
    let mut trials: Vec<_> = result.trials.iter().collect();
    trials.sort_by_key(|trial| trial.order);
    for (index, trial) in trials.iter().enumerate() {
        let expected = [[NatsCore, RedisPubsub], [RedisPubsub, NatsCore]][index / 2 % 2][index % 2];
        assert!(trial.path == expected && trial.repetition as usize == index / 2 + 1, "{index}");
    }
    assert_eq!(trials.len(), 2 * result.scenario.repeat as usize);
    assert!(ran.stderr.contains("1 nats-core (repetition 1, at most "), "{}", ran.stderr);
    let told = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let word = if result.scenario.repeat == 1 { "repetition" } else { "repetitions" };
    assert!(told.contains(&format!("{} {word}: ", result.scenario.repeat)), "{}", ran.stdout);
    let page = std::fs::read_to_string(ran.latest().join("report.html")).expect("the report");
    assert!(page.contains(&format!("<dd>{}, by `auto`: ", result.scenario.repeat)));
    let shown = |verdict| matches!(verdict, PairVerdict::AHigher | PairVerdict::BHigher);
    for ratio in result.ratios.iter().filter(|ratio| shown(ratio.verdict)) {
        assert!(ratio.p_adjusted.is_some_and(|p| p <= 0.05), "{ratio:?}");
    }
}

#[test]
fn the_most_repetitions_end_what_stays_open() {
    // A range of three is never narrow.
    let flags = ["--repeat", "auto", "--repeat-max", "3", "--duration", "300ms", "--json"];
    let ran = Run::short(&["in-process"]).with(&flags).end();
    let result = expect_sound(&ran);
    expect_stopped(&result, Stopped::RepetitionsMax, 3);
    let schema = Run::command(&["schema", "result"]).end().json();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(&ran.json()).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn a_budget_that_is_spent_ends_it_and_one_repetition_is_always_measured() {
    let ran = Run::short(&["in-process"]).with(&["--repeat", "auto", "--budget", "100ms"]).end();
    let result = expect_sound(&ran);
    expect_stopped(&result, Stopped::Budget, 1);
    let reasons = ["1 repetition: another would not have ended", "1 repetition: a trial is invalid"];
    assert!(reasons.iter().any(|reason| ran.stdout.contains(reason)), "{}", ran.stdout);
}

#[test]
fn points_of_a_sweep_take_turns() {
    let flags = [
        "--repeat",
        "auto",
        "--repeat-max",
        "3",
        "--duration",
        "200ms",
        "--set",
        "sweep.load.rate=[100,200]",
    ];
    let result = expect_sound(&Run::short(&["in-process"]).with(&flags).end());
    expect_stopped(&result, Stopped::RepetitionsMax, 3);
    let mut trials: Vec<_> = result.trials.iter().collect();
    trials.sort_by_key(|trial| trial.order);
    let order: Vec<_> = trials
        .iter()
        .map(|trial| (trial.repetition, trial.point["load.rate"].as_u64().expect("a rate")))
        .collect();
    let planned = [(1, 100), (1, 200), (2, 100), (2, 200), (3, 100), (3, 200)];
    assert_eq!(order, planned[..2 * result.scenario.repeat as usize]);
}

#[test]
fn a_pair_is_repeated_as_needed_too() {
    let run = Run::command(&["pair", "tests/cases/harness/short.toml", "--transport", "nats-core"]);
    let out = run.out().display().to_string();
    let flags = ["--repeat", "auto", "--repeat-max", "3", "--duration", "300ms", "--out", &out];
    let ran = run.with(&flags).end();
    let result = expect_sound(&ran);
    expect_stopped(&result, Stopped::RepetitionsMax, 3);
    let mut trials: Vec<_> = result.trials.iter().collect();
    trials.sort_by_key(|trial| trial.order);
    let sides = [BASE, NEW, NEW, BASE, BASE, NEW].map(point);
    let sides = &sides[..2 * result.scenario.repeat as usize];
    assert!(trials.iter().map(|trial| &trial.point).eq(sides), "A B, B A, A B");
}

#[test]
fn what_is_neither_a_number_nor_auto_is_told_what_may_stand_there() {
    let often = Run::scenario("quickstart").with(&["--repeat", "often"]).end();
    often.expect_code(&[2]).expect_error(&["such as 5", "`auto`"]).expect_no_report();
    let often = Run::scenario("quickstart").with(&["--set", "repeat=often"]).end();
    often.expect_code(&[104]).expect_error(&["a whole number or \"auto\""]).expect_no_report();
    let counted = Run::scenario("quickstart").with(&["--repeat", "3", "--budget", "1m"]).end();
    counted.expect_code(&[104]).expect_error(&["`--budget 1m`", "--repeat auto"]).expect_no_report();
}

#[test]
fn a_run_that_is_stopped_between_repetitions_keeps_what_it_has_and_gives_no_reason() {
    // Requests take so long that a busy machine makes no trial invalid, which would end the run by itself.
    let slow = ["--rate", "50", "--set", "workers.service_time=300ms"];
    let auto = ["--repeat", "auto", "--repeat-max", "1000", "--budget", "1h"];
    let run = Run::short(&["in-process"]).with(&slow).with(&auto);
    let out = run.out().to_owned();
    let run = run.start();
    wait_for("a trial on disk", || kept(&out).filter(|(_, trials)| *trials > 0));
    run.signal(Signal::INT);
    let ran = run.end();
    ran.expect_code(&[105]);
    let result = ran.result();
    assert_eq!((result.verdict, rule(&result).stopped), (Verdict::Aborted, None));
    assert!(result.scenario.repeat < 1_000 && !result.trials.is_empty());
    assert!(ran.stdout.contains("ended before the rule was met"), "{}", ran.stdout);
}
