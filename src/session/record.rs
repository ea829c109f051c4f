//! Turns what the threads of a trial brought home into its record.

use std::collections::BTreeMap;

use super::doubts::{Evidence, judge};
use super::gaps;
use super::probes::Seen;
use super::routed::{self, RouteSeen};
use super::spec::TrialSpec;
use crate::crew::CrewReport;
use crate::environment;
use crate::fault::FaultReport;
use crate::load::{AccountSummary, GeneratorOutcome, LegsSummary};
use crate::metrics::Recording;
use weighbridge_plan::credentials::redact;
use weighbridge_plan::{PointPlan, ScoringFormat, ScoringService, Work};
use weighbridge_record::behind;
use weighbridge_record::promised;
use weighbridge_record::recovery::{self, Around};
use weighbridge_record::result::{
    BrokerRecord, ErrorGroup, Finding, FindingClass, GeneratorRecord, Held, LedgerTotals, Leg, OthersKind,
    PublishersRecord, Rates, ScorerCalls, ScorerRecord, SeamCheck, SeriesRow, StageLatencies, Trial,
    WakeLateness, WorkersRecord,
};
use weighbridge_record::terms::TransportKind;

/// What the parts of a trial brought home.
pub struct Loaded {
    pub load: GeneratorOutcome,
    pub crew: CrewReport,
    /// Of publishers that are not ours.
    pub publishers: Option<CrewReport>,
    pub faults: FaultReport,
    pub seen: Seen,
    /// Of the site's nodes, without figures.
    pub records: Vec<BrokerRecord>,
    /// What is wrong or unknown about the tier of the site's nodes.
    pub tier_doubts: Vec<String>,
    pub threads: u32,
    /// What the server of each leg stored at the end of each stage of a route.
    pub held: Vec<Vec<Vec<Held>>>,
    /// What it still stores, where that was asked.
    pub left: Vec<Vec<Held>>,
    /// Whether what the legs of a route publish is heard.
    pub seam: Vec<SeamCheck>,
    pub complete: bool,
}

/// The record of a trial, judged.
pub fn assemble(spec: &TrialSpec<'_>, loaded: Loaded) -> Trial {
    let point = spec.point;
    let (cost, errors) = (loaded.seen.cost(), errors(&loaded));
    let mut summary = loaded.load.summary;
    let workers = others(point, &loaded.crew);
    if point.workers.external().is_some() {
        without_told(&mut summary);
    }
    let recording = summary.recorder.finish();
    let breaks = summary.breaks.into_iter().chain(loaded.crew.breaks);
    let gaps = gaps::of(breaks, &recording.timeline);
    let mut latencies = StageLatencies::default();
    for (stage, summary) in &recording.latencies {
        latencies.set(*stage, Some(summary.clone()));
    }
    let wakes = WakeLateness {
        ordinary: loaded.seen.ordinary.figures(),
        prompt: loaded.seen.prompt.figures(),
        generators: loaded.load.timer_lateness.figures(),
        workers: loaded.crew.timer_lateness.figures(),
    };
    let brokers = loaded.seen.fill(loaded.records);
    let rates = rates(point, &recording, &summary.totals);
    let busiest_threads = loaded.seen.busiest_threads(&recording.timeline);
    let doubts = judge(&Evidence {
        point,
        path: spec.path,
        rates: &rates,
        latencies: &latencies,
        ledger: &summary.totals,
        rows: &recording.rows,
        ceiling_per_s: spec.ceiling_per_s,
        tier_doubts: &loaded.tier_doubts,
        cost: &cost,
        wakes: &wakes,
        clock_source: &environment::clock_source(),
        brokers: &brokers,
        complete: loaded.complete,
        dropped: loaded.crew.dropped + summary.dropped,
        busiest_threads: &busiest_threads,
        ended_early: loaded.crew.ended_early
            + loaded.publishers.as_ref().map_or(0, |publishers| publishers.ended_early)
            + u32::from(summary.collector_ended),
        refusal: loaded.crew.refusal.as_deref().or(summary.refusal.as_deref()),
        gaps: &gaps,
    });
    let mut series = series(&recording, &loaded.seen, summary.totals.untold);
    behind::fill(&mut series);
    let legs = legs(spec, &summary.totals, summary.legs.as_ref(), &loaded.left);
    let route_seen = RouteSeen { seam: loaded.seam, held: loaded.held };
    let routed = point.route.as_ref().zip(summary.legs.as_ref());
    let mut faults = loaded.faults.faults;
    recovery::fill(&mut faults, &series, &around(point, &recording));
    let connections = point.load.generators * point.load.connections;
    let of_policy = point.load.publishing.as_ref().zip(loaded.load.publishing.as_ref());
    let publishing = of_policy.map(|(plan, outcome)| outcome.record(plan, connections));
    let mut trial = Trial {
        path: spec.path,
        legs,
        repetition: spec.repetition,
        order: spec.order,
        point: point.point.clone(),
        valid: !doubts.iter().any(|doubt| doubt.kind.invalidates()),
        complete: loaded.complete,
        doubts,
        completed_by: point.completed_by(),
        window_s: recording.timeline.window_s(),
        rates,
        latency_ns: latencies,
        route: routed.map(|(plan, legs)| routed::route(plan, spec.path, point, legs, &series, &route_seen)),
        pairs: routed.and_then(|(plan, legs)| routed::twins(plan, legs)),
        series,
        breakdown: recording.breakdown,
        ledger: summary.totals,
        faults,
        promises: Vec::new(),
        legal: Vec::new(),
        gaps,
        findings: Finding::earliest(summary.findings),
        errors,
        left_behind: Vec::new(),
        brokers,
        generator: GeneratorRecord {
            cpu_seconds: cost.own_cpu_seconds,
            rss_bytes_max: cost.own_rss_bytes_max,
            threads: loaded.threads,
            busiest_threads,
            connections,
            markers: loaded.load.markers,
            bursts: loaded.load.bursts.sizes(),
            scheduling: loaded.load.scheduling.name().to_string(),
            wakes: Some(wakes),
            publishing,
            publishers: publishers(point, loaded.publishers.as_ref()),
        },
        workers,
    };
    (trial.promises, trial.legal) = (promised::judge(&trial), promised::legal(&trial));
    trial
}

/// Workers that are not ours alone; none where all are.
fn others(point: &PointPlan, crew: &CrewReport) -> Option<WorkersRecord> {
    if let Some(service) = point.workers.service() {
        return Some(WorkersRecord {
            kind: OthersKind::Http,
            count: point.workers.work()?.count,
            command: Vec::new(),
            started: None,
            cpu_seconds: None,
            scorer: Some(scorer(service, crew.calls.unwrap_or_default())),
        });
    }
    let external = point.workers.external()?;
    let command = external.command.iter().flatten().map(|word| redact(word)).collect();
    Some(WorkersRecord {
        kind: OthersKind::External,
        count: external.work.count,
        command,
        started: external.command.is_some().then_some(crew.started),
        cpu_seconds: crew.cpu_seconds,
        scorer: None,
    })
}

/// Publishers that are not ours; none where we publish.
fn publishers(point: &PointPlan, report: Option<&CrewReport>) -> Option<PublishersRecord> {
    let (command, report) = (point.load.command.as_ref()?, report?);
    let command = command.iter().map(|word| redact(word)).collect();
    Some(PublishersRecord { command, started: report.started, cpu_seconds: report.cpu_seconds })
}

fn scorer(service: &ScoringService, calls: ScorerCalls) -> ScorerRecord {
    let model = match &service.format {
        ScoringFormat::Json => None,
        ScoringFormat::Openai { model } => Some(model.clone()),
    };
    let timeout_s = service.timeout_ns as f64 / 1e9;
    ScorerRecord { url: redact(&service.url), model, timeout_s, retries: service.retries, calls }
}

/// Takes out what only workers tell, where they tell nothing.
fn without_told(summary: &mut AccountSummary) {
    summary.totals = summary.totals.without_told();
    for finding in &mut summary.findings {
        if finding.class == FindingClass::LostRequest {
            finding.class = FindingClass::Lost;
        }
    }
}

/// The legs of the path, each with the requests that went over it.
fn legs(
    spec: &TrialSpec<'_>,
    whole: &LedgerTotals,
    of_legs: Option<&LegsSummary>,
    left: &[Vec<Held>],
) -> Vec<Leg> {
    let brokers = &spec.point.brokers;
    let leg = |(index, transport): (usize, TransportKind)| Leg {
        transport,
        held: left.get(index).filter(|_| of_legs.is_some()).cloned().unwrap_or_default(),
        durability: transport.durability(brokers.durability),
        promise: transport.promise(brokers.delivery),
        ledger: of_legs.map_or(*whole, |legs| legs.totals[index]),
        stored: left.get(index).and_then(|held| held.first()?.entries),
    };
    spec.path.legs().enumerate().map(leg).collect()
}

/// What the recovery from a fault is held against.
fn around(point: &PointPlan, recording: &Recording) -> Around {
    let work = point.workers.work().filter(|work| work.service_time.mean_ns() > 0);
    let at_a_time = |work: &Work| f64::from(work.count) * f64::from(work.concurrency);
    Around {
        scheduled: point.load.is_scheduled(),
        window_s: recording.timeline.window_s(),
        served_per_s: work.map(|work| at_a_time(work) / (work.service_time.mean_ns() as f64 / 1e9)),
    }
}

fn rates(point: &PointPlan, recording: &Recording, totals: &LedgerTotals) -> Rates {
    let counts = recording.window_counts();
    let window_s = recording.timeline.window_s();
    let per_s = |count: u64| count as f64 / window_s;
    Rates {
        offered_per_s: point.load.is_scheduled().then(|| per_s(counts.offered)),
        sent_per_s: per_s(counts.sent),
        accepted_per_s: (totals.acknowledged > 0).then(|| per_s(counts.accepted)),
        delivered_per_s: (!totals.untold).then(|| per_s(counts.delivered)),
        completed_per_s: per_s(counts.completed),
    }
}

/// Those of all parts, most frequent first.
fn errors(loaded: &Loaded) -> Vec<ErrorGroup> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let of_publishers = loaded.publishers.iter().flat_map(|publishers| &publishers.errors);
    let told = loaded.load.summary.errors.iter().chain(&loaded.crew.errors).chain(of_publishers);
    let told = told.map(|(message, count)| (message.as_str(), *count));
    for (message, count) in told.chain(loaded.faults.errors.iter().map(|message| (message.as_str(), 1))) {
        *counts.entry(message).or_default() += count;
    }
    let group = |(message, count): (&str, u64)| ErrorGroup { message: message.to_string(), count };
    let mut groups: Vec<ErrorGroup> = counts.into_iter().map(group).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}

/// Rows of the recording with the samples taken at their ends.
fn series(recording: &Recording, seen: &Seen, untold: bool) -> Vec<SeriesRow> {
    let mut samples = seen.samples(&recording.timeline);
    let since_window_s = |at_ns: u64| recording.timeline.since_window_s(at_ns);
    let rows = recording.rows.iter().enumerate().map(|(interval, row)| {
        let sample = samples.remove(&interval).unwrap_or_default();
        SeriesRow {
            t_s: row.start_s,
            duration_s: row.duration_s,
            phase: row.phase,
            offered: row.counts.offered,
            unsent: row.counts.unsent,
            sent: row.counts.sent,
            accepted: row.counts.accepted,
            rejected: row.counts.rejected,
            delivered: (!untold).then_some(row.counts.delivered),
            completed: row.counts.completed,
            in_flight: row.counts.in_flight,
            behind_s: None,
            lost: row.counts.lost,
            lost_acknowledged: row.counts.lost_acknowledged,
            first_lost_acknowledged_s: row.counts.first_lost_acknowledged_ns.map(since_window_s),
            duplicated: row.counts.duplicated,
            redelivered: row.counts.redelivered,
            parked: row.counts.parked,
            turnaround: row.turnaround.clone(),
            generator_cpu_cores: sample.generator_cpu_cores,
            generator_rss_bytes: sample.generator_rss_bytes,
            brokers: sample.brokers,
        }
    });
    rows.collect()
}
