//! What two runs were and where they ran: whether their figures may be held against each other.

use std::collections::BTreeMap;

use super::document::Difference;
use crate::result::RunResult;

/// Keys of a scenario that change no figure: words, thresholds, and how often and on which transports the
/// same load was put. Transports are matched one by one.
const SCENARIO_IGNORED: [&str; 7] =
    ["name", "question", "reading", "thresholds", "transports", "repeat", "repetitions"];

/// Share by which memory may differ: kernels keep a little more or less of the same machine to themselves.
const MEMORY_DIFFERENCE_MAX: f64 = 0.02;

/// Everything in which the runs differ; first what forbids a comparison.
pub(super) fn differences(base: &RunResult, new: &RunResult) -> Vec<Difference> {
    let mut found =
        differing("scenario", load_facts(&base.scenario.source), load_facts(&new.scenario.source), true);
    found.extend(differing_in_common(promises(base), promises(new), true));
    found.extend(differing("environment", machine(base), machine(new), true));
    let memory = [base, new].map(|run| run.environment.memory_bytes as f64);
    if (memory[0] - memory[1]).abs() > MEMORY_DIFFERENCE_MAX * memory[0].max(memory[1]) {
        found.push(Difference {
            field: "environment.memory_bytes".to_owned(),
            base: base.environment.memory_bytes.to_string(),
            new: new.environment.memory_bytes.to_string(),
            refuses: true,
        });
    }
    found.extend(differing_in_common(versions(base), versions(new), false));
    found.extend(differing_in_common(doubts(base), doubts(new), false));
    found
}

type Facts = BTreeMap<String, String>;

/// As `differing`, of what both runs have: a transport or broker of only one of them is not compared.
fn differing_in_common(mut base: Facts, mut new: Facts, refuses: bool) -> Vec<Difference> {
    base.retain(|key, _| new.contains_key(key));
    new.retain(|key, _| base.contains_key(key));
    differing("", base, new, refuses)
}

fn differing(prefix: &str, base: Facts, new: Facts, refuses: bool) -> Vec<Difference> {
    let mut keys: Vec<&String> = base.keys().chain(new.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let value = |facts: &Facts, key: &String| facts.get(key).cloned().unwrap_or_else(|| "not set".to_owned());
    let changed = keys.into_iter().filter(|key| base.get(*key) != new.get(*key));
    changed
        .map(|key| Difference {
            field: if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") },
            base: value(&base, key),
            new: value(&new, key),
            refuses,
        })
        .collect()
}

/// The load of a scenario's source as one value per key path, so that order, spacing and comments make no
/// difference, nor words, thresholds, transports and the number of repetitions.
pub fn load_facts(source: &str) -> BTreeMap<String, String> {
    let mut facts = Facts::new();
    match source.parse::<toml::Table>() {
        Ok(mut table) => {
            table.retain(|key, _| !SCENARIO_IGNORED.contains(&key));
            for (key, value) in &table {
                flatten(key.to_owned(), value, &mut facts);
            }
        }
        // A source that is no TOML can still be equal to another, letter by letter.
        Err(_) => {
            facts.insert("source".to_owned(), source.to_owned());
        }
    }
    facts
}

fn flatten(path: String, value: &toml::Value, facts: &mut Facts) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                flatten(format!("{path}.{key}"), value, facts);
            }
        }
        // 2000 and 2000.0 ask for the same.
        toml::Value::Integer(integer) => {
            facts.insert(path, (*integer as f64).to_string());
        }
        toml::Value::Float(float) => {
            facts.insert(path, float.to_string());
        }
        other => {
            facts.insert(path, other.to_string());
        }
    }
}

/// Durability and guarantee of each path.
fn promises(run: &RunResult) -> Facts {
    let mut facts = Facts::new();
    for trial in &run.trials {
        add(&mut facts, format!("{}.durability", trial.path), &trial.tier_words());
        add(&mut facts, format!("{}.guarantee", trial.path), &trial.guarantee());
    }
    facts
}

/// Trials of one run may differ among themselves; then every value counts once.
fn add(facts: &mut Facts, key: String, value: &str) {
    let known = facts.entry(key).or_default();
    if known.is_empty() {
        value.clone_into(known);
    } else if !known.split(" and ").any(|part| part == value) {
        known.push_str(" and ");
        known.push_str(value);
    }
}

fn machine(run: &RunResult) -> Facts {
    let environment = &run.environment;
    let facts = [
        ("cpu_model", environment.cpu_model.clone()),
        ("cores", environment.cores.to_string()),
        ("kernel", environment.kernel.clone()),
        ("build_profile", environment.build_profile.clone()),
    ];
    facts.map(|(key, value)| (key.to_owned(), value)).into()
}

/// What may be the very cause of a change, and so must not forbid looking at it.
fn versions(run: &RunResult) -> Facts {
    let environment = &run.environment;
    let mut facts = Facts::from([
        ("weighbridge_version".to_owned(), environment.weighbridge_version.clone()),
        ("git_commit".to_owned(), environment.git_commit.clone().unwrap_or_else(|| "unknown".to_owned())),
    ]);
    for (client, version) in &environment.clients {
        facts.insert(format!("client {client}"), version.clone());
    }
    facts.insert("environment.clock_source".to_owned(), environment.clock_source.clone());
    for trial in &run.trials {
        add(&mut facts, format!("{} scheduling", trial.path), &trial.generator.scheduling);
    }
    for broker in run.trials.iter().flat_map(|trial| &trial.brokers) {
        add(&mut facts, format!("{} version", broker.kind), &broker.version);
        for (key, value) in &broker.config {
            add(&mut facts, format!("{} {key}", broker.kind), value);
        }
    }
    facts
}

/// The kinds of doubts that the valid trials of each path carry; those of one run alone may explain a change.
fn doubts(run: &RunResult) -> Facts {
    let mut facts = Facts::new();
    for trial in &run.trials {
        let mut kinds: Vec<_> = trial.doubts.iter().map(|doubt| doubt.kind.name()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let told = if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") };
        add(&mut facts, format!("{} doubts", trial.path), &told);
    }
    facts
}
