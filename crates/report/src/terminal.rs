//! The end of a run as it is printed: the answer, a table that fits 80 columns, thresholds, doubts.
//!
//! Builds a string; writing it, and deciding whether colour is wanted, is the caller's.

use std::fmt::Write;

use anstyle::AnsiColor;

use super::answer::{answer, of_group};
use super::capacity;
use super::doubts;
use super::errors;
use super::groups::Group;
use super::paths_table::own_lateness_lines;
use super::printable::printable;
use super::ratios;
use super::repetitions;
use super::terminal_table::{self, STATISTICS_SHOWN, WIDTH, as_one_table};
use super::thresholds::observed;
use super::wrapping::wrapped;
use weighbridge_record::result::{RunResult, ThresholdOutcome, Verdict};

/// The whole summary, with a line break at its end.
pub fn summary(result: &RunResult, color: bool) -> String {
    let mut text = String::new();
    let answer = answer(result);
    push_wrapped(
        &mut text,
        "",
        &paint(&printable(&answer.sentence.text), headline_color(result.verdict), color),
        color,
    );
    for qualifier in &answer.qualifiers {
        push_wrapped(&mut text, "  ", &qualifier.text, false);
    }
    if let Some(sentence) = repetitions::sentence(result) {
        push_wrapped(&mut text, "  ", &sentence, false);
    }
    let groups = capacity::shown(result);
    if capacity::is_search(result) {
        push_capacity(&mut text, result);
    } else if as_one_table(&groups) {
        text.push('\n');
        text.push_str(&terminal_table::comparison(&groups, color));
        if groups.iter().any(|group| !own_lateness_lines(group, &STATISTICS_SHOWN).is_empty()) {
            push_wrapped(&mut text, "  ", "* own lateness: send lag is more than 10 % of the figure.", false);
        }
    } else {
        for group in &groups {
            text.push('\n');
            if groups.len() > 1 {
                push_wrapped(&mut text, "", &format!("{}: {}", group.label(), of_group(group)), false);
            }
            text.push_str(&terminal_table::comparison(std::slice::from_ref(group), color));
            for line in own_lateness_lines(group, &STATISTICS_SHOWN) {
                push_wrapped(&mut text, "  ", &line, false);
            }
            push_ratios(&mut text, group);
        }
    }
    push_thresholds(&mut text, &result.thresholds, color);
    push_doubts(&mut text, &groups, color);
    push_errors(&mut text, result, color);
    push_left_behind(&mut text, result, color);
    text
}

/// The rate of each transport, then what limits each, with its figures.
fn push_capacity(text: &mut String, result: &RunResult) {
    let rows = capacity::rows(result);
    text.push('\n');
    text.push_str(&terminal_table::capacity(&rows));
    text.push('\n');
    for row in &rows {
        push_wrapped(text, "  ", &printable(&format!("{} {}", row.path, row.limit_detail)), false);
    }
}

/// Every transport against the best; the report has the other pairs.
fn push_ratios(text: &mut String, group: &Group<'_>) {
    let sentences = ratios::against_best(group);
    if sentences.is_empty() {
        return;
    }
    text.push('\n');
    for sentence in sentences {
        push_wrapped(text, "  ", &sentence.text, false);
    }
}

fn push_thresholds(text: &mut String, thresholds: &[ThresholdOutcome], color: bool) {
    if thresholds.is_empty() {
        return;
    }
    let failed = thresholds.iter().filter(|outcome| !outcome.passed).count();
    let _ = writeln!(text, "\nThresholds: {} of {} hold", thresholds.len() - failed, thresholds.len());
    for outcome in thresholds.iter().filter(|outcome| !outcome.passed) {
        let place = match outcome.point.label() {
            label if label.is_empty() => outcome.path.to_string(),
            label => format!("{} at {label}", outcome.path),
        };
        let line = format!(
            "{} {}: {place}, observed {}",
            paint("FAILED", AnsiColor::Red, color),
            printable(&outcome.expression),
            observed(outcome)
        );
        push_wrapped(text, "  ", &line, color);
    }
}

/// What makes trials invalid comes first.
fn push_doubts(text: &mut String, groups: &[Group<'_>], color: bool) {
    let mut lines = doubts::lines(groups);
    if lines.is_empty() {
        return;
    }
    lines.sort_by_key(|line| !line.kind.invalidates());
    text.push('\n');
    for line in lines.iter().take(DOUBT_LINES_MAX) {
        let invalidates = line.kind.invalidates();
        let word = if invalidates { paint("INVALID", AnsiColor::Red, color) } else { "doubt".to_owned() };
        let (detail, places) = (printable(line.detail), printable(&line.places));
        push_wrapped(text, "  ", &format!("{word} {}: {detail} ({places})", line.kind.name()), color);
    }
    if lines.len() > DOUBT_LINES_MAX {
        let _ = writeln!(text, "  and {} more in the report", lines.len() - DOUBT_LINES_MAX);
    }
}

/// The most frequent errors; the report has more of them.
fn push_errors(text: &mut String, result: &RunResult, color: bool) {
    let lines = errors::lines(result);
    if lines.is_empty() {
        return;
    }
    text.push('\n');
    for line in lines.iter().take(ERROR_LINES_MAX) {
        let message = printable(&line.message);
        push_wrapped(text, "  ", &format!("error {} times: {message} ({})", line.count, line.places), color);
    }
    if lines.len() > ERROR_LINES_MAX {
        let _ = writeln!(text, "  and {} more in the report", lines.len() - ERROR_LINES_MAX);
    }
}

/// The commands are one line each, to be copied.
fn push_left_behind(text: &mut String, result: &RunResult, color: bool) {
    for left in errors::left_behind(result) {
        let (what, name, server, reason) = (&left.what, &left.name, &left.server, &left.reason);
        let told = printable(&format!("left behind on {server}: {what} `{name}` ({reason}); to delete it:"));
        push_wrapped(text, "  ", &told, color);
        let _ = writeln!(text, "    {}", printable(&left.command));
    }
}

const ERROR_LINES_MAX: usize = 5;

/// A long sweep repeats its doubts at every point; the report has them all.
const DOUBT_LINES_MAX: usize = 12;

fn headline_color(verdict: Verdict) -> AnsiColor {
    match verdict {
        Verdict::Passed => AnsiColor::Green,
        Verdict::Failed | Verdict::Invalid => AnsiColor::Red,
        Verdict::Aborted => AnsiColor::Yellow,
    }
}

fn paint(text: &str, with: AnsiColor, color: bool) -> String {
    let style = with.on_default();
    if color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// Adds a sentence in lines that fit the terminal. `styled` text keeps its escape sequences.
fn push_wrapped(text: &mut String, indent: &str, sentence: &str, styled: bool) {
    let sentence: String =
        sentence.chars().filter(|c| !c.is_control() || (styled && *c == '\u{1b}')).collect();
    for line in wrapped(&sentence, indent, &format!("{indent}  "), WIDTH) {
        text.push_str(&line);
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::fixture::{Fixture, rate_sweep, refused_half};
    use weighbridge_record::result::{Doubt, DoubtKind};
    use weighbridge_record::terms::TransportKind;

    #[test]
    fn the_summary_fits_eighty_columns() {
        let mut result = Fixture { repetitions: 3, seconds: 5, ..Fixture::default() }.build();
        let ledger = &mut result.trials[0].ledger;
        (ledger.completed, ledger.lost) = (ledger.completed - 12_345, 12_345);
        result.thresholds[3].passed = false;
        let text = summary(&result, false);
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        insta::assert_snapshot!(text.replace('\u{a0}', " "), @r"
        nats-core answers fastest over 3 runs: p99 turnaround 2.70 ms, 1.2× less than
          nats-request (3.10 ms) and 2.5× less than nats-jetstream (6.84 ms);
          redis-pubsub lost 12 345 of 30 000 and is not ranked.
          They do not promise the same: redis-pubsub, nats-core at most once, durability
            none; redis-streams, nats-jetstream at least once, durability memory;
            nats-request at most once, loss seen by the requester, durability none.

        transport       rate/s      p50      p99    p99.9      max    lost  dup
        redis-pubsub     1 999  1.30 ms  3.62 ms  5.18 ms  7.36 ms  12 345    0
        redis-streams    1 999  2.01 ms  5.58 ms  8.13 ms  24.7 ms       0    0
        nats-core        1 999   984 µs  2.70 ms  3.84 ms  5.21 ms       0    0
        nats-jetstream   1 999  2.43 ms  6.84 ms  9.99 ms  15.6 ms       0    0
        nats-request     1 999  1.15 ms  3.10 ms  4.14 ms  6.03 ms       0    0

          redis-pubsub's p99 is 1.33× (1.31 to 1.35) nats-core's
          redis-streams' p99 is 2.1× (2.1 to 2.1) nats-core's; promises differ
          nats-jetstream's p99 is 2.5× (2.5 to 2.6) nats-core's; promises differ
          nats-request's p99 is 1.16× (1.15 to 1.17) nats-core's; promises differ

        Thresholds: 4 of 5 hold
          FAILED turnaround.p99 < 50ms: nats-jetstream, observed 6.67 ms

          doubt cpu_saturated: 2 cores were busy for 97 % of the window. (redis-pubsub,
            redis-streams, nats-core, nats-jetstream, nats-request)
        ");
    }

    #[test]
    fn percentiles_that_were_not_answered_leave_the_table_within_eighty_columns() {
        let mut result = refused_half();
        result.trials[0].latency_ns.transit = result.trials[0].latency_ns.turnaround.clone();
        let text = summary(&result, false);
        assert_eq!(text.matches(" never ").count(), 4, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn a_long_sweep_is_one_table() {
        let result = rate_sweep(&[TransportKind::NatsCore, TransportKind::NatsJetstream]);
        let text = summary(&result, false).replace('\u{a0}', " ");
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        let table: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("rate ")).take(17).collect();
        insta::assert_snapshot!(table.join("\n"), @r"
        rate     transport            rate/s      p50      p99  lost  dup
        1 000    nats-core             1 000   285 µs   797 µs     0    0
                 nats-jetstream        1 000   724 µs  2.16 ms     0    0
        2 000    nats-core             2 000   288 µs   795 µs     0    0
                 nats-jetstream        2 000   737 µs  2.08 ms     0    0
        5 000    nats-core             5 000   277 µs   776 µs     0    0
                 nats-jetstream        5 000   764 µs  2.25 ms     0    0
        10 000   nats-core            10 000   281 µs   806 µs     0    0
                 nats-jetstream       10 000   872 µs  2.51 ms     0    0
        20 000   nats-core            20 000   277 µs   766 µs     0    0
                 nats-jetstream       20 000  1.71 ms  4.51 ms     0    0
        50 000   nats-core            50 000   290 µs   788 µs     0    0
                 nats-jetstream (!)   24 000   278 ms   716 ms     0    0
        100 000  nats-core           100 000   307 µs   911 µs     0    0
                 nats-jetstream (!)   23 000   551 ms   1.60 s     0    0
        200 000  nats-core           200 000   373 µs  1.09 ms     0    0
                 nats-jetstream (!)   21 000   1.09 s   3.26 s     0    0
        ");
    }

    #[test]
    fn points_too_long_for_a_column_keep_their_own_tables() {
        let points = (1..=5).map(|n| [("load.rate".to_owned(), "x".repeat(n * 8).into())].into()).collect();
        let transports = vec![TransportKind::NatsCore];
        let result = Fixture { transports, points, seconds: 1, rate_per_s: 50, ..Fixture::default() }.build();
        assert_eq!(summary(&result, false).matches("transport ").count(), 5);
    }

    #[test]
    fn colour_changes_no_letter() {
        let result = Fixture { seconds: 1, ..Fixture::default() }.build();
        let plain = summary(&result, false);
        let coloured = summary(&result, true);
        assert!(coloured.contains("\u{1b}[32m"));
        assert!(!plain.contains('\u{1b}'));
    }

    #[test]
    fn an_invalid_trial_is_marked_and_its_reason_printed() {
        let mut result = Fixture { seconds: 1, ..Fixture::default() }.build();
        result.verdict = Verdict::Invalid;
        result.trials[0].valid = false;
        result.trials[0].doubts =
            vec![Doubt { kind: DoubtKind::GeneratorLagged, detail: "p99 send lag was 9 ms.".to_owned() }];
        let text = summary(&result, false);
        assert!(text.contains("redis-pubsub (!)"), "{text}");
        assert!(text.contains("INVALID generator_lagged: p99 send lag was 9 ms. (redis-pubsub)"), "{text}");
        assert!(!text.contains("fastest"), "{text}");
    }

    #[test]
    fn control_characters_of_the_record_do_not_reach_the_terminal() {
        let mut result = Fixture { seconds: 1, ..Fixture::default() }.build();
        result.trials[0].doubts[0].detail = "evil \u{1b}[2J \u{7} text".to_owned();
        assert!(!summary(&result, false).contains('\u{1b}'));
    }
}
