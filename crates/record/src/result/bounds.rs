//! How large the numbers of a record may be. What no run can have measured is damage, and is named before it is
//! added up, where sums would overflow.

use serde_json::{Number, Value};

use super::LedgerTotals;
use crate::histogram::REQUESTS_MAX;

/// 2^53: the largest whole number that every reader of JSON keeps exact. As nanoseconds it is a hundred days, as bytes
/// nine petabytes.
const NUMBER_MAX: f64 = 9_007_199_254_740_992.0;

/// Counts of requests that are no part of the ledger.
const COUNTS: [&str; 5] = ["count", "offered", "accepted", "in_flight", "wakes"];
/// The parts of a record that hold what was measured, and is added up.
const MEASURED: [&str; 4] = ["trials", "summary", "ratios", "searches"];
/// What the scenario's author chose freely.
const CHOSEN: &str = "point";

/// A number that no run can have measured.
#[derive(Debug, thiserror::Error)]
#[error("{place} is {number}, which no run can have measured; the record is damaged")]
pub struct OutOfBounds {
    /// `trials[0].ledger.lost`
    pub place: String,
    pub number: Number,
}

/// Looks at every measured number of a `RunResult` in JSON.
pub fn check(result: &Value) -> Result<(), OutOfBounds> {
    let measured = MEASURED.into_iter().filter_map(|part| Some((part, result.get(part)?)));
    measured.into_iter().try_for_each(|(part, value)| check_part(part, value))
}

/// As [`check`], for one part of it that stands alone: `trial` in a journal.
pub fn check_part(name: &str, value: &Value) -> Result<(), OutOfBounds> {
    look(&Place { above: None, step: Step::Key(name) }, value)
}

/// The way to a value, put into words only where they are needed.
struct Place<'a> {
    above: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

fn look(place: &Place<'_>, value: &Value) -> Result<(), OutOfBounds> {
    let below = |step, value| look(&Place { above: Some(place), step }, value);
    match value {
        Value::Number(number) if number.as_f64().is_none_or(|found| found.abs() > most(place)) => {
            Err(OutOfBounds { place: place.words(), number: number.clone() })
        }
        Value::Array(values) => {
            values.iter().enumerate().try_for_each(|(index, value)| below(Step::Index(index), value))
        }
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| *key != CHOSEN)
            .try_for_each(|(key, value)| below(Step::Key(key), value)),
        _ => Ok(()),
    }
}

/// The largest number that may stand there.
fn most(place: &Place<'_>) -> f64 {
    let Step::Key(key) = place.step else { return NUMBER_MAX };
    if COUNTS.contains(&key) || LedgerTotals::default().count(key).is_some() {
        REQUESTS_MAX as f64
    } else if key.ends_with("_ns_sum") {
        // Of all requests together: may fill its 64 bits.
        f64::INFINITY
    } else {
        NUMBER_MAX
    }
}

impl Place<'_> {
    fn words(&self) -> String {
        let above = self.above.map_or(String::new(), Place::words);
        match self.step {
            Step::Key(key) if above.is_empty() => key.to_owned(),
            Step::Key(key) => format!("{above}.{key}"),
            Step::Index(index) => format!("{above}[{index}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;

    fn record() -> Value {
        serde_json::to_value(Fixture { seconds: 1, ..Fixture::default() }.build()).unwrap()
    }

    #[test]
    fn a_record_that_was_measured_is_within_bounds() {
        assert!(check(&record()).is_ok());
    }

    #[test]
    fn a_number_that_no_run_can_have_measured_is_named_by_its_place() {
        for (pointer, number, place) in [
            ("/trials/0/ledger/lost", "1000000000001", "trials[0].ledger.lost"),
            ("/trials/1/series/2/offered", "18446744073709551615", "trials[1].series[2].offered"),
            ("/trials/0/series/0/t_s", "-1e300", "trials[0].series[0].t_s"),
            ("/trials/0/latency_ns/turnaround/count", "4611686018427387904", "turnaround.count"),
            ("/trials/0/latency_ns/turnaround/max", "9007199254740993000", "turnaround.max"),
            ("/trials/0/breakdown/0/count", "1000000000001", "breakdown[0].count"),
        ] {
            let mut record = record();
            *record.pointer_mut(pointer).unwrap() = serde_json::from_str(number).unwrap();
            let error = check(&record).unwrap_err().to_string();
            assert!(error.contains(place) && error.contains("the record is damaged"), "{error}");
        }
    }

    #[test]
    fn what_the_author_chose_and_times_of_all_requests_may_be_of_any_size() {
        let mut record = record();
        record["trials"][0]["point"] = serde_json::json!({ "seed": u64::MAX });
        record["scenario"]["seed"] = u64::MAX.into();
        record["trials"][0]["breakdown"][0]["queue_ns_sum"] = u64::MAX.into();
        assert!(check(&record).is_ok());
    }
}
