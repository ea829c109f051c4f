//! Records to hold against each other and to list, made up from a seed.

use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64;
use weighbridge_record::fixture::Fixture;
use weighbridge_record::point::Point;
use weighbridge_record::result::{RunResult, SearchOutcome, SearchRecord, Trial, Verdict};
use weighbridge_record::terms::{Objective, TransportKind};

use crate::records;

/// Two runs of one load, and the tolerance in per cent: with themselves, a little apart, or far.
pub fn pair(seed: u64) -> (RunResult, RunResult, f64) {
    let mut rng = Pcg64::seed_from_u64(seed);
    let base = sound(records::record(seed));
    let mut new = base.clone();
    if rng.random_bool(0.9) {
        change(&mut new.trials, &mut rng);
    }
    // Whole paths and repetitions may be missing.
    if rng.random_bool(0.2) {
        let kept = 1 + rng.random_range(0..new.trials.len());
        new.trials.truncate(kept);
    }
    (base, new, [0.0, 2.5, 5.0, 20.0][rng.random_range(0..4)])
}

/// As `compare` takes it: no search, and every trial valid.
pub fn sound(mut result: RunResult) -> RunResult {
    result.searches.clear();
    result.verdict = Verdict::Passed;
    for trial in &mut result.trials {
        trial.valid = true;
        trial.doubts.clear();
    }
    result
}

fn change(trials: &mut [Trial], rng: &mut Pcg64) {
    let histograms: Vec<String> = trials
        .iter()
        .filter_map(|trial| Some(trial.latency_ns.turnaround.as_ref()?.histogram.clone()))
        .collect();
    let stretch = [1.0, 1.02, 1.3, 0.7, 3.0][rng.random_range(0..5)];
    for trial in trials {
        let noise = rng.random_range(0.98..1.02);
        if let Some(turnaround) = &mut trial.latency_ns.turnaround {
            records::scale(turnaround, stretch * noise);
            if rng.random_bool(0.3) && !histograms.is_empty() {
                turnaround.histogram.clone_from(&histograms[rng.random_range(0..histograms.len())]);
            }
        }
        trial.rates.completed_per_s *= noise;
        if rng.random_bool(0.1) {
            trial.ledger.lost += rng.random_range(1..50);
        }
    }
}

/// The runs of a folder, oldest first; one that can't be read is none.
pub fn folder(seed: u64) -> Vec<Option<RunResult>> {
    let mut rng = Pcg64::seed_from_u64(seed);
    // Now and then more than are drawn.
    let count = if rng.random_bool(0.03) { 75 } else { rng.random_range(0..9) };
    let base = light(&mut rng, count > 9);
    let mut runs = Vec::new();
    for index in 0..count {
        if rng.random_bool(0.04) {
            runs.push(None);
            continue;
        }
        let mut run = base.clone();
        run.run_id = format!("RUN{index}");
        run.environment.started_at = format!("2026-01-{:02}T{:02}:00:00Z", 1 + index / 24, index % 24);
        differ(&mut run, &mut rng);
        if rng.random_bool(0.05) {
            runs.push(Some(run.clone()));
        }
        runs.push(Some(run));
    }
    runs
}

/// A record without what a list skips.
fn light(rng: &mut Pcg64, one_point: bool) -> RunResult {
    let mut transports = TransportKind::ALL.to_vec();
    transports.retain(|_| rng.random_bool(0.4));
    transports.push(TransportKind::NatsRequest);
    transports.dedup();
    let repetitions = rng.random_range(1..=3);
    let points = if one_point { vec![Point::new()] } else { records::points(rng) };
    let scheduled = rng.random_bool(0.8);
    let mut result =
        Fixture { transports, repetitions, points, seconds: 1, rate_per_s: 15, scheduled }.build();
    for trial in &mut result.trials {
        trial.series.clear();
        trial.breakdown.clear();
    }
    result
}

fn differ(run: &mut RunResult, rng: &mut Pcg64) {
    let wide = rng.random_bool(0.5);
    let factor =
        |rng: &mut Pcg64| if wide { rng.random_range(0.4..3.0) } else { rng.random_range(0.99..1.01) };
    for trial in &mut run.trials {
        let p99 = if rng.random_bool(0.97) { Some((3e6 * factor(rng)) as u64) } else { None };
        if let Some(turnaround) = &mut trial.latency_ns.turnaround {
            turnaround.p99 = p99;
        }
        if let Some(send_lag) = &mut trial.latency_ns.send_lag {
            send_lag.p99 = Some(if rng.random_bool(0.04) { 2_000_000 } else { 50_000 });
        }
        trial.rates.completed_per_s *= factor(rng);
        trial.valid = rng.random_bool(0.96);
    }
    let verdicts = [Verdict::Passed, Verdict::Passed, Verdict::Failed, Verdict::Aborted, Verdict::Invalid];
    run.verdict = verdicts[rng.random_range(0..verdicts.len())];
    if rng.random_bool(0.1) {
        let path = run.trials[0].path;
        run.trials.retain(|trial| trial.path != path || trial.repetition > 1);
    }
    run.searches = if rng.random_bool(0.05) { vec![search()] } else { Vec::new() };
    other_load(run, rng);
}

/// Another scenario, load or machine now and then; or the same load in other words.
fn other_load(run: &mut RunResult, rng: &mut impl Rng) {
    let source = &mut run.scenario.source;
    match rng.random_range(0..12) {
        0 => *source = source.replace("2000", "500"),
        1 => run.environment.cpu_model = "Other CPU 9".to_owned(),
        2 => run.environment.cores = 64,
        3 => *source = format!("repeat = 3\n{source}"),
        4 => *source = source.replace("rate = ", "rate=").replace("quickstart", "renamed"),
        5 => run.scenario.name = "spike 2".to_owned(),
        _ => {}
    }
}

fn search() -> SearchRecord {
    SearchRecord {
        path: TransportKind::NatsRequest.into(),
        objective: Objective::HighestSustainedRate,
        outcome: SearchOutcome::None,
        rate_per_s: None,
        low_per_s: None,
        high_per_s: None,
        precision: 0.1,
        from_per_s: 1.0,
        to_per_s: 2.0,
        probes: Vec::new(),
    }
}
