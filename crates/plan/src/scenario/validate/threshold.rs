//! `[thresholds]`: `"turnaround.p99" = "< 50ms"` into metric, comparison and bound.

use super::check::Check;
use crate::scenario::duration;
use crate::scenario::error::Finding;
use crate::scenario::nearest::nearest;
use crate::{Metric, Operator, Statistic, Threshold};
use weighbridge_record::result::{Fault, LedgerTotals, Rates};
use weighbridge_record::terms::Stage;

/// Longer operators first, or `<=` would be read as `<`.
const OPERATORS: [(&str, Operator); 5] = [
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("==", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

/// What a metric may begin with besides a stage.
const GROUPS: [&str; 4] = ["ledger", "rates", "faults", "promises"];

/// All thresholds of the document, in its order; the last is that every request is answered, unless the document
/// says how many need not be.
pub fn check_all(check: &mut Check<'_>) -> Vec<Threshold> {
    let document = check.document;
    let entries = document.get(&["thresholds"]).map(|table| table.entries()).unwrap_or_default();
    let mut thresholds = Vec::new();
    for entry in entries {
        let metric = match metric(&entry.key) {
            Ok(metric) => Some(metric),
            Err(message) => {
                check.findings.push(Finding::new(&entry.key_origin, message));
                None
            }
        };
        let (Some(metric), Some(text)) = (metric, entry.node.text()) else { continue };
        match condition(text, &metric) {
            Ok((operator, bound)) => thresholds.push(Threshold {
                expression: format!("{} {text}", entry.key),
                metric,
                operator,
                bound,
            }),
            Err(wrong) => {
                let message = format!("threshold `{}`: {wrong}", entry.key);
                check.findings.push(Finding::new(&entry.node.origin, message));
            }
        }
    }
    if !thresholds.iter().any(|threshold| threshold.metric == unanswered()) {
        thresholds.push(nothing_unanswered());
    }
    thresholds
}

fn unanswered() -> Metric {
    Metric::Ledger { field: LedgerTotals::UNANSWERED.to_owned() }
}

/// What a scenario promises that says nothing of requests without an answer.
fn nothing_unanswered() -> Threshold {
    Threshold {
        expression: format!("ledger.{} == 0", LedgerTotals::UNANSWERED),
        metric: unanswered(),
        operator: Operator::Equal,
        bound: 0.0,
    }
}

fn metric(text: &str) -> Result<Metric, String> {
    let Some((group, field)) = text.split_once('.') else {
        return Err(format!(
            "`{text}` is no metric: write `<stage>.<statistic>`, `ledger.<field>` or `rates.<field>`, \
             for example \"turnaround.p99\""
        ));
    };
    match group {
        "ledger" => {
            let known: Vec<_> = LedgerTotals::default().counts().map(|(name, _)| name).collect();
            known_field("ledger", field, &known).map(|()| Metric::Ledger { field: field.to_owned() })
        }
        "rates" => {
            let known: Vec<_> = Rates::default().fields().map(|(name, _)| name).into();
            known_field("rates", field, &known).map(|()| Metric::Rate { field: field.to_owned() })
        }
        "faults" => known_field("faults", field, &Fault::FIELDS.map(|(name, _)| name))
            .map(|()| Metric::Fault { field: field.to_owned() }),
        "promises" => known_field("promises", field, &["broken"]).map(|()| Metric::BrokenPromises),
        _ => {
            let Some(stage) = Stage::ALL.into_iter().find(|stage| stage.name() == group) else {
                let stages = Stage::ALL.map(Stage::name);
                let hint = hint(group, stages.into_iter().chain(GROUPS));
                return Err(format!(
                    "unknown metric `{text}`{hint}; known: {}, {}",
                    stages.join(", "),
                    GROUPS.join(", ")
                ));
            };
            let known = Statistic::NAMED.map(|(name, _)| name);
            known_field(group, field, &known)?;
            let statistic = Statistic::NAMED.into_iter().find(|(name, _)| *name == field);
            statistic
                .map(|(_, statistic)| Metric::Latency { stage, statistic })
                .ok_or_else(|| format!("unknown statistic `{field}`"))
        }
    }
}

fn known_field(group: &str, field: &str, known: &[&str]) -> Result<(), String> {
    if known.contains(&field) {
        return Ok(());
    }
    let hint = hint(field, known.iter().copied());
    Err(format!("unknown metric `{group}.{field}`{hint}; known in {group}: {}", known.join(", ")))
}

fn hint<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(word, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

fn condition(text: &str, metric: &Metric) -> Result<(Operator, f64), String> {
    let trimmed = text.trim();
    let Some((operator, comparison)) = OPERATORS.into_iter().find(|(sign, _)| trimmed.starts_with(sign))
    else {
        return Err(format!("`{text}` must start with one of <, <=, ==, >=, >, for example \"< 50ms\""));
    };
    let bound = bound(trimmed[operator.len()..].trim(), metric)?;
    Ok((comparison, bound))
}

/// Whether its bound is a duration.
fn is_time(metric: &Metric) -> bool {
    match metric {
        Metric::Latency { .. } => true,
        Metric::Fault { field } => field.ends_with("_s"),
        Metric::Ledger { .. } | Metric::Rate { .. } | Metric::BrokenPromises => false,
    }
}

fn bound(text: &str, metric: &Metric) -> Result<f64, String> {
    if is_time(metric) {
        return match duration::parse(text)? {
            0 => Err("a time can't be compared with zero".to_owned()),
            ns => Ok(ns as f64),
        };
    }
    let number: f64 = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
    if !number.is_finite() || number < 0.0 {
        return Err(format!("`{text}` must be a finite number that isn't negative"));
    }
    if !matches!(metric, Metric::Rate { .. }) && number.fract() != 0.0 {
        return Err(format!("`{text}`: only whole requests and promises are counted"));
    }
    Ok(number)
}
