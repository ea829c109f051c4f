//! What was done to brokers and workers, and how each path came back.

use super::groups::{Entry, Group};
use weighbridge_record::format;
use weighbridge_record::result::{Fault, SeriesRow, Trial};

/// Share of the rate asked for at which a path counts as recovered.
const RECOVERED: f64 = 0.95;

/// Faults of different trials that begin within this time of each other are the same line of the scenario.
const SAME_S: f64 = 1.0;

/// One fault of one trial, in words.
pub struct Row {
    pub path: weighbridge_record::terms::Path,
    pub repetition: u32,
    pub label: String,
    pub what: String,
    pub when: String,
    /// From the end of the fault.
    pub first_completion: String,
    pub recovered: String,
    pub lost: String,
    pub duplicated: String,
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
    a.action == b.action && (a.start_s - b.start_s).abs() < SAME_S
}

/// A row for every fault of every counted trial.
pub fn rows(group: &Group<'_>) -> Vec<Row> {
    let known = of(group);
    let trials = group.entries.iter().flat_map(|entry| &entry.counted);
    let faults = trials.flat_map(|trial| trial.faults.iter().map(move |fault| (*trial, fault)));
    faults.map(|(trial, fault)| row(trial, fault, &known)).collect()
}

fn row(trial: &Trial, fault: &Fault, known: &[(String, &Fault)]) -> Row {
    let label = known.iter().find(|(_, other)| same(other, fault)).map(|(label, _)| label.clone());
    let seconds = |s: f64| format::number((s * 1000.0).round() / 1000.0);
    let when = match fault.end_s {
        Some(end_s) => format!("{} s to {} s", seconds(fault.start_s), seconds(end_s)),
        None => format!("from {} s", seconds(fault.start_s)),
    };
    let after = |found: Option<Span>| match (found, fault.end_s) {
        (Some(span), Some(_)) => span.text(),
        (None, Some(_)) => "not within the trial".to_owned(),
        (_, None) => String::new(),
    };
    let count = |value: Option<u64>| value.map_or(String::new(), format::count);
    Row {
        path: trial.path,
        repetition: trial.repetition,
        label: label.unwrap_or_default(),
        what: format!("{} {}", fault.action.verb(), fault.target),
        when,
        first_completion: after(first_completion(trial, fault)),
        recovered: after(recovered(trial, fault)),
        lost: count(fault.lost),
        duplicated: count(fault.duplicated),
    }
}

/// Between which seconds after a fault something happened: the record tells time by intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Span {
    from_s: f64,
    to_s: f64,
}

impl Span {
    fn text(self) -> String {
        let seconds = |s: f64| format::number((s * 1000.0).round() / 1000.0);
        if self.from_s <= 0.0 {
            format!("within {} s", seconds(self.to_s))
        } else {
            format!("{} to {} s", seconds(self.from_s), seconds(self.to_s))
        }
    }
}

fn after<'a>(trial: &'a Trial, fault: &Fault) -> impl Iterator<Item = (&'a SeriesRow, Span)> {
    let end_s = fault.end_s.unwrap_or(f64::INFINITY);
    let rows = trial.series.iter().filter(move |row| row.t_s + row.duration_s > end_s);
    rows.map(move |row| (row, Span { from_s: row.t_s - end_s, to_s: row.t_s + row.duration_s - end_s }))
}

/// The first interval with a completion. The one in which the fault ended counts only if nothing can have
/// been completed in it before the fault.
fn first_completion(trial: &Trial, fault: &Fault) -> Option<Span> {
    let mut rows = after(trial, fault).filter(|(row, _)| row.t_s >= fault.start_s);
    rows.find(|(row, _)| row.completed > 0).map(|(_, span)| span)
}

/// The first whole interval after the fault that completes 95 % of what was asked for: what was offered in
/// it, or, where nothing is scheduled, what was completed on average before the fault.
fn recovered(trial: &Trial, fault: &Fault) -> Option<Span> {
    let before =
        trial.series.iter().filter(|row| row.t_s >= 0.0 && row.t_s + row.duration_s <= fault.start_s);
    let (completed, seconds) =
        before.fold((0.0, 0.0), |sum, row| (sum.0 + row.completed as f64, sum.1 + row.duration_s));
    let usual_per_s: f64 = if seconds > 0.0 { completed / seconds } else { return None };
    let mut rows = after(trial, fault).filter(|(_, span)| span.from_s >= 0.0);
    rows.find(|(row, _)| {
        let offered = row.offered as f64;
        let asked = if trial.rates.offered_per_s.is_some() { offered } else { usual_per_s * row.duration_s };
        asked > 0.0 && row.completed as f64 >= RECOVERED * asked
    })
    .map(|(_, span)| span)
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
                format!(
                    "{} {} {} | {} | {} | {} | lost {} | duplicated {}",
                    row.path,
                    row.label,
                    row.what,
                    row.when,
                    row.first_completion,
                    row.recovered,
                    row.lost,
                    row.duplicated
                )
            })
            .collect();
        insta::assert_snapshot!(texts.join("\n"), @r"
        redis-streams F1 kill redis-server | 3 s to 4.5 s | 0.5 to 1.5 s | 1.5 to 2.5 s | lost 0 | duplicated 12
        redis-streams F2 pause redis-server | 8 s to 9 s | within 1 s | within 1 s | lost 0 | duplicated 0
        nats-core F1 kill nats-server | 3 s to 4.5 s | 0.5 to 1.5 s | 0.5 to 1.5 s | lost 750 | duplicated 0
        nats-core F2 pause nats-server | 8 s to 9 s | within 1 s | within 1 s | lost 0 | duplicated 0
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
