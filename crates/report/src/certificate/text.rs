//! Certificates as Markdown.

use super::table::{Certificate, Table};
use crate::escaping::{escaped, push};
use weighbridge_record::result::ScenarioRecord;

/// `certificate.md`: all of a run, with the scenario and lines to sign.
pub fn whole(scenario: &ScenarioRecord, all: &[Certificate]) -> String {
    let mut text = format!("# {}\n\n{}\n", escaped(&scenario.name), escaped(&scenario.question));
    for certificate in all {
        push_heading(&mut text, certificate);
        push_facts(&mut text, certificate);
        for table in &certificate.tables {
            push(&mut text, format_args!("\n#### {}\n\n{}\n", table.caption, escaped(table.note)));
            push_rows(&mut text, table);
        }
    }
    push(&mut text, format_args!("\n## The scenario\n\n{}\n", indented(&scenario.source)));
    text.push_str("\n| name | date | signature |\n|---|---|---|\n| | | |\n| | | |\n");
    text
}

/// The figures of one and its stages, for a summary.
pub fn push_short(text: &mut String, certificate: &Certificate) {
    push_heading(text, certificate);
    push_facts(text, certificate);
    certificate.tables.iter().take(1).for_each(|table| push_rows(text, table));
    text.push_str("\nThe whole certificate is in certificate.md.\n");
}

fn push_heading(text: &mut String, Certificate { kind, path, repetition, .. }: &Certificate) {
    push(text, format_args!("\n### Certificate: {kind} over {path}, repetition {repetition}\n\n"));
}

fn push_facts(text: &mut String, certificate: &Certificate) {
    for (name, figure) in &certificate.facts {
        push(text, format_args!("- {}: {}\n", escaped(name), escaped(figure)));
    }
}

fn push_rows(text: &mut String, table: &Table) {
    let Table { columns, rows, words, .. } = table;
    let rule = "---|".repeat(*words) + &"--:|".repeat(columns.len() - words);
    let line = |cells: &[String]| cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join(" | ");
    push(text, format_args!("\n| {} |\n|{rule}\n", line(columns)));
    for row in rows {
        push(text, format_args!("| {} |\n", line(row)));
    }
}

/// Text that Markdown takes as it is.
fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
