//! The checks of a calibration in words: a table for a terminal, rows for the page.

use comfy_table::{CellAlignment, Table, presets};

use weighbridge_record::format;
use weighbridge_record::result::{Check, Rule, Unit};

/// One check in words.
pub struct Row {
    pub group: String,
    pub name: String,
    pub expected: String,
    pub measured: String,
    pub error: String,
    pub passed: bool,
}

/// All checks in their order.
pub fn rows(checks: &[Check]) -> Vec<Row> {
    let row = |check: &Check| Row {
        group: check.group.clone(),
        name: check.name.clone(),
        expected: expected(check),
        measured: check
            .measured
            .map_or_else(|| "too few samples".to_string(), |value| figure(check.unit, value)),
        error: error(check),
        passed: check.passed,
    };
    checks.iter().map(row).collect()
}

/// How many passed, in a sentence.
pub fn verdict(checks: &[Check]) -> String {
    let failed = checks.iter().filter(|check| !check.passed).count();
    if failed == 0 {
        format!("All {} checks passed.", checks.len())
    } else {
        format!("{failed} of {} checks FAILED: figures from here can't be trusted.", checks.len())
    }
}

/// All checks, one line each, and a last line that counts them.
pub fn table(checks: &[Check]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    table.set_header(["", "check", "expected", "measured", "off by", ""]);
    for row in rows(checks) {
        let passed = if row.passed { "ok" } else { "FAILED" };
        table.add_row([row.group, row.name, row.expected, row.measured, row.error, passed.to_string()]);
    }
    for column in 2..5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_string()).collect();
    format!("{}\n\n{}\n", lines.join("\n"), verdict(checks))
}

fn expected(check: &Check) -> String {
    let value = figure(check.unit, check.expected);
    match check.rule {
        Rule::Near => format!("{value} ± {}", figure(check.unit, check.tolerance)),
        Rule::Far => format!("not {value} ± {}", figure(check.unit, check.tolerance)),
        Rule::AtMost => format!("<= {value}"),
        Rule::AtLeast => format!(">= {value}"),
    }
}

fn error(check: &Check) -> String {
    match (check.rule, check.measured) {
        (Rule::Near, Some(measured)) if check.expected != 0.0 => {
            format!("{:+.1} %", 100.0 * (measured / check.expected - 1.0))
        }
        (Rule::Near, Some(measured)) => figure(check.unit, measured - check.expected),
        _ => String::new(),
    }
}

fn figure(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Ns => format::latency(value),
        Unit::PerS => format::rate(value),
        Unit::Count => format::number(value),
    }
}

#[cfg(test)]
mod tests {
    use super::{table, verdict};
    use weighbridge_record::result::{Check, Unit};

    #[test]
    fn a_table_says_what_was_expected_and_what_came() {
        let checks = [
            Check::near("stall", "p99".to_string(), Unit::Ns, 950e6, Some(957e6), 50e6),
            Check::at_least("pacing", "ceiling".to_string(), Unit::PerS, 200_000.0, Some(100_000.0)),
        ];
        let text = table(&checks).replace('\u{a0}', " ");
        assert!(
            text.contains("950 ms ± 50.0 ms") && text.contains("957 ms") && text.contains("+0.7 %"),
            "{text}"
        );
        assert!(text.contains("FAILED"), "{text}");
        assert_eq!(verdict(&checks), "1 of 2 checks FAILED: figures from here can't be trusted.");
    }
}
