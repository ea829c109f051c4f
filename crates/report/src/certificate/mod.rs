//! The certificate of a route: what was asked of each stage and what came of it, leg by leg, what was rehearsed and what
//! was not, and what is left behind. On the page, in `certificate.md` and in `certificate.json`.

mod rehearsed;
mod sides;
mod stages;
mod table;
mod text;

use serde_json::{Value, json};

use super::groups::{Group, groups};
use weighbridge_record::format;
use weighbridge_record::result::{BrokerRecord, RouteRecord, RunResult, Trial};

pub use table::Certificate;
pub use text::push_short;

/// Version of the layout of `certificate.json`.
const LAYOUT: u32 = 1;

/// One for every counted trial of a route.
pub fn of(group: &Group<'_>, result: &RunResult) -> Vec<Certificate> {
    counted(group).map(|(trial, route)| certificate(trial, route, result)).collect()
}

fn counted<'a>(group: &'a Group<'_>) -> impl Iterator<Item = (&'a Trial, &'a RouteRecord)> {
    let trials = group.entries.iter().flat_map(|entry| entry.counted.iter().copied());
    trials.filter_map(|trial| Some((trial, trial.route.as_ref()?)))
}

/// Those of a run as Markdown; none where no trial took a route.
pub fn markdown(result: &RunResult) -> Option<String> {
    let all: Vec<Certificate> = groups(result).iter().flat_map(|group| of(group, result)).collect();
    (!all.is_empty()).then(|| text::whole(&result.scenario, &all))
}

/// Those of a run for other programs; none where no trial took a route. The figures are those of the record, under its
/// names.
pub fn json(result: &RunResult) -> Option<String> {
    let groups = groups(result);
    let one = |(trial, route): (&Trial, &RouteRecord)| {
        let (met, unmet) = rehearsed::rehearsed(trial, route);
        json!({
            "path": trial.path,
            "point": trial.point,
            "repetition": trial.repetition,
            "valid": trial.valid,
            "ledger": trial.ledger,
            "route": route,
            "legs": trial.legs,
            "pairs": trial.pairs,
            "faults": trial.faults,
            "promises": trial.promises,
            "brokers": trial.brokers,
            "left_behind": trial.left_behind,
            "rehearsed": met,
            "not_rehearsed": unmet,
            "no_return_s": rehearsed::no_return_s(route),
        })
    };
    let all: Vec<_> = groups.iter().flat_map(counted).map(one).collect();
    let mut whole = json!({
        "layout": LAYOUT,
        "run_id": result.run_id,
        "verdict": result.verdict,
        "scenario": result.scenario,
        "environment": result.environment,
        "command": command(result),
        "certificates": all,
    });
    without_histograms(&mut whole);
    (!all.is_empty()).then(|| format!("{whole:#}\n"))
}

/// They are in `result.json`, and nobody reads them.
fn without_histograms(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("histogram");
            fields.values_mut().for_each(without_histograms);
        }
        Value::Array(values) => values.iter_mut().for_each(without_histograms),
        _ => {}
    }
}

/// Measures the same again, where the scenario of the run lies.
fn command(result: &RunResult) -> String {
    let scenario = &result.scenario;
    let repeat = if scenario.repeat > 1 { format!(" --repeat {}", scenario.repeat) } else { String::new() };
    format!("weighbridge run scenario.toml --seed {}{repeat}", scenario.seed)
}

fn certificate(trial: &Trial, route: &RouteRecord, result: &RunResult) -> Certificate {
    let mut facts = outcome(trial, route);
    facts.extend(trial.pairs.iter().flat_map(sides::pairs).map(|(name, figure)| (name.to_owned(), figure)));
    facts.extend(around(trial, route));
    facts.extend(settings(trial, result));
    let tables = [
        Some(stages::outcomes(route)),
        stages::seams(route),
        stages::costs(trial, route),
        Some(sides::legs(trial)),
        sides::policies(trial),
        sides::subjects(route),
        sides::left(trial),
    ];
    Certificate {
        path: trial.path,
        repetition: trial.repetition,
        kind: route.kind.name(),
        facts,
        tables: tables.into_iter().flatten().collect(),
    }
}

fn outcome(trial: &Trial, route: &RouteRecord) -> Vec<(String, String)> {
    let ledger = &trial.ledger;
    vec![
        fact("requests", format::count(ledger.attempted)),
        fact("without an answer", format::count(ledger.unanswered())),
        fact("answered twice", format::count(ledger.duplicated)),
        fact("longest silence", format::latency(route.silence_s_max * 1e9)),
    ]
}

/// What was rehearsed, and what may still come.
fn around(trial: &Trial, route: &RouteRecord) -> Vec<(String, String)> {
    let (met, unmet) = rehearsed::rehearsed(trial, route);
    let mut facts = vec![fact("point of no return", rehearsed::no_return(trial, route))];
    let said = |name: &str, cases: Vec<String>| (!cases.is_empty()).then(|| fact(name, cases.join("; ")));
    facts.extend(said("rehearsed", met));
    facts.extend(said("not rehearsed", unmet));
    facts
}

/// With what it was obtained, and how to obtain it again.
fn settings(trial: &Trial, result: &RunResult) -> Vec<(String, String)> {
    let mut facts: Vec<_> = trial
        .legs
        .iter()
        .map(|leg| fact(&format!("{} promises", leg.transport), leg.promise_words()))
        .collect();
    facts.extend(trial.brokers.iter().map(|broker| fact(&broker.product(), used(broker))));
    let left = trial.left_behind.iter().map(|left| format!("{}: {}", left.name, left.command));
    facts.extend(left.map(|left| fact("left behind", left)));
    let environment = &result.environment;
    facts.push(fact("offered", result.scenario.offered.clone()));
    facts.push(fact("machine", format!("{}, {} cores", environment.cpu_model, environment.cores)));
    facts.push(fact(
        "run",
        format!("{}, {}, {}", result.run_id, environment.started_at, result.verdict.name()),
    ));
    facts.push(fact("the same again, with the scenario.toml of the run", command(result)));
    facts
}

fn fact(name: &str, figure: String) -> (String, String) {
    (name.to_owned(), figure)
}

/// What a server used while the load was on; says so of one that is not ours.
fn used(broker: &BrokerRecord) -> String {
    let used = [
        broker.cpu_seconds.map(|cpu| format!("{cpu:.2} s of CPU")),
        broker.rss_bytes_max.map(|rss| format!("{} of memory", format::bytes(rss as f64))),
    ];
    let used = used.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if used.is_empty() { "run by somebody else, its use is not known".to_owned() } else { used }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::result::{Leg, RouteStage, Stretch};
    use weighbridge_record::terms::{Path, RouteKind, TransportKind};

    #[test]
    fn a_path_of_one_leg_has_none_and_a_route_has_a_row_for_each_stage_and_leg() {
        let transports = vec![TransportKind::NatsCore];
        let mut result = Fixture { transports, seconds: 3, ..Fixture::default() }.build();
        assert!(of(&groups(&result)[0], &result).is_empty());
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
        let found = of(&groups(&result)[0], &result);
        let table = |caption: &str| found[0].tables.iter().find(|table| table.caption == caption).unwrap();
        let (stages, legs) = (table("Stage by stage"), table("Leg by leg"));
        assert_eq!((found.len(), stages.rows.len(), legs.rows.len()), (1, 2, 2));
        let cells = [
            "1.50 s to 3.00 s",
            "50 %",
            "50.00 %",
            "1 500",
            "3",
            "0",
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
