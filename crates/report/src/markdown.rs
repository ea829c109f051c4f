//! `summary.md`: the answer, the table and what failed, for the page of a CI job.

use super::answer::{answer, changed};
use super::capacity;
use super::certificate;
use super::doubts;
use super::escaping::{escaped, push};
use super::groups::{Group, groups};
use super::paths_table::{self, COLUMNS, Cell, own_lateness_lines};
use super::thresholds::observed;
use weighbridge_record::result::{RunResult, Verdict};

/// Columns that fit the page of a CI job.
const SHOWN: [&str; 12] = [
    "completed",
    "p50",
    "p99",
    "p99.9",
    "max",
    "transit p50",
    "lost",
    "rejected",
    "parked",
    "indeterminate",
    "unsent",
    "duplicated",
];
/// Doubts listed; the rest is in the report.
const DOUBTS_MAX: usize = 20;

/// The whole summary.
pub fn summary(result: &RunResult) -> String {
    let answer = answer(result);
    let mut text = format!(
        "## Weighbridge: {} {}\n\n{}\n\n**{}**\n",
        escaped(&result.scenario.name),
        verdict(result.verdict),
        escaped(&result.scenario.question),
        escaped(&answer.sentence.text)
    );
    if let Some(changed) = changed(result) {
        push(&mut text, format_args!("\n{}\n", escaped(&changed)));
    }
    for qualifier in &answer.qualifiers {
        push(&mut text, format_args!("\n- {}", escaped(&qualifier.text)));
    }
    for group in &capacity::shown(result) {
        push_table(&mut text, group);
    }
    for certificate in groups(result).iter().flat_map(|group| certificate::of(group, result)) {
        certificate::push_short(&mut text, &certificate);
    }
    push_failed(&mut text, result);
    push_doubts(&mut text, result);
    text
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Invalid => "is invalid",
        Verdict::Aborted => "was aborted",
    }
}

fn push_table(text: &mut String, group: &Group<'_>) {
    let label = group.point.label();
    if !label.is_empty() {
        push(text, format_args!("\n\n### {}", escaped(&label)));
    }
    let rows = paths_table::rows(group);
    let shown: Vec<&str> =
        SHOWN.into_iter().filter(|column| paths_table::says(rows.iter(), column)).collect();
    push(
        text,
        format_args!("\n\n| transport | {} |\n|---|{}\n", shown.join(" | "), "--:|".repeat(shown.len())),
    );
    for row in rows {
        let remark = if row.valid { "" } else { " (invalid)" };
        push(text, format_args!("| {}{remark} |", row.path));
        for column in &shown {
            let index = COLUMNS.iter().position(|(known, _)| known == column);
            let figure = index.and_then(|index| row.cells.get(index)).map_or_else(String::new, Cell::signed);
            push(text, format_args!(" {} |", escaped(&figure)));
        }
        text.push('\n');
    }
    for line in own_lateness_lines(group, &["p50", "p99", "p999", "max"]) {
        push(text, format_args!("\n{}\n", escaped(&line)));
    }
}

fn push_failed(text: &mut String, result: &RunResult) {
    if result.thresholds.is_empty() {
        return;
    }
    let failed: Vec<_> = result.thresholds.iter().filter(|outcome| !outcome.passed).collect();
    let total = result.thresholds.len();
    push(text, format_args!("\n{} of {total} thresholds hold.\n", total - failed.len()));
    if failed.is_empty() {
        return;
    }
    text.push_str("\n| failed | transport | observed |\n|---|---|--:|\n");
    for outcome in failed {
        let place = match outcome.point.label() {
            label if label.is_empty() => outcome.path.to_string(),
            label => format!("{} at {label}", outcome.path),
        };
        let (expression, observed) = (escaped(&outcome.expression), escaped(&observed(outcome)));
        push(text, format_args!("| {expression} | {} | {observed} |\n", escaped(&place)));
    }
}

fn push_doubts(text: &mut String, result: &RunResult) {
    let groups = groups(result);
    let lines = doubts::lines(&groups).into_iter().filter(|line| line.kind.invalidates());
    let doubts: Vec<String> =
        lines.map(|line| format!("{}: {}: {}", line.places, line.kind.name(), line.detail)).collect();
    if doubts.is_empty() {
        return;
    }
    text.push_str("\nWhy measurements are invalid:\n\n");
    for doubt in doubts.iter().take(DOUBTS_MAX) {
        push(text, format_args!("- {}\n", escaped(doubt)));
    }
    if doubts.len() > DOUBTS_MAX {
        push(text, format_args!("- and {} more, in the report\n", doubts.len() - DOUBTS_MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::result::{Doubt, DoubtKind};
    use weighbridge_record::terms::TransportKind;

    fn result() -> RunResult {
        let transports = vec![TransportKind::NatsCore, TransportKind::RedisPubsub];
        Fixture { transports, seconds: 2, ..Fixture::default() }.build()
    }

    #[test]
    fn a_sound_run_has_its_answer_and_a_row_for_each_transport_and_nothing_failed() {
        let text = summary(&result());
        assert!(text.contains("| nats-core |") && text.contains("| redis-pubsub |"), "{text}");
        assert!(!text.contains("| failed |") && !text.contains("invalid"), "{text}");
    }

    #[test]
    fn what_failed_stands_in_a_table_of_its_own() {
        let mut result = result();
        result.thresholds[0].passed = false;
        let text = summary(&result);
        let table = text.split_once("| failed |").expect("a table").1;
        assert!(table.contains("turnaround.p99"), "{text}");
    }

    #[test]
    fn why_a_measurement_is_invalid_names_its_point_and_repetition() {
        let points = [500, 700].map(|rate| [("load.rate".to_owned(), rate.into())].into()).to_vec();
        let transports = vec![TransportKind::NatsCore];
        let fixture = Fixture { transports, points, repetitions: 2, seconds: 1, ..Fixture::default() };
        let mut result = fixture.build();
        result.trials[2].valid = false;
        let detail = "9 ms".to_owned();
        result.trials[2].doubts.push(Doubt { kind: DoubtKind::GeneratorLagged, detail });
        let text = summary(&result);
        let line = r"- nats-core in repetition 1 of 2 at load.rate = 700: generator\_lagged: 9 ms";
        assert!(text.lines().any(|told| told == line), "{text}");
        assert!(!text.contains("cpu"), "only what invalidates: {text}");
    }

    #[test]
    fn markup_in_a_scenario_stays_text() {
        let mut result = result();
        result.scenario.question = "Is <script>alert(1)</script> | `x` safe?".to_owned();
        let text = summary(&result);
        assert!(text.contains(r"Is &lt;script&gt;alert(1)&lt;/script&gt; \| \`x\` safe?"), "{text}");
    }
}
