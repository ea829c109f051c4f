//! Queues whose mean and p99 are known, on the path in memory.
//!
//! A run of some seconds scatters widely around theory. So theory is held against the instrument's own schedule, service
//! times and recorder in simulated time, which may be as long as it takes; and a run in real time against what its own
//! arrivals and service times must give.

use super::bench::{figure, measure, plan};
use super::theory::Queue;
use crate::metrics::{Recorder, Timeline};
use crate::schedule::{Schedule, Stripe};
use crate::session::{RunError, Settings};
use crate::worker::sample_ns;
use weighbridge_plan::Plan;
use weighbridge_record::result::{Check, LatencySummary, Unit};
use weighbridge_record::terms::{CompletedBy, Stage, TransportKind};

const GROUP: &str = "queue";
const SERVICE_S: f64 = 0.001;
const WINDOW_S: f64 = 3.0;
/// Requests of a queue in simulated time. The mean of M/M/1 at 0.8 then scatters by 0.6 % (asymptotic variance of the
/// waiting time, W. Whitt, "Planning queueing simulations", Management Science 35, 1989), its p99 by about twice that.
const SIMULATED_REQUESTS: f64 = 2_400_000.0;
/// Share by which it may be off.
const SIMULATED_SHARE: f64 = 0.05;
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
    let plan = queue_plan(queue, rate, WINDOW_S)?;
    let trial = measure(&plan, settings).await?;
    let turnaround = trial.latency_ns.get(Stage::Turnaround);
    let measured_mean = turnaround.and_then(|latency| latency.mean);
    let measured_p99 = figure(&trial, Stage::Turnaround, |latency| latency.p99);
    let own = replay(&plan, queue);
    let near = |what: &str, expected: f64, measured: Option<f64>| {
        let name = format!("{} at {utilisation}: {what} of these very requests", queue.name());
        Check::near(GROUP, name, Unit::Ns, expected, measured, OWN_NS + OWN_SHARE * expected)
    };
    Ok(vec![near("mean", own.mean_ns, measured_mean), near("p99", own.p99_ns, measured_p99)])
}

/// The formulas against schedule, service times and recorder of the instrument, in a queue that is only computed: so
/// long that its own scatter is small beside the tolerance. It gives the same figures each time.
pub fn in_simulated_time() -> Result<Vec<Check>, RunError> {
    let mut checks = Vec::new();
    for (queue, utilisation) in CASES {
        let (lambda, mu) = (utilisation * f64::from(queue.servers()) / SERVICE_S, 1.0 / SERVICE_S);
        let plan = queue_plan(queue, lambda, SIMULATED_REQUESTS / lambda)?;
        let measured = recorded(&plan, queue);
        let near = |what: &str, expected_s: f64, measured: Option<f64>| {
            let name = format!("{} at {utilisation}: {what}, in simulated time", queue.name());
            let expected_ns = expected_s * 1e9;
            Check::near(GROUP, name, Unit::Ns, expected_ns, measured, SIMULATED_SHARE * expected_ns)
        };
        checks.push(near(
            "mean",
            queue.mean_s(lambda, mu),
            measured.as_ref().and_then(|figures| figures.mean),
        ));
        let p99 = measured.as_ref().and_then(|figures| figures.p99).map(|ns| ns as f64);
        checks.push(near("p99", queue.quantile_s(0.99, lambda, mu), p99));
    }
    Ok(checks)
}

/// What the recorder makes of the turnarounds of a queue.
fn recorded(plan: &Plan, queue: Queue) -> Option<LatencySummary> {
    let load = &plan.points[0].load;
    let timeline = Timeline::new(0, load.warmup_ns, load.duration_ns, load.cooldown_ns);
    let mut recorder = Recorder::new(timeline, CompletedBy::Result);
    for (at_ns, turnaround_ns) in serve(queue.servers(), requests(plan).map(|r| (r.at_ns, r.service_ns))) {
        recorder.record_turnaround(at_ns as u64, turnaround_ns as u64, 1);
    }
    recorder.finish().latencies.remove(&Stage::Turnaround)
}

fn queue_plan(queue: Queue, rate: f64, window_s: f64) -> Result<Plan, RunError> {
    let distribution = match queue {
        Queue::Md1 => r#"workers.service_time="1ms""#,
        Queue::Mm1 | Queue::Mmc { .. } => {
            r#"workers.service_time={ distribution = "exponential", mean = "1ms" }"#
        }
    };
    let rate = format!("load.rate={rate}");
    let servers = format!("workers.concurrency={}", queue.servers());
    let window = format!(r#"load.duration="{window_s:.0}s""#);
    let set = [rate.as_str(), &servers, distribution, &window, r#"load.arrivals="poisson""#];
    plan(TransportKind::InProcess, &set)
}

/// One request of a plan: when it is due, how long it is served.
struct Request {
    at_ns: f64,
    service_ns: f64,
    in_window: bool,
}

/// The requests that a plan of ours has, one after the other.
fn requests(plan: &Plan) -> impl Iterator<Item = Request> {
    let point = &plan.points[0];
    let window = point.load.warmup_ns..point.load.warmup_ns + point.load.duration_ns;
    let service = point.workers.work().map(|work| work.service_time);
    let schedule = Schedule::of(&point.load, plan.seed, Stripe::WHOLE).into_iter().flatten();
    schedule.enumerate().map(move |(sequence, at_ns)| Request {
        at_ns: at_ns as f64,
        service_ns: service.map_or(0, |service| sample_ns(service, plan.seed, sequence as u64)) as f64,
        in_window: window.contains(&at_ns),
    })
}

/// What this run's own schedule and service times give in a first-come-first-served queue.
fn replay(plan: &Plan, queue: Queue) -> Figures {
    let in_window: Vec<bool> = requests(plan).map(|request| request.in_window).collect();
    let served = serve(queue.servers(), requests(plan).map(|request| (request.at_ns, request.service_ns)));
    let of_window = served.zip(in_window).filter(|(_, in_window)| *in_window);
    figures(of_window.map(|((_, turnaround), _)| turnaround).collect())
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
    use super::{CASES, Queue, SERVICE_S, WINDOW_S, queue_plan, replay, serve};
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
            let plan =
                queue_plan(queue, utilisation * f64::from(queue.servers()) / SERVICE_S, WINDOW_S).unwrap();
            let work = plan.points[0].workers.work().unwrap();
            let constant = work.service_time == ServiceTime::Constant { ns: 1_000_000 };
            assert_eq!(constant, queue == Queue::Md1);
            let own = replay(&plan, queue);
            assert!(own.mean_ns >= 0.8e6 && own.p99_ns > own.mean_ns, "{queue:?} {own:?}");
        }
    }
}
