//! The points of a run along one swept key, every other key held.
//!
//! Only arranges and reads the record; a chart decides what is drawn of it.

use serde_json::Value;

use super::groups::{Entry, Group};
use weighbridge_record::point::{Point, value_text};

/// The key whose sweep is a load curve.
pub const RATE: &str = "load.rate";

/// Points that differ in one key.
pub struct Slice<'g, 'a> {
    pub key: &'g str,
    /// What the other swept keys are set to; empty where only one key is swept.
    pub held: Point,
    /// In the order of their values where those are numbers, else in the order in which they first ran.
    pub steps: Vec<Step<'g, 'a>>,
}

pub struct Step<'g, 'a> {
    pub value: &'g Value,
    pub group: &'g Group<'a>,
}

/// The key along which a run is drawn: the rate where it is swept, else the key with the most values.
pub fn axis<'g>(groups: &'g [Group<'_>]) -> Option<&'g str> {
    let first = groups.first()?;
    let values_of = |key: &str| {
        let mut values: Vec<&Value> = Vec::new();
        for value in groups.iter().filter_map(|group| group.point.get(key)) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values.len()
    };
    let swept: Vec<_> = first
        .point
        .keys()
        .map(|key| (key.as_str(), values_of(key)))
        .filter(|(_, count)| *count > 1)
        .collect();
    let rate = swept.iter().find(|(key, _)| *key == RATE);
    // Of several with as many values the first by name.
    rate.or_else(|| swept.iter().rev().max_by_key(|(_, count)| *count)).map(|(key, _)| *key)
}

/// One slice for every combination of the other keys, in the order in which they first ran.
pub fn slices<'g, 'a>(groups: &'g [Group<'a>], key: &'g str) -> Vec<Slice<'g, 'a>> {
    let mut slices: Vec<Slice<'g, 'a>> = Vec::new();
    for group in groups {
        let Some(value) = group.point.get(key) else { continue };
        let mut held = group.point.clone();
        held.remove(key);
        let step = Step { value, group };
        match slices.iter_mut().find(|slice| slice.held == held) {
            Some(slice) => slice.steps.push(step),
            None => slices.push(Slice { key, held, steps: vec![step] }),
        }
    }
    for slice in &mut slices {
        if slice.steps.iter().all(|step| step.value.is_number()) {
            let number = |step: &Step<'_, '_>| step.value.as_f64().unwrap_or_default();
            slice.steps.sort_by(|a, b| number(a).total_cmp(&number(b)));
        }
    }
    slices
}

/// The place of the point to look at first: the last that all transports bore, else the first.
pub fn representative(groups: &[Group<'_>]) -> usize {
    let borne = |group: &Group<'_>| group.trials().all(|trial| trial.valid);
    let borne = groups.iter().enumerate().filter(|(_, group)| borne(group));
    borne.max_by_key(|(_, group)| group.entries.len()).map_or(0, |(index, _)| index)
}

impl Step<'_, '_> {
    pub fn label(&self) -> String {
        value_text(self.value)
    }
}

/// Whether any repetition may be trusted; `Entry::counted` then holds those that may.
pub fn has_valid(entry: &Entry<'_>) -> bool {
    entry.counted.iter().any(|trial| trial.valid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::terms::TransportKind;

    fn run(points: Vec<Point>) -> weighbridge_record::result::RunResult {
        let transports = vec![TransportKind::NatsCore];
        Fixture { transports, points, seconds: 1, rate_per_s: 50, ..Fixture::default() }.build()
    }

    fn point<const N: usize>(values: [(&str, i64); N]) -> Point {
        values.map(|(key, value)| (key.to_owned(), value.into())).into()
    }

    #[test]
    fn a_grid_has_a_slice_for_each_combination_of_the_other_keys() {
        let counts = [1, 4].into_iter();
        let points = counts.flat_map(|count| {
            [300, 100, 200].map(|rate| point([("workers.count", count), ("load.rate", rate)]))
        });
        let result = run(points.collect());
        let groups = groups(&result);
        assert_eq!(axis(&groups), Some(RATE));
        let slices = slices(&groups, RATE);
        let told: Vec<_> = slices
            .iter()
            .map(|slice| (slice.held.clone(), slice.steps.iter().map(Step::label).collect::<Vec<_>>()))
            .collect();
        let rates = || vec!["100".to_owned(), "200".to_owned(), "300".to_owned()];
        assert_eq!(
            told,
            [(point([("workers.count", 1)]), rates()), (point([("workers.count", 4)]), rates())]
        );
    }

    #[test]
    fn without_a_rate_the_key_with_the_most_values_is_drawn() {
        let points = [(1, 10), (1, 20), (1, 30), (2, 10), (2, 20), (2, 30)]
            .map(|(a, b)| point([("load.connections", a), ("workers.count", b)]));
        assert_eq!(axis(&groups(&run(points.to_vec()))), Some("workers.count"));
    }

    #[test]
    fn a_run_without_a_sweep_has_no_axis() {
        assert_eq!(axis(&groups(&run(vec![Point::new()]))), None);
        assert_eq!(axis(&groups(&run(vec![point([("load.rate", 5)])]))), None);
    }

    #[test]
    fn the_last_point_without_invalid_trials_is_looked_at_first() {
        let mut result = run([100, 200, 300].map(|rate| point([("load.rate", rate)])).to_vec());
        assert_eq!(representative(&groups(&result)), 2);
        result.trials[2].valid = false;
        assert_eq!(representative(&groups(&result)), 1);
        result.trials.iter_mut().for_each(|trial| trial.valid = false);
        assert_eq!(representative(&groups(&result)), 0);
    }

    #[test]
    fn words_keep_the_order_in_which_they_ran() {
        let tier = |name: &str| [("brokers.durability".to_owned(), name.into())].into();
        let result = run(["memory", "lazy", "os"].map(tier).to_vec());
        let groups = groups(&result);
        let key = axis(&groups).unwrap();
        let labels: Vec<_> = slices(&groups, key)[0].steps.iter().map(Step::label).collect();
        assert_eq!(labels, ["memory", "lazy", "os"]);
    }

    #[test]
    fn figures_of_invalid_repetitions_are_read_without_a_summary() {
        let transports = vec![TransportKind::NatsCore];
        let mut result = Fixture { transports, repetitions: 3, seconds: 1, ..Fixture::default() }.build();
        result.trials.iter_mut().for_each(|trial| trial.valid = false);
        result.summary.clear();
        let groups = groups(&result);
        let entry = &groups[0].entries[0];
        assert!(!has_valid(entry));
        assert!(entry.figure("latency_ns.turnaround.p99").is_some());
    }
}
