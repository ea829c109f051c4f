//! Figures of intervals and of the breakdown, worked out from the rows of `result.json`.

use base64::prelude::{BASE64_STANDARD, Engine};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use serde_json::Value;
use weighbridge_report::claim::Intervals;

use crate::oracle::number;

fn rows<'v>(trial: &'v Value, key: &str) -> &'v [Value] {
    trial[key].as_array().map_or(&[], Vec::as_slice)
}

/// The most requests in flight at the end of an interval of the window, and when that was.
pub fn backlog(trials: &[&Value]) -> Option<(f64, f64)> {
    let mut highest: Option<(f64, f64)> = None;
    for row in trials.iter().flat_map(|trial| rows(trial, "series")).filter(|row| row["phase"] == "window") {
        let (in_flight, end_s) =
            (number(row, "in_flight")?, number(row, "t_s")? + number(row, "duration_s")?);
        if highest.is_none_or(|(known, _)| in_flight > known) {
            highest = Some((in_flight, end_s));
        }
    }
    highest
}

/// The most of a figure of the rows of the window.
pub fn most(trials: &[&Value], figure: impl Fn(&Value) -> Option<f64>) -> Option<f64> {
    let rows = trials.iter().flat_map(|trial| rows(trial, "series"));
    rows.filter(|row| row["phase"] == "window").filter_map(figure).reduce(f64::max)
}

/// The lowest or highest of a percentile over the intervals whose middle lies in the window; those with fewer than
/// ten requests above the percentile have none.
pub fn extreme(trials: &[Value], asked: &Intervals, choose: fn(f64, f64) -> f64) -> Option<f64> {
    let trial = trials.iter().find(|trial| trial["order"] == asked.order)?;
    let window_s = number(trial, "window_s")?;
    let mut merged: Vec<(f64, Histogram<u64>)> = Vec::new();
    for row in rows(trial, "series") {
        let Some(text) = row["turnaround"]["histogram"].as_str().filter(|text| !text.is_empty()) else {
            continue;
        };
        let middle = number(row, "t_s")? + number(row, "duration_s")? / 2.0;
        let place = ((middle - asked.start_s) / asked.width_s).floor();
        let bytes = BASE64_STANDARD.decode(text).ok()?;
        let histogram: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).ok()?;
        match merged.iter_mut().find(|(known, _)| *known == place) {
            Some((_, sum)) => sum.add(&histogram).ok()?,
            None => {
                let mut sum = histogram;
                sum.auto(true);
                merged.push((place, sum));
            }
        }
    }
    let end =
        rows(trial, "series").iter().filter_map(|row| Some(number(row, "t_s")? + number(row, "duration_s")?));
    let end = end.fold(f64::NEG_INFINITY, f64::max);
    let percentile = |(place, histogram): &(f64, Histogram<u64>)| {
        let middle = (asked.start_s + (place + 0.5) * asked.width_s).min(end.max(window_s));
        let above = (1.0 - asked.quantile) * histogram.len() as f64;
        let told = (0.0..window_s).contains(&middle) && above > 10.0 - 1e-6;
        told.then(|| histogram.value_at_quantile(asked.quantile) as f64)
    };
    merged.iter().filter_map(percentile).reduce(choose)
}

const PARTS: [(&str, &str); 5] = [
    ("send lag", "send_lag_ns_sum"),
    ("publish", "publish_ns_sum"),
    ("queue", "queue_ns_sum"),
    ("service", "service_ns_sum"),
    ("return", "return_ns_sum"),
];

/// The share of a part in per cent, of the requests within a twentieth of a turnaround, or the nearest ten.
pub fn part(trials: &[&Value], center_ns: f64, part: &str) -> Option<f64> {
    let mut bins: Vec<(f64, f64, [f64; 5])> = Vec::new();
    for row in trials.iter().flat_map(|trial| rows(trial, "breakdown")) {
        let (low, high) = (number(row, "turnaround_ns_min")?, number(row, "turnaround_ns_max")?);
        let off = (((low + high) / 2.0).floor() / center_ns).ln().abs();
        let sums = PARTS.map(|(_, field)| number(row, field).unwrap_or(0.0));
        bins.push((off, number(row, "count")?, sums));
    }
    bins.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut count, mut sums, mut last) = (0.0, [0.0; 5], f64::NAN);
    for (off, more, parts) in bins {
        // Bins of several repetitions that are alike belong together.
        if off != last && count >= 10.0 && off > 0.05f64.ln_1p() {
            break;
        }
        last = off;
        count += more;
        sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
    }
    let place = PARTS.iter().position(|(name, _)| *name == part)?;
    let whole: f64 = sums.iter().sum();
    Some(sums[place] / whole * 100.0)
}
