//! A comparison as it is printed: the verdict, a table that fits 80 columns, what differs.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};

use super::claim::{At, Claim, Fact, What, of_all};
use super::wrapping::wrapped;
use weighbridge_record::compare::{
    Difference, FigureComparison, FigureVerdict, RunComparison, RunReference, RunVerdict,
};
use weighbridge_record::format;
use weighbridge_record::result::Estimate;
use weighbridge_record::stats::worse_by_at_most;

/// Width of a terminal that nobody has made wider.
const COLUMNS_MAX: usize = 80;

/// The whole text, with a line break at its end.
pub fn text(comparison: &RunComparison) -> String {
    let mut text = format!("{}\n", wrapped(&headline(comparison).text, "", "", COLUMNS_MAX).join("\n"));
    let reference = |name: &str, run: &RunReference| {
        format!("  {name}  {} of {}, run {}\n", run.scenario, run.started_at, run.run_id)
    };
    text.push_str(&reference("base", &comparison.base));
    text.push_str(&reference("new ", &comparison.new));
    for point in comparison.points() {
        text.push('\n');
        let label = point.label();
        if !label.is_empty() {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{label}");
        }
        for line in table(comparison.figures.iter().filter(|figure| &figure.point == point)).lines() {
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    let _ = writeln!(text, "\n{}", wrapped(DRIFT, "", "", COLUMNS_MAX).join("\n"));
    push_list(&mut text, "The runs differ in:", comparison.differences.iter().map(difference));
    push_list(&mut text, "Not compared:", comparison.left_out.iter().cloned());
    // The records are data from elsewhere; they must not send escapes to the terminal.
    text.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

/// The verdict in one sentence or two, with the figures it rests on.
pub fn headline(comparison: &RunComparison) -> Claim {
    let counted = |verdict: Option<FigureVerdict>| {
        let counts = |figure: &&FigureComparison| verdict.is_none_or(|verdict| figure.verdict == verdict);
        count(comparison.figures.iter().filter(counts).count(), What::Compared(verdict))
    };
    let (all, tolerance) = (counted(None), tolerance(comparison.tolerance_percent));
    let claim = match comparison.verdict {
        RunVerdict::Regression => Claim::words("Regression: ")
            .and(counted(Some(FigureVerdict::Regression)))
            .say(" of ")
            .and(all)
            .say(" figures are worse by more than ")
            .and(tolerance)
            .say("."),
        RunVerdict::Inconclusive => Claim::words("Inconclusive: no regression is shown, but ")
            .and(counted(Some(FigureVerdict::Inconclusive)))
            .say(" of ")
            .and(all)
            .say(" figures could hide one of more than ")
            .and(tolerance)
            .say(". ")
            .and(by_chance(comparison))
            .say("More repetitions narrow the intervals (--repeat)."),
        RunVerdict::NoRegression => Claim::words("No regression: all ")
            .and(all)
            .say(" figures are within ")
            .and(tolerance)
            .say(" or better")
            .and(bound(comparison))
            .say("."),
    };
    claim.resting_on(Fact::Compared(comparison.verdict))
}

/// `5 %`.
pub fn tolerance(percent: f64) -> Claim {
    Claim::default().figure(format!("{percent} %"), percent, of_all(&At::Run, What::PairTolerance))
}

/// A count of what is told of both runs.
fn count(count: usize, what: What) -> Claim {
    Claim::count(count, of_all(&At::Run, what))
}

/// Of the figures that lie wholly beyond the tolerance, and yet are not shown to: why not.
fn by_chance(comparison: &RunComparison) -> Claim {
    let beyond = |figure: &&FigureComparison| figure.is_worse_by_chance(comparison.tolerance_percent);
    let beyond: Vec<_> = comparison.figures.iter().filter(beyond).collect();
    let few = |figure: &&FigureComparison| figure.base_repetitions.min(figure.new_repetitions);
    let Some(repetitions) = beyond.iter().map(few).min() else { return Claim::default() };
    let lie = if beyond.len() == 1 { "lies" } else { "lie" };
    count(beyond.len(), What::BeyondByChance)
        .say(format!(" of them {lie} wholly beyond it, which "))
        .and(count(repetitions as usize, What::BeyondRepetitions))
        .say(" repetitions of so many figures show by chance too often to call it worse. ")
}

/// How much worse a figure may be at most, by the intervals of the ratios; nothing where none may be worse at all.
fn bound(comparison: &RunComparison) -> Claim {
    let worst = |figure: &FigureComparison| worse_by_at_most(&figure.figure, figure.ratio?);
    let percent = comparison.figures.iter().filter_map(worst).fold(0.0, f64::max) * 100.0;
    if percent <= 0.0 {
        return Claim::default();
    }
    let what = of_all(&At::Run, What::PairBound);
    Claim::words("; none is worse by more than ").figure(format!("{percent:.1} %"), percent, what)
}

/// What stands beside every comparison of two runs.
pub const DRIFT: &str = "One run was measured after the other: what the machine did otherwise meanwhile is in the \
                         ratios. `weighbridge pair` measures both in turn.";

fn table<'a>(figures: impl Iterator<Item = &'a FigureComparison>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    table.set_header(["transport", "figure", "base", "new", "ratio (95 %)", "verdict"]);
    let mut last = None;
    for figure in figures {
        // A name once per transport keeps the table calm.
        let name = if last == Some(figure.path) { "" } else { figure.path.name() };
        last = Some(figure.path);
        let value =
            |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| printed(&figure.figure, value));
        table.add_row([
            name.to_owned(),
            figure_name(&figure.figure).to_owned(),
            value(figure.base),
            value(figure.new),
            figure.ratio.map_or_else(String::new, ratio_text),
            verdict(figure.verdict).to_owned(),
        ]);
    }
    for column in [2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.to_string()
}

/// A figure in one word.
pub fn figure_name(path: &str) -> &str {
    match path {
        "rates.completed_per_s" => "rate",
        path => path.rsplit('.').next().unwrap_or(path),
    }
}

/// A value of the figure with its unit.
pub fn printed(path: &str, value: f64) -> String {
    match path.split('.').next() {
        Some("latency_ns") => format::latency(value),
        Some("rates") => format::rate(value),
        _ => format::number(value),
    }
}

/// `1.30 (1.24 to 1.36)`.
pub fn ratio_text(ratio: Estimate) -> String {
    match (ratio.low, ratio.high) {
        (Some(low), Some(high)) => format!("{:.2} ({low:.2} to {high:.2})", ratio.median),
        _ => format!("{:.2}", ratio.median),
    }
}

/// `0.034`; below a thousandth only that.
pub fn chance(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") }
}

fn verdict(verdict: FigureVerdict) -> &'static str {
    match verdict {
        FigureVerdict::Regression => "REGRESSION",
        FigureVerdict::Improvement => "improvement",
        FigureVerdict::NoRegression => "no regression",
        FigureVerdict::Inconclusive => "inconclusive",
    }
}

fn difference(difference: &Difference) -> String {
    let forced = if difference.refuses { " (forced)" } else { "" };
    format!("{}: {} -> {}{forced}", difference.field, difference.base, difference.new)
}

fn push_list(text: &mut String, heading: &str, lines: impl Iterator<Item = String>) {
    for (index, line) in lines.enumerate() {
        if index == 0 {
            let _ = writeln!(text, "\n{heading}");
        }
        let _ = writeln!(text, "  {line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::compare::{Options, compare};
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::result::RunResult;
    use weighbridge_record::terms::TransportKind;

    const OPTIONS: Options = Options { tolerance_percent: 5.0, force: false };

    fn run(repetitions: u32) -> RunResult {
        let transports = vec![TransportKind::RedisStreams, TransportKind::NatsJetstream];
        Fixture { transports, repetitions, seconds: 1, ..Fixture::default() }.build()
    }

    /// The turnaround of every trial times a factor.
    fn slowed(mut run: RunResult, factor: f64) -> RunResult {
        let turnarounds = run.trials.iter_mut().filter_map(|trial| trial.latency_ns.turnaround.as_mut());
        for ns in turnarounds.flat_map(|turnaround| [&mut turnaround.p50, &mut turnaround.p99]).flatten() {
            *ns = (*ns as f64 * factor) as u64;
        }
        run
    }

    #[test]
    fn what_chance_may_explain_is_said_and_not_called_worse() {
        let mut new = run(3);
        let mut slower = new.trials.iter_mut().filter(|trial| trial.path == TransportKind::NatsJetstream);
        for factor in [1.13, 1.2, 1.22] {
            let turnaround = slower.next().unwrap().latency_ns.turnaround.as_mut().unwrap();
            turnaround.p50 = turnaround.p50.map(|ns| (ns as f64 * factor) as u64);
        }
        let told =
            headline(&compare(&run(3), &new, Options { tolerance_percent: 0.0, force: false }).unwrap()).text;
        assert!(
            told.starts_with("Inconclusive") && told.contains("1 of them lies wholly beyond it"),
            "{told}"
        );
        let same = headline(&compare(&run(3), &run(3), OPTIONS).unwrap()).text;
        assert!(!same.contains("wholly beyond"), "{same}");
    }

    #[test]
    fn the_text_fits_eighty_columns() {
        let mut new = slowed(run(5), 1.3);
        for trial in &mut new.trials {
            trial.brokers[0].version = "8.0.0".to_owned();
        }
        new.trials.retain(|trial| trial.path == TransportKind::RedisStreams);
        let text = text(&compare(&run(5), &new, OPTIONS).unwrap());
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        insta::assert_snapshot!(text.replace('\u{a0}', " "), @r"
        Regression: 2 of 4 figures are worse by more than 5 %.
          base  quickstart of 2026-01-02T03:04:05.250Z, run 01JABCDEFGHJKMNPQRSTVWXYZ0
          new   quickstart of 2026-01-02T03:04:05.250Z, run 01JABCDEFGHJKMNPQRSTVWXYZ0

        transport      figure     base      new  ratio (95 %)         verdict
        redis-streams  p50     2.07 ms  2.70 ms  1.30 (1.25 to 1.35)  REGRESSION
                       p99     5.71 ms  7.42 ms  1.30 (1.24 to 1.36)  REGRESSION
                       rate    1 999/s  1 999/s  1.00 (1.00 to 1.00)  no regression
                       lost          0        0                       no regression

        One run was measured after the other: what the machine did otherwise meanwhile
        is in the ratios. `weighbridge pair` measures both in turn.

        The runs differ in:
          redis-server version: 7.0.15 -> 8.0.0

        Not compared:
          nats-jetstream: only in the base run
        ");
    }
}
