//! The comparison table: one row per transport, every figure with its reason where it is blank.
//!
//! Cells carry text to read and a value to sort by; `html` and `terminal` lay them out.

use super::groups::{Entry, Group};
use weighbridge_record::result::{Estimate, LatencySummary};
use weighbridge_record::terms::{Path, Stage};
use weighbridge_record::{format, histogram};

/// One figure of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Empty where there is no figure.
    pub text: String,
    /// Interval over repetitions, or the reason why there is no figure.
    pub note: String,
    /// Smaller text under the figure: the interval.
    pub interval: Option<String>,
    pub sort_by: Option<f64>,
    /// Whether the figure should worry: a loss, a duplicate.
    pub alarming: bool,
    /// Whether our own lateness is too large a part of it; the figure carries the sign `*`.
    pub ours: bool,
}

impl Cell {
    /// The figure with its sign.
    pub fn signed(&self) -> String {
        format!("{}{}", self.text, if self.ours { "*" } else { "" })
    }

    fn marked(mut self, own: Option<String>) -> Self {
        if let Some(own) = own.filter(|_| !self.text.is_empty()) {
            self.ours = true;
            self.note = if self.note.is_empty() { own } else { format!("{own}; {}", self.note) };
        }
        self
    }
}

/// One transport of the table.
pub struct Row {
    pub path: Path,
    pub promise: String,
    pub valid: bool,
    pub cells: Vec<Cell>,
}

/// Headings with their units, in the order of the cells.
pub static COLUMNS: [(&str, &str); 28] = [
    ("offered", "requests per second asked for"),
    ("sent", "requests per second sent in the window"),
    ("completed", "requests per second completed in the window"),
    ("min", "smallest latency"),
    ("p50", "half of the requests were at most this slow"),
    ("p90", "9 in 10 requests were at most this slow"),
    ("p99", "99 in 100 requests were at most this slow"),
    ("p99.9", "999 in 1 000 requests were at most this slow"),
    ("p99.99", "9 999 in 10 000 requests were at most this slow"),
    ("max", "slowest request of any repetition"),
    ("mean", "arithmetic mean; hides the tail"),
    ("unanswered", "requests without an answer: lost, rejected, parked or shed"),
    ("lost", "sent, but neither completed, rejected nor parked"),
    ("rejected", "refused for certain by the broker or a worker"),
    ("parked", "given up by the broker after the last delivery, and still stored"),
    ("indeterminate", "the outcome was unknown for a while, or still is"),
    ("duplicated", "results beyond the first for a request"),
    ("redelivered", "deliveries to a worker beyond the first"),
    ("reordered", "delivered after a later request of the same ordering key"),
    ("unsent", "shed before sending"),
    ("CPU s / 1M", "CPU seconds of the broker for a million completed requests"),
    ("memory", "peak resident memory of the broker"),
    ("service p50", "half of the requests were scored in at most this time"),
    ("transit p50", "half of the requests spent at most this long on the path: turnaround less service"),
    ("transit p90", "9 in 10 requests spent at most this long on the path"),
    ("transit p99", "99 in 100 requests spent at most this long on the path"),
    ("transit p99.9", "999 in 1 000 requests spent at most this long on the path"),
    ("transit max", "the longest that a request of any repetition spent on the path"),
];

/// Some of the columns, as one table that fits the page.
pub struct Part {
    pub title: &'static str,
    pub columns: &'static [(&'static str, &'static str)],
    /// Whether rows also say what the path promises; once on a page is enough.
    pub promises: bool,
    first: usize,
}

impl Part {
    pub fn cells<'r>(&self, row: &'r Row) -> &'r [Cell] {
        &row.cells[self.first..self.first + self.columns.len()]
    }
}

/// First what was felt, then what the path adds, if any row says it, then what became of requests and what they cost.
pub fn parts<'r>(mut rows: impl Iterator<Item = &'r Row>) -> Vec<Part> {
    const SPEED: usize = 11;
    const PATH: usize = COLUMNS.len() - 6;
    let part = |title, from: usize, to: usize| Part {
        title,
        columns: &COLUMNS[from..to],
        promises: from == 0,
        first: from,
    };
    let mut parts = vec![part("Rates and latencies", 0, SPEED)];
    let is_said = |row: &Row| row.cells[PATH + 1..].iter().any(|cell| !cell.text.is_empty());
    if rows.any(is_said) {
        parts.push(part("What the path adds", PATH, COLUMNS.len()));
    }
    parts.push(part("Losses, order and cost", SPEED, PATH));
    parts
}

/// Whether a column that only some records can fill has a figure in any of the rows; others always have their place.
pub fn says<'r>(mut rows: impl Iterator<Item = &'r Row>, column: &str) -> bool {
    let Some(index) = COLUMNS.iter().position(|(known, _)| *known == column) else { return false };
    let counts_seldom = ["unanswered", "rejected", "parked", "indeterminate", "unsent"].contains(&column);
    if counts_seldom {
        return rows.any(|row| row.cells[index].alarming);
    }
    !column.starts_with("transit") || rows.any(|row| !row.cells[index].text.is_empty())
}

/// Rows of one group, in the fixed order of transports.
pub fn rows(group: &Group<'_>) -> Vec<Row> {
    group.entries.iter().map(|entry| row(entry)).collect()
}

fn row(entry: &Entry<'_>) -> Row {
    let trial = entry.trial();
    let mut cells = Vec::with_capacity(COLUMNS.len());
    for (field, reason) in [
        ("offered_per_s", "nothing is scheduled"),
        ("sent_per_s", "not measured"),
        ("completed_per_s", "not measured"),
    ] {
        cells.push(estimated(entry.figure(&format!("rates.{field}")), format::number, reason));
    }
    cells.extend(latencies(entry, Stage::ANSWER));
    let ledger = entry.ledger();
    cells.push(Cell {
        note: format!("of {} requests", format::count(ledger.attempted)),
        ..counted(ledger.unanswered())
    });
    let of_requests = ["lost", "rejected", "parked", "indeterminate"];
    let of_deliveries = ["duplicated", "redelivered", "reordered", "unsent"];
    let count = |name| match ledger.count(name) {
        Some(count) => counted(count),
        None => single(None, format::number, "not measured: external workers don't tell what they receive"),
    };
    cells.extend(of_requests.into_iter().chain(of_deliveries).map(count));
    let no_process = "the broker's process could not be read";
    cells.push(single(entry.cpu_seconds_per_million(), format::number, no_process));
    cells.push(single(entry.broker_rss_bytes_max().map(|bytes| bytes as f64), format::bytes, no_process));
    let [_, service_p50, ..] = latencies(entry, Stage::Service);
    let [_, p50, p90, p99, p999, _, max, _] = latencies(entry, Stage::Transit);
    cells.extend([service_p50, p50, p90, p99, p999, max]);
    Row {
        path: entry.path,
        promise: trial.promise_words(),
        valid: entry.trials.iter().all(|trial| trial.valid),
        cells,
    }
}

/// From the smallest to the mean, in the order of the first columns.
fn latencies(entry: &Entry<'_>, stage: Stage) -> [Cell; 8] {
    let samples = entry
        .counted
        .iter()
        .filter_map(|trial| trial.latency_ns.get(stage))
        .map(|summary| summary.count)
        .min()
        .unwrap_or(0);
    let figure = |statistic: &str| entry.figure(&stage.figure(statistic));
    let own = |statistic: &str| own_lateness(entry, stage, statistic);
    let over_all = |read: fn(&LatencySummary) -> Option<u64>, pick: fn(u64, u64) -> u64| {
        let values = entry.counted.iter().filter_map(|trial| read(trial.latency_ns.get(stage)?));
        values.reduce(pick).map(|ns| ns as f64)
    };
    let summaries = || entry.counted.iter().filter_map(|trial| trial.latency_ns.get(stage));
    let unanswered: u64 = summaries().map(|summary| summary.unanswered).sum();
    let percentile = |statistic: &str, quantile: f64| {
        if summaries().any(|summary| summary.is_unanswered_at(quantile)) {
            return not_answered(summaries().map(|summary| summary.count).sum(), unanswered);
        }
        let reason = format!(
            "{} samples; {} needs {}",
            format::count(samples),
            format::percentile(quantile),
            format::count(histogram::samples_needed(quantile))
        );
        estimated(figure(statistic), format::latency, &reason).marked(own(statistic))
    };
    let of_answered = |cell: Cell| {
        if unanswered == 0 { cell } else { Cell { note: "of those answered".to_owned(), ..cell } }
    };
    [
        single(over_all(|summary| summary.min, u64::min), format::latency, "no samples").marked(own("min")),
        percentile("p50", 0.5),
        percentile("p90", 0.9),
        percentile("p99", 0.99),
        percentile("p999", 0.999),
        percentile("p9999", 0.9999),
        of_answered(single(over_all(|summary| summary.max, u64::max), format::latency, "no samples"))
            .marked(own("max")),
        of_answered(estimated(figure("mean"), format::latency, "no samples")).marked(own("mean")),
    ]
}

/// `own lateness: send lag p99.9 is 14.4 ms of 41.9 ms in repetition 1`; none where the figure is the path's.
fn own_lateness(entry: &Entry<'_>, stage: Stage, statistic: &str) -> Option<String> {
    let (trial, own) = entry.own_lateness(&stage.figure(statistic))?;
    let repetition = match entry.counted.len() {
        1 => String::new(),
        _ => format!(" in repetition {}", trial.repetition),
    };
    let since =
        own.from_sending_ns.map_or(String::new(), |ns| format!(", {} from sending on", format::latency(ns)));
    Some(format!("own lateness: {}{repetition}{since}", own.words(statistic)))
}

/// Why figures carry the sign: one line for each path, of the statistics that are shown.
pub fn own_lateness_lines(group: &Group<'_>, statistics: &[&str]) -> Vec<String> {
    let line = |entry: &Entry<'_>| {
        let told: Vec<String> =
            statistics.iter().filter_map(|statistic| own_lateness(entry, Stage::ANSWER, statistic)).collect();
        let told: Vec<&str> = told.iter().map(|text| text.trim_start_matches("own lateness: ")).collect();
        (!told.is_empty()).then(|| format!("* {}, own lateness: {}", entry.path, told.join("; ")))
    };
    group.entries.iter().filter_map(line).collect()
}

/// Width of an interval, as a share of its figure, from which on it is written below it.
const INTERVAL_SHARE_MIN: f64 = 0.01;

fn estimated(estimate: Option<Estimate>, print: fn(f64) -> String, reason: &str) -> Cell {
    let Some(Estimate { median, low, high }) = estimate else { return single(None, print, reason) };
    let interval = low.zip(high).map(|(low, high)| span(&print(low), &print(high)));
    let note = interval.as_ref().map_or(String::new(), |text| format!("interval over repetitions: {text}"));
    // Ends so close to the figure say nothing beside it, and take room; the note keeps them.
    let wide = low.zip(high).is_some_and(|(low, high)| high - low > INTERVAL_SHARE_MIN * median);
    let interval = interval.filter(|_| wide);
    Cell { text: print(median), note, interval, sort_by: Some(median), alarming: false, ours: false }
}

/// `2.65 – 2.71 ms`: a unit that both ends share is written once.
fn span(low: &str, high: &str) -> String {
    let unit = |text: &str| text.rsplit_once('\u{a0}').map(|(_, unit)| unit.to_owned());
    match (low.rsplit_once('\u{a0}'), unit(high)) {
        (Some((figure, low_unit)), Some(high_unit))
            if low_unit == high_unit && !low_unit.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            format!("{figure} – {high}")
        }
        _ => format!("{low} – {high}"),
    }
}

fn single(value: Option<f64>, print: fn(f64) -> String, reason: &str) -> Cell {
    Cell {
        text: value.map_or(String::new(), print),
        note: if value.is_some() { String::new() } else { reason.to_owned() },
        interval: None,
        sort_by: value,
        alarming: false,
        ours: false,
    }
}

/// What stands in the place of a percentile whose request got no answer.
pub const NOT_ANSWERED: &str = "not answered";
/// Where it is sorted to: behind every latency, and a number that scripts can read.
const NEVER_NS: f64 = 1e18;

/// A percentile whose request got no answer.
fn not_answered(answered: u64, unanswered: u64) -> Cell {
    let (answered, unanswered) = (format::count(answered), format::count(unanswered));
    let note = format!(
        "{answered} requests of the window were answered and {unanswered} were not: the percentile is one of these"
    );
    Cell {
        text: NOT_ANSWERED.to_owned(),
        note,
        interval: None,
        sort_by: Some(NEVER_NS),
        alarming: true,
        ours: false,
    }
}

fn counted(value: u64) -> Cell {
    Cell {
        text: format::count(value),
        note: String::new(),
        interval: None,
        sort_by: Some(value as f64),
        alarming: value > 0,
        ours: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::{Fixture, refused_half, with_transit};
    use weighbridge_record::result::RunResult;
    use weighbridge_record::terms::TransportKind;

    #[test]
    fn a_percentile_with_too_few_samples_is_blank_and_says_why() {
        let result = Fixture { seconds: 1, ..Fixture::default() }.build();
        let rows = rows(&groups(&result)[0]);
        let column = COLUMNS.iter().position(|(name, _)| *name == "p99.9").unwrap();
        let cell = &rows[0].cells[column];
        assert_eq!(cell.text, "");
        assert!(cell.note.replace('\u{a0}', " ").contains("p99.9 needs 10 000"), "{}", cell.note);
    }

    #[test]
    fn every_row_has_a_cell_for_every_column() {
        let result = Fixture { repetitions: 3, seconds: 2, ..Fixture::default() }.build();
        for row in rows(&groups(&result)[0]) {
            assert_eq!(row.cells.len(), COLUMNS.len(), "{}", row.path);
            assert!(row.cells[4].interval.is_some());
        }
    }

    #[test]
    fn a_narrow_interval_stands_in_the_note_alone() {
        let cell = |low, high| {
            estimated(
                Some(Estimate { median: 2_000.0, low: Some(low), high: Some(high) }),
                format::number,
                "",
            )
        };
        let (narrow, wide) = (cell(1_995.0, 2_010.0), cell(1_900.0, 2_010.0));
        assert_eq!(narrow.interval, None);
        assert!(narrow.note.contains("1\u{a0}995 – 2\u{a0}010"), "{}", narrow.note);
        assert!(wide.interval.is_some());
    }

    #[test]
    fn an_interval_names_a_shared_unit_once() {
        assert_eq!(span("2.65\u{a0}ms", "2.71\u{a0}ms"), "2.65 – 2.71\u{a0}ms");
        assert_eq!(span("950\u{a0}µs", "1.01\u{a0}ms"), "950\u{a0}µs – 1.01\u{a0}ms");
        assert_eq!(span("1\u{a0}999", "2\u{a0}999"), "1\u{a0}999 – 2\u{a0}999");
    }

    #[test]
    fn a_percentile_among_requests_without_an_answer_says_so_with_both_counts() {
        let result = refused_half();
        let rows = rows(&groups(&result)[0]);
        let row = rows.iter().find(|row| row.path == TransportKind::NatsCore).unwrap();
        let cell = |name: &str| &row.cells[COLUMNS.iter().position(|(known, _)| *known == name).unwrap()];
        assert_eq!(cell("p90").text, "not answered");
        assert_eq!(cell("p99").text, "not answered");
        let note = cell("p99").note.replace('\u{a0}', " ");
        insta::assert_snapshot!(note, @"10 142 requests of the window were answered and 10 143 were not: the percentile is one of these");
        assert_eq!(cell("max").note, "of those answered");
        for (column, count) in [("rejected", "10\u{a0}000"), ("unanswered", "10\u{a0}000"), ("lost", "0")] {
            assert_eq!(
                (cell(column).text.as_str(), cell(column).alarming),
                (count, count != "0"),
                "{column}"
            );
        }
    }

    #[test]
    fn what_the_path_adds_is_a_part_where_the_record_says_it() {
        let titles = |result: &RunResult| -> Vec<&str> {
            parts(rows(&groups(result)[0]).iter()).iter().map(|part| part.title).collect()
        };
        let result = Fixture { seconds: 1, ..Fixture::default() }.build();
        assert_eq!(titles(&result), ["Rates and latencies", "Losses, order and cost"]);
        let result = with_transit(result, 500_000);
        assert_eq!(titles(&result)[1], "What the path adds");
        let row = &rows(&groups(&result)[0])[0];
        let column = |name: &str| COLUMNS.iter().position(|(known, _)| *known == name).unwrap();
        assert_eq!(row.cells[column("service p50")].text.replace('\u{a0}', " "), "500 µs");
        let transit = |name: &str| row.cells[column(name)].sort_by.unwrap();
        assert!(
            (transit("transit p99") / (row.cells[column("p99")].sort_by.unwrap() - 5e5) - 1.0).abs() < 0.01
        );
    }

    #[test]
    fn a_loss_is_alarming() {
        let mut result = Fixture { seconds: 1, ..Fixture::default() }.build();
        result.trials[0].ledger.lost = 3;
        let column = COLUMNS.iter().position(|(name, _)| *name == "lost").unwrap();
        assert!(rows(&groups(&result)[0])[0].cells[column].alarming);
    }
}
