//! Sums trials up: medians and intervals over the repetitions of each place. Pure.

use std::collections::BTreeMap;

use crate::places::places;
use crate::result::{Estimate, LatencySummary, SummaryRow, Trial};
use crate::stats::estimate;
use crate::terms::Stage;

/// One row for each place that was measured.
pub fn summarize(trials: &[Trial]) -> Vec<SummaryRow> {
    let row = |place: crate::places::Place<'_>| {
        let valid = place.valid();
        SummaryRow {
            path: place.path,
            point: place.point.clone(),
            repetitions: place.trials.len() as u32,
            valid_repetitions: valid.len() as u32,
            figures: figures(&valid),
        }
    };
    places(trials).into_iter().map(row).collect()
}

/// Every rate and percentile that all trials have.
fn figures(trials: &[&Trial]) -> BTreeMap<String, Estimate> {
    let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut add = |name: String, value: Option<f64>| {
        if let Some(value) = value {
            values.entry(name).or_default().push(value);
        }
    };
    for trial in trials {
        for (name, value) in trial.rates.fields() {
            add(format!("rates.{name}"), value);
        }
        for stage in Stage::ALL {
            let Some(latency) = trial.latency_ns.get(stage) else { continue };
            for name in LatencySummary::STATISTICS {
                add(stage.figure(name), latency.statistic(name));
            }
        }
    }
    let whole = values.into_iter().filter(|(_, values)| values.len() == trials.len());
    whole.filter_map(|(name, values)| Some((name, estimate(&values)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;

    #[test]
    fn a_row_speaks_of_the_valid_repetitions_and_of_figures_that_all_of_them_have() {
        let mut trials = Fixture { repetitions: 4, seconds: 1, ..Fixture::default() }.build().trials;
        let path = trials[0].path;
        let mut of_path = trials.iter_mut().filter(|trial| trial.path == path);
        let first = of_path.next().unwrap();
        first.valid = false;
        first.rates.completed_per_s = 1e9;
        of_path.next().unwrap().latency_ns.turnaround.as_mut().unwrap().p99 = None;
        let rows = summarize(&trials);
        assert_eq!(rows.len(), 5, "one for each path");
        let row = rows.iter().find(|row| row.path == path).unwrap();
        assert_eq!((row.repetitions, row.valid_repetitions), (4, 3));
        assert!(row.figures["rates.completed_per_s"].median < 1e9);
        assert!(row.figures.contains_key("latency_ns.turnaround.p50"));
        assert!(!row.figures.contains_key("latency_ns.turnaround.p99"));
    }
}
