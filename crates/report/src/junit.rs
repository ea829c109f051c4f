//! `junit.xml`: a test case for each threshold and for the validity of each path, as CI servers read it.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::ReportError;
use super::groups::{Entry, Group, groups};
use super::thresholds::observed;
use weighbridge_record::result::{RunResult, ThresholdOutcome};

/// One suite for each transport and point.
pub fn xml(result: &RunResult) -> Result<String, ReportError> {
    let mut report = Report::new(format!("weighbridge {}", result.scenario.name));
    for group in &groups(result) {
        for entry in &group.entries {
            report.add_test_suite(suite(result, group, entry));
        }
    }
    report.to_string().map_err(|error| ReportError::Junit { detail: error.to_string() })
}

fn suite(result: &RunResult, group: &Group<'_>, entry: &Entry<'_>) -> TestSuite {
    let place = match group.point.label() {
        label if label.is_empty() => entry.path.to_string(),
        label => format!("{} at {label}", entry.path),
    };
    let name = format!("{} {place}", result.scenario.name);
    let mut suite = TestSuite::new(name.as_str());
    suite.add_test_case(validity(entry).set_classname(name.as_str()).clone());
    let own = |outcome: &&ThresholdOutcome| outcome.path == entry.path && outcome.point == *group.point;
    for outcome in result.thresholds.iter().filter(own) {
        suite.add_test_case(threshold(outcome).set_classname(name.as_str()).clone());
    }
    suite
}

/// A measurement that is invalid is an error, not a failure: it says nothing about the path.
fn validity(entry: &Entry<'_>) -> TestCase {
    let doubts = entry.trials.iter().filter(|trial| !trial.valid).flat_map(|trial| {
        let place = trial.point.place(format!("repetition {}", trial.repetition));
        let invalidating = trial.doubts.iter().filter(|doubt| doubt.kind.invalidates());
        invalidating.map(move |doubt| format!("{place}: {}: {}", doubt.kind.name(), doubt.detail))
    });
    let doubts: Vec<String> = doubts.collect();
    let mut status = TestCaseStatus::success();
    if !doubts.is_empty() {
        status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message("the measurement is invalid").set_description(doubts.join("\n"));
    }
    TestCase::new("the measurement is valid", status)
}

fn threshold(outcome: &ThresholdOutcome) -> TestCase {
    let mut status = TestCaseStatus::success();
    if !outcome.passed {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(format!("observed {}", observed(outcome)));
    }
    TestCase::new(outcome.expression.as_str(), status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::terms::TransportKind;

    fn result() -> RunResult {
        let transports = vec![TransportKind::NatsCore, TransportKind::RedisPubsub];
        Fixture { transports, seconds: 2, ..Fixture::default() }.build()
    }

    fn count(xml: &str, attribute: &str) -> usize {
        // The totals stand in the first element.
        let head = xml.split("<testsuite ").next().unwrap_or_default();
        let value = head.split_once(&format!(" {attribute}=\"")).and_then(|(_, rest)| rest.split_once('"'));
        value.and_then(|(number, _)| number.parse().ok()).unwrap_or_else(|| panic!("{attribute} in {head}"))
    }

    #[test]
    fn a_sound_run_has_a_case_for_each_threshold_and_path_and_no_failure() {
        let result = result();
        assert!(!result.thresholds.is_empty());
        let xml = xml(&result).unwrap();
        assert_eq!(count(&xml, "tests"), result.thresholds.len() + 2, "{xml}");
        assert_eq!((count(&xml, "failures"), count(&xml, "errors")), (0, 0), "{xml}");
    }

    #[test]
    fn a_failed_threshold_is_a_failure_and_an_invalid_trial_an_error() {
        let mut result = result();
        result.thresholds[0].passed = false;
        result.trials[0].valid = false;
        let doubt = weighbridge_record::result::Doubt {
            kind: weighbridge_record::result::DoubtKind::GeneratorLagged,
            detail: "late & <slow>".to_owned(),
        };
        result.trials[0].doubts.push(doubt);
        let xml = xml(&result).unwrap();
        assert_eq!((count(&xml, "failures"), count(&xml, "errors")), (1, 1), "{xml}");
        assert!(xml.contains("late &amp; &lt;slow&gt;"), "{xml}");
    }

    #[test]
    fn a_doubt_of_a_sweep_names_its_point() {
        let points = vec![[("load.rate".to_owned(), 500.into())].into()];
        let mut result = Fixture { points, seconds: 1, ..Fixture::default() }.build();
        result.trials[0].valid = false;
        result.trials[0].doubts[0].kind = weighbridge_record::result::DoubtKind::Incomplete;
        let xml = xml(&result).unwrap();
        assert!(xml.contains("repetition 1 at load.rate = 500: incomplete: "), "{xml}");
    }
}
