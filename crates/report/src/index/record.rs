//! What the index needs of a `result.json`, and nothing else: histograms, series and errors are skipped.
//!
//! Records grow to many megabytes, and an index reads hundreds of them after every run.

use std::fs;
use std::io;

use serde::Deserialize;
use serde::de::IgnoredAny;

use weighbridge_record::own_lateness::is_ours;
use weighbridge_record::point::Point;
use weighbridge_record::result::{Rates, SCHEMA_VERSION, Verdict};
use weighbridge_record::stats::median;
use weighbridge_record::terms::{BrokerKind, Path};

/// The part of a `RunResult` that is listed and drawn. Fields that are not named here are skipped.
#[derive(Debug, Deserialize)]
pub struct Record {
    schema_version: u32,
    pub run_id: String,
    pub verdict: Verdict,
    pub scenario: Scenario,
    pub environment: Environment,
    pub trials: Vec<Trial>,
    #[serde(default)]
    searches: Vec<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
pub struct Scenario {
    pub name: String,
    pub question: String,
    pub source: String,
    pub offered: String,
}

#[derive(Debug, Deserialize)]
pub struct Environment {
    pub started_at: String,
    pub cpu_model: String,
    pub cores: u32,
    pub build_profile: String,
}

#[derive(Debug, Deserialize)]
pub struct Trial {
    pub path: Path,
    pub point: Point,
    valid: bool,
    rates: Rates,
    latency_ns: Latencies,
    brokers: Vec<Broker>,
}

#[derive(Debug, Deserialize)]
struct Latencies {
    turnaround: Option<Latency>,
    #[serde(default)]
    send_lag: Option<Latency>,
}

#[derive(Debug, Deserialize)]
struct Latency {
    p99: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Broker {
    kind: BrokerKind,
    version: String,
}

fn p99(latency: Option<&Latency>) -> Option<f64> {
    latency?.p99.map(|ns| ns as f64)
}

/// A figure over the repetitions of one transport at one point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Median over the valid repetitions, over all where none is valid.
    pub value: f64,
    /// Whether it may be read as a figure of the path.
    pub valid: bool,
}

/// Why a record has no figures to show.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("result.json is missing")]
    Missing,
    #[error("result.json cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("result.json is damaged or no result of Weighbridge: {0}")]
    Damaged(serde_json::Error),
    #[error("result.json has layout version {0}, this build reads {SCHEMA_VERSION}")]
    SchemaVersion(serde_json::Value),
}

pub fn read(path: &std::path::Path) -> Result<Record, RecordError> {
    let text = fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => RecordError::Missing,
        _ => RecordError::Unreadable(error),
    })?;
    match serde_json::from_slice::<Record>(&text) {
        Ok(record) if record.schema_version == SCHEMA_VERSION => Ok(record),
        Ok(record) => Err(RecordError::SchemaVersion(record.schema_version.into())),
        Err(error) => {
            Err(other_version(&text).map_or(RecordError::Damaged(error), RecordError::SchemaVersion))
        }
    }
}

/// The version of a record that is whole but laid out differently.
fn other_version(text: &[u8]) -> Option<serde_json::Value> {
    #[derive(Deserialize)]
    struct Versioned {
        schema_version: serde_json::Value,
    }
    let version = serde_json::from_slice::<Versioned>(text).ok()?.schema_version;
    (version != SCHEMA_VERSION).then_some(version)
}

impl Record {
    /// A search chooses its own rates, so its trials are no points of a trend.
    pub fn is_search(&self) -> bool {
        !self.searches.is_empty()
    }

    /// In their fixed order.
    pub fn paths(&self) -> Vec<&'static str> {
        let measured = |path: &Path| self.trials.iter().any(|trial| trial.path == *path);
        Path::all().filter(measured).map(Path::name).collect()
    }

    /// `nats-server 2.12.1`, each once.
    pub fn brokers(&self) -> Vec<String> {
        let name = |broker: &Broker| format!("{} {}", broker.kind, broker.version);
        let mut brokers: Vec<String> =
            self.trials.iter().flat_map(|trial| &trial.brokers).map(name).collect();
        brokers.sort_unstable();
        brokers.dedup();
        brokers
    }

    /// p99 of the answering latency in nanoseconds; none where a repetition has too few samples. It doesn't count where
    /// it is the instrument's own lateness.
    pub fn p99_ns(&self, point: &Point, path: Path) -> Option<Measured> {
        let measured = self.measured(point, path, |trial| p99(trial.latency_ns.turnaround.as_ref()))?;
        let ours = self.counted(point, path).into_iter().any(|trial| {
            let lag = p99(trial.latency_ns.send_lag.as_ref());
            lag.zip(p99(trial.latency_ns.turnaround.as_ref()))
                .is_some_and(|(lag, figure)| is_ours(lag, figure))
        });
        Some(Measured { valid: measured.valid && !ours, ..measured })
    }

    pub fn completed_per_s(&self, point: &Point, path: Path) -> Option<Measured> {
        self.measured(point, path, |trial| Some(trial.rates.completed_per_s))
    }

    fn measured(
        &self,
        point: &Point,
        path: Path,
        figure: impl Fn(&Trial) -> Option<f64>,
    ) -> Option<Measured> {
        let counted = self.counted(point, path);
        let values: Option<Vec<f64>> = counted.iter().map(|trial| figure(trial)).collect();
        let value = median(&values.filter(|values| !values.is_empty())?);
        let valid = counted.iter().all(|trial| trial.valid) && self.verdict != Verdict::Invalid;
        Some(Measured { value, valid })
    }

    /// The valid trials of a place, or all where none is.
    fn counted(&self, point: &Point, path: Path) -> Vec<&Trial> {
        let here = |trial: &&Trial| trial.path == path && &trial.point == point;
        let all: Vec<&Trial> = self.trials.iter().filter(here).collect();
        let valid: Vec<&Trial> = all.iter().copied().filter(|trial| trial.valid).collect();
        if valid.is_empty() { all } else { valid }
    }
}
