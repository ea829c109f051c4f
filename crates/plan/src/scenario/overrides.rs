//! Flags that replace values of a scenario before it is checked.
//!
//! They are set on the document, not on the plan, so that every rule holds for them too and the
//! recorded scenario is the one that ran.

use std::fmt;

use super::document::{Node, Origin, Value, parse_flag_value, toml_value};
use super::error::Finding;
use super::secrets;
use crate::credentials::{HIDDEN, redact};
use crate::endpoint::{Beside, GivenUrl};
use crate::{PointPlan, Repeat};
use weighbridge_record::terms::{BrokerKind, TransportKind};

/// Variables of the environment that stand for keys of `[brokers]`.
pub const VARIABLES: [(&str, &str); 6] = [
    ("PRIORITY_REQUEST_SUBJECT", "request_subject"),
    ("PRIORITY_RESULT_SUBJECT", "result_subject"),
    ("PRIORITY_SYNC_SUBJECT", "sync_subject"),
    ("JETSTREAM_DOMAIN", "jetstream_domain"),
    ("JETSTREAM_MAX_MEMORY", "jetstream_max_memory"),
    ("JETSTREAM_MAX_STORAGE", "jetstream_max_storage"),
];

/// Values of the command line; empty means: as the file says.
#[derive(Clone, Default)]
pub struct Overrides {
    pub transports: Vec<TransportKind>,
    pub rate: Option<f64>,
    pub duration: Option<String>,
    pub warmup: Option<String>,
    pub repeat: Option<Repeat>,
    /// When repetitions suffice, with [`Repeat::Auto`].
    pub margin_percent: Option<f64>,
    pub budget: Option<String>,
    pub repeat_max: Option<u32>,
    pub seed: Option<u64>,
    /// URLs of servers, from flags or the environment.
    pub urls: Vec<GivenUrl>,
    /// What is given beside those URLs, or those of the scenario.
    pub beside: Vec<Beside>,
    /// The scenario is to be searched, whether or not it says where.
    pub search: bool,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub precision: Option<f64>,
    /// Of [`VARIABLES`], those that are set, with their values.
    pub variables: Vec<(&'static str, String)>,
    /// `key.path=value`, the value in TOML; a bare word is a string.
    pub set: Vec<String>,
}

impl fmt::Debug for Overrides {
    /// Without the URLs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let urls: Vec<_> = self.urls.iter().map(GivenUrl::place).collect();
        let set: Vec<_> = self.set.iter().map(|text| shown_assignment(text)).collect();
        f.debug_struct("Overrides")
            .field("transports", &self.transports)
            .field("rate", &self.rate)
            .field("duration", &self.duration)
            .field("warmup", &self.warmup)
            .field("repeat", &self.repeat)
            .field("margin_percent", &self.margin_percent)
            .field("budget", &self.budget)
            .field("repeat_max", &self.repeat_max)
            .field("seed", &self.seed)
            .field("urls", &urls)
            .field("beside", &self.beside)
            .field("variables", &self.variables)
            .field("search", &self.search)
            .field("low", &self.low)
            .field("high", &self.high)
            .field("precision", &self.precision)
            .field("set", &set)
            .finish()
    }
}

/// One flag, taken apart.
struct Setting {
    origin: Origin,
    path: Vec<String>,
    node: Node,
}

/// What flags did to a document.
pub struct Applied {
    pub any: bool,
    /// The flags that made it another measurement than the one that its question asks for, as they were given.
    pub changed: Vec<String>,
}

/// Keys that leave the question of a scenario as it is: how often, by which seed, of which paths and servers.
const QUESTION_KEPT_BY: [&str; 5] = ["repeat", "repetitions", "seed", "transports", "thresholds"];

impl Setting {
    fn changes_load(&self, document: &Node) -> bool {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let kept = QUESTION_KEPT_BY.contains(&path[0])
            || secrets::is_url(&self.path)
            || (path[0] == "search" && path.len() > 1 && path[1] != "objective");
        let same = document.get(&path).is_some_and(|node| toml_value(node) == toml_value(&self.node));
        !kept && !same
    }
}

impl Overrides {
    /// Sets every flag on the document, and tells what that was.
    pub fn apply(&self, document: &mut Node, findings: &mut Vec<Finding>) -> Applied {
        let mut settings = self.settings(findings);
        if self.search && document.get(&["search"]).is_none() {
            // A search of a scenario that doesn't say where: all of `[search]` at its defaults.
            let objective = Value::Text("highest-sustained-rate".to_owned());
            settings.insert(0, setting("search".to_owned(), &["search", "objective"], objective));
        }
        let changed = settings.iter().filter(|setting| setting.changes_load(document));
        let changed = changed.filter_map(|setting| match &setting.origin {
            Origin::Flag(flag) => Some(flag.clone()),
            Origin::File(_) | Origin::Variable(_) => None,
        });
        let changed = changed.collect();
        for setting in &settings {
            if let Err(message) = document.set(&setting.path, &setting.origin, setting.node.clone()) {
                findings.push(Finding::new(&setting.origin, message));
            }
        }
        // Only now: a flag may change the sweep too.
        for setting in &settings {
            let conflict = conflict(document, &setting.path);
            findings.extend(conflict.map(|why| Finding::new(&setting.origin, why)));
        }
        Applied { any: !settings.is_empty(), changed }
    }

    /// Completes what the points say of servers with what is given beside their URLs.
    pub fn complete(&self, points: &mut [PointPlan], findings: &mut Vec<Finding>) {
        for beside in &self.beside {
            let mut done = Ok(());
            let mut named = false;
            for endpoint in points.iter_mut().filter_map(|point| point.brokers.endpoint_mut(beside.kind())) {
                named = true;
                done = done.and_then(|()| beside.complete(endpoint.clone()).map(|whole| *endpoint = whole));
            }
            let done = if named { done } else { beside.without_server() };
            if let Err(error) = done {
                findings.push(Finding::new(&Origin::Flag(error.place().to_owned()), error.to_string()));
            }
        }
    }

    /// Variables come first, as flags go before them; then `--set`: the shorthands are more specific.
    fn settings(&self, findings: &mut Vec<Finding>) -> Vec<Setting> {
        let mut settings: Vec<_> = self.variables.iter().filter_map(variable_setting).collect();
        for text in &self.set {
            match assignment(text) {
                Ok(setting) => settings.push(setting),
                Err((flag, message)) => findings.push(Finding::new(&Origin::Flag(flag), message)),
            }
        }
        if !self.transports.is_empty() {
            let names: Vec<_> = self.transports.iter().map(|transport| transport.name()).collect();
            let flag = format!("--transport {}", names.join(" --transport "));
            let item = |name: &&str| Node {
                origin: Origin::Flag(flag.clone()),
                value: Value::Text((*name).to_owned()),
            };
            let items = names.iter().map(item).collect();
            settings.push(setting(flag.clone(), &["transports"], Value::List(items)));
        }
        let number = |flag: &str, path: &[&str], value: Option<f64>| {
            value.map(|number| setting(format!("{flag} {number}"), path, number_value(number)))
        };
        let text = |flag: &str, path: &[&str], value: &Option<String>| {
            value
                .as_ref()
                .map(|text| setting(format!("{flag} {}", redact(text)), path, Value::Text(text.clone())))
        };
        settings.extend(number("--rate", &["load", "rate"], self.rate));
        settings.extend(text("--duration", &["load", "duration"], &self.duration));
        settings.extend(text("--warmup", &["load", "warmup"], &self.warmup));
        settings.extend(self.repeat.map(|repeat| match repeat {
            Repeat::Times(times) => {
                setting(format!("--repeat {times}"), &["repeat"], number_value(times.into()))
            }
            Repeat::Auto => {
                setting("--repeat auto".to_owned(), &["repeat"], Value::Text(Repeat::AUTO.to_owned()))
            }
        }));
        settings.extend(number("--margin", &["repetitions", "margin_percent"], self.margin_percent));
        settings.extend(text("--budget", &["repetitions", "budget"], &self.budget));
        settings.extend(number("--repeat-max", &["repetitions", "max"], self.repeat_max.map(f64::from)));
        settings.extend(
            self.seed.map(|seed| setting(format!("--seed {seed}"), &["seed"], Value::Integer(seed.into()))),
        );
        settings.extend(number("--low", &["search", "low"], self.low));
        settings.extend(number("--high", &["search", "high"], self.high));
        settings.extend(number("--precision", &["search", "precision"], self.precision));
        settings.extend(self.urls.iter().map(url_setting));
        settings
    }
}

/// None of a variable that stands for nothing.
fn variable_setting((name, text): &(&'static str, String)) -> Option<Setting> {
    let (_, key) = VARIABLES.iter().find(|(known, _)| known == name)?;
    let origin = Origin::Variable(format!("the environment variable {name}"));
    let node = Node { origin: origin.clone(), value: Value::Text(text.clone()) };
    Some(Setting { origin, path: vec!["brokers".to_owned(), (*key).to_owned()], node })
}

fn url_setting(given: &GivenUrl) -> Setting {
    let key = match given.kind {
        BrokerKind::RedisServer => "redis_url",
        BrokerKind::NatsServer => "nats_url",
    };
    let origin =
        if given.by_environment() { Origin::Variable(given.place()) } else { Origin::Flag(given.place()) };
    let node = Node { origin: origin.clone(), value: Value::Text(given.text.expose().to_owned()) };
    Setting { origin, path: vec!["brokers".to_owned(), key.to_owned()], node }
}

fn setting(flag: String, path: &[&str], value: Value) -> Setting {
    let node = Node { origin: Origin::Flag(flag.clone()), value };
    Setting { origin: Origin::Flag(flag), path: path.iter().map(|&step| step.to_owned()).collect(), node }
}

/// Whole numbers as integers, as an author would write them.
fn number_value(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        Value::Integer(number as i128)
    } else {
        Value::Float(number)
    }
}

/// Takes `key.path=value` apart; the error carries the flag it is about.
fn assignment(text: &str) -> Result<Setting, (String, String)> {
    let flag = format!("--set {}", shown_assignment(text));
    let Some((path, value)) = text.split_once('=') else {
        return Err((flag, "write key.path=value, for example --set load.rate=500".to_owned()));
    };
    let path = steps(path);
    if path.iter().any(String::is_empty) {
        return Err((flag, "the key path has an empty part".to_owned()));
    }
    let flag = if secrets::is_url(&path) { format!("--set {}", path.join(".")) } else { flag };
    match parse_flag_value(value.trim(), &flag) {
        Ok(node) => Ok(Setting { origin: Origin::Flag(flag), path, node }),
        Err(message) => Err((flag, message)),
    }
}

fn steps(path: &str) -> Vec<String> {
    key_path(redact(path.trim()).as_str()).into_iter().map(str::to_owned).collect()
}

/// What `--set` was given, as it may be shown: its value is read, and what is secret in it replaced.
pub fn shown_assignment(text: &str) -> String {
    let Some((path, value)) = text.split_once('=').filter(|(path, _)| !path.contains("://")) else {
        return redact(text);
    };
    let steps = steps(path);
    let shown = match parse_flag_value(value.trim(), "--set") {
        Ok(node) => {
            let shown = toml_value(&secrets::shown(&node, &steps));
            if shown == toml_value(&node) { value.to_owned() } else { shown }
        }
        // What can't be read can't be taken apart.
        Err(_) if steps[0] == "brokers" || value.contains("://") || value.contains('@') => HIDDEN.to_owned(),
        Err(_) => value.to_owned(),
    };
    format!("{path}={shown}")
}

/// Splits at dots. Keys of `thresholds` and `sweep` have dots of their own.
pub fn key_path(text: &str) -> Vec<&str> {
    match text.split_once('.') {
        Some((table @ ("thresholds" | "sweep"), key)) => vec![table, key.trim_matches('"')],
        _ => text.split('.').collect(),
    }
}

/// Why a flag can't have its way.
fn conflict(document: &Node, path: &[String]) -> Option<String> {
    let dotted = path.join(".");
    if document.get(&["sweep", &dotted]).is_some() {
        return Some(format!(
            "the scenario sweeps `{dotted}`, so one value can't be set; replace the list: \
             --set sweep.{dotted}=[...]"
        ));
    }
    None
}
