//! Path by tier against what was done: whether promises were kept, what was lost, how soon the path was back.

use weighbridge_record::format;
use weighbridge_record::result::{Fault, Kept, Trial};
use weighbridge_record::terms::Path;

use super::groups::Group;
use super::kept::class;

/// A table with a column for each thing that was done; none where not two of them were.
pub struct Matrix {
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
}

pub struct Row {
    pub path: Path,
    pub promise: String,
    /// In the order of the columns.
    pub cells: Vec<Option<Cell>>,
}

pub struct Cell {
    pub class: &'static str,
    pub verdict: &'static str,
    /// `lost 12 (12 confirmed), back within 1.5 s`.
    pub seen: String,
}

/// What was done in a trial: its faults by name, each once.
fn done(trial: &Trial) -> String {
    let mut names: Vec<String> = Vec::new();
    for fault in &trial.faults {
        let moment = fault.moment.map_or(String::new(), |moment| format!(" {moment}"));
        let name = format!("{}{moment}", fault.action);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

pub fn of(groups: &[Group<'_>]) -> Option<Matrix> {
    let trials: Vec<&Trial> = groups
        .iter()
        .flat_map(|group| &group.entries)
        .flat_map(|entry| entry.counted.iter().copied())
        .filter(|trial| !trial.faults.is_empty())
        .collect();
    let mut columns: Vec<String> = Vec::new();
    let mut places: Vec<(Path, String)> = Vec::new();
    for trial in &trials {
        let (column, place) = (done(trial), (trial.path, trial.promise_words()));
        if !columns.contains(&column) {
            columns.push(column);
        }
        if !places.contains(&place) {
            places.push(place);
        }
    }
    if columns.len() < 2 {
        return None;
    }
    places.sort();
    let row = |(path, promise): (Path, String)| {
        let at = |column: &String| {
            let here: Vec<&Trial> = trials
                .iter()
                .filter(|trial| {
                    trial.path == path && trial.promise_words() == promise && done(trial) == *column
                })
                .copied()
                .collect();
            cell(&here)
        };
        let cells = columns.iter().map(at).collect();
        Row { path, promise, cells }
    };
    let rows = places.into_iter().map(row).collect();
    Some(Matrix { columns, rows })
}

/// The worst of some trials; none where there are none.
fn cell(trials: &[&Trial]) -> Option<Cell> {
    if trials.is_empty() {
        return None;
    }
    let promises = trials.iter().flat_map(|trial| &trial.promises);
    let worst = Kept::worst(promises.map(|promise| promise.verdict));
    Some(Cell { class: class(worst), verdict: worst.words(), seen: seen(trials) })
}

fn seen(trials: &[&Trial]) -> String {
    let sum = |count: fn(&Trial) -> u64| trials.iter().map(|trial| count(trial)).sum::<u64>();
    let lost = sum(|trial| trial.ledger.lost);
    let confirmed = sum(|trial| trial.ledger.lost_acknowledged);
    let twice = sum(|trial| trial.ledger.duplicated);
    let mut parts = vec![match (lost, confirmed) {
        (0, _) => "lost nothing".to_owned(),
        (lost, 0) => format!("lost {}", format::count(lost)),
        (lost, confirmed) => format!("lost {} ({} confirmed)", format::count(lost), format::count(confirmed)),
    }];
    let oldest = faults(trials).filter_map(|fault| fault.oldest_lost_s).max_by(f64::total_cmp);
    if let Some(age_s) = oldest {
        parts.push(format!("the oldest {} s old", format::number((age_s * 100.0).round() / 100.0)));
    }
    if twice > 0 {
        parts.push(format!("{} results twice", format::count(twice)));
    }
    let back: Option<Vec<f64>> = faults(trials).map(|fault| fault.recovered_s).collect();
    parts.push(match back.and_then(|back| back.into_iter().max_by(f64::total_cmp)) {
        Some(worst_s) => format!("back within {} s", format::number((worst_s * 100.0).round() / 100.0)),
        None => "not back within the trial".to_owned(),
    });
    parts.join(", ")
}

fn faults<'a>(trials: &'a [&'a Trial]) -> impl Iterator<Item = &'a Fault> {
    trials.iter().flat_map(|trial| &trial.faults)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::{Fixture, with_outage};
    use weighbridge_record::point::Point;
    use weighbridge_record::promised;
    use weighbridge_record::result::RunResult;
    use weighbridge_record::terms::{Action, TransportKind};

    /// The outage at one point, and the same with another name at a second.
    fn swept() -> RunResult {
        let point = |action: &str| Point::from([("faults.0.action".to_owned(), action.into())]);
        let transports = vec![TransportKind::RedisStreams, TransportKind::NatsCore];
        let points = vec![point("kill-broker"), point("partition")];
        let mut result = with_outage(
            Fixture { transports, points, seconds: 12, rate_per_s: 500, ..Fixture::default() }.build(),
        );
        for trial in result.trials.iter_mut().filter(|trial| trial.point == point("partition")) {
            trial.faults.iter_mut().for_each(|fault| fault.action = Action::Partition);
            trial.promises = promised::judge(trial);
        }
        result
    }

    #[test]
    fn each_path_has_a_cell_for_each_thing_that_was_done() {
        let result = swept();
        let matrix = of(&groups(&result)).expect("two things were done");
        assert_eq!(matrix.columns, ["kill-broker, pause-broker", "partition"]);
        assert_eq!(matrix.rows.len(), 2);
        assert!(matrix.rows.iter().all(|row| row.cells.iter().all(Option::is_some)));
        let core = matrix.rows.iter().find(|row| row.path == TransportKind::NatsCore).unwrap();
        let cell = core.cells[0].as_ref().unwrap();
        assert_eq!((cell.verdict, cell.class), ("kept", "good"));
        assert_eq!(cell.seen, "lost 750, back within 1.5 s");
    }

    #[test]
    fn one_thing_that_was_done_makes_no_matrix() {
        let result = with_outage(Fixture { seconds: 12, ..Fixture::default() }.build());
        assert!(of(&groups(&result)).is_none());
    }
}
