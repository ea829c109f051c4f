//! A run that has not come to its end: what is known when it begins, and the record that is made of the trials
//! there are. Pure.

use serde::{Deserialize, Serialize};

use crate::pairs::between_paths_at_look;
use crate::result::{Check, Environment, RunResult, ScenarioRecord, SearchRecord, Trial, Verdict};
use crate::summary::summarize;

/// What is known of a run before its first trial; its fields are those of the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunHead {
    pub schema_version: u32,
    pub run_id: String,
    pub scenario: ScenarioRecord,
    pub environment: Environment,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calibration: Vec<Check>,
}

impl RunHead {
    /// The head of a record.
    pub fn of(result: &RunResult) -> Self {
        Self {
            schema_version: result.schema_version,
            run_id: result.run_id.clone(),
            scenario: result.scenario.clone(),
            environment: result.environment.clone(),
            calibration: result.calibration.clone(),
        }
    }

    /// The record of a run that ended after these trials. Its thresholds are not told: they were to be held
    /// against all of its repetitions.
    pub fn cut_short(mut self, trials: Vec<Trial>, mut searches: Vec<SearchRecord>) -> RunResult {
        searches.retain(|search| search.probes.iter().all(|probe| probe.trial < trials.len()));
        if self.scenario.repetitions.is_some() {
            self.scenario.repeat = trials.iter().map(|trial| trial.repetition).max().unwrap_or(0);
        }
        let looks = self.scenario.looks();
        RunResult {
            schema_version: self.schema_version,
            run_id: self.run_id,
            verdict: Verdict::Aborted,
            scenario: self.scenario,
            environment: self.environment,
            thresholds: Vec::new(),
            summary: summarize(&trials),
            calibration: self.calibration,
            // A search tries each path at rates of its own, which are not compared.
            ratios: if searches.is_empty() { between_paths_at_look(&trials, looks) } else { Vec::new() },
            costs: Vec::new(),
            searches,
            pair: None,
            trials,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::result::{Probe, RepetitionRule, SearchOutcome};
    use crate::terms::Objective;

    #[test]
    fn a_run_cut_short_is_aborted_and_summed_up_over_what_there_is() {
        let whole = Fixture { repetitions: 3, seconds: 1, ..Fixture::default() }.build();
        let cut = RunHead::of(&whole).cut_short(whole.trials.clone(), Vec::new());
        assert_eq!((cut.verdict, cut.thresholds.len()), (Verdict::Aborted, 0));
        assert_eq!((&cut.summary, &cut.ratios), (&whole.summary, &whole.ratios));
        assert_eq!((cut.run_id, cut.trials), (whole.run_id, whole.trials));
    }

    #[test]
    fn repetitions_as_needed_that_were_cut_short_are_those_there_are_and_stay_corrected_for_all_looks() {
        let whole = Fixture { repetitions: 3, seconds: 1, ..Fixture::default() }.build();
        let mut head = RunHead::of(&whole);
        head.scenario.repeat = 20;
        head.scenario.repetitions = Some(RepetitionRule {
            margin_percent: 5.0,
            budget_s: 600.0,
            looks_planned: vec![5, 8, 12, 20],
            looks: Vec::new(),
            stopped: None,
            judged: 0,
            open: 0,
            points_unjudged: 0,
        });
        let cut = head.cut_short(whole.trials.clone(), Vec::new());
        assert_eq!((cut.scenario.repeat, cut.scenario.looks()), (3, 4));
        for (corrected, plain) in cut.ratios.iter().zip(&whole.ratios) {
            assert!(corrected.p_adjusted >= plain.p_adjusted && corrected.ratio.median == plain.ratio.median);
        }
        assert!(cut.ratios.iter().zip(&whole.ratios).any(|(cut, plain)| cut.p_adjusted > plain.p_adjusted));
    }

    #[test]
    fn a_search_whose_trials_are_gone_is_left_out() {
        let whole = Fixture { seconds: 1, ..Fixture::default() }.build();
        let search = |trial| SearchRecord {
            path: whole.trials[0].path,
            objective: Objective::HighestSustainedRate,
            outcome: SearchOutcome::Stopped,
            rate_per_s: None,
            low_per_s: None,
            high_per_s: None,
            precision: 0.1,
            from_per_s: 1.0,
            to_per_s: 2.0,
            probes: vec![Probe {
                rate_per_s: 1.0,
                confirmation: false,
                asked: 1,
                passed: true,
                reasons: vec![],
                trial,
            }],
        };
        let cut = RunHead::of(&whole).cut_short(whole.trials[..1].to_vec(), vec![search(0), search(1)]);
        assert_eq!(cut.searches, [search(0)]);
        assert!(cut.ratios.is_empty());
    }
}
