//! What it cost to ask the brokers about themselves.

use super::figure::Table;
use crate::groups::Group;
use weighbridge_record::format;
use weighbridge_record::result::Trial;

/// None where nobody was asked.
pub fn table(group: &Group<'_>) -> Option<Table> {
    let head = [
        "transport",
        "repetition",
        "broker",
        "answered",
        "unanswered",
        "an answer took",
        "at most",
        "its own time",
    ];
    let mut rows = Vec::new();
    for trial in group.trials() {
        rows.extend(trial.brokers.iter().filter_map(|broker| {
            let asking = broker.asking?;
            let mean_s = (asking.answered > 0).then(|| asking.answer_seconds / asking.answered as f64);
            let time = |seconds: Option<f64>| seconds.map_or_else(String::new, |s| format::latency(s * 1e9));
            let own = asking.server_seconds.map_or_else(String::new, |seconds| share(seconds, trial));
            let (path, repetition) = (trial.path.name().to_owned(), trial.repetition.to_string());
            let counts = [asking.answered, asking.unanswered].map(format::count);
            let [answered, unanswered] = counts;
            let (mean, most) = (time(mean_s), time(asking.answer_seconds_max));
            Some(vec![path, repetition, broker.kind.to_string(), answered, unanswered, mean, most, own])
        }));
    }
    let head = head.map(str::to_owned).into();
    (!rows.is_empty()).then_some(Table {
        caption: "What it cost to ask the brokers for these figures",
        head,
        rows,
    })
}

/// Of the time that the intervals of a trial took.
fn share(seconds: f64, trial: &Trial) -> String {
    let whole: f64 = trial.series.iter().map(|row| row.duration_s).sum();
    if whole > 0.0 {
        format!("{} % of the run", format::number(seconds / whole * 100.0))
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;

    #[test]
    fn what_asking_cost_stands_in_a_table_also_where_a_server_was_silent() {
        let mut result = Fixture { seconds: 10, ..Fixture::default() }.build();
        let asking = result.trials[0].brokers[0].asking.as_mut().unwrap();
        (asking.answered, asking.unanswered, asking.answer_seconds_max) = (0, 7, None);
        let table = table(&groups(&result)[0]).unwrap();
        let row = &table.rows[0];
        assert_eq!(row[3..7], ["0", "7", "", ""]);
        assert_eq!(table.rows[1][3], "10");
    }

    #[test]
    fn where_nobody_was_asked_there_is_no_table() {
        let mut result = Fixture { seconds: 10, ..Fixture::default() }.build();
        let brokers = result.trials.iter_mut().flat_map(|trial| &mut trial.brokers);
        brokers.for_each(|broker| broker.asking = None);
        assert!(table(&groups(&result)[0]).is_none());
    }
}
