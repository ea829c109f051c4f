//! Where scenarios are kept: a folder, and copies built into the binary.
//!
//! The folder wins, so that an edited scenario is the one that runs; the copies let an installed binary
//! work anywhere.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use miette::Diagnostic;

use super::error::ScenarioErrors;
use super::explain::load_words;
use super::nearest::nearest;
use super::overrides::Overrides;
use super::planning::plan;
use crate::credentials::redact;
use weighbridge_record::terms;

/// A scenario is a page of text; anything larger was picked by mistake.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Until all of a scenario has come out of a pipe.
const PIPE_WAIT: Duration = Duration::from_secs(5);

/// The shipped scenarios by name, in the order of names.
pub const EMBEDDED: [(&str, &str); 39] = [
    ("auth-overhead", include_str!("../../../../scenarios/auth-overhead.toml")),
    ("auth-overhead-nats", include_str!("../../../../scenarios/auth-overhead-nats.toml")),
    ("baseline-latency", include_str!("../../../../scenarios/baseline-latency.toml")),
    ("batch-republish", include_str!("../../../../scenarios/batch-republish.toml")),
    ("batching", include_str!("../../../../scenarios/batching.toml")),
    ("broker-kill", include_str!("../../../../scenarios/broker-kill.toml")),
    ("broker-pause", include_str!("../../../../scenarios/broker-pause.toml")),
    ("capacity", include_str!("../../../../scenarios/capacity.toml")),
    ("connection-pool", include_str!("../../../../scenarios/connection-pool.toml")),
    ("cutover", include_str!("../../../../scenarios/cutover.toml")),
    ("data-loss", include_str!("../../../../scenarios/data-loss.toml")),
    ("disk-full", include_str!("../../../../scenarios/disk-full.toml")),
    ("dual-publish", include_str!("../../../../scenarios/dual-publish.toml")),
    ("durability-tiers", include_str!("../../../../scenarios/durability-tiers.toml")),
    ("gradual-migration", include_str!("../../../../scenarios/gradual-migration.toml")),
    ("guarantees", include_str!("../../../../scenarios/guarantees.toml")),
    ("guide-batch", include_str!("../../../../scenarios/guide-batch.toml")),
    ("guide-pool", include_str!("../../../../scenarios/guide-pool.toml")),
    ("hockey-stick", include_str!("../../../../scenarios/hockey-stick.toml")),
    ("linger", include_str!("../../../../scenarios/linger.toml")),
    ("migration", include_str!("../../../../scenarios/migration.toml")),
    ("migration-under-fire", include_str!("../../../../scenarios/migration-under-fire.toml")),
    ("migration-workers", include_str!("../../../../scenarios/migration-workers.toml")),
    ("partition", include_str!("../../../../scenarios/partition.toml")),
    ("payload-sizes", include_str!("../../../../scenarios/payload-sizes.toml")),
    ("power-failure", include_str!("../../../../scenarios/power-failure.toml")),
    ("quickstart", include_str!("../../../../scenarios/quickstart.toml")),
    ("redelivery", include_str!("../../../../scenarios/redelivery.toml")),
    ("redelivery-storm", include_str!("../../../../scenarios/redelivery-storm.toml")),
    ("request-reply", include_str!("../../../../scenarios/request-reply.toml")),
    ("rollback", include_str!("../../../../scenarios/rollback.toml")),
    ("slow-consumer", include_str!("../../../../scenarios/slow-consumer.toml")),
    ("soak", include_str!("../../../../scenarios/soak.toml")),
    ("spike", include_str!("../../../../scenarios/spike.toml")),
    ("throughput", include_str!("../../../../scenarios/throughput.toml")),
    ("tls-connects", include_str!("../../../../scenarios/tls-connects.toml")),
    ("tls-overhead", include_str!("../../../../scenarios/tls-overhead.toml")),
    ("worker-crash", include_str!("../../../../scenarios/worker-crash.toml")),
    ("workers-scaling", include_str!("../../../../scenarios/workers-scaling.toml")),
];

/// Why a scenario could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("there is no scenario `{}` in {folder} nor built in{hint}; there are: {known}", redact(name), folder = folder.display())]
    NotFound { name: String, folder: PathBuf, hint: String, known: String },
    #[error("nothing has come out of {path} for {} s, which is no file; write the scenario to a file", PIPE_WAIT.as_secs(), path = shown(path))]
    Silent { path: PathBuf },
    #[error("can't read the scenario {path}: {source}", path = shown(path))]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path} is larger than 1 MiB: not a scenario", path = shown(path))]
    TooLarge { path: PathBuf },
    #[error(
        "the scenario `{name}` has no `load.rate`, it asks for the highest: find it with `weighbridge search \
         {reference}`, or run it at a rate of your own with --rate"
    )]
    OnlySearched { name: String, reference: String },
    #[error(transparent)]
    Invalid(Box<ScenarioErrors>),
}

/// A path as it may be shown: a URL in the place of a scenario is a slip.
fn shown(path: &Path) -> String {
    redact(&path.display().to_string())
}

impl Diagnostic for LoadError {
    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        match self {
            Self::Invalid(errors) => errors.source_code(),
            _ => None,
        }
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        match self {
            Self::Invalid(errors) => errors.related(),
            _ => None,
        }
    }
}

/// Where a listed scenario comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    File(PathBuf),
    Embedded,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Embedded => f.write_str("built in"),
        }
    }
}

/// A scenario of the list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The name to run it by.
    pub name: String,
    pub place: Place,
    /// What it asks, or what is wrong with it in one line.
    pub summary: Result<Summary, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub question: String,
    pub paths: Vec<terms::Path>,
    /// The load in words; of a sweep, that of its first point.
    pub load: String,
    pub points: usize,
}

/// The text of a scenario, and the name of its file for errors.
pub struct Found {
    pub label: String,
    pub text: String,
}

pub fn find(reference: &str, folder: &Path) -> Result<Found, LoadError> {
    let is_path = reference.contains('/') || reference.ends_with(".toml");
    let path = if is_path { PathBuf::from(reference) } else { folder.join(format!("{reference}.toml")) };
    if is_path || path.is_file() {
        return Ok(Found { label: path.display().to_string(), text: read(&path)? });
    }
    if let Some((name, text)) = EMBEDDED.into_iter().find(|(name, _)| *name == reference) {
        return Ok(Found { label: format!("{name}.toml (built in)"), text: text.to_owned() });
    }
    let places = places(folder);
    let hint = nearest(reference, places.keys().map(String::as_str))
        .map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default();
    let known: Vec<_> = places.keys().cloned().collect();
    Err(LoadError::NotFound {
        name: reference.to_owned(),
        folder: folder.to_owned(),
        hint,
        known: known.join(", "),
    })
}

fn read(path: &Path) -> Result<String, LoadError> {
    let failed = |source| LoadError::Read { path: path.to_owned(), source };
    let text = match path.metadata().map_err(failed)?.is_file() {
        true => read_text(path).map_err(failed)?,
        false => read_in_time(path)?,
    };
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(LoadError::TooLarge { path: path.to_owned() });
    }
    Ok(text)
}

/// Reads no further than the limit: the path may be a device that never ends.
fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// Reads a pipe or a device, which may wait for ever for somebody who writes.
fn read_in_time(path: &Path) -> Result<String, LoadError> {
    let (sender, receiver) = mpsc::channel();
    let of = path.to_owned();
    // It ends with the process if nobody ever writes.
    std::thread::spawn(move || sender.send(read_text(&of)));
    match receiver.recv_timeout(PIPE_WAIT) {
        Ok(read) => read.map_err(|source| LoadError::Read { path: path.to_owned(), source }),
        Err(_) => Err(LoadError::Silent { path: path.to_owned() }),
    }
}

/// Every scenario by name. A folder that can't be read has none; the built-in ones remain.
fn places(folder: &Path) -> BTreeMap<String, Place> {
    let mut places: BTreeMap<_, _> =
        EMBEDDED.into_iter().map(|(name, _)| (name.to_owned(), Place::Embedded)).collect();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
        if let Some(name) = stem.filter(|_| path.extension().is_some_and(|ext| ext == "toml")) {
            places.insert(name, Place::File(path));
        }
    }
    places
}

/// All scenarios by name, broken ones with what is wrong with them.
pub fn list(folder: &Path) -> Vec<Listed> {
    let listed = |(name, place): (String, Place)| {
        let summary =
            find(&name, folder).map_err(|error| error.to_string()).and_then(|found| summarise(&found));
        Listed { name, place, summary }
    };
    places(folder).into_iter().map(listed).collect()
}

fn summarise(found: &Found) -> Result<Summary, String> {
    let plan = plan(&found.label, &found.text, &Overrides::default()).map_err(|errors| errors.summary())?;
    Ok(Summary {
        load: load_words(&plan),
        points: plan.points.len(),
        question: plan.question,
        paths: plan.paths,
    })
}
