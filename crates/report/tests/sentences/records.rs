//! Records to hold sentences against: made up from a seed, in every state that a run can end in.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use weighbridge_record::change::{between_settings, costs};
use weighbridge_record::fixture::{Fixture, with_transit};
use weighbridge_record::pairs::between_paths;
use weighbridge_record::point::Point;
use weighbridge_record::result::{
    Doubt, DoubtKind, LatencySummary, Probe, RouteRecord, RunResult, SearchOutcome, SearchRecord, Trial,
    TwinAnswers, Verdict,
};
use weighbridge_record::summary::summarize;
use weighbridge_record::terms::{Objective, RouteKind, TransportKind};

/// A record that nobody measured.
pub fn record(seed: u64) -> RunResult {
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut transports: Vec<TransportKind> = TransportKind::ALL.to_vec();
    transports.retain(|_| rng.random_bool(0.55));
    if transports.is_empty() {
        transports.push(TransportKind::NatsCore);
    }
    let repetitions = rng.random_range(1..=4);
    let points = points(&mut rng);
    let seconds = rng.random_range(1..=2);
    // Enough for no percentile, for p50, for p90, and now and then for p99.
    let rate_per_s = [15, 60, 150, 1_100][rng.random_range(0..20) / 6];
    let scheduled = rng.random_bool(0.8);
    let mut result = Fixture { transports, repetitions, points, seconds, rate_per_s, scheduled }.build();
    if rng.random_bool(0.5) {
        result = with_transit(result, rng.random_range(1..2_000_000));
    }
    for trial in &mut result.trials {
        disturb(trial, &mut rng);
    }
    if rng.random_bool(0.15) {
        result.trials.iter_mut().for_each(|trial| send_over_a_route(trial, &mut rng));
    }
    // A search sweeps nothing but the rate.
    let over_rates =
        result.trials.iter().all(|trial| trial.point.len() == 1 && trial.point.contains_key("load.rate"));
    if over_rates && rng.random_bool(0.4) {
        result.searches = searches(&result.trials, &mut rng);
    }
    if result.trials.iter().all(|trial| trial.point.contains_key("setting")) {
        let base = vec!["workers.count=4".to_owned()];
        result.pair = Some(between_settings(base, Vec::new(), 5.0, &result.trials));
    }
    if result.trials.iter().any(|trial| !trial.valid) {
        result.verdict = Verdict::Invalid;
    }
    result.summary = summarize(&result.trials);
    result.ratios = between_paths(&result.trials);
    if result.searches.is_empty() && result.pair.is_none() {
        result.costs = costs(&result.trials, 1);
    }
    result
}

pub fn points(rng: &mut Pcg64) -> Vec<Point> {
    let rates = [500, 1_000, 2_000, 4_000, 8_000, 16_000];
    let count = rng.random_range(2..=rates.len());
    let few = count.min(4);
    let of_rate = |rate: &i32| -> Point { [("load.rate".to_owned(), (*rate).into())].into() };
    match rng.random_range(0..5) {
        0 => rates[..count].iter().map(of_rate).collect(),
        1 => (1..=count).map(|count| [("workers.count".to_owned(), count.into())].into()).collect(),
        2 => {
            let workers = |workers: i32| {
                rates[..few].iter().map(move |rate| {
                    let mut point = of_rate(rate);
                    point.insert("workers.count".to_owned(), workers.into());
                    point
                })
            };
            [1, 8].into_iter().flat_map(workers).collect()
        }
        3 => ["base", "new"].map(|side| [("setting".to_owned(), side.into())].into()).to_vec(),
        _ => vec![Point::new()],
    }
}

/// As if its requests had been shared out between two legs.
fn send_over_a_route(trial: &mut Trial, rng: &mut Pcg64) {
    let (from, to) = (TransportKind::RedisPubsub, TransportKind::NatsCore);
    let (kind, stages, seam) = (RouteKind::Shift, Vec::new(), Vec::new());
    let silence_s_max = rng.random_range(0..3_000) as f64 / 1_000.0;
    trial.route = Some(RouteRecord { kind, from, to, stages, silence_s_max, seam });
    let compared = trial.ledger.completed;
    let different = if rng.random_bool(0.3) { compared / 7 } else { 0 };
    trial.pairs = rng.random_bool(0.5).then(|| TwinAnswers {
        compared,
        equal: compared - different,
        different,
        missing_from: 0,
        missing_to: 0,
        from_ahead: 0,
        lag_ns: None,
        second_ns: None,
        publish_ns: None,
        taken: None,
    });
}

/// Gives a trial other figures, losses, lateness of ours, or makes it invalid.
fn disturb(trial: &mut Trial, rng: &mut Pcg64) {
    let rate = trial.point.get("load.rate").and_then(serde_json::Value::as_f64);
    if let Some(rate) = rate.filter(|_| trial.rates.offered_per_s.is_some()) {
        trial.rates.offered_per_s = Some(rate);
        trial.rates.completed_per_s =
            rate * if rng.random_bool(0.85) { 1.0 } else { rng.random_range(0.5..1.0) };
    }
    let stretch = if rng.random_bool(0.5) { 1.0 } else { rng.random_range(0.3..6.0) };
    for summary in [&mut trial.latency_ns.turnaround, &mut trial.latency_ns.transit].into_iter().flatten() {
        scale(summary, stretch);
    }
    if let Some(send_lag) = trial.latency_ns.send_lag.as_mut().filter(|_| rng.random_bool(0.1)) {
        scale(send_lag, rng.random_range(2.0..100.0));
    }
    if rng.random_bool(0.15) {
        let share = [0.001, 0.02, 0.6, 1.0][rng.random_range(0..4)];
        leave(trial, share, rng.random_range(0..4));
    }
    if rng.random_bool(0.05) {
        trial
            .doubts
            .push(Doubt { kind: DoubtKind::ClientLimited, detail: "a thread was at its limit".to_owned() });
    }
    if rng.random_bool(0.05) {
        trial.valid = false;
        trial.doubts.push(Doubt { kind: DoubtKind::RateNotReached, detail: "half was sent".to_owned() });
    }
    for broker in &mut trial.brokers {
        broker.cpu_seconds = rng.random_bool(0.95).then(|| rng.random_range(0.1..5.0));
        broker.managed = rng.random_bool(0.9);
    }
    for row in &mut trial.series {
        row.in_flight = rng.random_range(0..500);
    }
}

pub fn scale(summary: &mut LatencySummary, by: f64) {
    let times = |ns: &mut Option<u64>| *ns = ns.map(|ns| (ns as f64 * by) as u64);
    let all = [&mut summary.p50, &mut summary.p90, &mut summary.p99, &mut summary.p999, &mut summary.max];
    all.into_iter().for_each(times);
}

fn leave(trial: &mut Trial, share: f64, how: u32) {
    let ledger = &mut trial.ledger;
    let count = (ledger.completed as f64 * share) as u64;
    ledger.completed -= count;
    let field = match how {
        0 => &mut ledger.lost,
        1 => &mut ledger.rejected,
        2 => &mut ledger.unsent,
        _ => &mut ledger.parked,
    };
    *field += count;
    if let Some(turnaround) = &mut trial.latency_ns.turnaround {
        turnaround.unanswered = count;
    }
}

/// A search of each path, whose probes are the trials of the run.
fn searches(trials: &[Trial], rng: &mut Pcg64) -> Vec<SearchRecord> {
    let mut paths: Vec<_> = trials.iter().map(|trial| trial.path).collect();
    paths.sort_unstable();
    paths.dedup();
    let search = |path| {
        let own = trials.iter().enumerate().filter(|(_, trial)| trial.path == path);
        let rate = |trial: &Trial| trial.point.get("load.rate").and_then(serde_json::Value::as_f64);
        let probes: Vec<Probe> = own
            .map(|(index, trial)| Probe {
                rate_per_s: rate(trial).unwrap_or(1_000.0),
                confirmation: rng.random_bool(0.5),
                asked: 1,
                passed: rng.random_bool(0.7),
                reasons: Vec::new(),
                trial: index,
            })
            .collect();
        let confirmed = probes.iter().filter(|probe| probe.confirmation && probe.passed);
        let rate_per_s = confirmed.map(|probe| probe.rate_per_s).reduce(f64::max);
        let outcomes = [SearchOutcome::Found, SearchOutcome::AtLeast, SearchOutcome::InstrumentLimited];
        SearchRecord {
            path,
            objective: Objective::HighestSustainedRate,
            outcome: if rate_per_s.is_some() {
                outcomes[rng.random_range(0..3)]
            } else {
                SearchOutcome::None
            },
            rate_per_s,
            low_per_s: rate_per_s,
            high_per_s: rate_per_s.is_none().then_some(500.0),
            precision: 0.1,
            from_per_s: 500.0,
            to_per_s: 1e6,
            probes,
        }
    };
    paths.into_iter().map(search).collect()
}
