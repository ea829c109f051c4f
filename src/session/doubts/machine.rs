//! What the machine did meanwhile: causes that no figure of the path shows.

use super::evidence::{Evidence, doubt, ms, percent};
use weighbridge_record::result::{Doubt, DoubtKind, LatencySummary};

/// Lateness of a thread that only sleeps from which on the machine stood still.
const HICCUP_MIN_NS: u64 = 1_000_000;
/// Shares of a second in which somebody waited for a resource.
const CPU_PRESSURE_MAX: f64 = 0.8;
const IO_PRESSURE_MAX: f64 = 0.3;
const MEMORY_PRESSURE_MAX: f64 = 0.01;
/// Clocks that are read without a call of the kernel and step by nanoseconds, whatever the hypervisor does.
const GOOD_CLOCKS: [&str; 2] = ["tsc", "arch_sys_counter"];

pub fn machine_hiccup(evidence: &Evidence<'_>) -> Option<Doubt> {
    let (name, late_ns) = highest(evidence.wakes.prompt.as_ref()?)?;
    if late_ns <= HICCUP_MIN_NS {
        return None;
    }
    let ordinary = evidence.wakes.ordinary.as_ref().and_then(highest);
    let beside = ordinary.map_or(String::new(), |(name, late_ns)| {
        format!(", one of ordinary priority {} at {name}", ms(late_ns as f64))
    });
    let detail = format!(
        "the machine stood still: a thread that only sleeps, scheduled like a generator, woke {} late at {name}{beside}",
        ms(late_ns as f64)
    );
    doubt(DoubtKind::MachineHiccup, detail)
}

/// The highest percentile that there are samples for, or the longest.
fn highest(late: &LatencySummary) -> Option<(&'static str, u64)> {
    let named = [("p99.9", late.p999), ("p99", late.p99), ("the longest", late.max)];
    named.into_iter().find_map(|(name, ns)| Some((name, ns?)))
}

pub fn swapping(evidence: &Evidence<'_>) -> Option<Doubt> {
    let pages = evidence.cost.swapped_pages.filter(|pages| *pages > 0.0)?;
    doubt(DoubtKind::Swapping, format!("{pages:.0} pages of the machine's memory were swapped in or out"))
}

pub fn resource_pressure(evidence: &Evidence<'_>) -> Option<Doubt> {
    let pressure = &evidence.cost.pressure;
    let limits = [
        ("a core", pressure.cpu, CPU_PRESSURE_MAX),
        ("the disk", pressure.io, IO_PRESSURE_MAX),
        ("memory", pressure.memory, MEMORY_PRESSURE_MAX),
    ];
    let waited = limits
        .into_iter()
        .filter_map(|(what, share, limit)| Some((what, share.filter(|share| *share > limit)?)));
    let told: Vec<String> =
        waited.map(|(what, share)| format!("for {what} in {} of the time", percent(share))).collect();
    if told.is_empty() {
        return None;
    }
    let detail = format!("in its worst second something on the machine waited {}", told.join(", "));
    doubt(DoubtKind::ResourcePressure, detail)
}

pub fn clock_source(evidence: &Evidence<'_>) -> Option<Doubt> {
    let source = evidence.clock_source;
    if GOOD_CLOCKS.contains(&source) || source == "unknown" {
        return None;
    }
    let detail =
        format!("the kernel's clock is `{source}`, not `tsc`: reading it may be slow, and it may step");
    doubt(DoubtKind::ClockSource, detail)
}
