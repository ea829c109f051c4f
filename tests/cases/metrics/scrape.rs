//! One scrape, as Prometheus' own client reads it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

type Labels = BTreeMap<String, String>;

#[derive(Debug, Clone)]
pub struct Scrape(Vec<Sample>);

#[derive(Debug, Clone)]
struct Sample {
    name: String,
    labels: Labels,
    value: f64,
    /// Whether it must never fall.
    is_counter: bool,
}

/// Name, type and samples of a metric.
type Family = (String, String, Vec<(String, Labels, f64)>);

/// Reads all of them at once: Python takes longer to start than to read.
pub fn read(texts: &[String]) -> Vec<Scrape> {
    let read: Vec<Vec<Family>> = serde_json::from_slice(&by_python(texts)).expect("what Python read");
    read.into_iter().map(Scrape::of).collect()
}

impl Scrape {
    fn of(families: Vec<Family>) -> Self {
        let samples = families.into_iter().flat_map(|(family, kind, samples)| {
            assert!(["counter", "gauge", "histogram"].contains(&kind.as_str()), "{family} is {kind}");
            let is_counter = kind != "gauge";
            let sample = move |(name, labels, value)| Sample { name, labels, value, is_counter };
            samples.into_iter().map(sample)
        });
        Self(samples.collect())
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|sample| sample.name.as_str())
    }

    fn all(&self, name: &str, labels: &[(&str, &str)]) -> impl Iterator<Item = f64> {
        let carries = move |sample: &&Sample| {
            sample.name == name
                && labels.iter().all(|(key, value)| sample.labels.get(*key).is_some_and(|is| is == value))
        };
        self.0.iter().filter(carries).map(|sample| sample.value)
    }

    /// The only value of this name with these labels, others left open; none where there is none.
    pub fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut values = self.all(name, labels);
        let value = values.next();
        assert_eq!(values.next(), None, "{name} {labels:?} is there twice");
        value
    }

    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.find(name, labels).unwrap_or_else(|| panic!("no {name} {labels:?}"))
    }

    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.all(name, labels).sum()
    }

    /// Counters that are lower than they were, or gone.
    pub fn counters_below(&self, before: &Self) -> Vec<String> {
        let now: BTreeMap<_, f64> =
            self.0.iter().map(|sample| ((&sample.name, &sample.labels), sample.value)).collect();
        let counters = before.0.iter().filter(|sample| sample.is_counter);
        let fallen = counters
            .filter(|sample| now.get(&(&sample.name, &sample.labels)).is_none_or(|now| *now < sample.value));
        fallen.map(|sample| format!("{} {:?}", sample.name, sample.labels)).collect()
    }

    /// Lowers what has this name by 1.
    pub fn lower(&mut self, name: &str) {
        self.0.iter_mut().filter(|sample| sample.name == name).for_each(|sample| sample.value -= 1.0);
    }
}

fn by_python(texts: &[String]) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packages = root.join("target/witness");
    assert!(packages.join("prometheus_client").exists(), "this test needs ./scripts/install-witness.sh");
    let mut python = Command::new("python3")
        .arg(root.join("tests/cases/metrics/scrape.py"))
        .env("PYTHONPATH", packages)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starting python3");
    let texts = serde_json::to_vec(texts).expect("JSON");
    python.stdin.take().expect("its input").write_all(&texts).expect("handing scrapes over");
    let output = python.wait_with_output().expect("reading what it read");
    assert!(output.status.success(), "Prometheus' parser refuses a scrape");
    output.stdout
}
