//! The certificate of a route: what was asked of each stage and what came of it, leg by leg, and what is left behind.

use super::groups::Group;
use weighbridge_record::format;
use weighbridge_record::result::{BrokerRecord, Leg, RouteRecord, RouteStage, Stretch, Trial, TwinAnswers};
use weighbridge_record::terms::Path;

const STAGE_COLUMNS: [&str; 11] = [
    "stage",
    "asked",
    "observed",
    "requests",
    "unanswered",
    "doubled",
    "longest silence",
    "p50",
    "p99",
    "p99.9",
    "max",
];
const LEG_COLUMNS: [&str; 10] = [
    "leg",
    "requests",
    "confirmed",
    "answered",
    "lost",
    "of these confirmed",
    "doubled",
    "redelivered",
    "out of order",
    "still stored",
];

/// The certificate of one trial.
pub struct Certificate {
    pub path: Path,
    pub repetition: u32,
    pub kind: &'static str,
    /// Stage by stage, and leg by leg.
    pub tables: [Table; 2],
    /// What else there is to sign: each with its figure.
    pub facts: Vec<(String, String)>,
}

/// Rows of as many cells as there are columns.
pub struct Table {
    pub caption: &'static str,
    pub columns: &'static [&'static str],
    pub rows: Vec<Vec<String>>,
}

/// One for every counted trial of a route.
pub fn of(group: &Group<'_>) -> Vec<Certificate> {
    let trials = group.entries.iter().flat_map(|entry| &entry.counted);
    trials.filter_map(|trial| Some(certificate(trial, trial.route.as_ref()?))).collect()
}

fn certificate(trial: &Trial, route: &RouteRecord) -> Certificate {
    let mut facts = vec![
        ("requests".to_owned(), format::count(trial.ledger.attempted)),
        ("without an answer".to_owned(), format::count(trial.ledger.unanswered())),
        ("answered twice".to_owned(), format::count(trial.ledger.duplicated)),
        ("longest silence".to_owned(), format::latency(route.silence_s_max * 1e9)),
    ];
    facts.extend(trial.pairs.iter().flat_map(pairs).map(|(name, figure)| (name.to_owned(), figure)));
    let promised = trial.legs.iter().map(|leg| (format!("{} promises", leg.transport), leg.promise_words()));
    facts.extend(promised);
    facts.extend(trial.brokers.iter().map(|broker| (format!("{} used", broker.kind), used(broker))));
    let left = trial.left_behind.iter().map(|left| format!("{}: {}", left.name, left.command));
    facts.extend(left.map(|left| ("left behind".to_owned(), left)));
    Certificate {
        path: trial.path,
        repetition: trial.repetition,
        kind: route.kind.name(),
        tables: [
            Table {
                caption: "Stage by stage",
                columns: &STAGE_COLUMNS,
                rows: route.stages.iter().map(|row| stage(row).into()).collect(),
            },
            Table {
                caption: "Leg by leg",
                columns: &LEG_COLUMNS,
                rows: trial.legs.iter().map(|row| leg(row).into()).collect(),
            },
        ],
        facts,
    }
}

fn stage(stage: &RouteStage) -> [String; 11] {
    let times = |read: fn(&Stretch) -> Option<u64>| {
        stage.turnaround.as_ref().and_then(read).map_or_else(String::new, format::latency_ns)
    };
    [
        format!("{} to {}", format::seconds(stage.start_s), format::seconds(stage.end_s)),
        stage.asked_percent.map_or_else(|| "both".to_owned(), |percent| format!("{percent} %")),
        stage.observed_percent.map_or_else(String::new, |share| format!("{share:.2} %")),
        format::count(stage.attempted),
        format::count(stage.unanswered),
        format::count(stage.duplicated),
        format::latency(stage.silence_s * 1e9),
        times(|turnaround| turnaround.p50_ns),
        times(|turnaround| turnaround.p99_ns),
        times(|turnaround| turnaround.p999_ns),
        times(|turnaround| Some(turnaround.max_ns)),
    ]
}

fn leg(leg: &Leg) -> [String; 10] {
    let ledger = &leg.ledger;
    let confirms = leg.transport.answers_publish();
    [
        leg.transport.to_string(),
        format::count(ledger.attempted),
        if confirms { format::count(ledger.acknowledged) } else { String::new() },
        format::count(ledger.completed),
        format::count(ledger.lost),
        format::count(ledger.lost_acknowledged),
        format::count(ledger.duplicated),
        format::count(ledger.redelivered),
        format::count(ledger.reordered),
        leg.stored.map_or_else(String::new, format::count),
    ]
}

/// What a server used while the load was on; empty for one that is not ours.
fn used(broker: &BrokerRecord) -> String {
    let used = [
        broker.cpu_seconds.map(|cpu| format!("{cpu:.2} s of CPU")),
        broker.rss_bytes_max.map(|rss| format!("{} of memory", format::bytes(rss as f64))),
    ];
    used.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn pairs(pairs: &TwinAnswers) -> Vec<(&'static str, String)> {
    let lag = |read: fn(&weighbridge_record::result::LatencySummary) -> Option<u64>| {
        pairs.lag_ns.as_ref().and_then(read).map(format::latency_ns)
    };
    let mut facts = vec![
        ("pairs of answers", format::count(pairs.compared)),
        ("pairs with another level or score", format::count(pairs.different)),
        ("answered by the second leg alone", format::count(pairs.missing_from)),
        ("answered by the first leg alone", format::count(pairs.missing_to)),
        ("pairs of which the first leg was ahead", format::count(pairs.from_ahead)),
    ];
    facts.extend(lag(|lag| lag.p50).map(|p50| ("lag between the answers, p50", p50)));
    facts.extend(lag(|lag| lag.p99).map(|p99| ("lag between the answers, p99", p99)));
    facts.extend(lag(|lag| lag.max).map(|max| ("lag between the answers, longest", max)));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::terms::{RouteKind, TransportKind};

    #[test]
    fn a_path_of_one_leg_has_none_and_a_route_has_a_row_for_each_stage_and_leg() {
        let transports = vec![TransportKind::NatsCore];
        let mut result = Fixture { transports, seconds: 3, ..Fixture::default() }.build();
        assert!(of(&groups(&result)[0]).is_empty());
        let trial = &mut result.trials[0];
        trial.path = Path::between(TransportKind::RedisPubsub, TransportKind::NatsCore);
        let first = Leg { transport: TransportKind::RedisPubsub, ..trial.legs[0].clone() };
        trial.legs.insert(0, first);
        let turnaround = Some(Stretch {
            count: 9,
            p50_ns: Some(1_000_000),
            p99_ns: None,
            p999_ns: None,
            max_ns: 2_000_000,
        });
        let stage = |asked_percent, start_s, end_s| RouteStage {
            asked_percent: Some(asked_percent),
            observed_percent: Some(f64::from(asked_percent)),
            start_s,
            end_s,
            attempted: 1_500,
            unanswered: 3,
            duplicated: 0,
            reordered: 0,
            silence_s: 0.012,
            legs: Vec::new(),
            turnaround,
        };
        trial.route = Some(RouteRecord {
            kind: RouteKind::Shift,
            from: TransportKind::RedisPubsub,
            to: TransportKind::NatsCore,
            stages: vec![stage(0, 0.0, 1.5), stage(50, 1.5, 3.0)],
            silence_s_max: 0.012,
            seam: Vec::new(),
        });
        let found = of(&groups(&result)[0]);
        let [stages, legs] = &found[0].tables;
        assert_eq!((found.len(), stages.rows.len(), legs.rows.len()), (1, 2, 2));
        let cells = [
            "1.50 s to 3.00 s",
            "50 %",
            "50.00 %",
            "1 500",
            "3",
            "0",
            "12.0 ms",
            "1.00 ms",
            "",
            "",
            "2.00 ms",
        ];
        assert_eq!(stages.rows[1].iter().map(|cell| cell.replace("\u{a0}", " ")).collect::<Vec<_>>(), cells);
        assert_eq!(legs.rows[0][0], "redis-pubsub");
    }
}
