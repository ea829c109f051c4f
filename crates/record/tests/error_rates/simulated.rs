//! Runs that are made up: what their repetitions share, what each trial has of its own, and stalls of the machine.

use rand::RngExt;
use rand_distr::{Distribution, LogNormal};
use rand_pcg::Pcg64;
use weighbridge_record::fixture::Fixture;
use weighbridge_record::result::Trial;
use weighbridge_record::terms::TransportKind;

/// What a repetition has in common on all paths, and what each trial has of its own: standard deviations of
/// logarithms, the worst that runs of one scenario showed among themselves.
const SHARED: f64 = 0.10;
const OWN_P50: f64 = 0.02;
const OWN_P99: f64 = 0.06;
const OWN_RATE: f64 = 0.001;
/// One trial of 20 meets a stall of the machine, which makes its p99 up to four times as long.
const STALLED_SHARE: f64 = 0.05;
const STALL_FACTOR_MAX: f64 = 4.0;

/// A run on these trials; the first of its paths takes `factor` as long as the others.
pub fn run(empty: &[Trial], factor: f64, random: &mut Pcg64) -> Vec<Trial> {
    let around = |deviation: f64, random: &mut Pcg64| LogNormal::new(0.0, deviation).unwrap().sample(random);
    let repetitions = empty.iter().map(|trial| trial.repetition).max().unwrap() as usize;
    let shared: Vec<f64> = (0..repetitions).map(|_| around(SHARED, random)).collect();
    let mut trials = empty.to_vec();
    let slowed = trials[0].path;
    for trial in &mut trials {
        let own = if trial.path == slowed { factor } else { 1.0 };
        let level = shared[trial.repetition as usize - 1] * own;
        let stalled = random.random_bool(STALLED_SHARE);
        let stall = if stalled { random.random_range(1.0..STALL_FACTOR_MAX) } else { 1.0 };
        let turnaround = trial.latency_ns.turnaround.as_mut().unwrap();
        turnaround.p50 = Some((2e6 * level * around(OWN_P50, random)) as u64);
        turnaround.p99 = Some((9e6 * level * around(OWN_P99, random) * stall) as u64);
        trial.rates.completed_per_s = 2_000.0 * around(OWN_RATE, random);
    }
    trials
}

/// Trials whose figures `run` replaces.
pub fn blank(paths: usize, repetitions: u32) -> Vec<Trial> {
    let transports = TransportKind::ALL[..paths].to_vec();
    Fixture { transports, repetitions, seconds: 1, rate_per_s: 20, ..Fixture::default() }.build().trials
}

/// In percent, rounded up.
pub fn share(count: usize, of: usize) -> usize {
    (count * 100).div_ceil(of)
}
