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
    /// Deliveries behind a later one.
    pub reordered: u64,
    over: [OverLeg; 2],
}

/// What went over one leg.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct OverLeg {
    /// Requests of the stage that went out over it; none that was due after the window counts here.
    sent: u64,
    /// Those of them that it answered.
    answered: u64,
    /// Requests of any stage that it answered in this one, by the clock.
    answered_meanwhile: u64,
    /// When it answered the last one of the stage.
    last_ns: u64,
}

/// What a leg had under way when a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnderWay {
    /// Requests that had gone out over it and were not answered.
    pub requests: u64,
    /// From the end of the stage until the last of them was answered; none if one of them never was.
    pub drained_ns: Option<u64>,
}

/// The stages of one generator.
pub(super) struct Seams {
    stages: Vec<StageCounts>,
    /// Number of the first request of each; those to come have none.
    first: Vec<Option<u64>>,
    attempted: u64,
    window_ns: u64,
    /// Number of the first request that is due after the window.
    beyond: Option<u64>,
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
    pub fn new(stages: usize, window_ns: u64) -> Self {
        Self {
            stages: vec![StageCounts::default(); stages],
            first: vec![None; stages],
            attempted: 0,
            window_ns,
            beyond: None,
            answers: Answers::default(),
        }
    }

    /// The next request is due then, in that stage.
    pub fn attempt(&mut self, stage: usize, takes: Takes, due_since_window_ns: i64) {
        self.first[stage].get_or_insert(self.attempted);
        if due_since_window_ns >= self.window_ns as i64 {
            self.beyond.get_or_insert(self.attempted);
        }
        self.attempted += 1;
        self.stages[stage].attempted += 1;
        self.stages[stage].second += u64::from(takes.takes(Leg::Second));
    }

    /// The request goes out over a leg.
    pub fn sent(&mut self, number: u64, leg: Leg) {
        if !self.is_beyond(number) {
            self.of(number).over[leg as usize].sent += 1;
        }
    }

    fn is_beyond(&self, number: u64) -> bool {
        self.beyond.is_some_and(|beyond| beyond <= number)
    }

    /// A leg answered the request for the first time, in the given stage.
    pub fn answered_over(&mut self, number: u64, leg: Leg, stage: usize, since_window_ns: i64) {
        self.answers.mark(since_window_ns);
        if self.is_beyond(number) {
            return;
        }
        if since_window_ns < self.window_ns as i64 {
            self.stages[stage].over[leg as usize].answered_meanwhile += 1;
        }
        let over = &mut self.of(number).over[leg as usize];
        over.answered += 1;
        over.last_ns = over.last_ns.max(since_window_ns.max(0).unsigned_abs());
    }

    /// The request is answered.
    pub fn answered(&mut self, number: u64) {
        self.of(number).answered += 1;
    }

    /// A leg answered the request again.
    pub fn duplicated(&mut self, number: u64, since_window_ns: i64) {
        self.answers.mark(since_window_ns);
        self.of(number).duplicated += 1;
    }

    /// The request came to a worker behind a later one.
    pub fn reordered(&mut self, number: u64) {
        self.of(number).reordered += 1;
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
            own.merge(other);
        }
        self.answers.merge(&other.answers);
    }

    /// What a leg had under way at the end of a stage, so long after the window began. What was lost in the stages before
    /// is told there.
    pub fn under_way(&self, stage: usize, leg: Leg, end_ns: u64) -> UnderWay {
        let until = || self.stages[..=stage].iter().map(|stage| stage.over[leg as usize]);
        let OverLeg { sent, answered, .. } = self.stages[stage].over[leg as usize];
        let never = sent - answered;
        let of_these: u64 = until().map(|over| over.answered).sum();
        let meanwhile: u64 = until().map(|over| over.answered_meanwhile).sum();
        let last_ns = until().map(|over| over.last_ns).max().unwrap_or(0);
        let drained_ns = (never == 0).then(|| last_ns.saturating_sub(end_ns));
        UnderWay { requests: of_these - meanwhile + never, drained_ns }
    }
}

impl StageCounts {
    fn merge(&mut self, other: &Self) {
        self.attempted += other.attempted;
        self.second += other.second;
        self.answered += other.answered;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
        for (own, other) in self.over.iter_mut().zip(&other.over) {
            own.sent += other.sent;
            own.answered += other.answered;
            own.answered_meanwhile += other.answered_meanwhile;
            own.last_ns = own.last_ns.max(other.last_ns);
        }
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

    const STAGE_NS: i64 = 1_000;

    #[test]
    fn requests_belong_to_the_stage_in_which_they_were_due() {
        let mut seams = Seams::new(3, 3_000);
        let (first, second) = (Takes::One(Leg::First), Takes::One(Leg::Second));
        for (stage, takes) in [(0, first), (0, first), (1, second), (1, first), (2, first)] {
            seams.attempt(stage, takes, 0);
        }
        [0, 2, 3, 4].iter().for_each(|number| seams.answered(*number));
        seams.duplicated(3, 0);
        seams.reordered(4);
        let found = seams.close().stages;
        let counts = |stage: &StageCounts| {
            (stage.attempted, stage.second, stage.answered, stage.duplicated, stage.reordered)
        };
        let expected = [(2, 0, 1, 0, 0), (2, 1, 2, 1, 0), (1, 0, 1, 0, 1)];
        assert_eq!(found.iter().map(counts).collect::<Vec<_>>(), expected);
    }

    /// Requests over the second leg: when each was due, and when it was answered.
    fn seams(requests: &[(i64, Option<i64>)]) -> SeamsSummary {
        let stage = |at_ns: i64| (at_ns / STAGE_NS).clamp(0, 1) as usize;
        let mut seams = Seams::new(2, 2_000);
        for (number, (due_ns, _)) in requests.iter().enumerate() {
            seams.attempt(stage(*due_ns), Takes::One(Leg::Second), *due_ns);
            seams.sent(number as u64, Leg::Second);
        }
        for (number, (_, answered_ns)) in requests.iter().enumerate() {
            let Some(at_ns) = answered_ns else { continue };
            seams.answered_over(number as u64, Leg::Second, stage(*at_ns), *at_ns);
        }
        seams.close()
    }

    #[test]
    fn what_is_under_way_at_a_seam_is_what_is_answered_after_it() {
        let found = seams(&[
            (-5, Some(10)),
            (900, Some(1_700)),
            (950, Some(1_010)),
            (1_500, Some(1_600)),
            (2_100, Some(2_200)),
        ]);
        let at = |stage, leg| found.under_way(stage, leg, (stage as u64 + 1) * 1_000);
        assert_eq!(at(0, Leg::Second), UnderWay { requests: 2, drained_ns: Some(700) });
        assert_eq!(at(1, Leg::Second), UnderWay { requests: 0, drained_ns: Some(0) });
        assert_eq!(at(0, Leg::First), UnderWay { requests: 0, drained_ns: Some(0) });
    }

    #[test]
    fn what_is_never_answered_never_drains() {
        let found = seams(&[(500, None), (600, Some(1_200)), (1_500, Some(2_600))]);
        let at = |stage, end_ns| found.under_way(stage, Leg::Second, end_ns);
        assert_eq!(at(0, 1_000), UnderWay { requests: 2, drained_ns: None });
        assert_eq!(at(1, 2_000), UnderWay { requests: 1, drained_ns: Some(600) });
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
