//! Figures in the text format of Prometheus.
//!
//! Turnarounds are a classic histogram: a native one does not exist in the text format.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::figures::{Place, Reading};
use crate::load::{BOUNDS_NS, Turnarounds};

pub use prometheus_text::CONTENT_TYPE;

/// What stands in front of every name.
const OURS: &str = "weighbridge";

/// The figures as Prometheus scrapes them.
pub fn text(reading: Reading) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix(OURS);
    registry.register_collector(Box::new(Scrape(reading)));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Scrape(Reading);

type Labels<'a> = [(&'static str, &'a str); 3];

fn labels(place: &Place) -> Labels<'_> {
    [("scenario", &place.scenario), ("path", &place.path), ("point", &place.point)]
}

/// What became of requests: names as in `result.json`, and what they count.
const REQUESTS: [(&str, &str); 17] = [
    ("attempted", "Requests that were due"),
    ("unsent", "Requests shed before sending"),
    ("sent", "Requests handed to the client library"),
    ("acknowledged", "Requests confirmed by the broker"),
    ("rejected", "Requests refused for certain"),
    ("indeterminate", "Sends whose outcome was unknown at some time, counted when a trial ends"),
    ("delivered", "Requests that a worker received"),
    ("completed", "Requests that ended as the scenario wants it"),
    ("lost", "Requests sent that never ended, counted when a trial ends"),
    ("lost_requests", "Requests lost before any worker had them, counted when a trial ends"),
    ("lost_results", "Requests received of which no result came, counted when a trial ends"),
    ("lost_acknowledged", "Requests lost although the broker had confirmed them, counted when a trial ends"),
    ("duplicated", "Results beyond the first for the same request"),
    ("redelivered", "Deliveries to a worker beyond the first for the same request"),
    ("reordered", "Requests received after a later one of the same key, counted when a trial ends"),
    ("parked", "Requests given up by the broker and still stored"),
    ("unexpected", "Messages that belong to no request of the trial"),
];

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        self.requests(&mut encoder)?;
        self.turnarounds(&mut encoder)?;
        self.under_way(&mut encoder)?;
        self.trials(&mut encoder)?;
        self.nodes(&mut encoder)
    }
}

impl Scrape {
    fn requests(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        for (field, help) in REQUESTS {
            let name = format!("requests_{field}");
            let told = self.0.places.iter();
            let told = told.filter_map(|(place, sums)| Some((labels(place), *sums.requests.get(field)?)));
            family(encoder, &name, help, told.map(|(labels, count)| (labels, ConstCounter::new(count))))?;
        }
        Ok(())
    }

    fn turnarounds(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let told = self.0.places.iter().map(|(place, sums)| (labels(place), Histogram(&sums.turnarounds)));
        family(encoder, "turnaround_seconds", "From when a request was due to its end", told)
    }

    /// Figures of the trial whose load is on.
    fn under_way(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let mut gauge = |name: &str, help: &str, value: Option<f64>| {
            let now = self.0.now.iter().filter_map(|now| Some((labels(&now.place), ConstGauge::new(value?))));
            family(encoder, name, help, now)
        };
        let now = self.0.now.as_ref();
        gauge("requests_in_flight", "Requests under way", now.map(|now| now.in_flight as f64))?;
        let unknown = "Open requests whose outcome is unknown";
        gauge("requests_unknown", unknown, now.map(|now| now.unknown as f64))?;
        let order = "Place of the trial under way among those of its scenario, from 1";
        gauge("trial_order", order, now.map(|now| f64::from(now.order)))?;
        let planned = "Trials of the scenario, where their number is known before its end";
        gauge("trials_planned", planned, now.and_then(|now| now.trials).map(f64::from))?;
        let elapsed = "Since the load of the trial began";
        gauge("trial_elapsed_seconds", elapsed, now.map(|now| now.elapsed.as_secs_f64()))?;
        let planned = "Planned time of warm-up, window and cool-down";
        gauge("trial_planned_seconds", planned, now.map(|now| now.planned.as_secs_f64()))
    }

    fn trials(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let judged = self.0.places.iter().flat_map(|(place, sums)| {
            let [scenario, path, point] = labels(place);
            [("valid", sums.valid), ("invalid", sums.invalid)].map(|(verdict, count)| {
                ([scenario, path, point, ("verdict", verdict)], ConstCounter::new(count))
            })
        });
        family(
            encoder,
            "trials",
            "Trials that have ended, those that are measured again among them",
            judged,
        )?;
        let last = self.0.last.iter();
        let last = last.map(|(place, valid)| (labels(place), ConstGauge::new(f64::from(u8::from(*valid)))));
        family(encoder, "last_trial_valid", "Whether the trial that ended last is valid", last)
    }

    /// Every column that probes have on nodes.
    fn nodes(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        for (name, told) in by_column(&self.0.counters) {
            let (exposed, factor) = in_base_units(name);
            let help = format!("{}, counted over trials", exposed.replace('_', " "));
            let told = told.map(|(node, value)| ([("node", node)], ConstCounter::new(value * factor)));
            family(encoder, &format!("broker_{exposed}"), &help, told)?;
        }
        for (name, told) in by_column(&self.0.gauges) {
            let (exposed, factor) = in_base_units(name);
            let help = format!("{}, as seen last", exposed.replace('_', " "));
            let told = told.map(|(node, value)| ([("node", node)], ConstGauge::new(value * factor)));
            family(encoder, &format!("broker_{exposed}"), &help, told)?;
        }
        Ok(())
    }
}

type OfNodes = std::collections::BTreeMap<(&'static str, String), f64>;

/// Columns with their value on each node.
fn by_column(all: &OfNodes) -> impl Iterator<Item = (&'static str, impl Iterator<Item = (&str, f64)>)> {
    let mut names: Vec<&'static str> = all.keys().map(|(name, _)| *name).collect();
    names.dedup();
    names.into_iter().map(move |name| {
        let of_column = all.iter().filter(move |((column, _), _)| *column == name);
        (name, of_column.map(|((_, node), value)| (node.as_str(), *value)))
    })
}

/// The name of a column in seconds and bytes, and what its values are multiplied by.
fn in_base_units(column: &str) -> (String, f64) {
    for (unit, base, factor) in
        [("_ns", "_seconds", 1e-9), ("_us", "_seconds", 1e-6), ("_ms", "_seconds", 1e-3)]
    {
        if let Some(stem) = column.strip_suffix(unit) {
            return (format!("{stem}{base}"), factor);
        }
    }
    (column.to_owned(), 1.0)
}

/// Encodes a metric with each of its labels; nothing where there is none.
fn family<L: prometheus_client::encoding::EncodeLabelSet, M: EncodeMetric>(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    told: impl Iterator<Item = (L, M)>,
) -> fmt::Result {
    let mut told = told.peekable();
    let Some((_, first)) = told.peek() else { return Ok(()) };
    let mut metric = encoder.encode_descriptor(name, help, None, first.metric_type())?;
    for (labels, value) in told {
        value.encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}

struct Histogram<'a>(&'a Turnarounds);

impl EncodeMetric for Histogram<'_> {
    fn encode(&self, mut encoder: prometheus_client::encoding::MetricEncoder) -> fmt::Result {
        let bounds = BOUNDS_NS.iter().map(|ns| *ns as f64 / 1e9).chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(self.0.buckets).collect();
        encoder.encode_histogram::<NoLabelSet>(self.0.sum_ns as f64 / 1e9, self.0.count(), &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broadcast::figures::Sums;

    fn place(scenario: &str) -> Place {
        Place {
            scenario: scenario.to_owned(),
            path: "nats-core".to_owned(),
            point: "load.rate=500".to_owned(),
        }
    }

    /// Without the words, and without the buckets of histograms.
    fn samples(reading: Reading) -> String {
        let text = text(reading).unwrap();
        let told = text.lines().filter(|line| !line.starts_with('#') && !line.contains("_bucket{"));
        told.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_run_in_which_nothing_has_begun_has_no_figures() {
        assert_eq!(text(Reading::default()).unwrap(), "");
    }

    #[test]
    fn names_are_in_base_units_and_text_of_scenarios_is_no_syntax() {
        let mut sums = Sums { requests: [("sent", 7)].into(), ..Sums::default() };
        sums.turnarounds.sum_ns = 1_500_000_000;
        sums.turnarounds.buckets[3] = 2;
        let node = "nats-server".to_owned();
        let reading = Reading {
            places: [(place("odd \"name\""), sums)].into(),
            last: Some((place("s"), false)),
            counters: [(("cpu_seconds", node.clone()), 2.5)].into(),
            gauges: [(("lag_ns", node.clone()), 2e6), (("pending", node), 4.0)].into(),
            ..Reading::default()
        };
        insta::assert_snapshot!(samples(reading), @r#"
        weighbridge_requests_sent_total{scenario="odd \"name\"",path="nats-core",point="load.rate=500"} 7
        weighbridge_turnaround_seconds_sum{scenario="odd \"name\"",path="nats-core",point="load.rate=500"} 1.5
        weighbridge_turnaround_seconds_count{scenario="odd \"name\"",path="nats-core",point="load.rate=500"} 2
        weighbridge_trials_total{scenario="odd \"name\"",path="nats-core",point="load.rate=500",verdict="valid"} 0
        weighbridge_trials_total{scenario="odd \"name\"",path="nats-core",point="load.rate=500",verdict="invalid"} 0
        weighbridge_last_trial_valid{scenario="s",path="nats-core",point="load.rate=500"} 0.0
        weighbridge_broker_cpu_seconds_total{node="nats-server"} 2.5
        weighbridge_broker_lag_seconds{node="nats-server"} 0.002
        weighbridge_broker_pending{node="nats-server"} 4.0
        "#);
    }
}
