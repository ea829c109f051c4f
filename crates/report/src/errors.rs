//! Errors of a run, grouped by their wording.

use std::collections::{BTreeMap, BTreeSet};

use weighbridge_record::format;
use weighbridge_record::result::{LeftBehind, RunResult};

/// An error of some transports, with its count over all of them.
pub struct Line {
    pub message: String,
    pub places: String,
    pub count: String,
}

/// Most errors shown; the record has them all.
const ERRORS_MAX: usize = 50;

/// Errors by wording, the most frequent first.
pub fn lines(result: &RunResult) -> Vec<Line> {
    let mut grouped: BTreeMap<&str, (u64, BTreeSet<&str>)> = BTreeMap::new();
    for trial in &result.trials {
        for error in &trial.errors {
            let (count, places) = grouped.entry(&error.message).or_default();
            *count += error.count;
            places.insert(trial.path.name());
        }
    }
    let mut sorted: Vec<_> = grouped.into_iter().collect();
    sorted.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    let line = |(message, (count, places)): (&str, (u64, BTreeSet<&str>))| Line {
        message: message.to_owned(),
        places: places.into_iter().collect::<Vec<_>>().join(", "),
        count: format::count(count),
    };
    sorted.into_iter().take(ERRORS_MAX).map(line).collect()
}

/// What trials could not delete, each once.
pub fn left_behind(result: &RunResult) -> Vec<&LeftBehind> {
    let mut left: Vec<&LeftBehind> = Vec::new();
    for one in result.trials.iter().flat_map(|trial| &trial.left_behind) {
        if !left.contains(&one) {
            left.push(one);
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::{left_behind, lines};
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::result::{ErrorGroup, LeftBehind};

    #[test]
    fn the_same_error_on_two_transports_is_one_line() {
        let mut result = Fixture::default().build();
        for (trial, count) in result.trials.iter_mut().zip([2, 40]) {
            trial.errors = vec![ErrorGroup { message: "refused".to_owned(), count }];
        }
        result.trials[0].errors.push(ErrorGroup { message: "slow".to_owned(), count: 7 });
        let lines = lines(&result);
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].message.as_str(), lines[0].count.as_str()), ("refused", "42"));
        assert_eq!(lines[0].places.split(", ").count(), 2);
    }

    #[test]
    fn what_two_trials_left_under_one_name_is_named_once() {
        let mut result = Fixture::default().build();
        assert!(left_behind(&result).is_empty());
        let left = |name: &str| LeftBehind {
            what: "key".to_owned(),
            name: name.to_owned(),
            server: "redis-server at h:1".to_owned(),
            reason: "refused".to_owned(),
            command: format!("redis-cli -h h -p 1 DEL {name}"),
        };
        result.trials[0].left_behind = vec![left("a"), left("b")];
        result.trials[1].left_behind = vec![left("a")];
        let names: Vec<_> = left_behind(&result).iter().map(|left| left.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
    }
}
