//! What is said on standard error while a run goes on: a live line on a terminal, else a line now and then.

use std::cell::{Cell, RefCell};
use std::io;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::live_line::LiveLine;
use super::output::{columns, is_capable, tell};
use crate::session::{Glance, Progress, Silent, TrialSpec};
use weighbridge_record::format;
use weighbridge_record::point::value_text;
use weighbridge_record::result::{Probe, Trial};
use weighbridge_record::terms::Stage;
use weighbridge_report::capacity;
use weighbridge_report::printable::printable;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// The progress of a run: a line for each trial.
pub fn for_stderr(quiet: bool) -> Box<dyn Progress> {
    choose(quiet, false)
}

/// The progress of a search: a line for each probe, which says whether the rate is sustained.
pub fn for_search(quiet: bool) -> Box<dyn Progress> {
    choose(quiet, true)
}

/// Chooses by what standard error is.
fn choose(quiet: bool, searches: bool) -> Box<dyn Progress> {
    if quiet {
        Box::new(Silent)
    } else if is_capable(&io::stderr()) {
        Box::new(Bar { bar: RefCell::new(ProgressBar::hidden()), rate: RateNow::default(), searches })
    } else {
        Box::new(Lines { next: Cell::new(LINE_EVERY), searches })
    }
}

/// `3/5 nats-core at load.rate = 500 (repetition 2)`; `3 nats-core ...` where nobody knows how many there will be, then
/// `(repetition 2, at most 20)`.
fn title(spec: &TrialSpec<'_>, searches: bool) -> String {
    let is_open = searches || spec.repetitions_max.is_some();
    let of = if is_open { String::new() } else { format!("/{}", spec.trials) };
    let mut title = format!("{}{of} {}", spec.order, spec.point.point.place(spec.path));
    match spec.repetitions_max {
        Some(most) => title.push_str(&format!(" (repetition {}, at most {most})", spec.repetition)),
        None if spec.repetition > 1 => title.push_str(&format!(" (repetition {})", spec.repetition)),
        None => {}
    }
    title
}

/// `3/5 nats-core at 500 (r2)`.
fn short_title(spec: &TrialSpec<'_>, searches: bool) -> String {
    let of =
        if searches || spec.repetitions_max.is_some() { String::new() } else { format!("/{}", spec.trials) };
    let values: Vec<String> = spec.point.point.values().map(value_text).collect();
    let at = if values.is_empty() { String::new() } else { format!(" at {}", values.join(", ")) };
    let repetition = if spec.repetition > 1 { format!(" (r{})", spec.repetition) } else { String::new() };
    format!("{}{of} {}{at}{repetition}", spec.order, spec.path)
}

/// What a finished trial showed, in a line.
fn conclusion(title: &str, trial: &Trial) -> String {
    let turnaround = trial.latency_ns.get(Stage::Turnaround);
    let figure = |value: Option<u64>| value.map_or_else(|| "-".to_string(), format::latency_ns);
    let invalid = if trial.valid { "" } else { "  INVALID" };
    format!(
        "{title}: {}, p50 {}, p99 {}, lost {}{invalid}",
        format::rate(trial.rates.completed_per_s),
        figure(turnaround.and_then(|latency| latency.p50)),
        figure(turnaround.and_then(|latency| latency.p99)),
        trial.ledger.lost,
    )
}

struct Bar {
    bar: RefCell<ProgressBar>,
    rate: RateNow,
    searches: bool,
}

/// Completions per second, over about the last second.
#[derive(Default)]
struct RateNow {
    /// Time and completions when the second began, and the rate of the one before.
    since: Cell<(Duration, u64)>,
    per_s: Cell<f64>,
}

impl RateNow {
    fn look(&self, glance: &Glance) -> f64 {
        let (from, completed) = self.since.get();
        // A new trial counts from 0 again.
        if glance.elapsed < from || glance.completed < completed {
            self.since.set((Duration::ZERO, 0));
            self.per_s.set(0.0);
            return self.look(glance);
        }
        let seconds = (glance.elapsed - from).as_secs_f64();
        if seconds >= 1.0 || (self.per_s.get() == 0.0 && seconds > 0.0) {
            self.per_s.set((glance.completed - completed) as f64 / seconds);
        }
        if seconds >= 1.0 {
            self.since.set((glance.elapsed, glance.completed));
        }
        self.per_s.get()
    }
}

/// `1 998/s`, `p50 1.21 ms`, `p99 3.90 ms`, `12 in flight`, `3 s left`; the percentiles are of the latest requests,
/// the time is for this trial and those that are planned after it.
fn figures(glance: &Glance, rate_per_s: f64, trials_after: u32) -> [Option<String>; 5] {
    let quantile = |name: &str, quantile| {
        glance.recent_quantile_ns(quantile).map(|ns| format!("{name} {}", format::latency_ns(ns)))
    };
    let left = glance.planned.saturating_sub(glance.elapsed);
    let left = if left.is_zero() {
        "draining".to_string()
    } else {
        format!("{} left", duration((left + glance.planned * trials_after).as_secs_f64()))
    };
    [
        Some(format::rate(rate_per_s)),
        quantile("p50", 0.5),
        quantile("p99", 0.99),
        Some(format!("{} in flight", format::count(glance.in_flight))),
        Some(left),
    ]
}

/// `42 s`, `12 min 5 s`.
fn duration(seconds: f64) -> String {
    let whole = seconds.ceil() as u64;
    if whole < 120 { format!("{whole} s") } else { format!("{} min {} s", whole / 60, whole % 60) }
}

impl Bar {
    fn line(&self, spec: &TrialSpec<'_>, share: f64, figures: [Option<String>; 5]) -> LiveLine {
        let [title, short_title] = [title, short_title].map(|title| printable(&title(spec, self.searches)));
        LiveLine { title, short_title, share, figures }
    }
}

impl Progress for Bar {
    fn trial_started(&self, spec: &TrialSpec<'_>) {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        // The template is a constant that parses. It cuts what has wider letters than were counted.
        bar.set_style(ProgressStyle::with_template("{wide_msg}").expect("constant template"));
        bar.set_message(self.line(spec, 0.0, Default::default()).fitted(columns(&io::stderr())));
        *self.bar.borrow_mut() = bar;
    }

    fn glance(&self, spec: &TrialSpec<'_>, glance: &Glance) {
        // Nobody knows how many trials a search takes, or repetitions as needed.
        let is_open = self.searches || spec.repetitions_max.is_some();
        let after = if is_open { 0 } else { spec.trials.saturating_sub(spec.order) };
        let share = glance.elapsed.as_secs_f64() / glance.planned.as_secs_f64().max(1e-3);
        let line = self.line(spec, share, figures(glance, self.rate.look(glance), after));
        self.bar.borrow().set_message(line.fitted(columns(&io::stderr())));
    }

    fn trial_finished(&self, spec: &TrialSpec<'_>, trial: &Trial) {
        let bar = self.bar.borrow();
        bar.finish_and_clear();
        if !self.searches {
            let line = conclusion(&title(spec, false), trial);
            let fits = line.chars().count() <= columns(&io::stderr());
            let line = if fits { line } else { conclusion(&short_title(spec, false), trial) };
            bar.suspend(|| tell(&line));
        }
    }

    fn waits(&self, words: &str) {
        self.bar.borrow().suspend(|| tell(words));
    }

    fn probe_judged(&self, probe: &Probe, trial: &Trial) {
        self.bar.borrow().suspend(|| tell(&capacity::probe_line(probe, trial)));
    }
}

struct Lines {
    next: Cell<Duration>,
    searches: bool,
}

impl Progress for Lines {
    fn trial_started(&self, _spec: &TrialSpec<'_>) {
        self.next.set(LINE_EVERY);
    }

    fn glance(&self, spec: &TrialSpec<'_>, glance: &Glance) {
        if glance.elapsed < self.next.get() {
            return;
        }
        self.next.set(self.next.get() + LINE_EVERY);
        tell(&format!(
            "{}: {:.0} of {:.0} s, {} sent, {} completed, {} in flight",
            title(spec, self.searches),
            glance.elapsed.as_secs_f64(),
            glance.planned.as_secs_f64(),
            format::count(glance.attempted),
            format::count(glance.completed),
            format::count(glance.in_flight)
        ));
    }

    fn trial_finished(&self, spec: &TrialSpec<'_>, trial: &Trial) {
        if !self.searches {
            tell(&conclusion(&title(spec, false), trial));
        }
    }

    fn waits(&self, words: &str) {
        tell(words);
    }

    fn probe_judged(&self, probe: &Probe, trial: &Trial) {
        tell(&capacity::probe_line(probe, trial));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use weighbridge_plan::Repeat;
    use weighbridge_plan::scenario::{Overrides, load};
    use weighbridge_record::terms::TransportKind;

    fn glance(elapsed_ms: u64, completed: u64) -> Glance {
        Glance {
            elapsed: Duration::from_millis(elapsed_ms),
            planned: Duration::from_secs(8),
            attempted: completed + 12,
            completed,
            in_flight: 12,
            recent_ns: (1..=1_000).map(|n| n * 4_000).collect(),
        }
    }

    #[test]
    fn a_title_knows_how_many_there_will_be_or_how_many_at_most() {
        let overrides = Overrides { repeat: Some(Repeat::Times(3)), ..Overrides::default() };
        let plan =
            load("quickstart", Path::new("none"), &overrides).unwrap_or_else(|error| panic!("{error}"));
        let alone = TrialSpec::alone(&plan.points[0], TransportKind::NatsCore, 1);
        let spec = TrialSpec { repetition: 4, order: 7, trials: 9, ..alone };
        assert_eq!(title(&spec, false), "7/9 nats-core (repetition 4)");
        assert_eq!(title(&spec, true), "7 nats-core (repetition 4)");
        let open = TrialSpec { repetitions_max: Some(12), ..spec };
        assert_eq!(title(&open, false), "7 nats-core (repetition 4, at most 12)");
    }

    #[test]
    fn the_live_line_shows_rate_percentiles_backlog_and_time_left() {
        let told = |glance: &Glance, rate_per_s, after| {
            let figures = figures(glance, rate_per_s, after).into_iter().flatten();
            figures.collect::<Vec<_>>().join("  ").replace('\u{a0}', " ")
        };
        let line = told(&glance(5_000, 10_000), 1_998.4, 0);
        assert_eq!(line, "1 998/s  p50 2.00 ms  p99 3.96 ms  12 in flight  3 s left");
        assert!(told(&glance(5_000, 10_000), 1.0, 4).ends_with("35 s left"));
        let mut early = glance(8_100, 20);
        early.recent_ns.truncate(19);
        assert_eq!(told(&early, 0.0, 4), "0/s  12 in flight  draining");
        assert_eq!(duration(725.2), "12 min 6 s");
    }

    #[test]
    fn the_rate_is_that_of_the_last_second_and_starts_anew_with_a_trial() {
        let rate = RateNow::default();
        let seen: Vec<f64> = [(500, 500), (1_000, 1_000), (1_500, 2_500), (2_000, 4_000), (300, 30)]
            .into_iter()
            .map(|(ms, completed)| rate.look(&glance(ms, completed)))
            .collect();
        assert_eq!(seen, [1_000.0, 1_000.0, 1_000.0, 3_000.0, 100.0]);
    }
}
