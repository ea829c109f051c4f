//! Hands on how a run gets on, and tells it to the figures.

use std::sync::Arc;

use serde_json::Value;

use super::figures::{Begun, FaultAhead, Figures, Place};
use crate::metrics::Timeline;
use crate::session::{Glance, Progress, Sight, TrialSpec};
use weighbridge_plan::FaultPlan;
use weighbridge_record::point::Point;
use weighbridge_record::result::{Probe, Trial};

/// More faults of a trial are not told.
const FAULTS_MAX: usize = 50;

/// The progress of one scenario, told to two.
pub struct Telling {
    pub figures: Arc<Figures>,
    pub scenario: String,
    /// Whether nobody knows how many trials there will be.
    pub searches: bool,
    /// The other one.
    pub progress: Box<dyn Progress>,
}

impl Progress for Telling {
    fn trial_started(&self, spec: &TrialSpec<'_>) {
        self.progress.trial_started(spec);
    }

    fn load_started(&self, spec: &TrialSpec<'_>, sight: Sight) {
        let place = Place {
            scenario: self.scenario.clone(),
            path: spec.path.to_string(),
            point: words(&spec.point.point),
        };
        let is_open = self.searches || spec.repetitions_max.is_some();
        let begun = Begun {
            place,
            order: spec.order,
            trials: (!is_open).then_some(spec.trials),
            untold: spec.point.workers.external().is_some(),
            faults: faults(&spec.point.faults, sight.timeline),
        };
        self.figures.begin(begun, sight.clone());
        self.progress.load_started(spec, sight);
    }

    fn wants_tallies(&self) -> bool {
        true
    }

    fn glance(&self, spec: &TrialSpec<'_>, glance: &Glance) {
        self.progress.glance(spec, glance);
    }

    fn trial_finished(&self, spec: &TrialSpec<'_>, trial: &Trial) {
        self.figures.end(trial);
        self.progress.trial_finished(spec, trial);
    }

    fn waits(&self, words: &str) {
        self.progress.waits(words);
    }

    fn probe_judged(&self, probe: &Probe, trial: &Trial) {
        self.progress.probe_judged(probe, trial);
    }
}

/// Each time that something is done on purpose, within the window.
fn faults(planned: &[FaultPlan], timeline: Timeline) -> Vec<FaultAhead> {
    let warmup_ns = timeline.window_start_ns() - timeline.start_ns();
    let window_ns = timeline.window_end_ns() - timeline.window_start_ns();
    let mut all = Vec::new();
    for fault in planned {
        let words = match &fault.target {
            Some(target) => format!("{} {target}", fault.action.name()),
            None => fault.action.name().to_string(),
        };
        let step = fault.every_ns.unwrap_or(u64::MAX).max(1);
        let times = std::iter::successors(Some(fault.at_ns), |at_ns| at_ns.checked_add(step));
        let times = times.take_while(|at_ns| *at_ns < window_ns).take(FAULTS_MAX);
        all.extend(
            times.map(|at_ns| FaultAhead { at_s: (warmup_ns + at_ns) as f64 / 1e9, words: words.clone() }),
        );
    }
    all.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    all.truncate(FAULTS_MAX);
    all
}

/// `load.rate=2000,workers.count=8`: values as somebody would type them.
fn words(point: &Point) -> String {
    let value = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_f64().unwrap_or_default().to_string(),
        other => other.to_string(),
    };
    point.iter().map(|(key, given)| format!("{key}={}", value(given))).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_plan::FaultAction;

    #[test]
    fn a_fault_is_told_each_time_that_it_comes_within_the_window() {
        let timeline = Timeline::new(5_000_000_000, 1_000_000_000, 10_000_000_000, 0);
        let fault = |at_s: u64, every_s: Option<u64>, target: Option<&str>| FaultPlan {
            at_ns: at_s * 1_000_000_000,
            every_ns: every_s.map(|every_s| every_s * 1_000_000_000),
            action: FaultAction::Reset,
            target: target.map(str::to_owned),
        };
        let told = faults(&[fault(4, Some(4), None), fault(2, None, Some("nats-server"))], timeline);
        let told: Vec<_> = told.iter().map(|fault| (fault.at_s, fault.words.as_str())).collect();
        assert_eq!(told, [(3.0, "reset nats-server"), (5.0, "reset"), (9.0, "reset")]);
        assert_eq!(faults(&[], timeline), []);
    }

    #[test]
    fn a_point_is_told_in_words_that_can_be_typed() {
        assert_eq!(words(&Point::new()), "");
        let point = [("load.rate", Value::from(2000.0)), ("brokers.tls", Value::from("off"))];
        let point = Point::from(point.map(|(key, value)| (key.to_owned(), value)));
        assert_eq!(words(&point), "brokers.tls=off,load.rate=2000");
    }
}
