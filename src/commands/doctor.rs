//! `weighbridge doctor`: what this machine has, how the brokers are, and what a run here can be trusted for.

use std::io;
use std::time::Duration;

use super::output::colored;
use super::{CommandError, Outcome, broker_options, print, runtime};
use crate::cli::{Brokers, Doctor, Given, env_file};
use crate::doctor::{Asked, InForce, Named, examine};
use weighbridge_plan::credentials::{HIDDEN, redact};
use weighbridge_plan::endpoint::{Beside, GivenUrl, is_off, shown};
use weighbridge_plan::scenario::{VARIABLES as VARIABLES_OF_SCENARIOS, parse_duration};
use weighbridge_record::terms::BrokerKind;

/// Variables that say where servers are and how to get in, and what stands in them.
const VARIABLES: [(&str, Holds); 32] = [
    ("REDIS_URL", Holds::Url(BrokerKind::RedisServer)),
    ("REDIS_HOST", Holds::Plain),
    ("REDIS_PORT", Holds::Plain),
    ("REDIS_USERNAME", Holds::Plain),
    ("REDIS_PASSWORD", Holds::Secret),
    ("REDIS_DB", Holds::Plain),
    ("REDIS_TLS_ENABLED", Holds::Plain),
    ("REDIS_TLS_CA_PATH", Holds::Plain),
    ("REDIS_TLS_CERT_PATH", Holds::Plain),
    ("REDIS_TLS_KEY_PATH", Holds::Plain),
    ("NATS_URL", Holds::Url(BrokerKind::NatsServer)),
    ("NATS_CONTEXT", Holds::Plain),
    ("NATS_CLUSTER_HOST", Holds::Plain),
    ("NATS_HOST", Holds::Plain),
    ("NATS_PORT", Holds::Plain),
    ("NATS_USERNAME", Holds::Plain),
    ("NATS_PASSWORD", Holds::Secret),
    ("NATS_TOKEN", Holds::Secret),
    ("NATS_TLS_ENABLED", Holds::Plain),
    ("NATS_TLS_CA_PATH", Holds::Plain),
    ("NATS_TLS_CERT_PATH", Holds::Plain),
    ("NATS_TLS_KEY_PATH", Holds::Plain),
    ("NATS_CREDS", Holds::Plain),
    ("NATS_NKEY", Holds::Plain),
    (NATS_MONITORING_URL, Holds::Plain),
    (JETSTREAM_ENABLED, Holds::Plain),
    ("JETSTREAM_DOMAIN", Holds::Plain),
    (MAX_MEMORY, Holds::Plain),
    (MAX_STORAGE, Holds::Plain),
    ("PRIORITY_REQUEST_SUBJECT", Holds::Plain),
    ("PRIORITY_RESULT_SUBJECT", Holds::Plain),
    ("PRIORITY_SYNC_SUBJECT", Holds::Plain),
];
/// Of servers that are started here.
const MAX_MEMORY: &str = "JETSTREAM_MAX_MEMORY";
const MAX_STORAGE: &str = "JETSTREAM_MAX_STORAGE";
const NATS_MONITORING_URL: &str = "NATS_MONITORING_URL";
const JETSTREAM_ENABLED: &str = "JETSTREAM_ENABLED";

#[derive(Clone, Copy)]
enum Holds {
    Plain,
    Secret,
    Url(BrokerKind),
}

pub fn run(arguments: &Doctor) -> Result<Outcome, CommandError> {
    let deadline_ns =
        parse_duration(&arguments.deadline).map_err(|error| CommandError::Deadline(error.to_string()))?;
    let brokers = &arguments.brokers;
    let given = brokers.given()?;
    let [redis, nats] = given.each_ref().map(named);
    let (redis, nats) = (redis?, nats?);
    let options = broker_options(brokers);
    let asked = Asked {
        options: &options,
        deadline: Duration::from_nanos(deadline_ns),
        wants_jetstream: set(JETSTREAM_ENABLED).is_none_or(|value| !is_off(&value)),
        in_force: [monitoring_flag(brokers), in_force(&given, [&redis, &nats])].concat(),
    };
    let runtime = runtime()?;
    let examining = examine(asked, redis.as_ref(), nats.as_ref());
    let found = tokio::task::LocalSet::new().block_on(&runtime, examining);
    let printed = match arguments.json {
        true => print(&format!("{:#}\n", found.json())),
        false => print(&found.text(colored(&io::stdout()))),
    };
    let outcome = if found.healthy() { Outcome::Good } else { Outcome::Unavailable };
    outcome.unless_unprinted(printed)
}

fn named(Given { url, beside }: &Given) -> Result<Option<Named>, CommandError> {
    let Some(url) = url else { return beside.without_server().map(|()| None).map_err(Into::into) };
    let endpoint = match url.endpoint() {
        Ok(endpoint) => beside.complete(endpoint)?,
        Err(source) => return Err(CommandError::Url { place: url.place(), source }),
    };
    Ok(Some(Named { endpoint, place: place(url, beside) }))
}

/// All that has named a server and how to get in.
fn place(url: &GivenUrl, beside: &Beside) -> String {
    let mut places = vec![url.place()];
    for (_, _, place) in beside.named() {
        if !places.iter().any(|known| known == place) {
            places.push(place.to_owned());
        }
    }
    places.join(", ")
}

/// What flags, environment and file say, and whether a server goes by it.
fn in_force(given: &[Given], servers: [&Option<Named>; 2]) -> Vec<InForce> {
    let used = |name: &str| {
        let words = |named: &Named| named.place.split([' ', ',']).any(|word| word == name);
        servers.iter().any(|server| server.as_ref().is_some_and(words))
    };
    let mut found = Vec::new();
    for Given { url, beside } in given {
        if let Some(url) = url.as_ref().filter(|url| !url.by_environment()) {
            let (name, shown) = (GivenUrl::flag(url.kind).to_owned(), url.shown());
            found.push(InForce { name, shown, source: "flag".to_owned() });
        }
        for (_, path, place) in beside.named().filter(|(_, _, place)| place.starts_with("--")) {
            let (name, shown) = (place.to_owned(), path.display().to_string());
            found.push(InForce { name, shown, source: "flag".to_owned() });
        }
    }
    for (name, holds) in VARIABLES {
        let Some(value) = set(name) else { continue };
        let shown = match holds {
            Holds::Plain => redact(&value),
            Holds::Secret => HIDDEN.to_owned(),
            Holds::Url(kind) => shown(kind, &value),
        };
        // A switch is heeded wherever it is.
        let heeded = match name {
            NATS_MONITORING_URL => servers[1].is_some(),
            MAX_MEMORY | MAX_STORAGE => servers[1].is_none(),
            _ if VARIABLES_OF_SCENARIOS.iter().any(|(known, _)| *known == name) => true,
            "NATS_CONTEXT" => used(name) || used("context"),
            _ => used(name) || name.ends_with("_ENABLED"),
        };
        let aside = if heeded { "" } else { ", not in force" };
        let source = format!("{}{aside}", env_file::source(name));
        found.push(InForce { name: name.to_owned(), shown, source });
    }
    found
}

/// The monitoring, where a flag names another than the environment.
fn monitoring_flag(brokers: &Brokers) -> Vec<InForce> {
    let named = brokers.nats_monitoring.as_deref();
    let by_flag = named.filter(|url| set(NATS_MONITORING_URL).as_deref() != Some(*url));
    let shown = |url: &str| InForce {
        name: "--nats-monitoring".to_owned(),
        shown: redact(url),
        source: "flag".to_owned(),
    };
    by_flag.map(shown).into_iter().collect()
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
