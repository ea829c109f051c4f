//! Hands on how a run gets on, and tells it to the figures.

use std::sync::Arc;

use serde_json::Value;

use super::figures::{Begun, Figures, Place};
use crate::session::{Glance, Progress, Sight, TrialSpec};
use weighbridge_record::point::Point;
use weighbridge_record::result::{Probe, Trial};

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

    #[test]
    fn a_point_is_told_in_words_that_can_be_typed() {
        assert_eq!(words(&Point::new()), "");
        let point = [("load.rate", Value::from(2000.0)), ("brokers.tls", Value::from("off"))];
        let point = Point::from(point.map(|(key, value)| (key.to_owned(), value)));
        assert_eq!(words(&point), "brokers.tls=off,load.rate=2000");
    }
}
