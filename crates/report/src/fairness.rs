//! The fairness sheet: everything a reader needs to judge, repeat or contest the run.
//!
//! Only lists what the record holds, in words; it weighs nothing.

use std::collections::BTreeMap;

use super::biases::biases;
use super::groups::Group;
use super::repetitions;
use weighbridge_record::format;
use weighbridge_record::result::{ConnectionSettings, RunResult, Trial};
use weighbridge_record::terms::Path;

/// A heading with names and values under it.
pub struct Section {
    pub title: String,
    pub facts: Vec<(String, String)>,
}

pub struct Fairness {
    pub sections: Vec<Section>,
    /// Transport, durability, guarantee.
    pub promises: Vec<(Path, String, String)>,
    /// What leans towards one side in this run.
    pub biases: Vec<String>,
    /// Order, transport, repetition, point: whether trials were interleaved.
    pub order: Vec<String>,
}

/// Trials listed in the order of measurement; a long sweep says how many more there are.
const ORDER_LISTED_MAX: usize = 60;

pub fn sheet(result: &RunResult, groups: &[Group<'_>]) -> Fairness {
    let mut sections = vec![run(result), machine(result), instrument(result, groups)];
    sections.extend(workers(result));
    sections.extend(brokers(result));
    let mut promises: Vec<(Path, String, String)> = Vec::new();
    for trial in groups.iter().flat_map(Group::trials) {
        let promise = (trial.path, trial.tier_words(), trial.guarantee());
        if !promises.contains(&promise) {
            promises.push(promise);
        }
    }
    Fairness { sections, promises, biases: biases(result), order: order(result) }
}

fn fact(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

fn run(result: &RunResult) -> Section {
    let environment = &result.environment;
    Section {
        title: "Run".to_owned(),
        facts: vec![
            fact("Run", result.run_id.clone()),
            fact("Offered", result.scenario.offered.clone()),
            fact("Seed", result.scenario.seed.to_string()),
            fact("Repetitions", repetitions::words(result)),
            fact("Started", environment.started_at.clone()),
            fact("Finished", environment.finished_at.clone()),
            fact("Layout of the record", format!("version {}", result.schema_version)),
        ],
    }
}

/// Workers and publishers that are not the harness's own; none where all are.
fn workers(result: &RunResult) -> Option<Section> {
    let mut facts: Vec<(String, String)> = Vec::new();
    let others = result.trials.iter().filter_map(|trial| trial.workers.as_ref());
    let others = others.map(|workers| fact("Workers", workers.words()));
    let publishers = result.trials.iter().filter_map(|trial| trial.generator.publishers.as_ref());
    for told in others.chain(publishers.map(|publishers| fact("Publishers", publishers.words()))) {
        if !facts.contains(&told) {
            facts.push(told);
        }
    }
    if result.trials.iter().any(|trial| trial.ledger.untold) {
        let not_measured = "deliveries, service and transit, how requests were lost, redelivered, reordered or parked: \
                            external workers don't tell what they receive";
        facts.push(fact("Not measured", not_measured));
    }
    (!facts.is_empty()).then(|| Section { title: "Workers and publishers".to_owned(), facts })
}

fn machine(result: &RunResult) -> Section {
    let environment = &result.environment;
    Section {
        title: "Machine".to_owned(),
        facts: vec![
            fact("System", environment.os.clone()),
            fact("Kernel", environment.kernel.clone()),
            fact("CPU", environment.cpu_model.clone()),
            fact("Cores", environment.cores.to_string()),
            fact("Memory", format::bytes(environment.memory_bytes as f64)),
            fact("Clock source", environment.clock_source.clone()),
            fact("Placement", environment.placement.clone()),
        ],
    }
}

fn instrument(result: &RunResult, groups: &[Group<'_>]) -> Section {
    let environment = &result.environment;
    let mut facts = vec![
        fact("Weighbridge", environment.weighbridge_version.clone()),
        fact(
            "Git commit",
            environment.git_commit.clone().unwrap_or_else(|| "not built from a checkout".to_owned()),
        ),
        fact("Build profile", environment.build_profile.clone()),
        fact("Allocator", environment.allocator.clone()),
    ];
    facts.extend(
        environment.clients.iter().map(|(name, version)| fact(&format!("Client {name}"), version.clone())),
    );
    facts.extend(environment.connections.iter().flat_map(patience));
    let trials: Vec<&Trial> = groups.iter().flat_map(Group::trials).collect();
    let most = |read: fn(&Trial) -> u64| trials.iter().map(|trial| read(trial)).max().unwrap_or(0);
    let grants: std::collections::BTreeSet<&str> =
        trials.iter().map(|trial| trial.generator.scheduling.as_str()).collect();
    facts.push(fact("Scheduling of generator threads", grants.into_iter().collect::<Vec<_>>().join("; ")));
    facts.push(fact("Threads, at most", most(|trial| u64::from(trial.generator.threads)).to_string()));
    facts
        .push(fact("Connections, at most", most(|trial| u64::from(trial.generator.connections)).to_string()));
    facts.push(fact("Memory, at most", format::bytes(most(|trial| trial.generator.rss_bytes_max) as f64)));
    let cpu_seconds: f64 = trials.iter().map(|trial| trial.generator.cpu_seconds).sum();
    facts.push(fact("CPU, all trials", format::seconds(cpu_seconds)));
    Section { title: "Instrument".to_owned(), facts }
}

/// How long the clients wait for a server, alike for all brokers.
fn patience(settings: &ConnectionSettings) -> [(String, String); 3] {
    let silence = format!(
        "asked for a sign of life after {}, given up after {}, with {} pings unanswered",
        format::seconds(settings.ping_interval_s),
        format::seconds(settings.silence_max_s),
        settings.pings_unanswered_max
    );
    let again = format!(
        "at once, then ever more slowly, up to every {}",
        format::seconds(settings.reconnect_delay_max_s)
    );
    [
        fact("Clients connect within", format::seconds(settings.connect_timeout_s)),
        fact("A silent server, by all clients", silence),
        fact("A lost connection, by all clients", format!("tried again {again}")),
    ]
}

/// One broker configuration and the transports it served.
struct Served {
    title: String,
    facts: Vec<(String, String)>,
    paths: Vec<&'static str>,
}

/// Brokers with the same version and settings are listed once, with the transports they served.
fn brokers(result: &RunResult) -> Vec<Section> {
    let mut seen: Vec<Served> = Vec::new();
    for trial in &result.trials {
        for broker in &trial.brokers {
            let origin = if broker.managed {
                "started by Weighbridge on a free port of its own".to_owned()
            } else {
                format!("external, at {}", broker.address)
            };
            let mut facts = vec![fact("Origin", origin)];
            facts.extend(settings(&broker.config));
            let title = broker.product();
            let name = trial.path.name();
            match seen.iter_mut().find(|known| known.facts == facts && known.title == title) {
                Some(known) if known.paths.contains(&name) => {}
                Some(known) => known.paths.push(name),
                None => seen.push(Served { title, facts, paths: vec![name] }),
            }
        }
    }
    seen.into_iter()
        .map(|Served { title, mut facts, paths }| {
            facts.insert(0, fact("Served", paths.join(", ")));
            Section { title, facts }
        })
        .collect()
}

fn settings(config: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let shown = |value: &String| if value.is_empty() { "(empty)".to_owned() } else { value.clone() };
    config.iter().map(|(key, value)| (key.clone(), shown(value))).collect()
}

fn order(result: &RunResult) -> Vec<String> {
    let mut trials: Vec<&Trial> = result.trials.iter().collect();
    trials.sort_by_key(|trial| trial.order);
    let mut listed: Vec<String> = trials
        .iter()
        .take(ORDER_LISTED_MAX)
        .map(|trial| match trial.point.label() {
            label if label.is_empty() => format!("{} r{}", trial.path, trial.repetition),
            label => format!("{} r{} ({label})", trial.path, trial.repetition),
        })
        .collect();
    if trials.len() > ORDER_LISTED_MAX {
        listed.push(format!("and {} more", trials.len() - ORDER_LISTED_MAX));
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use weighbridge_record::fixture::Fixture;

    #[test]
    fn brokers_with_the_same_settings_are_listed_once() {
        let result = Fixture { seconds: 1, repetitions: 2, ..Fixture::default() }.build();
        let sheet = sheet(&result, &groups(&result));
        let titles: Vec<_> = sheet.sections.iter().map(|section| section.title.as_str()).collect();
        assert_eq!(titles, ["Run", "Machine", "Instrument", "redis-server 7.0.15", "nats-server 2.14.0"]);
        assert_eq!(sheet.sections[4].facts[0].1, "nats-core, nats-jetstream, nats-request");
        assert_eq!(sheet.promises.len(), 5);
        let silence = sheet.sections[2].facts.iter().find(|(name, _)| name.contains("silent"));
        assert!(
            silence.is_some_and(|(_, words)| words.contains("20.0") && words.contains("60.0")),
            "{silence:?}"
        );
    }
}
