//! What is said on standard error while a run goes on: a live bar on a terminal, else a line now and then.

use std::cell::{Cell, RefCell};
use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report::{capacity, format};
use crate::result::{Probe, Trial};
use crate::session::{Glance, Progress, Silent, TrialSpec};
use crate::terms::Stage;

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
    } else if io::stderr().is_terminal() {
        Box::new(Bar { bar: RefCell::new(ProgressBar::hidden()), searches })
    } else {
        Box::new(Lines { next: Cell::new(LINE_EVERY), searches })
    }
}

/// `3/5 nats-core load.rate=500 (repetition 2)`; `3 nats-core ...` where nobody knows how many there will be.
fn title(spec: &TrialSpec<'_>, searches: bool) -> String {
    let of = if searches { String::new() } else { format!("/{}", spec.trials) };
    let mut title = format!("{}{of} {}", spec.order, spec.transport);
    for (key, value) in &spec.point.point {
        title.push_str(&format!(" {key}={value}"));
    }
    if spec.repetition > 1 {
        title.push_str(&format!(" (repetition {})", spec.repetition));
    }
    title
}

/// What a finished trial showed, in a line.
fn conclusion(spec: &TrialSpec<'_>, trial: &Trial) -> String {
    let turnaround = trial.latency_ns.get(Stage::Turnaround);
    let figure = |value: Option<u64>| value.map_or_else(|| "-".to_string(), format::latency_ns);
    let invalid = if trial.valid { "" } else { "  INVALID" };
    format!(
        "{}: {}, p50 {}, p99 {}, lost {}{invalid}",
        title(spec, false),
        format::rate(trial.rates.completed_per_s),
        figure(turnaround.and_then(|latency| latency.p50)),
        figure(turnaround.and_then(|latency| latency.p99)),
        trial.ledger.lost,
    )
}

struct Bar {
    bar: RefCell<ProgressBar>,
    searches: bool,
}

impl Progress for Bar {
    fn trial_started(&self, spec: &TrialSpec<'_>) {
        let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr());
        // The template is a constant that parses.
        let style = ProgressStyle::with_template("{prefix} {bar:20} {msg}").expect("constant template");
        bar.set_style(style);
        bar.set_prefix(title(spec, self.searches));
        *self.bar.borrow_mut() = bar;
    }

    fn glance(&self, _spec: &TrialSpec<'_>, glance: Glance) {
        let bar = self.bar.borrow();
        bar.set_length(glance.planned.as_millis() as u64);
        bar.set_position(glance.elapsed.min(glance.planned).as_millis() as u64);
        let left = glance.planned.saturating_sub(glance.elapsed).as_secs_f64();
        let phase = if left > 0.0 { format!("{left:.0} s left") } else { "draining".to_string() };
        bar.set_message(format!(
            "{} sent, {} completed, {} in flight, {phase}",
            format::count(glance.attempted),
            format::count(glance.completed),
            format::count(glance.in_flight)
        ));
    }

    fn trial_finished(&self, spec: &TrialSpec<'_>, trial: &Trial) {
        let bar = self.bar.borrow();
        bar.finish_and_clear();
        if !self.searches {
            bar.suspend(|| eprintln!("{}", conclusion(spec, trial)));
        }
    }

    fn probe_judged(&self, probe: &Probe, trial: &Trial) {
        self.bar.borrow().suspend(|| eprintln!("{}", capacity::probe_line(probe, trial)));
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

    fn glance(&self, spec: &TrialSpec<'_>, glance: Glance) {
        if glance.elapsed < self.next.get() {
            return;
        }
        self.next.set(self.next.get() + LINE_EVERY);
        eprintln!(
            "{}: {:.0} of {:.0} s, {} sent, {} completed, {} in flight",
            title(spec, self.searches),
            glance.elapsed.as_secs_f64(),
            glance.planned.as_secs_f64(),
            format::count(glance.attempted),
            format::count(glance.completed),
            format::count(glance.in_flight)
        );
    }

    fn trial_finished(&self, spec: &TrialSpec<'_>, trial: &Trial) {
        if !self.searches {
            eprintln!("{}", conclusion(spec, trial));
        }
    }

    fn probe_judged(&self, probe: &Probe, trial: &Trial) {
        eprintln!("{}", capacity::probe_line(probe, trial));
    }
}
