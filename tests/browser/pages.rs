//! The pages that are looked at: the report of each record, the list of all runs, two runs compared, a run as it happens.

use std::sync::LazyLock;

use serde_json::{Value, json};

use weighbridge_record::compare::{Options, compare};
use weighbridge_record::result::RunResult;
use weighbridge_report::{compare_page, folder, html, index, live_page};

use crate::fixtures;

pub struct Page {
    /// The record and the page, as findings name it.
    pub name: String,
    pub html: String,
}

pub fn report(result: &RunResult) -> String {
    html::render(result).expect("a page")
}

/// The list of all records as runs, some of them repeated later with other figures.
fn list_of_runs() -> String {
    let runs = tempfile::tempdir().expect("a folder");
    let mut results: Vec<RunResult> = fixtures::all().into_iter().map(|record| record.result).collect();
    let again: Vec<RunResult> = results.iter().take(3).map(later).collect();
    results.extend(again);
    for (number, result) in results.iter_mut().enumerate() {
        // The derived ones share the names and times of those that they were made of.
        result.run_id = format!("run {number}");
        // One every twelve hours, over as many months as it takes.
        let (month, day, hour) = (1 + number / 56, 1 + number / 2 % 28, 3 + 12 * (number % 2));
        result.environment.started_at = format!("2026-{month:02}-{day:02}T{hour:02}:04:05Z");
        folder::write(result, runs.path()).expect("a folder of the run");
    }
    let page = index::renew(runs.path()).expect("a list");
    std::fs::read_to_string(page).expect("the list")
}

/// The same load, half as slow again.
fn later(result: &RunResult) -> RunResult {
    let mut later = result.clone();
    for row in &mut later.summary {
        for estimate in row.figures.values_mut() {
            estimate.median *= 1.5;
        }
    }
    later
}

/// Two runs that differ in what they ran on, one of them with names that are markup.
fn comparison() -> String {
    let base = fixtures::measured("baseline-latency");
    let mut new = base.clone();
    new.environment.kernel = fixtures::MARKUP.to_owned();
    new.environment.weighbridge_version = "9.9.9".to_owned();
    new.scenario.name = fixtures::MARKUP.to_owned();
    let options = Options { tolerance_percent: 5.0, force: true };
    let compared = compare(&base, &new, options).expect("a comparison");
    compare_page::render(&compared, &base, &new).expect("a page")
}

/// Forty seconds of a run: two trials on different paths, with a fault in the second, and names that are markup.
pub fn live() -> String {
    let sample = |second: u32| {
        let (order, path, node) = match second {
            0..20 => (1, "redis-streams", "redis-server"),
            _ => (2, "nats-jetstream", "nats-server"),
        };
        let elapsed_s = f64::from(second % 20);
        let known = (elapsed_s > 0.0).then_some(2_000.0 + 10.0 * elapsed_s);
        let wave = (f64::from(second) / 3.0).sin();
        let counts = ["completed", "unsent", "rejected", "lost", "duplicated", "redelivered", "unexpected"];
        let requests: serde_json::Map<_, _> =
            counts.iter().map(|name| ((*name).to_owned(), json!(2_000 * second))).collect();
        json!({
            "at_s": f64::from(second) + 0.5,
            "trial": {
                "scenario": fixtures::MARKUP, "path": path, "point": "load.rate=2000", "order": order, "trials": 2,
                "elapsed_s": elapsed_s, "planned_s": 19.0, "due_per_s": known, "completed_per_s": known,
                "p50_ns": known.map(|_| 1.2e6 + 2e5 * wave), "p99_ns": known.map(|_| 4.5e6 + 2e6 * wave),
                "in_flight": 12 + second, "unknown": 0,
                "faults": [{ "at_s": 5.0, "words": "kill-broker" }],
            },
            "totals": { "requests": requests, "valid": order - 1, "invalid": 0 },
            "brokers": [{
                "node": node, "cpu_cores": known.map(|_| 0.5 + 0.2 * wave), "in_bytes_per_s": known,
                "out_bytes_per_s": known, "shown": { "rss_bytes": 3e7 + 1e6 * wave, "pending": 3 + second },
            }],
        })
    };
    let history: Vec<Value> = (0..40).map(sample).collect();
    live_page::render(&Value::from(history).to_string()).expect("a page")
}

/// Every page of every record. Drawn once, which takes a build without optimisation some seconds.
pub static ALL: LazyLock<Vec<Page>> = LazyLock::new(|| {
    let page = |record: &fixtures::Record| Page {
        name: format!("report of {}", record.name),
        html: report(&record.result),
    };
    let mut pages: Vec<Page> = fixtures::all().iter().map(page).collect();
    pages.push(Page { name: "list of runs".to_owned(), html: list_of_runs() });
    pages.push(Page { name: "live page".to_owned(), html: live() });
    pages.push(Page { name: "comparison".to_owned(), html: comparison() });
    pages
});

/// One with most of what pages have: five transports, thresholds, doubts, variants.
pub static PLAIN: LazyLock<String> = LazyLock::new(|| report(&fixtures::measured("quickstart")));
