//! What was done to brokers and workers, and how each path came back.

use super::groups::{Entry, Group};
use weighbridge_record::format;
use weighbridge_record::result::{Fault, Stretch, Trial};

/// Faults of different trials that begin within this time of each other are the same line of the scenario.
const SAME_S: f64 = 1.0;

/// One fault of one trial, in words.
pub struct Row {
    pub path: weighbridge_record::terms::Path,
    pub repetition: u32,
    pub label: String,
    pub what: String,
    pub when: String,
    pub in_flight: String,
    /// From the end of the fault.
    pub first_completion: String,
    pub recovered: String,
    pub drained: String,
    pub lost: String,
    pub lost_acknowledged: String,
    pub duplicated: String,
    pub redelivered: String,
    pub parked: String,
    /// p99 before, during and after.
    pub p99: String,
}

/// The faults of the group with short names: `F1`, `F2`. The same fault of several trials is one.
pub fn of<'a>(group: &Group<'a>) -> Vec<(String, &'a Fault)> {
    let mut faults: Vec<&Fault> = Vec::new();
    let trials = group.entries.iter().map(Entry::trial);
    for fault in trials.flat_map(|trial| &trial.faults) {
        if !faults.iter().any(|known| same(known, fault)) {
            faults.push(fault);
        }
    }
    faults.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
    faults.into_iter().enumerate().map(|(index, fault)| (format!("F{}", index + 1), fault)).collect()
}

fn same(a: &Fault, b: &Fault) -> bool {
    a.action == b.action && a.moment == b.moment && (a.start_s - b.start_s).abs() < SAME_S
}

/// A row for every fault of every counted trial.
pub fn rows(group: &Group<'_>) -> Vec<Row> {
    let known = of(group);
    let trials = group.entries.iter().flat_map(|entry| &entry.counted);
    let faults = trials.flat_map(|trial| trial.faults.iter().map(move |fault| (*trial, fault)));
    faults.map(|(trial, fault)| row(trial, fault, &known)).collect()
}

/// What was done, and to whom: `kill worker.1 before-reply`.
pub fn what(fault: &Fault) -> String {
    let moment = fault.moment.map_or(String::new(), |moment| format!(" {moment}"));
    format!("{} {}{moment}", fault.action.verb(), fault.target)
}

fn row(trial: &Trial, fault: &Fault, known: &[(String, &Fault)]) -> Row {
    let label = known.iter().find(|(_, other)| same(other, fault)).map(|(label, _)| label.clone());
    let when = match fault.end_s {
        Some(end_s) => format!(
            "{} s to {} s",
            format::to_the_millisecond(fault.start_s),
            format::to_the_millisecond(end_s)
        ),
        None => format!("from {} s", format::to_the_millisecond(fault.start_s)),
    };
    let after = |after_s: Option<f64>| match (after_s, fault.end_s) {
        (Some(after_s), Some(_)) => format!("{} s", format::to_the_millisecond(after_s)),
        (None, Some(_)) => "not within the trial".to_owned(),
        (_, None) => String::new(),
    };
    let count = |value: Option<u64>| value.map_or(String::new(), format::count);
    let drained = match fault.drained_expected_s {
        Some(expected_s) => {
            format!("{} (theory {} s)", after(fault.drained_s), format::to_the_millisecond(expected_s))
        }
        None => after(fault.drained_s),
    };
    let lost_acknowledged = match fault.oldest_lost_s {
        Some(age_s) => {
            format!("{}, oldest {} s old", count(fault.lost_acknowledged), format::to_the_millisecond(age_s))
        }
        None => count(fault.lost_acknowledged),
    };
    Row {
        path: trial.path,
        repetition: trial.repetition,
        label: label.unwrap_or_default(),
        what: what(fault),
        when,
        in_flight: count(fault.in_flight),
        first_completion: after(fault.first_completion_s),
        recovered: after(fault.recovered_s),
        drained,
        lost: count(fault.lost),
        lost_acknowledged,
        duplicated: count(fault.duplicated),
        redelivered: count(fault.redelivered),
        parked: count(fault.parked),
        p99: p99(fault),
    }
}

/// `4.1 ms, 2.1 s, 4.3 ms`; a stretch without enough samples is a dash.
fn p99(fault: &Fault) -> String {
    let Some(around) = &fault.turnaround else { return String::new() };
    let words = |stretch: Option<Stretch>| match stretch.and_then(|stretch| stretch.p99_ns) {
        Some(p99_ns) => format::latency(p99_ns as f64),
        None => "-".to_owned(),
    };
    [around.before, around.during, around.after].map(words).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::{Fixture, with_outage};
    use weighbridge_record::result::RunResult;
    use weighbridge_record::terms::TransportKind;

    fn outage() -> RunResult {
        let transports = vec![TransportKind::RedisStreams, TransportKind::NatsCore];
        with_outage(Fixture { transports, seconds: 12, rate_per_s: 500, ..Fixture::default() }.build())
    }

    #[test]
    fn each_path_has_its_own_recovery() {
        let result = outage();
        let rows = rows(&groups(&result)[0]);
        let texts: Vec<_> = rows
            .iter()
            .map(|row| {
                let Row { path, label, what, when, first_completion, recovered, drained, .. } = row;
                let Row { lost, lost_acknowledged, duplicated, .. } = row;
                format!(
                    "{path} {label} {what} | {when} | {first_completion} | {recovered} | {drained} | lost {lost} \
                     ({lost_acknowledged}) | duplicated {duplicated}"
                )
            })
            .collect();
        insta::assert_snapshot!(texts.join("\n"), @r"
        redis-streams F1 kill redis-server | 3 s to 4.5 s | 1.5 s | 2.5 s | 1.5 s | lost 0 (0) | duplicated 12
        redis-streams F2 pause redis-server | 8 s to 9 s | 1 s | 1 s | 1 s | lost 0 (0) | duplicated 0
        nats-core F1 kill nats-server | 3 s to 4.5 s | 1.5 s | 1.5 s | 1.5 s | lost 750 (0) | duplicated 0
        nats-core F2 pause nats-server | 8 s to 9 s | 1 s | 1 s | 1 s | lost 0 (0) | duplicated 0
        ");
    }

    #[test]
    fn the_same_fault_of_two_transports_has_one_name() {
        let result = outage();
        let names: Vec<_> = of(&groups(&result)[0]).into_iter().map(|(label, _)| label).collect();
        assert_eq!(names, ["F1", "F2"]);
    }

    #[test]
    fn a_run_without_faults_has_no_rows() {
        let result = Fixture { seconds: 2, ..Fixture::default() }.build();
        assert!(rows(&groups(&result)[0]).is_empty() && of(&groups(&result)[0]).is_empty());
    }
}
