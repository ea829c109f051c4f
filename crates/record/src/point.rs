//! A point of a sweep, and how it is told.

use std::collections::BTreeMap;

use crate::format;

/// The values that one combination of a sweep sets, by key path; empty without a sweep.
pub type Point = BTreeMap<String, serde_json::Value>;

/// `load.rate = 2000, brokers.durability = os`, in words short enough for a heading.
pub fn point_label(point: &Point) -> String {
    let part = |(key, value)| format!("{key} = {}", value_text(value));
    point.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// One swept value.
pub fn value_text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) => number.as_f64().map_or(number.to_string(), format::number),
        other => other.to_string(),
    }
}
