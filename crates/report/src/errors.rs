//! Errors of a run, grouped by their wording.

use std::collections::{BTreeMap, BTreeSet};

use weighbridge_record::format;
use weighbridge_record::result::RunResult;

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

#[cfg(test)]
mod tests {
    use super::lines;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::result::ErrorGroup;

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
}
