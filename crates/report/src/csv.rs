//! `trials.csv`: a row per trial with its rates, percentiles and ledger, for spreadsheets and data frames.
//!
//! Names of columns are the paths of `result.json`; latencies are nanoseconds. An empty field means that
//! there is no figure; `own_lateness` names the latencies that are ours. Quoting is that of RFC 4180.

use std::collections::BTreeSet;

use super::ReportError;
use weighbridge_record::own_lateness::in_figure;
use weighbridge_record::result::{LatencySummary, Trial};
use weighbridge_record::terms::Stage;

/// The whole file.
pub fn trials(trials: &[Trial]) -> Result<Vec<u8>, ReportError> {
    let failed = |detail: String| ReportError::Csv { detail };
    // Points of a sweep have the same keys; a record from elsewhere may not.
    let keys: BTreeSet<&String> = trials.iter().flat_map(|trial| trial.point.keys()).collect();
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(head(&keys)).map_err(|error| failed(error.to_string()))?;
    for trial in trials {
        writer.write_record(row(trial, &keys)).map_err(|error| failed(error.to_string()))?;
    }
    writer.into_inner().map_err(|error| failed(error.to_string()))
}

fn head(keys: &BTreeSet<&String>) -> Vec<String> {
    let fixed =
        ["order", "transport", "repetition", "valid", "complete", "durability", "guarantee", "window_s"];
    let mut names: Vec<String> = fixed.map(str::to_owned).into();
    names.extend(keys.iter().map(|key| format!("point.{key}")));
    names.extend(
        weighbridge_record::result::Rates::default().fields().map(|(name, _)| format!("rates.{name}")),
    );
    for stage in Stage::ALL {
        names.push(stage.figure("count"));
        names.extend(LatencySummary::STATISTICS.map(|statistic| stage.figure(statistic)));
    }
    let ledger = weighbridge_record::result::LedgerTotals::default();
    names.extend(ledger.fields().map(|(name, _)| format!("ledger.{name}")));
    names.push("own_lateness".to_owned());
    names
}

fn row(trial: &Trial, keys: &BTreeSet<&String>) -> Vec<String> {
    let figure = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let mut fields = vec![
        trial.order.to_string(),
        trial.path.to_string(),
        trial.repetition.to_string(),
        trial.valid.to_string(),
        trial.complete.to_string(),
        trial.tier_words(),
        trial.guarantee(),
        trial.window_s.to_string(),
    ];
    fields.extend(keys.iter().map(|key| match trial.point.get(*key) {
        None => String::new(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }));
    fields.extend(trial.rates.fields().map(|(_, value)| figure(value)));
    for stage in Stage::ALL {
        let latency = trial.latency_ns.get(stage);
        fields.push(latency.map_or_else(String::new, |latency| latency.count.to_string()));
        fields.extend(
            LatencySummary::STATISTICS
                .map(|name| figure(latency.and_then(|latency| latency.statistic(name)))),
        );
    }
    fields.extend(
        trial.ledger.fields().map(|(_, count)| count.map_or_else(String::new, |count| count.to_string())),
    );
    fields.push(own_lateness(trial));
    fields
}

/// The figures that are the instrument's own, by the names of their columns, with spaces between them.
fn own_lateness(trial: &Trial) -> String {
    let names = Stage::ALL
        .into_iter()
        .flat_map(|stage| LatencySummary::STATISTICS.map(|statistic| stage.figure(statistic)));
    let ours = names.filter(|name| in_figure(trial, name).is_some());
    ours.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::terms::TransportKind;

    #[test]
    fn every_trial_is_a_row_and_every_figure_a_column() {
        let transports = vec![TransportKind::NatsCore];
        let points = vec![[("load.rate".to_owned(), 1000.into())].into()];
        let result = Fixture { transports, points, repetitions: 2, seconds: 1, ..Fixture::default() }.build();
        let text = String::from_utf8(trials(&result.trials).unwrap()).unwrap();
        let columns: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(columns.len(), 3);
        // "at most once" has no comma, so lines can be split.
        let sideways: Vec<String> = (0..columns[0].len())
            .map(|at| format!("{} = {} | {}", columns[0][at], columns[1][at], columns[2][at]))
            .collect();
        let without_other_stages = sideways.into_iter().filter(|line| {
            !line.starts_with("latency_ns.")
                || line.starts_with("latency_ns.turnaround.")
                || line.contains("publish.p50")
        });
        insta::assert_snapshot!(without_other_stages.collect::<Vec<_>>().join("\n"), @r"
        order = 1 | 2
        transport = nats-core | nats-core
        repetition = 1 | 2
        valid = true | true
        complete = true | true
        durability = none | none
        guarantee = at most once | at most once
        window_s = 1 | 1
        point.load.rate = 1000 | 1000
        rates.offered_per_s = 2000 | 2000
        rates.sent_per_s = 2000 | 2000
        rates.accepted_per_s =  | 
        rates.delivered_per_s = 1999.5 | 1999.5
        rates.completed_per_s = 1999 | 1999
        latency_ns.publish.p50 =  | 
        latency_ns.turnaround.count = 2000 | 2000
        latency_ns.turnaround.min = 234752 | 278016
        latency_ns.turnaround.mean = 1065023.5200000012 | 1074814.7840000005
        latency_ns.turnaround.p50 = 972287 | 953855
        latency_ns.turnaround.p90 = 1691647 | 1692671
        latency_ns.turnaround.p99 = 2637823 | 2768895
        latency_ns.turnaround.p999 =  | 
        latency_ns.turnaround.p9999 =  | 
        latency_ns.turnaround.max = 4378623 | 4841471
        ledger.attempted = 2000 | 2000
        ledger.unsent = 0 | 0
        ledger.sent = 2000 | 2000
        ledger.acknowledged = 0 | 0
        ledger.rejected = 0 | 0
        ledger.indeterminate = 0 | 0
        ledger.delivered = 2000 | 2000
        ledger.completed = 2000 | 2000
        ledger.lost = 0 | 0
        ledger.lost_requests = 0 | 0
        ledger.lost_results = 0 | 0
        ledger.lost_acknowledged = 0 | 0
        ledger.duplicated = 0 | 0
        ledger.redelivered = 0 | 0
        ledger.reordered = 0 | 0
        ledger.parked = 0 | 0
        ledger.unexpected = 0 | 0
        own_lateness =  | 
        ");
    }

    #[test]
    fn a_figure_that_is_ours_is_named_in_its_row() {
        let mut trial = Fixture { seconds: 1, ..Fixture::default() }.build().trials.swap_remove(0);
        trial.latency_ns.send_lag.as_mut().unwrap().p99 = Some(2_000_000);
        trial.latency_ns.turnaround.as_mut().unwrap().p99 = Some(5_000_000);
        trial.latency_ns.delivery = None;
        let text = String::from_utf8(trials(&[trial]).unwrap()).unwrap();
        assert!(text.trim_end().ends_with(",latency_ns.turnaround.p99"), "{text}");
    }

    #[test]
    fn commas_and_quotes_of_the_record_stay_in_their_field() {
        let mut trial = Fixture { seconds: 1, ..Fixture::default() }.build().trials.swap_remove(0);
        let hostile = "at \"most\", once\r\n";
        trial.point = [("payload.words".to_owned(), hostile.into())].into();
        let text = String::from_utf8(trials(&[trial.clone()]).unwrap()).unwrap();
        assert!(text.contains(",\"at \"\"most\"\", once\r\n\","), "{text}");
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.records().next().unwrap().unwrap().get(8), Some(hostile));
    }
}
