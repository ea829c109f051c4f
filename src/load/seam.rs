//! What becomes of requests stage by stage of a route, and how long nobody is answered.

use serde::{Deserialize, Serialize};

use weighbridge_plan::route::{Leg, Takes};

/// A step of the silence that is looked for.
const STEP_NS: u64 = 1_000_000;
const STEPS: usize = 64;

/// Requests of one stage, by when they were due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageCounts {
    pub attempted: u64,
    /// Those that took the second leg.
    pub second: u64,
    pub answered: u64,
    /// Results beyond the first over the same leg.
    pub duplicated: u64,
}

/// The stages of one generator.
pub(super) struct Seams {
    stages: Vec<StageCounts>,
    /// Number of the first request of each; those to come have none.
    first: Vec<Option<u64>>,
    attempted: u64,
    answers: Answers,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeamsSummary {
    pub stages: Vec<StageCounts>,
    pub answers: Answers,
}

/// In which milliseconds of the window anything was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers(Vec<u64>);

impl Seams {
    pub fn new(stages: usize) -> Self {
        let first = vec![None; stages];
        Self {
            stages: vec![StageCounts::default(); stages],
            first,
            attempted: 0,
            answers: Answers::default(),
        }
    }

    /// The next request is due in that stage.
    pub fn attempt(&mut self, stage: usize, takes: Takes) {
        self.first[stage].get_or_insert(self.attempted);
        self.attempted += 1;
        self.stages[stage].attempted += 1;
        self.stages[stage].second += u64::from(takes.takes(Leg::Second));
    }

    pub fn answered(&mut self, number: u64) {
        self.of(number).answered += 1;
    }

    pub fn duplicated(&mut self, number: u64) {
        self.of(number).duplicated += 1;
    }

    /// Somebody was answered then.
    pub fn heard(&mut self, since_window_ns: i64) {
        self.answers.mark(since_window_ns);
    }

    /// Stages follow each other as requests do.
    fn of(&mut self, number: u64) -> &mut StageCounts {
        let begun = |first: &Option<u64>| first.is_some_and(|first| first <= number);
        let stage = self.first.iter().rposition(begun).unwrap_or(0);
        &mut self.stages[stage]
    }

    pub fn close(self) -> SeamsSummary {
        SeamsSummary { stages: self.stages, answers: self.answers }
    }
}

impl SeamsSummary {
    /// Adds those of another generator.
    pub fn merge(&mut self, other: &Self) {
        for (own, other) in self.stages.iter_mut().zip(&other.stages) {
            own.attempted += other.attempted;
            own.second += other.second;
            own.answered += other.answered;
            own.duplicated += other.duplicated;
        }
        self.answers.merge(&other.answers);
    }
}

impl Answers {
    fn mark(&mut self, since_window_ns: i64) {
        let Ok(since_ns) = u64::try_from(since_window_ns) else { return };
        let step = (since_ns / STEP_NS) as usize;
        if self.0.len() <= step / STEPS {
            self.0.resize(step / STEPS + 1, 0);
        }
        self.0[step / STEPS] |= 1 << (step % STEPS);
    }

    fn has(&self, step: usize) -> bool {
        self.0.get(step / STEPS).is_some_and(|steps| steps >> (step % STEPS) & 1 == 1)
    }

    fn merge(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own |= other);
    }

    /// Longest stretch without an answer between two times since the window began, in seconds; to a millisecond.
    pub fn silence_s(&self, from_ns: u64, to_ns: u64) -> f64 {
        let (mut longest, mut silent) = (0_u64, 0_u64);
        for step in (from_ns / STEP_NS) as usize..to_ns.div_ceil(STEP_NS) as usize {
            silent = if self.has(step) { 0 } else { silent + 1 };
            longest = longest.max(silent);
        }
        (longest * STEP_NS) as f64 / 1e9
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_belong_to_the_stage_in_which_they_were_due() {
        let mut seams = Seams::new(3);
        let (first, second) = (Takes::One(Leg::First), Takes::One(Leg::Second));
        for (stage, takes) in [(0, first), (0, first), (1, second), (1, first), (2, first)] {
            seams.attempt(stage, takes);
        }
        [0, 2, 3, 4].iter().for_each(|number| seams.answered(*number));
        seams.duplicated(3);
        let found = seams.close().stages;
        let counts = |stage: &StageCounts| (stage.attempted, stage.second, stage.answered, stage.duplicated);
        assert_eq!(found.iter().map(counts).collect::<Vec<_>>(), [(2, 0, 1, 0), (2, 1, 2, 1), (1, 0, 1, 0)]);
    }

    #[test]
    fn silence_is_what_no_generator_heard_an_answer_in() {
        let answers = |times_ms: &[i64]| {
            let mut answers = Answers::default();
            times_ms.iter().for_each(|at_ms| answers.mark(at_ms * 1_000_000));
            answers
        };
        let mut all = answers(&[-5, 0, 10, 200]);
        all.merge(&answers(&[11, 100]));
        assert_eq!(all.silence_s(0, 201_000_000), 0.099);
        assert_eq!(all.silence_s(0, 12_000_000), 0.009);
        assert_eq!(all.silence_s(201_000_000, 1_201_000_000), 1.0);
    }
}
