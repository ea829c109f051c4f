//! What a seed says: which path, how many of each, how large, and what goes wrong when.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use weighbridge_plan::{Arrivals, Executor, Load, ServiceTime};
use weighbridge_record::terms::CompletedBy;

pub const MS: u64 = 1_000_000;
/// Simulated time does not begin at 0, where the clock would run.
pub const START_NS: u64 = 1_000_000 * MS;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    AtMostOnce,
    Log,
    WorkQueue,
}

/// Something that happens at a time of its own.
#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    /// One of all connections breaks.
    Break,
    /// The broker stands still.
    Stall { for_ns: u64 },
    /// The broker dies and comes back, with what is left.
    Crash { for_ns: u64, takes: Takes },
    /// Somebody publishes what is no request of this trial.
    Stranger,
    /// Somebody publishes a request with a number of this trial that was never sent.
    Forgery,
}

/// What a crash takes away; `ns` reaches back from it.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    Nothing,
    Tail { ns: u64 },
    Counters { ns: u64 },
    Everything,
}

/// How often of a thousand times something goes wrong by chance.
#[derive(Debug, Clone, Copy, Default)]
pub struct Chances {
    /// The broker refuses a request.
    pub refusal: u32,
    /// The broker refuses a result.
    pub refused_result: u32,
    /// An acknowledgement gets lost, of a request or by a worker.
    pub lost_acknowledgement: u32,
    /// A message is published twice.
    pub double: u32,
    /// A body arrives as garbage.
    pub corruption: u32,
    /// A connection breaks in the middle of a batch.
    pub break_within_batch: u32,
}

#[derive(Debug, Clone)]
pub struct Case {
    pub seed: u64,
    pub path: Path,
    pub completed_by: CompletedBy,
    pub load: Load,
    pub workers: u32,
    pub concurrency: u32,
    pub service_time: ServiceTime,
    /// Whether the broker answers publishes on a path that stores nothing.
    pub answers: bool,
    /// Longest way of a message.
    pub latency_ns_max: u64,
    /// Longest that a sleeper is woken late.
    pub late_ns_max: u64,
    pub redelivered_after_ns: u64,
    pub dedupe_window_ns: u64,
    pub chances: Chances,
    pub troubles: Vec<(u64, Trouble)>,
}

impl Case {
    pub fn of(seed: u64) -> Self {
        let random = &mut Pcg64::seed_from_u64(seed);
        let path = [Path::AtMostOnce, Path::Log, Path::WorkQueue][random.random_range(0..3)];
        let completed_by = match random.random_range(0..10) {
            0 => CompletedBy::Acknowledgement,
            1 | 2 => CompletedBy::Delivery,
            _ => CompletedBy::Result,
        };
        let load = load(random);
        let service_time = match random.random_range(0..3) {
            0 => ServiceTime::Constant { ns: 0 },
            1 => ServiceTime::Constant { ns: random.random_range(MS / 10..5 * MS) },
            _ => ServiceTime::Exponential { mean_ns: random.random_range(MS / 10..20 * MS) },
        };
        let troubles = troubles(random, load.duration_ns + 50 * MS);
        Self {
            seed,
            path,
            completed_by,
            workers: if completed_by == CompletedBy::Acknowledgement { 0 } else { random.random_range(1..4) },
            concurrency: random.random_range(1..5),
            service_time,
            answers: completed_by == CompletedBy::Acknowledgement || random.random(),
            latency_ns_max: [MS / 10, 2 * MS, 20 * MS][random.random_range(0..3)],
            late_ns_max: [0, MS / 20, 3 * MS][random.random_range(0..3)],
            redelivered_after_ns: random.random_range(5..100) * MS,
            dedupe_window_ns: random.random_range(1..200) * MS,
            chances: chances(random),
            load,
            troubles,
        }
    }
}

fn load(random: &mut Pcg64) -> Load {
    let requests: u64 = random.random_range(5..60);
    let rate_per_s: f64 = random.random_range(500.0..5_000.0);
    let arrivals = if random.random() { Arrivals::Uniform } else { Arrivals::Poisson };
    Load {
        executor: Executor::ConstantArrivalRate { rate_per_s, arrivals },
        warmup_ns: 0,
        duration_ns: (requests as f64 / rate_per_s * 1e9) as u64,
        cooldown_ns: 0,
        drain_ns: random.random_range(200..900) * MS,
        max_in_flight: if random.random_range(0..4) == 0 { random.random_range(2..10) } else { 1_000 },
        timeout_ns: random.random_range(20..400) * MS,
        generators: random.random_range(1..4),
        connections: random.random_range(1..3),
        batch: random.random_range(2..100),
        command: None,
        publishing: None,
    }
}

/// Half of the kinds never happen in a run, so that each is also seen alone.
fn chances(random: &mut Pcg64) -> Chances {
    // Now and then most results are refused, so that requests are parked.
    let results = if random.random_range(0..4) == 0 { 950 } else { 60 };
    let mut chance = |most: u32| if random.random() { random.random_range(1..most) } else { 0 };
    Chances {
        refusal: chance(60),
        refused_result: chance(results),
        lost_acknowledgement: chance(200),
        double: chance(60),
        corruption: chance(60),
        break_within_batch: chance(300),
    }
}

fn troubles(random: &mut Pcg64, within_ns: u64) -> Vec<(u64, Trouble)> {
    let count = random.random_range(0..5);
    let each = |_| {
        let kind = match random.random_range(0..10) {
            0..4 => Trouble::Break,
            4 | 5 => Trouble::Stall { for_ns: random.random_range(5..300) * MS },
            6 | 7 => Trouble::Crash { for_ns: random.random_range(1..100) * MS, takes: takes(random) },
            8 => Trouble::Stranger,
            _ => Trouble::Forgery,
        };
        (START_NS + random.random_range(0..within_ns), kind)
    };
    (0..count).map(each).collect()
}

fn takes(random: &mut Pcg64) -> Takes {
    let ns = random.random_range(1..50) * MS;
    match random.random_range(0..5) {
        0 => Takes::Nothing,
        1 | 2 => Takes::Tail { ns },
        3 => Takes::Counters { ns },
        _ => Takes::Everything,
    }
}
