//! The search for the highest rate that a path sustains: which rate to try next, and when to stop. Pure: no
//! clock, no runtime, no brokers; `session` measures what is asked for here.
//!
//! Doubles from the lowest rate until one fails or the highest is reached, then halves the gap on a
//! logarithmic scale until it is narrow, then confirms the highest rate that passed with two longer runs. What
//! fails is asked again before it counts: two of three decide, because a machine that hiccups in one probe would
//! lower the answer for good. A confirmation that fails so lowers the upper end of the bracket to its rate, and the search goes on below.

mod backlog;
mod judge;
mod shown;
#[cfg(test)]
mod tests;

pub use judge::judge;
pub use shown::Shown;

use weighbridge_plan::PROBES_MAX;
use weighbridge_plan::SearchPlan;
use weighbridge_record::result::SearchOutcome;

/// The last probes confirm whatever has passed, however wide the bracket is: what isn't confirmed is no
/// answer.
const CONFIRMATIONS_KEPT: usize = 8;
/// Longer runs in a row that a rate has to pass: near capacity one may pass by luck.
const CONFIRMATIONS_NEEDED: usize = 2;

/// The next rate to try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub rate_per_s: f64,
    /// Whether this is the longer run that confirms an answer.
    pub confirms: bool,
}

/// A step that has failed and is asked again.
#[derive(Debug, Clone, Copy)]
struct Again {
    step: Step,
    /// How it failed the last time.
    how: Shown,
    passed: usize,
    failed: usize,
}

/// Of three times that a step is asked, those that decide.
const ASKED_DECIDE: usize = 2;

/// What a search has come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    pub outcome: SearchOutcome,
    /// The confirmed rate.
    pub rate_per_s: Option<f64>,
    /// Highest rate that passed and below which none failed.
    pub low_per_s: Option<f64>,
    /// Lowest rate that failed.
    pub high_per_s: Option<f64>,
}

/// A search under way.
#[derive(Debug, Clone)]
pub struct Search {
    low_per_s: f64,
    high_per_s: f64,
    precision: f64,
    /// Rates that passed, rising; all of them below `failed`.
    passed: Vec<f64>,
    /// Lowest rate that failed, and how.
    failed: Option<(f64, Shown)>,
    /// Confirmations in a row that the best rate has passed.
    confirmations: usize,
    /// What was asked and is not decided.
    again: Option<Again>,
    probes: usize,
}

impl Search {
    pub fn new(plan: &SearchPlan) -> Self {
        Self {
            low_per_s: plan.low_per_s,
            high_per_s: plan.high_per_s,
            precision: plan.precision,
            passed: Vec::new(),
            failed: None,
            confirmations: 0,
            again: None,
            probes: 0,
        }
    }

    fn is_confirmed(&self) -> bool {
        self.confirmations == CONFIRMATIONS_NEEDED
    }

    /// What to measure next; none when the search has ended.
    pub fn next(&self) -> Option<Step> {
        if self.is_confirmed() || self.probes == PROBES_MAX {
            return None;
        }
        if let Some(again) = self.again {
            return Some(again.step);
        }
        let Some(&best) = self.passed.last() else {
            return self.failed.is_none().then_some(Step { rate_per_s: self.low_per_s, confirms: false });
        };
        let narrow = match self.failed {
            None => best >= self.high_per_s,
            Some((failed, _)) => failed / best <= 1.0 + self.precision,
        };
        if narrow || PROBES_MAX - self.probes <= CONFIRMATIONS_KEPT {
            return Some(Step { rate_per_s: best, confirms: true });
        }
        let rate_per_s = match self.failed {
            None => (2.0 * best).min(self.high_per_s),
            Some((failed, _)) => between(best, failed),
        };
        Some(Step { rate_per_s, confirms: false })
    }

    /// Takes what the step of [`next`](Self::next) showed.
    pub fn record(&mut self, step: Step, shown: Shown) {
        self.probes += 1;
        let mut again = self.again.take().unwrap_or(Again { step, how: shown, passed: 0, failed: 0 });
        match shown {
            Shown::Sustained => again.passed += 1,
            Shown::NotSustained | Shown::InstrumentFailed => {
                again.failed += 1;
                again.how = shown;
            }
        }
        if again.failed == 0 || again.passed == ASKED_DECIDE {
            self.sustained(step);
        } else if again.failed == ASKED_DECIDE {
            self.confirmations = 0;
            self.passed.retain(|passed| *passed < step.rate_per_s);
            self.failed = Some((step.rate_per_s, again.how));
        } else {
            self.again = Some(again);
        }
    }

    fn sustained(&mut self, step: Step) {
        if step.confirms {
            self.confirmations += 1;
        } else {
            self.passed.push(step.rate_per_s);
        }
    }

    /// Which time the next step is asked, from 1.
    pub fn asking(&self) -> u32 {
        self.again.map_or(1, |again| (again.passed + again.failed) as u32 + 1)
    }

    /// What is known, whether or not the search has ended.
    pub fn answer(&self) -> Answer {
        let best = self.passed.last().copied();
        let cause = self.failed.map(|(_, shown)| shown);
        let outcome = match (self.is_confirmed(), cause) {
            (_, Some(Shown::InstrumentFailed)) => SearchOutcome::InstrumentLimited,
            (true, None) => SearchOutcome::AtLeast,
            (true, Some(_)) => SearchOutcome::Found,
            (false, _) => SearchOutcome::None,
        };
        Answer {
            outcome,
            rate_per_s: best.filter(|_| self.is_confirmed()),
            low_per_s: best,
            high_per_s: self.failed.map(|(rate_per_s, _)| rate_per_s),
        }
    }
}

/// The geometric middle in three digits, as long as these lie between the two.
fn between(low: f64, high: f64) -> f64 {
    let middle = (low * high).sqrt();
    let scale = 10f64.powi(2 - middle.log10().floor() as i32);
    let rounded = (middle * scale).round() / scale;
    if low < rounded && rounded < high { rounded } else { middle }
}
