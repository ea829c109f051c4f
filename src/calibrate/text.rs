//! The table of checks for a terminal.

use comfy_table::{CellAlignment, Table, presets};

use crate::report::format;
use crate::result::{Check, Rule, Unit};

/// All checks, one line each, and a last line that counts them.
pub fn table(checks: &[Check]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    table.set_header(["", "check", "expected", "measured", "off by", ""]);
    for check in checks {
        table.add_row([
            check.group.clone(),
            check.name.clone(),
            expected(check),
            check.measured.map_or_else(|| "too few".to_string(), |value| figure(check.unit, value)),
            error(check),
            if check.passed { "ok".to_string() } else { "FAILED".to_string() },
        ]);
    }
    for column in 2..5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let failed = checks.iter().filter(|check| !check.passed).count();
    let verdict = if failed == 0 {
        format!("All {} checks passed.", checks.len())
    } else {
        format!("{failed} of {} checks FAILED: figures from here can't be trusted.", checks.len())
    };
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_string()).collect();
    format!("{}\n\n{verdict}\n", lines.join("\n"))
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
