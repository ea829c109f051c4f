//! Tests of whole comparisons: what they come to, refusals. How often they err: `tests/compare_rates.rs`.

use super::*;
use crate::fixture::Fixture;
use crate::terms::TransportKind;

const OPTIONS: Options = Options { tolerance_percent: 5.0, force: false };

fn run(repetitions: u32) -> RunResult {
    let transports = vec![TransportKind::RedisStreams, TransportKind::NatsJetstream];
    Fixture { transports, repetitions, seconds: 1, ..Fixture::default() }.build()
}

fn slowed(mut run: RunResult, factor: f64) -> RunResult {
    for trial in &mut run.trials {
        let turnaround = trial.latency_ns.turnaround.as_mut().unwrap();
        for ns in [&mut turnaround.p50, &mut turnaround.p99].into_iter().flatten() {
            *ns = (*ns as f64 * factor) as u64;
        }
    }
    run
}

#[test]
fn a_search_is_not_compared() {
    let mut search = run(1);
    search.searches = vec![crate::result::SearchRecord {
        path: TransportKind::NatsJetstream.into(),
        objective: crate::terms::Objective::HighestSustainedRate,
        outcome: crate::result::SearchOutcome::None,
        rate_per_s: None,
        low_per_s: None,
        high_per_s: None,
        precision: 0.1,
        from_per_s: 1.0,
        to_per_s: 2.0,
        probes: Vec::new(),
    }];
    assert_eq!(compare(&run(1), &search, OPTIONS), Err(CompareError::Search { side: "new" }));
    assert!(compare(&run(1), &run(1), OPTIONS).is_ok());
}

#[test]
fn a_run_is_no_regression_of_itself() {
    let compared = compare(&run(5), &run(5), OPTIONS).unwrap();
    assert_ne!(compared.verdict, RunVerdict::Regression);
    assert_eq!((compared.differences, compared.left_out), (vec![], vec![]));
    assert_eq!(compared.figures.len(), 2 * 4);
}

#[test]
fn two_repetitions_are_inconclusive() {
    let compared = compare(&run(2), &slowed(run(2), 2.0), OPTIONS).unwrap();
    assert_eq!(compared.verdict, RunVerdict::Inconclusive);
}

/// One figure alone is told from chance by what shows nothing among eight: an interval beyond the tolerance is not
/// enough where so many are looked at.
#[test]
fn chances_are_corrected_for_all_figures_of_a_point() {
    let mut new = run(3);
    let slow = TransportKind::NatsJetstream;
    let mut of_path = new.trials.iter_mut().filter(|trial| trial.path == slow);
    for factor in [1.12, 1.2, 1.3] {
        let turnaround = of_path.next().unwrap().latency_ns.turnaround.as_mut().unwrap();
        turnaround.p50 = turnaround.p50.map(|ns| (ns as f64 * factor) as u64);
    }
    let compared = compare(&run(3), &new, OPTIONS).unwrap();
    let p50 = compared.figures.iter().find(|figure| figure.path == slow && figure.figure.ends_with("p50"));
    let p50 = p50.unwrap();
    let alone = crate::unpaired::unpaired(&[1.12, 1.2, 1.3], &[1.0, 1.01, 0.99]).unwrap();
    assert!(alone.p.is_some_and(|p| p < 0.05) && p50.p_adjusted.is_some_and(|p| p > 0.05), "{p50:?}");
    assert_eq!(p50.verdict, FigureVerdict::Inconclusive);
    assert_eq!(compared.verdict, RunVerdict::Inconclusive);
}

#[test]
fn runs_of_different_load_or_machine_are_refused_by_field_and_value() {
    let (base, mut new) = (run(3), run(3));
    new.scenario.source = "duration = 1\n[load]\nduration = \"10s\"\nrate = 3000.0\n".to_owned();
    new.environment.cores = 8;
    new.trials[0].legs[0].durability = crate::terms::Durability::Os;
    let refused = compare(&base, &new, OPTIONS).unwrap_err().to_string();
    insta::assert_snapshot!(refused, @r"
    the runs did not measure the same thing:
      scenario.duration: base not set, new 1
      scenario.load.rate: base 2000, new 3000
      redis-streams.durability: base memory, new os and memory
      environment.cores: base 2, new 8
    --force compares them all the same
    ");
    assert!(compare(&base, &new, Options { force: true, ..OPTIONS }).is_ok());
}

#[test]
fn words_thresholds_and_spacing_of_a_scenario_do_not_matter() {
    let (base, mut new) = (run(3), run(3));
    let source =
        "name = \"other\"\nreading = \"x\"\nrepeat = 9\nload = { duration = '10s', rate = 2000.0 }\n";
    new.scenario.source = format!("{source}[thresholds]\n\"ledger.lost\" = \"== 0\"\n");
    assert!(compare(&base, &new, OPTIONS).is_ok());
}

#[test]
fn an_invalid_run_is_named() {
    let (base, mut new) = (run(3), run(3));
    new.trials[1].valid = false;
    let error = compare(&base, &new, Options { force: true, ..OPTIONS }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the new run is invalid: 1 of 6 trials are invalid (nats-jetstream); measure it again"
    );
}
