//! `[sweep]`: one document per combination of the swept values.

use serde_json::Value as Json;

use super::document::{Entry, Node, Value};
use super::error::Finding;
use super::structure::to_json;
use weighbridge_record::point::Point;

/// More trials than this are no experiment but a weekend.
const POINTS_MAX: usize = 64;
const KEYS_MAX: usize = 8;

/// The sections that a sweep may reach into. Name, transports, repetitions and thresholds are the same
/// for all points, or the points couldn't be compared.
const SECTIONS: [&str; 6] = ["load", "payload", "workers", "brokers", "route", "faults"];

/// The points of a scenario with their documents; without a sweep the document itself.
pub fn expand(mut document: Node, findings: &mut Vec<Finding>) -> Vec<(Point, Node)> {
    let Some(sweep) = document.get(&["sweep"]).cloned() else { return vec![(Point::new(), document)] };
    let mut keys = usable_keys(&sweep, findings);
    let count = keys.iter().fold(1_usize, |count, (_, values)| count.saturating_mul(values.len()));
    if count > POINTS_MAX || keys.len() > KEYS_MAX {
        let message = format!(
            "the sweep has {} keys and {count} points; at most {KEYS_MAX} keys and {POINTS_MAX} points are run",
            keys.len()
        );
        findings.push(Finding::new(document.origin_of(&["sweep", ""]), message));
        // The first point still tells the other mistakes of the file.
        keys = keys.into_iter().map(|(entry, values)| (entry, &values[..1])).collect();
    }
    // What is wrong with the shape of `[sweep]` has been said above; the points are checked without it.
    document.remove("sweep");
    let mut points = vec![(Point::new(), document)];
    for (entry, values) in keys {
        let path: Vec<_> = entry.key.split('.').map(str::to_owned).collect();
        let mut finer = Vec::with_capacity(points.len() * values.len());
        for (point, document) in &points {
            for value in values {
                let (mut point, mut document) = (point.clone(), document.clone());
                point.insert(entry.key.clone(), to_json(value));
                match document.set(&path, &entry.key_origin, value.clone()) {
                    Ok(()) => finer.push((point, document)),
                    Err(message) => findings.push(Finding::new(&entry.key_origin, message)),
                }
            }
        }
        points = finer;
    }
    points
}

/// A search has one point: which of several it should answer for, nobody could say.
pub fn refuse_search(document: &Node, findings: &mut Vec<Finding>) {
    if document.get(&["search"]).is_some() && document.get(&["sweep"]).is_some() {
        let message =
            "a scenario with `[sweep]` can't be searched: search it once for each value, with --set";
        findings.push(Finding::new(document.origin_of(&["sweep", ""]), message.to_owned()));
    }
}

/// Keys that may be swept, with their values; the others are reported.
fn usable_keys<'a>(sweep: &'a Node, findings: &mut Vec<Finding>) -> Vec<(&'a Entry, &'a [Node])> {
    if !matches!(sweep.value, Value::Table(_)) {
        let message = format!("`sweep` must be a table of lists, not {}", sweep.kind());
        findings.push(Finding::new(&sweep.origin, message));
    }
    let mut keys = Vec::new();
    for entry in sweep.entries() {
        match (refusal(&entry.key), &entry.node.value) {
            (Some(why), _) => findings.push(Finding::new(&entry.key_origin, why)),
            (None, Value::List(values)) if !values.is_empty() => {
                refuse_twice(&entry.key, values, findings);
                keys.push((entry, values.as_slice()));
            }
            (None, Value::List(_)) => {
                let message = format!("`sweep.{}` has no values", entry.key);
                findings.push(Finding::new(&entry.node.origin, message));
            }
            (None, Value::Table(_)) => {
                let message =
                    format!("put the key path of a sweep in quotes: \"{}.<key>\" = [...]", entry.key);
                findings.push(Finding::new(&entry.key_origin, message));
            }
            (None, _) => {
                let message =
                    format!("`sweep.{}` must be a list of values, not {}", entry.key, entry.node.kind());
                findings.push(Finding::new(&entry.node.origin, message));
            }
        }
    }
    keys
}

/// A value that stands twice would be measured twice by the same seeds, and the second would pass for repetitions.
fn refuse_twice(key: &str, values: &[Node], findings: &mut Vec<Finding>) {
    let values: Vec<_> = values.iter().map(|node| (node, to_json(node))).collect();
    for (index, (node, value)) in values.iter().enumerate() {
        let same = |(_, other): &(&Node, Json)| match (other.as_f64(), value.as_f64()) {
            // 1000 and 1e3 are one rate.
            (Some(other), Some(value)) => other == value,
            _ => other == value,
        };
        if values[..index].iter().any(same) {
            let message =
                format!("`{value}` stands twice in `sweep.{key}`; write `repeat` for repetitions of a point");
            findings.push(Finding::new(&node.origin, message));
        }
    }
}

fn refusal(key: &str) -> Option<String> {
    let section = key.split('.').next().unwrap_or_default();
    if !SECTIONS.contains(&section) {
        return Some(format!("`{key}` can't be swept; only keys of {} can", SECTIONS.join(", ")));
    }
    // The values of a point are printed in every report.
    if matches!(key, "brokers.redis_url" | "brokers.nats_url") {
        return Some(format!("`{key}` can't be swept: run the scenario once per server"));
    }
    None
}
