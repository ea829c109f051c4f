//! Queues whose mean and p99 are known, on the path in memory.
//!
//! A run of some seconds scatters widely around theory, so each figure is held twice: against theory, within
//! the scatter of as many simulated runs of the same length; and, tightly, against what this run's own
//! arrivals and service times must give.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::bench::{figure, measure, plan};
use super::theory::Queue;
use crate::schedule::{Schedule, Stripe};
use crate::session::{RunError, Settings};
use crate::worker::sample_ns;
use weighbridge_plan::Plan;
use weighbridge_record::result::{Check, Unit};
use weighbridge_record::terms::{Stage, TransportKind};

const GROUP: &str = "queue";
const SERVICE_S: f64 = 0.001;
const WINDOW_S: f64 = 3.0;
/// Runs simulated to learn how far a run of this length scatters.
const SIMULATIONS: usize = 200;
/// Standard deviations of that scatter that are borne.
const DEVIATIONS: f64 = 3.5;
/// What the instrument may add: wake-ups, hand-overs, and a share for being late now and then.
const OWN_NS: f64 = 400_000.0;
const OWN_SHARE: f64 = 0.10;

/// Queues and utilisations that are tried.
pub const CASES: [(Queue, f64); 6] = [
    (Queue::Mm1, 0.5),
    (Queue::Mm1, 0.8),
    (Queue::Md1, 0.5),
    (Queue::Md1, 0.8),
    (Queue::Mmc { servers: 4 }, 0.5),
    (Queue::Mmc { servers: 4 }, 0.8),
];

/// Mean and p99 of turnarounds, in nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Figures {
    mean_ns: f64,
    p99_ns: f64,
}

/// Measures one queue.
pub async fn check(queue: Queue, utilisation: f64, settings: &Settings) -> Result<Vec<Check>, RunError> {
    let rate = utilisation * f64::from(queue.servers()) / SERVICE_S;
    let plan = queue_plan(queue, rate)?;
    let trial = measure(&plan, settings).await?;
    let turnaround = trial.latency_ns.get(Stage::Turnaround);
    let measured_mean = turnaround.and_then(|latency| latency.mean);
    let measured_p99 = figure(&trial, Stage::Turnaround, |latency| latency.p99);
    let (lambda, mu) = (rate, 1.0 / SERVICE_S);
    let theory =
        Figures { mean_ns: queue.mean_s(lambda, mu) * 1e9, p99_ns: queue.quantile_s(0.99, lambda, mu) * 1e9 };
    let scatter = scatter(queue, lambda, mu);
    let own = replay(&plan, queue);
    let name = |what: &str| format!("{} at {utilisation}: {what}", queue.name());
    let near = |what: &str, expected: f64, measured: Option<f64>, tolerance: f64| {
        Check::near(GROUP, name(what), Unit::Ns, expected, measured, tolerance)
    };
    let allowed = |expected: f64| OWN_NS + OWN_SHARE * expected;
    Ok(vec![
        near("mean", theory.mean_ns, measured_mean, DEVIATIONS * scatter.mean_ns + allowed(theory.mean_ns)),
        near("p99", theory.p99_ns, measured_p99, DEVIATIONS * scatter.p99_ns + allowed(theory.p99_ns)),
        near("mean of these very requests", own.mean_ns, measured_mean, allowed(own.mean_ns)),
        near("p99 of these very requests", own.p99_ns, measured_p99, allowed(own.p99_ns)),
    ])
}

fn queue_plan(queue: Queue, rate: f64) -> Result<Plan, RunError> {
    let distribution = match queue {
        Queue::Md1 => r#"workers.service_time="1ms""#,
        Queue::Mm1 | Queue::Mmc { .. } => {
            r#"workers.service_time={ distribution = "exponential", mean = "1ms" }"#
        }
    };
    let rate = format!("load.rate={rate}");
    let servers = format!("workers.concurrency={}", queue.servers());
    let window = format!(r#"load.duration="{WINDOW_S}s""#);
    let set = [rate.as_str(), &servers, distribution, &window, r#"load.arrivals="poisson""#];
    plan(TransportKind::InProcess, &set)
}

/// What this run's own schedule and service times give in a first-come-first-served queue.
fn replay(plan: &Plan, queue: Queue) -> Figures {
    let point = &plan.points[0];
    let schedule = Schedule::of(&point.load, plan.seed, Stripe::WHOLE);
    let (Some(schedule), Some(work)) = (schedule, point.workers.work()) else {
        return Figures { mean_ns: 0.0, p99_ns: 0.0 };
    };
    let service = work.service_time;
    let requests = schedule
        .enumerate()
        .map(|(sequence, at_ns)| (at_ns as f64, sample_ns(service, plan.seed, sequence as u64) as f64));
    let window_start = point.load.warmup_ns as f64;
    let window_end = window_start + point.load.duration_ns as f64;
    let turnarounds = serve(queue.servers(), requests)
        .filter(|(at, _)| (window_start..window_end).contains(at))
        .map(|(_, turnaround)| turnaround);
    figures(turnarounds.collect())
}

/// Standard deviations of mean and p99 over simulated runs as long as the real one.
fn scatter(queue: Queue, lambda: f64, mu: f64) -> Figures {
    let runs: Vec<Figures> =
        (0..SIMULATIONS).map(|run| figures(simulated(queue, lambda, mu, run as u64))).collect();
    let deviation = |read: fn(&Figures) -> f64| {
        let mean = runs.iter().map(read).sum::<f64>() / runs.len() as f64;
        (runs.iter().map(|run| (read(run) - mean).powi(2)).sum::<f64>() / (runs.len() - 1) as f64).sqrt()
    };
    Figures { mean_ns: deviation(|run| run.mean_ns), p99_ns: deviation(|run| run.p99_ns) }
}

fn simulated(queue: Queue, lambda: f64, mu: f64, seed: u64) -> Vec<f64> {
    let mut random = Pcg64::seed_from_u64(seed);
    let mut exponential = move || -(1.0 - random.random::<f64>()).ln();
    let mut at_ns = 0.0;
    let count = (lambda * WINDOW_S) as usize;
    let requests = (0..count).map(move |_| {
        at_ns += exponential() / lambda * 1e9;
        let service = if queue == Queue::Md1 { 1.0 } else { exponential() };
        (at_ns, service / mu * 1e9)
    });
    serve(queue.servers(), requests).map(|(_, turnaround)| turnaround).collect()
}

/// First come, first served: arrival and turnaround of each request, by Lindley's recursion over servers.
fn serve(servers: u32, requests: impl Iterator<Item = (f64, f64)>) -> impl Iterator<Item = (f64, f64)> {
    let mut free_at = vec![0.0_f64; servers as usize];
    requests.map(move |(at, service)| {
        let first = (0..free_at.len()).min_by(|a, b| free_at[*a].total_cmp(&free_at[*b])).unwrap_or(0);
        let done = free_at[first].max(at) + service;
        free_at[first] = done;
        (at, done - at)
    })
}

fn figures(mut turnarounds: Vec<f64>) -> Figures {
    if turnarounds.is_empty() {
        return Figures { mean_ns: 0.0, p99_ns: 0.0 };
    }
    turnarounds.sort_by(f64::total_cmp);
    let mean_ns = turnarounds.iter().sum::<f64>() / turnarounds.len() as f64;
    let rank = ((turnarounds.len() as f64 * 0.99).ceil() as usize).clamp(1, turnarounds.len());
    Figures { mean_ns, p99_ns: turnarounds[rank - 1] }
}

#[cfg(test)]
mod tests {
    use super::{CASES, Queue, SERVICE_S, queue_plan, replay, serve};
    use weighbridge_plan::ServiceTime;

    #[test]
    fn one_server_serves_in_order() {
        let served: Vec<_> = serve(1, [(0.0, 10.0), (5.0, 10.0), (50.0, 1.0)].into_iter()).collect();
        assert_eq!(served, [(0.0, 10.0), (5.0, 15.0), (50.0, 1.0)]);
    }

    #[test]
    fn two_servers_share_the_work() {
        let served: Vec<_> = serve(2, [(0.0, 10.0), (1.0, 10.0), (2.0, 5.0)].into_iter()).collect();
        assert_eq!(served, [(0.0, 10.0), (1.0, 10.0), (2.0, 13.0)]);
    }

    #[test]
    fn every_case_can_be_planned_and_replayed() {
        for (queue, utilisation) in CASES {
            let plan = queue_plan(queue, utilisation * f64::from(queue.servers()) / SERVICE_S).unwrap();
            let work = plan.points[0].workers.work().unwrap();
            let constant = work.service_time == ServiceTime::Constant { ns: 1_000_000 };
            assert_eq!(constant, queue == Queue::Md1);
            let own = replay(&plan, queue);
            assert!(own.mean_ns >= 0.8e6 && own.p99_ns > own.mean_ns, "{queue:?} {own:?}");
        }
    }
}
