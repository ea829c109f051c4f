//! Turns what the threads of a trial brought home into its record.

use std::collections::BTreeMap;

use super::TrialSpec;
use super::doubts::{Evidence, judge};
use super::sampling::{Cost, SampleRow};
use crate::metrics::Recording;
use crate::plan::PointPlan;
use crate::result::{
    BrokerRecord, BurstSizes, ErrorGroup, Fault, GeneratorRecord, LedgerTotals, Leg, Rates, SeriesRow,
    StageLatencies, Trial,
};
use crate::scheduling::Grant;

/// What the threads brought home.
pub struct Loaded {
    pub totals: LedgerTotals,
    pub recording: Recording,
    pub errors: BTreeMap<String, u64>,
    pub bursts: BurstSizes,
    pub scheduling: Grant,
    pub brokers: Vec<BrokerRecord>,
    pub cost: Cost,
    pub samples: Vec<SampleRow>,
    pub threads: u32,
    /// Messages that a client dropped because they were read too slowly.
    pub dropped: u64,
    /// Workers and collectors that ended before the trial did.
    pub ended_early: u32,
    pub complete: bool,
    /// Most that the generator can put on the path in memory, where that was measured.
    pub ceiling_per_s: Option<f64>,
    /// What is wrong or unknown about the broker's tier.
    pub tier: Option<String>,
    pub faults: Vec<Fault>,
}

/// Sizes of the batches that were handed to the transport.
pub fn bursts(histogram: &hdrhistogram::Histogram<u64>) -> BurstSizes {
    if histogram.is_empty() {
        return BurstSizes::default();
    }
    BurstSizes {
        wakes: histogram.len(),
        mean: histogram.mean(),
        p50: histogram.value_at_quantile(0.5),
        p99: histogram.value_at_quantile(0.99),
        max: histogram.max(),
    }
}

/// The record of a trial, judged.
pub fn assemble(spec: &TrialSpec<'_>, loaded: Loaded) -> Trial {
    let point = spec.point;
    let mut latencies = StageLatencies::default();
    for (stage, summary) in &loaded.recording.latencies {
        latencies.set(*stage, Some(summary.clone()));
    }
    let rates = rates(point, &loaded);
    let evidence = Evidence {
        point,
        transport: spec.transport,
        rates: &rates,
        latencies: &latencies,
        ledger: &loaded.totals,
        rows: &loaded.recording.rows,
        ceiling_per_s: loaded.ceiling_per_s,
        clock_jump_ns: loaded.cost.clock_jump_ns,
        tier: loaded.tier.as_deref(),
        machine_busy: loaded.cost.machine_busy,
        machine_steal: loaded.cost.machine_steal,
        complete: loaded.complete,
        dropped: loaded.dropped,
        ended_early: loaded.ended_early,
    };
    let doubts = judge(&evidence);
    let leg = Leg {
        transport: spec.transport,
        durability: spec.transport.durability(point.brokers.durability),
        promise: spec.transport.promise(),
        ledger: loaded.totals,
    };
    Trial {
        path: spec.transport.into(),
        legs: vec![leg],
        repetition: spec.repetition,
        order: spec.order,
        point: point.point.clone(),
        valid: !doubts.iter().any(|doubt| doubt.kind.invalidates()),
        complete: loaded.complete,
        doubts,
        end: point.end(),
        window_s: loaded.recording.timeline.window_s(),
        rates,
        latency_ns: latencies,
        breakdown: loaded.recording.breakdown.clone(),
        ledger: loaded.totals,
        series: series(&loaded),
        faults: loaded.faults.clone(),
        errors: errors(&loaded.errors),
        brokers: loaded.brokers,
        generator: GeneratorRecord {
            cpu_seconds: loaded.cost.own_cpu_seconds,
            rss_bytes_max: loaded.cost.own_rss_bytes_max,
            threads: loaded.threads,
            connections: point.load.generators * point.load.connections,
            bursts: loaded.bursts,
            scheduling: loaded.scheduling.name().to_string(),
        },
    }
}

fn rates(point: &PointPlan, loaded: &Loaded) -> Rates {
    let counts = loaded.recording.window_counts();
    let window_s = loaded.recording.timeline.window_s();
    let per_s = |count: u64| count as f64 / window_s;
    Rates {
        offered_per_s: point.load.is_scheduled().then(|| per_s(counts.offered)),
        sent_per_s: per_s(counts.sent),
        accepted_per_s: (loaded.totals.acknowledged > 0).then(|| per_s(counts.accepted)),
        delivered_per_s: per_s(counts.delivered),
        completed_per_s: per_s(counts.completed),
    }
}

/// Most frequent first.
fn errors(counts: &BTreeMap<String, u64>) -> Vec<ErrorGroup> {
    let mut groups: Vec<ErrorGroup> = counts
        .iter()
        .map(|(message, count)| ErrorGroup { message: message.clone(), count: *count })
        .collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}

/// Rows of the recording with the samples taken at their ends.
fn series(loaded: &Loaded) -> Vec<SeriesRow> {
    let timeline = &loaded.recording.timeline;
    let mut samples: BTreeMap<usize, &SampleRow> = BTreeMap::new();
    for sample in &loaded.samples {
        // A row taken just after a boundary speaks of the interval before it.
        let middle_ns = sample.at_ns.saturating_sub(timeline.interval_ns() / 2);
        samples.insert(timeline.interval(middle_ns), sample);
    }
    let rows = loaded.recording.rows.iter().enumerate().map(|(interval, row)| {
        let sample = samples.get(&interval);
        SeriesRow {
            t_s: row.start_s,
            duration_s: row.duration_s,
            phase: row.phase,
            offered: row.counts.offered,
            unsent: row.counts.unsent,
            sent: row.counts.sent,
            accepted: row.counts.accepted,
            rejected: row.counts.rejected,
            delivered: row.counts.delivered,
            completed: row.counts.completed,
            in_flight: row.counts.in_flight,
            turnaround: row.turnaround.clone(),
            generator_cpu_cores: sample.and_then(|sample| sample.generator_cpu_cores),
            generator_rss_bytes: sample.and_then(|sample| sample.generator_rss_bytes),
            brokers: sample.map(|sample| sample.brokers.clone()).unwrap_or_default(),
        }
    });
    rows.collect()
}
