//! `weighbridge pair` from the outside: another service time, the same twice, another binary, and what is refused.

use weighbridge_record::change::{BASE, NEW, point};
use weighbridge_record::result::{ChangeVerdict, RunResult, Verdict};

use crate::harness::Run;

/// Four pairs of a blink on NATS core; far more is put up with than chance makes of it.
fn pair(arguments: &[&str]) -> Run {
    let scenario = "tests/cases/harness/short.toml";
    let run = Run::command(&["pair", scenario, "--transport", "nats-core", "--repeat", "4"]);
    let out = run.out().display().to_string();
    let run = run.with(&["--out", &out, "--measure-again", "2", "--duration", "400ms", "--tolerance", "40"]);
    run.with(arguments)
}

/// Both sides in turn, A B B A, each repetition with a trial of either.
fn expect_interleaved(result: &RunResult) {
    let mut trials: Vec<_> = result.trials.iter().collect();
    trials.sort_by_key(|trial| trial.order);
    let sides: Vec<_> = trials.iter().map(|trial| (trial.repetition, trial.point.clone())).collect();
    let (base, new) = (point(BASE), point(NEW));
    let of = |repetition: u32, first: &_, second: &_| {
        [(repetition, Clone::clone(first)), (repetition, Clone::clone(second))]
    };
    let expected = [of(1, &base, &new), of(2, &new, &base), of(3, &base, &new), of(4, &new, &base)].concat();
    assert_eq!(sides, expected);
}

#[test]
fn a_service_time_that_is_many_times_longer_is_a_regression() {
    let ran = pair(&["--base", "workers.service_time=2ms", "--new", "workers.service_time=12ms"]).end();
    // 100 where a busy machine kept the generator from sending in time.
    ran.expect_code(&[99, 100]);
    let result = ran.result();
    expect_interleaved(&result);
    let record = result.pair.as_ref().expect("a pair");
    assert_eq!(
        (record.base.as_slice(), record.new.as_slice()),
        (&["workers.service_time=2ms".to_owned()][..], &["workers.service_time=12ms".to_owned()][..])
    );
    if ran.code == 99 {
        assert_eq!((record.verdict, result.verdict), (Some(ChangeVerdict::Regression), Verdict::Failed));
        assert!(ran.stdout.contains("Regression: new is worse"), "{}", ran.stdout);
        let page = std::fs::read_to_string(ran.latest().join("report.html")).expect("the report");
        assert!(page.contains("id=\"pair\"") && page.contains("Regression: new is worse"));
    }
}

#[test]
fn the_same_twice_is_no_regression() {
    let ran = pair(&[]).end();
    ran.expect_code(&[0, 100]);
    let result = ran.result();
    expect_interleaved(&result);
    if ran.code == 0 {
        let record = result.pair.expect("a pair");
        assert_ne!(record.verdict, Some(ChangeVerdict::Regression));
        assert_eq!(record.changes.first().map(|change| change.of_repetitions.len()), Some(4));
    }
}

#[test]
fn a_binary_of_one_side_alone_is_started_there() {
    let ran = pair(&["--new-nats-server", "/nonexistent/nats-server"]).end();
    ran.expect_code(&[69]).expect_error(&["binary named", "/nonexistent/"]).expect_no_report();
}

#[test]
fn a_sweep_is_refused_with_what_to_do() {
    let ran = Run::command(&["pair", "hockey-stick", "--transport", "nats-core"]).end();
    ran.expect_code(&[2]).expect_error(&["sweeps over", "--set"]);
}
