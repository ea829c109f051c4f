use super::*;
use crate::metrics::{Counts, IntervalRow};
use crate::session::probes::{Cost, Pressure};
use weighbridge_plan::scenario;
use weighbridge_plan::{Executor, PointPlan};
use weighbridge_record::fixture::Fixture;
use weighbridge_record::result::{
    BrokerRecord, BusiestThread, Gap, GapKind, IntervalLatency, LatencySummary, LedgerTotals, Phase, Rates,
    Side, StageLatencies, Storage, WakeLateness,
};
use weighbridge_record::terms::TransportKind;

mod answers;
mod causes;

const SCENARIO: &str = r#"
name = "judged"
question = "Is it?"
transports = ["redis-streams"]
[load]
executor = "constant-arrival-rate"
rate = 1000
duration = "5s"
"#;

/// Figures of a trial that nothing is wrong with; tests spoil one at a time.
struct Case {
    point: PointPlan,
    rates: Rates,
    latencies: StageLatencies,
    ledger: LedgerTotals,
    cost: Cost,
    wakes: WakeLateness,
    clock_source: &'static str,
    brokers: Vec<BrokerRecord>,
    complete: bool,
    dropped: u64,
    busiest_threads: Vec<BusiestThread>,
    ended_early: u32,
    rows: Vec<IntervalRow>,
    ceiling_per_s: Option<f64>,
    tier_doubts: Vec<String>,
    refusal: Option<String>,
    gaps: Vec<Gap>,
}

fn redis(storage: Option<Storage>) -> BrokerRecord {
    let mut trials = Fixture { seconds: 1, ..Fixture::default() }.build().trials;
    BrokerRecord { storage, ..trials.swap_remove(0).brokers.swap_remove(0) }
}

fn latency(count: u64, p99: u64) -> Option<LatencySummary> {
    Some(LatencySummary { count, p99: Some(p99), max: Some(2 * p99), ..LatencySummary::default() })
}

fn point(settings: &[&str]) -> PointPlan {
    let set = settings.iter().map(|setting| (*setting).to_string()).collect();
    let overrides = scenario::Overrides { set, ..scenario::Overrides::default() };
    scenario::plan("judged.toml", SCENARIO, &overrides).unwrap().points.remove(0)
}

fn sound() -> Case {
    Case {
        point: point(&[]),
        rates: Rates { offered_per_s: Some(1000.0), sent_per_s: 1000.0, ..Rates::default() },
        latencies: StageLatencies {
            send_lag: latency(5000, 90_000),
            turnaround: latency(5000, 4_000_000),
            ..StageLatencies::default()
        },
        ledger: LedgerTotals { attempted: 5000, sent: 5000, completed: 5000, ..LedgerTotals::default() },
        cost: Cost {
            machine_busy: Some(0.4),
            machine_steal: Some(0.01),
            clock_jump_ns: 1_000,
            swapped_pages: Some(0.0),
            pressure: Pressure { cpu: Some(0.3), io: Some(0.1), memory: Some(0.0) },
            broker_cores: vec![Some(0.5)],
            ..Cost::default()
        },
        wakes: WakeLateness { prompt: latency(5000, 90_000), ..WakeLateness::default() },
        clock_source: "tsc",
        brokers: vec![redis(Some(Storage {
            in_memory: false,
            forgets_unsynced: false,
            fsync_ns_p50: 900_000,
        }))],
        complete: true,
        dropped: 0,
        busiest_threads: busiest(0.4),
        ended_early: 0,
        rows: rows(|_| 2_000_000),
        ceiling_per_s: Some(2_000.0),
        tier_doubts: Vec::new(),
        refusal: None,
        gaps: Vec::new(),
    }
}

fn busiest(cores: f64) -> Vec<BusiestThread> {
    vec![BusiestThread { kind: "generator".to_owned(), cores }]
}

/// Twenty rows of the window with these medians.
fn rows(median: impl Fn(u64) -> u64) -> Vec<IntervalRow> {
    let row = |place: u64| IntervalRow {
        start_s: place as f64 / 4.0,
        duration_s: 0.25,
        phase: Phase::Window,
        in_window: true,
        counts: Counts::default(),
        turnaround: Some(IntervalLatency {
            count: 500,
            p50: Some(median(place)),
            p90: None,
            p99: None,
            p999: None,
            max: 3_000_000,
            histogram: String::new(),
        }),
    };
    (0..20).map(row).collect()
}

impl Case {
    /// Doubts raised, the build's own left out: tests run in any profile.
    fn kinds(&self) -> Vec<DoubtKind> {
        self.doubts().into_iter().map(|doubt| doubt.kind).collect()
    }

    fn doubts(&self) -> Vec<Doubt> {
        let evidence = Evidence {
            point: &self.point,
            path: TransportKind::RedisStreams.into(),
            rates: &self.rates,
            latencies: &self.latencies,
            ledger: &self.ledger,
            rows: &self.rows,
            ceiling_per_s: self.ceiling_per_s,
            tier_doubts: &self.tier_doubts,
            cost: &self.cost,
            wakes: &self.wakes,
            clock_source: self.clock_source,
            brokers: &self.brokers,
            complete: self.complete,
            dropped: self.dropped,
            busiest_threads: &self.busiest_threads,
            ended_early: self.ended_early,
            refusal: self.refusal.as_deref(),
            gaps: &self.gaps,
        };
        judge(&evidence).into_iter().filter(|doubt| doubt.kind != DoubtKind::DebugBuild).collect()
    }
}

#[test]
fn a_sound_trial_raises_no_doubt() {
    assert_eq!(sound().kinds(), []);
}

#[test]
fn a_lag_over_a_millisecond_that_is_more_than_a_tenth_is_doubted_at_each_percentile() {
    let mut case = sound();
    case.latencies.send_lag = latency(5000, 1_200_000);
    assert_eq!(case.kinds(), [DoubtKind::GeneratorLagged]);
    let mut early = sound();
    early.latencies.send_lag.as_mut().unwrap().p50 = Some(1_200_000);
    early.latencies.turnaround.as_mut().unwrap().p50 = Some(2_000_000);
    assert_eq!(early.kinds(), [DoubtKind::GeneratorLagged]);
}

#[test]
fn a_lag_within_a_tenth_of_the_figure_or_a_millisecond_is_borne() {
    let mut case = sound();
    case.latencies.send_lag = latency(5000, 1_200_000);
    case.latencies.turnaround = latency(5000, 13_000_000);
    assert_eq!(case.kinds(), []);
    case.latencies.send_lag = latency(5000, 300_000);
    case.latencies.turnaround = latency(5000, 800_000);
    assert_eq!(case.kinds(), [], "the figure is marked, the others keep their worth");
}

#[test]
fn a_rate_that_was_not_sent_is_doubted_from_one_percent_on() {
    let mut case = sound();
    case.rates.sent_per_s = 991.0;
    assert_eq!(case.kinds(), []);
    case.rates.sent_per_s = 989.0;
    assert_eq!(case.kinds(), [DoubtKind::RateNotReached]);
}

#[test]
fn a_ledger_that_does_not_balance_is_doubted() {
    let mut case = sound();
    case.ledger.completed -= 1;
    assert_eq!(case.kinds(), [DoubtKind::LedgerUnbalanced]);
}

#[test]
fn a_stopped_trial_is_doubted() {
    let mut case = sound();
    case.complete = false;
    assert_eq!(case.kinds(), [DoubtKind::Incomplete]);
}

#[test]
fn a_thousand_samples_are_needed() {
    let mut case = sound();
    case.latencies.turnaround = latency(999, 4_000_000);
    assert_eq!(case.kinds(), [DoubtKind::TooFewSamples]);
    case.latencies.turnaround = latency(1000, 4_000_000);
    assert_eq!(case.kinds(), []);
}

#[test]
fn busy_cores_are_doubted() {
    let mut case = sound();
    case.cost.machine_busy = Some(0.97);
    assert_eq!(case.kinds(), [DoubtKind::CpuSaturated]);
}

fn gap(end_s: Option<f64>) -> Gap {
    let (side, kind, detail) = (Side::Worker, GapKind::Disconnected, "reset".to_owned());
    Gap { side, kind, connections: 1, detail, start_s: 2.0, end_s }
}

#[test]
fn a_connection_that_came_back_is_told_and_invalidates_nothing() {
    let mut case = sound();
    case.gaps = vec![gap(Some(4.0))];
    assert_eq!(case.kinds(), [DoubtKind::Disconnected]);
    assert!(!DoubtKind::Disconnected.invalidates());
}

#[test]
fn a_broker_that_was_not_back_at_the_end_invalidates_the_trial() {
    let mut case = sound();
    case.gaps = vec![gap(None)];
    assert_eq!(case.kinds(), [DoubtKind::BrokerGone]);
    assert!(DoubtKind::BrokerGone.invalidates());
}

#[test]
fn a_right_that_was_taken_invalidates_the_trial() {
    let mut case = sound();
    case.refusal = Some("no permission to publish".to_owned());
    assert_eq!(case.kinds(), [DoubtKind::AccessLost]);
    assert!(DoubtKind::AccessLost.invalidates());
}

#[test]
fn a_worker_that_ended_early_is_doubted() {
    let mut case = sound();
    case.ended_early = 1;
    assert_eq!(case.kinds(), [DoubtKind::EndedEarly]);
    assert!(DoubtKind::EndedEarly.invalidates());
}

#[test]
fn a_thread_of_ours_that_is_always_busy_is_doubted_where_nothing_is_scheduled() {
    let mut case = sound();
    case.busiest_threads = busiest(0.99);
    assert_eq!(case.kinds(), [], "under a schedule its lateness is judged");
    case.point = point(&["load={ executor = \"saturate\", duration = \"5s\" }"]);
    case.rates.offered_per_s = None;
    assert_eq!(case.kinds(), [DoubtKind::ClientLimited, DoubtKind::ClosedLoop]);
    case.busiest_threads = busiest(0.9);
    assert_eq!(case.kinds(), [DoubtKind::ClosedLoop]);
}

#[test]
fn repeats_are_a_storm_only_where_what_is_taken_ahead_waits_longer_than_the_broker() {
    let mut case = sound();
    (case.ledger.delivered, case.ledger.redelivered) = (5_000, 2_500);
    assert_eq!(case.kinds(), [], "the settings do not make it");
    case.point = point(&["workers.service_time=40ms", "workers.concurrency=1", "brokers.ack_wait=20ms"]);
    assert_eq!(case.kinds(), [DoubtKind::RedeliveryStorm]);
    case.ledger.redelivered = 1;
    assert_eq!(case.kinds(), [], "some repeats are no storm");
}

#[test]
fn a_queue_that_overflowed_is_doubted() {
    let mut case = sound();
    case.dropped = 1;
    assert_eq!(case.kinds(), [DoubtKind::QueueFull]);
    assert!(DoubtKind::QueueFull.invalidates(), "the losses are ours");
}

#[test]
fn a_generator_without_twice_the_rate_in_reserve_is_doubted() {
    let mut case = sound();
    case.ceiling_per_s = Some(1_999.0);
    assert_eq!(case.kinds(), [DoubtKind::CeilingTooLow]);
    case.ceiling_per_s = None;
    assert_eq!(case.kinds(), [], "not measured where the rate is beyond doubt");
}

#[test]
fn a_wall_clock_that_was_set_is_doubted() {
    let mut case = sound();
    case.cost.clock_jump_ns = -60_000_000;
    assert_eq!(case.kinds(), [DoubtKind::ClockJump]);
    assert!(!DoubtKind::ClockJump.invalidates(), "no figure rests on that clock");
}

#[test]
fn a_latency_that_rises_over_the_window_is_doubted() {
    let mut case = sound();
    case.rows = rows(|place| 2_000_000 + 50_000 * place);
    assert_eq!(case.kinds(), [DoubtKind::NotSteady]);
    case.rows = rows(|place| 2_000_000 + 10_000 * place);
    assert_eq!(case.kinds(), [], "a drift of a tenth is borne");
}

#[test]
fn a_tier_that_nobody_can_vouch_for_is_doubted_where_it_matters() {
    let mut case = sound();
    case.tier_doubts = vec!["appendonly is `no` where tier sync needs `yes`".to_string()];
    assert_eq!(case.kinds(), [DoubtKind::TierUnverified]);
    case.tier_doubts.push("nats-server.2: its sync_interval can't be read".to_string());
    assert_eq!(case.kinds(), [DoubtKind::TierUnverified; 2], "the second is no less in doubt");
}

#[test]
fn stolen_cpu_time_is_doubted() {
    let mut case = sound();
    case.cost.machine_steal = Some(0.06);
    assert_eq!(case.kinds(), [DoubtKind::StealTime]);
}

#[test]
fn an_unscheduled_load_says_that_it_hides_stalls() {
    let mut case = sound();
    case.point.load.executor = Executor::Saturate;
    case.cost.machine_busy = Some(1.0);
    case.latencies.send_lag = latency(5000, 9_000_000);
    assert_eq!(case.kinds(), [DoubtKind::ClosedLoop]);
}

#[test]
fn a_lazy_tier_wants_three_seconds() {
    let mut case = sound();
    case.point = point(&["brokers.durability=lazy", "load.duration=2s"]);
    assert_eq!(case.kinds(), [DoubtKind::LazyTierTooShort]);
    case.point = point(&["brokers.durability=lazy", "load.duration=3s"]);
    assert_eq!(case.kinds(), []);
}

#[test]
fn the_doubt_about_a_debug_build_follows_the_profile() {
    let case = sound();
    let evidence = Evidence {
        point: &case.point,
        path: TransportKind::RedisStreams.into(),
        rates: &case.rates,
        latencies: &case.latencies,
        ledger: &case.ledger,
        rows: &case.rows,
        ceiling_per_s: None,
        tier_doubts: &[],
        cost: &case.cost,
        wakes: &case.wakes,
        clock_source: "tsc",
        brokers: &[],
        complete: true,
        dropped: 0,
        busiest_threads: &[],
        ended_early: 0,
        refusal: None,
        gaps: &[],
    };
    assert_eq!(ours::debug_build(&evidence).is_some(), cfg!(debug_assertions));
}
