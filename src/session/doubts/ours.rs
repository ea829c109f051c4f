//! The instrument and the machine it runs on.

use super::evidence::{Evidence, doubt, ms, percent, scheduled};
use weighbridge_record::own_lateness::in_statistic;
use weighbridge_record::result::{Doubt, DoubtKind};
use weighbridge_record::terms::{BrokerKind, Stage};

/// Send lag from which on a figure that is ours makes the trial invalid. Shorter than this it marks the figure, and
/// leaves the others their worth.
const DISTURBED_NS: f64 = 1_000_000.0;
const BUSY_SHARE_MAX: f64 = 0.95;
const STEAL_SHARE_MAX: f64 = 0.05;
/// Rule 5.5: a generator that can't do twice the rate in memory is part of what is measured.
const CEILING_SHARE_MIN: f64 = 2.0;
const CLOCK_JUMP_MAX_NS: i64 = 50_000_000;

pub fn generator_lagged(evidence: &Evidence<'_>) -> Option<Doubt> {
    if !scheduled(evidence) {
        return None;
    }
    let turnaround = evidence.latencies.get(Stage::Turnaround)?;
    // Too few samples for p99: the maximum is the stricter stand-in.
    let last = match turnaround.p99 {
        Some(_) => Some("p99"),
        // Where something is done to the path, what is not answered leaves no p99; the answer is what was lost.
        None if !evidence.point.faults.is_empty() => None,
        None => Some("max"),
    };
    let (name, own) = [Some("p50"), Some("p90"), last].into_iter().flatten().find_map(|name| {
        let own = in_statistic(evidence.latencies, Stage::Turnaround, name)?;
        (own.lag_ns > DISTURBED_NS).then_some((name, own))
    })?;
    let detail = format!("{}: more than a tenth of that turnaround is our own", own.words(name));
    doubt(DoubtKind::GeneratorLagged, detail)
}

pub fn ceiling_too_low(evidence: &Evidence<'_>) -> Option<Doubt> {
    let ceiling = evidence.ceiling_per_s?;
    let asked = evidence.point.load.peak_per_s()?;
    if ceiling >= CEILING_SHARE_MIN * asked {
        return None;
    }
    let detail =
        format!("in memory the generator reaches {ceiling:.0}/s, less than twice the {asked:.0}/s asked for");
    doubt(DoubtKind::CeilingTooLow, detail)
}

pub fn ended_early(evidence: &Evidence<'_>) -> Option<Doubt> {
    if evidence.ended_early == 0 {
        return None;
    }
    let detail = format!("{} worker(s) or collector(s) ended before the trial did", evidence.ended_early);
    doubt(DoubtKind::EndedEarly, detail)
}

pub fn queue_full(evidence: &Evidence<'_>) -> Option<Doubt> {
    if evidence.dropped == 0 {
        return None;
    }
    // The NATS client tells of drops through a queue of 128, and drops what it would tell when that is full.
    let is_nats = evidence.path.brokers().contains(&BrokerKind::NatsServer);
    let detail = format!(
        "a client of ours dropped {}{} messages because they were read too slowly",
        if is_nats { "at least " } else { "" },
        evidence.dropped
    );
    doubt(DoubtKind::QueueFull, detail)
}

pub fn cpu_saturated(evidence: &Evidence<'_>) -> Option<Doubt> {
    let busy = evidence.cost.machine_busy?;
    // Saturating the machine is what an unpaced load is for.
    if busy <= BUSY_SHARE_MAX || !scheduled(evidence) {
        return None;
    }
    let detail = format!(
        "in its worst second the machine's cores were {} busy: broker, workers and generator slowed each other",
        percent(busy)
    );
    doubt(DoubtKind::CpuSaturated, detail)
}

pub fn steal_time(evidence: &Evidence<'_>) -> Option<Doubt> {
    let steal = evidence.cost.machine_steal.filter(|steal| *steal > STEAL_SHARE_MAX)?;
    let detail = format!(
        "in the worst second {} of the machine's CPU time went to other guests of its host",
        percent(steal)
    );
    doubt(DoubtKind::StealTime, detail)
}

pub fn clock_jump(evidence: &Evidence<'_>) -> Option<Doubt> {
    if evidence.cost.clock_jump_ns.abs() <= CLOCK_JUMP_MAX_NS {
        return None;
    }
    let detail = format!(
        "the wall clock moved by {} against the monotonic one; latencies don't use it, timestamps do",
        ms(evidence.cost.clock_jump_ns as f64)
    );
    doubt(DoubtKind::ClockJump, detail)
}

pub fn debug_build(_evidence: &Evidence<'_>) -> Option<Doubt> {
    if env!("WEIGHBRIDGE_PROFILE") == "release" {
        return None;
    }
    let detail = "this is a debug build: the instrument is several times slower than a release build";
    doubt(DoubtKind::DebugBuild, detail.to_string())
}
