//! A realistic `RunResult` without a broker: seeded lognormal latencies, a series, brokers, environment.
//!
//! For tests and for looking at the page; its figures mean nothing.

mod broker;
mod environment;
mod outage;
mod publishing;
mod rate_sweep;
mod transit;
mod unanswered;

use broker::broker;
use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use rand::SeedableRng;
use rand_distr::{Distribution, LogNormal};
use rand_pcg::Pcg64;

use crate::breakdown::{Breakdown, Parts};
use crate::histogram::{answers, encode};
use crate::point::Point;
use crate::result::{
    BrokerSample, BurstSizes, Doubt, DoubtKind, Estimate, GeneratorRecord, IntervalLatency, LatencySummary,
    LedgerTotals, Leg, Phase, Rates, RunResult, SCHEMA_VERSION, ScenarioRecord, SeriesRow, StageLatencies,
    SummaryRow, ThresholdOutcome, Trial, Verdict,
};
use crate::terms::{CompletedBy, DeliveryMode, Durability, Stage, TransportKind};

use environment::environment;
pub use outage::with_outage;
pub use publishing::with_publishing;
pub use rate_sweep::{overloaded, rate_sweep};
pub use transit::with_transit;
pub use unanswered::{client_drops, refused_half, shed_in_a_stall};

/// What to make up.
pub struct Fixture {
    pub transports: Vec<TransportKind>,
    pub repetitions: u32,
    pub points: Vec<Point>,
    pub seconds: u32,
    pub rate_per_s: u64,
    /// False: nothing is offered, as in saturation.
    pub scheduled: bool,
}

impl Default for Fixture {
    fn default() -> Self {
        Self {
            transports: TransportKind::ALL[..5].to_vec(),
            repetitions: 1,
            points: vec![Point::new()],
            seconds: 10,
            rate_per_s: 2000,
            scheduled: true,
        }
    }
}

/// Median turnaround of a made-up transport.
pub fn median_ns(transport: TransportKind) -> f64 {
    match transport {
        TransportKind::NatsCore => 900_000.0,
        TransportKind::NatsRequest => 1_050_000.0,
        TransportKind::RedisPubsub => 1_200_000.0,
        TransportKind::RedisStreams => 1_900_000.0,
        TransportKind::NatsJetstream => 2_300_000.0,
        TransportKind::InProcess => 60_000.0,
    }
}

impl Fixture {
    pub fn build(&self) -> RunResult {
        let mut trials = Vec::new();
        for (index, point) in self.points.iter().enumerate() {
            for repetition in 1..=self.repetitions {
                for &transport in &self.transports {
                    let order = trials.len() as u32 + 1;
                    trials.push(self.trial(transport, repetition, order, point, index));
                }
            }
        }
        let summary = self.summary(&trials);
        let thresholds = trials.iter().filter(|trial| trial.repetition == 1).map(threshold).collect();
        let ratios = crate::pairs::between_paths(&trials);
        RunResult {
            schema_version: SCHEMA_VERSION,
            run_id: "01JABCDEFGHJKMNPQRSTVWXYZ0".to_owned(),
            verdict: Verdict::Passed,
            scenario: ScenarioRecord {
                name: "quickstart".to_owned(),
                question: "Which path answers a priority request fastest?".to_owned(),
                reading: Some("Compare the p99 first; the tail is what a user waits for.".to_owned()),
                source: "name = \"quickstart\"\n\n[load]\nrate = 2000\nduration = \"10s\"\n".to_owned(),
                changed: Vec::new(),
                seed: 42,
                repeat: self.repetitions,
                repetitions: None,
                offered: "2 000 requests/s, Poisson arrivals, for 10 s".to_owned(),
            },
            environment: environment(),
            thresholds,
            trials,
            summary,
            calibration: Vec::new(),
            ratios,
            searches: Vec::new(),
            costs: Vec::new(),
            pair: None,
        }
    }

    fn trial(
        &self,
        transport: TransportKind,
        repetition: u32,
        order: u32,
        point: &Point,
        index: usize,
    ) -> Trial {
        let mut rng = Pcg64::seed_from_u64(u64::from(order));
        let stretch = 1.0 + 0.6 * index as f64 + 0.02 * f64::from(repetition);
        let turnaround = LogNormal::new((median_ns(transport) * stretch).ln(), 0.45).unwrap();
        let lag = LogNormal::new(40_000f64.ln(), 0.3).unwrap();
        let mut stages = [empty(), empty(), empty(), empty()];
        let mut series = Vec::new();
        let mut breakdown = Breakdown::default();
        for second in -1..=self.seconds as i32 {
            let phase = match second {
                -1 => Phase::Warmup,
                second if second == self.seconds as i32 => Phase::Cooldown,
                _ => Phase::Window,
            };
            let mut interval = empty();
            let sent = self.rate_per_s + (second as u64).wrapping_mul(37) % 60;
            for _ in 0..sent {
                let lag_ns = lag.sample(&mut rng) as u64;
                let stalled = if second == 6 && transport == TransportKind::RedisStreams { 4.0 } else { 1.0 };
                let total_ns = (turnaround.sample(&mut rng) * stalled) as u64 + lag_ns;
                interval.record(total_ns).unwrap();
                if phase == Phase::Window {
                    let values = [total_ns, (total_ns - lag_ns) / stalled as u64, lag_ns, total_ns / 2];
                    for (stage, value) in stages.iter_mut().zip(values) {
                        stage.record(value).unwrap();
                    }
                    breakdown.record(&parts(total_ns, lag_ns));
                }
            }
            series.push(self.row(f64::from(second), phase, sent, &interval, transport));
        }
        let [turnaround, uncorrected, send_lag, delivery] = stages;
        let ledger = all_completed(self.rate_per_s * u64::from(self.seconds));
        Trial {
            route: None,
            pairs: None,
            path: transport.into(),
            legs: vec![leg(transport, ledger)],
            repetition,
            order,
            point: point.clone(),
            valid: true,
            complete: true,
            doubts: vec![Doubt {
                kind: DoubtKind::CpuSaturated,
                detail: "2 cores were busy for 97 % of the window.".to_owned(),
            }],
            completed_by: CompletedBy::Result,
            window_s: f64::from(self.seconds),
            rates: self.rates(transport),
            latency_ns: StageLatencies {
                send_lag: Some(summarise(&send_lag)),
                publish: None,
                delivery: Some(summarise(&delivery)),
                service: None,
                transit: None,
                turnaround: Some(summarise(&turnaround)),
                turnaround_uncorrected: Some(summarise(&uncorrected)),
            },
            breakdown: breakdown.rows(transport.stores()),
            ledger,
            series,
            faults: Vec::new(),
            promises: Vec::new(),
            legal: Vec::new(),
            gaps: Vec::new(),
            findings: Vec::new(),
            errors: Vec::new(),
            left_behind: Vec::new(),
            brokers: transport.broker().map(broker).into_iter().collect(),
            generator: generator(),
            workers: None,
        }
    }

    fn rates(&self, transport: TransportKind) -> Rates {
        let rate = if self.scheduled {
            self.rate_per_s as f64
        } else {
            self.rate_per_s as f64 * 1e6 / median_ns(transport)
        };
        Rates {
            offered_per_s: self.scheduled.then_some(rate),
            sent_per_s: rate,
            accepted_per_s: None,
            delivered_per_s: Some(rate - 0.5),
            completed_per_s: rate - 1.0,
        }
    }

    fn row(
        &self,
        t_s: f64,
        phase: Phase,
        sent: u64,
        interval: &Histogram<u64>,
        transport: TransportKind,
    ) -> SeriesRow {
        let summary = summarise(interval);
        let sample = BrokerSample {
            cpu_cores: Some(median_ns(transport) / 4e6 + 0.02 * (t_s + 1.0).sin()),
            rss_bytes: Some((12 << 20) + (t_s.max(0.0) * median_ns(transport)) as u64),
            net_in_bytes_per_s: Some(sent as f64 * 420.0),
            net_out_bytes_per_s: Some(sent as f64 * 430.0),
            disk_write_bytes_per_s: transport.stores().then_some(sent as f64 * 80.0),
            undelivered_messages: transport.stores().then_some((median_ns(transport) / 1e6) as u64),
            slow_consumers: Some(0),
            ..BrokerSample::default()
        };
        let stalled = t_s == 6.0 && transport == TransportKind::RedisStreams;
        SeriesRow {
            t_s,
            duration_s: 1.0,
            phase,
            offered: if self.scheduled { sent } else { 0 },
            sent,
            delivered: Some(sent),
            completed: if stalled { sent / 2 } else { sent - 3 },
            in_flight: if stalled { 900 } else { (median_ns(transport) / 2e5) as u64 },
            behind_s: Some(if stalled { 0.75 } else { 0.001 }),
            turnaround: Some(IntervalLatency {
                count: summary.count,
                p50: summary.p50,
                p90: summary.p90,
                p99: summary.p99,
                p999: summary.p999,
                max: summary.max.unwrap_or(0),
                histogram: summary.histogram,
            }),
            generator_cpu_cores: Some(0.31 + 0.01 * t_s.cos()),
            generator_rss_bytes: Some(46 << 20),
            brokers: transport.broker().map(|_| sample).into_iter().collect(),
            ..SeriesRow::default()
        }
    }

    fn summary(&self, trials: &[Trial]) -> Vec<SummaryRow> {
        let mut rows = Vec::new();
        for point in &self.points {
            for &transport in &self.transports {
                let own: Vec<&Trial> =
                    trials.iter().filter(|trial| trial.path == transport && &trial.point == point).collect();
                rows.push(SummaryRow {
                    path: transport.into(),
                    point: point.clone(),
                    repetitions: own.len() as u32,
                    valid_repetitions: own.len() as u32,
                    figures: figures(&own),
                });
            }
        }
        rows
    }
}

fn figures(trials: &[&Trial]) -> BTreeMap<String, Estimate> {
    let mut figures = BTreeMap::new();
    let mut add = |path: String, values: Vec<f64>| {
        if values.len() == trials.len() {
            figures.insert(path, estimate(values));
        }
    };
    for (name, _) in Rates::default().fields() {
        add(format!("rates.{name}"), trials.iter().filter_map(|trial| trial.rates.field(name)).collect());
    }
    for stage in Stage::ALL {
        let all = |read: fn(&LatencySummary) -> Option<f64>| {
            trials.iter().filter_map(|trial| trial.latency_ns.get(stage).and_then(read)).collect::<Vec<_>>()
        };
        let path = |statistic| stage.figure(statistic);
        add(path("min"), all(|s| s.min.map(|ns| ns as f64)));
        add(path("mean"), all(|s| s.mean));
        add(path("p50"), all(|s| s.p50.map(|ns| ns as f64)));
        add(path("p90"), all(|s| s.p90.map(|ns| ns as f64)));
        add(path("p99"), all(|s| s.p99.map(|ns| ns as f64)));
        add(path("p999"), all(|s| s.p999.map(|ns| ns as f64)));
        add(path("max"), all(|s| s.max.map(|ns| ns as f64)));
    }
    figures
}

fn estimate(mut values: Vec<f64>) -> Estimate {
    values.sort_by(f64::total_cmp);
    let interval = values.len() >= 3;
    Estimate {
        median: values[values.len() / 2],
        low: interval.then_some(values[0]),
        high: interval.then(|| values[values.len() - 1]),
    }
}

/// Long requests are long because they wait.
fn parts(total_ns: u64, lag_ns: u64) -> Parts {
    let service_ns = (total_ns - lag_ns).min(400_000) / 2;
    let path_ns = total_ns - lag_ns - service_ns;
    let (publish_ns, return_ns) = (path_ns.min(600_000) / 6, path_ns.min(600_000) / 3);
    let queue_ns = path_ns - publish_ns - return_ns;
    Parts { send_lag_ns: lag_ns, publish_ns, queue_ns, service_ns, return_ns }
}

fn empty() -> Histogram<u64> {
    let mut histogram = Histogram::new(3).unwrap();
    histogram.auto(true);
    histogram
}

/// The record of a histogram, with percentiles only where 10 samples lie above them.
pub fn summarise(histogram: &Histogram<u64>) -> LatencySummary {
    let count = histogram.len();
    let quantile = |q: f64| answers(count, q).then(|| histogram.value_at_quantile(q));
    LatencySummary {
        count,
        unanswered: 0,
        min: (count > 0).then(|| histogram.min()),
        mean: (count > 0).then(|| histogram.mean()),
        p50: quantile(0.5),
        p90: quantile(0.9),
        p99: quantile(0.99),
        p999: quantile(0.999),
        p9999: quantile(0.9999),
        max: (count > 0).then(|| histogram.max()),
        histogram: encode(histogram),
    }
}

fn threshold(trial: &Trial) -> ThresholdOutcome {
    let turnaround = trial.latency_ns.turnaround.as_ref().unwrap();
    ThresholdOutcome {
        unobserved: None,
        expression: "turnaround.p99 < 50ms".to_owned(),
        path: trial.path,
        point: trial.point.clone(),
        observed: turnaround.p99.map(|ns| ns as f64),
        passed: turnaround.p99.is_some_and(|ns| ns < 50_000_000),
        samples: turnaround.count,
    }
}

fn leg(transport: TransportKind, ledger: LedgerTotals) -> Leg {
    let durability = transport.durability(Durability::Memory);
    Leg {
        transport,
        durability,
        promise: transport.promise(DeliveryMode::AtLeastOnce),
        ledger,
        stored: None,
        held: Vec::new(),
    }
}

fn all_completed(total: u64) -> LedgerTotals {
    LedgerTotals {
        attempted: total,
        sent: total,
        delivered: total,
        completed: total,
        ..LedgerTotals::default()
    }
}

fn generator() -> GeneratorRecord {
    GeneratorRecord {
        cpu_seconds: 3.4,
        rss_bytes_max: 48 << 20,
        threads: 3,
        busiest_threads: Vec::new(),
        scheduling: "short time slices".to_string(),
        connections: 6,
        markers: 0,
        bursts: BurstSizes { wakes: 18_200, mean: 1.1, p50: 1, p99: 4, max: 31 },
        publishing: None,
        publishers: None,
        wakes: None,
    }
}
