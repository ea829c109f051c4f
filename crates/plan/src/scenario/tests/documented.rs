//! What the documents say of scenarios: that it is the schema's word, and that every example can be run.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::super::structure::resolve;
use super::super::{Overrides, explain, markdown, plan, schema};
use super::{SOUND, planned};

/// First line of an example that is no whole scenario.
const FRAGMENT: &str = "# fragment";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn documents() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut documents: Vec<_> = docs.filter(|path| path.extension().is_some_and(|ext| ext == "md")).collect();
    documents.push(root().join("README.md"));
    documents.sort();
    documents
}

/// The fenced blocks of a language, without their fences.
fn blocks<'a>(text: &'a str, language: &'a str) -> impl Iterator<Item = &'a str> {
    let fences = text.split("\n```").skip(1).step_by(2);
    fences.filter_map(move |block| block.strip_prefix(language)?.strip_prefix('\n'))
}

#[test]
fn the_committed_reference_is_the_generated_one() {
    let generated = markdown(schema().as_value());
    let committed = read(&root().join("docs/SCENARIOS.md"));
    assert!(
        committed == generated,
        "docs/SCENARIOS.md is stale; renew it with\n  cargo run -- schema scenario --markdown > docs/SCENARIOS.md"
    );
}

#[test]
fn every_example_in_the_documents_is_planned() {
    let mut planned_count = 0;
    for path in documents() {
        let text = read(&path);
        for block in blocks(&text, "toml").filter(|block| !block.starts_with(FRAGMENT)) {
            let label = path.display().to_string();
            plan(&label, block, &Overrides::default())
                .unwrap_or_else(|errors| panic!("{label}: {}\n{block}", errors.summary()));
            planned_count += 1;
        }
    }
    assert!(planned_count >= 5, "{planned_count} examples found");
}

#[test]
fn the_worked_example_is_explained_as_the_binary_explains_it() {
    let text = read(&root().join("docs/SCENARIOS.md"));
    let example = blocks(&text, "toml").next().unwrap();
    let explained = explain(&planned(example));
    assert_eq!(blocks(&text, "text").next().unwrap().trim_end(), explained.trim_end());
}

/// `SOUND`, a ramp, a search, one that is repeated as needed, one that asks a service and some with routes: between them, scenarios in which every
/// key may stand.
fn hosts() -> [String; 8] {
    let head = "name = \"host\"\nquestion = \"Which?\"\ntransports = [\"nats-core\"]\n[load]\n";
    let stages = "executor = \"ramping-arrival-rate\"\nstages = [{ target = 9, duration = \"5s\" }]\n";
    let search = "executor = \"constant-arrival-rate\"\nduration = \"5s\"\n[search]\nlow = 10\n";
    let repeated = SOUND.replacen("question", "repeat = \"auto\"\nquestion", 1);
    let routed = |route: &str| {
        let legs = format!("[route]\nlegs = [[\"redis-pubsub\", \"nats-core\"]]\n{route}\n[load]\n");
        let host = head.replace("transports = [\"nats-core\"]\n[load]\n", &legs);
        format!("{host}executor = \"constant-arrival-rate\"\nrate = 10\nduration = \"5s\"\n")
    };
    let dual = routed("kind = \"dual\"");
    let split = routed("kind = \"split\"\npercent = 5");
    let cutover = routed("kind = \"cutover\"\nat = \"1s\"");
    let http = SOUND.replacen("count = 2", "kind = \"http\"\nurl = \"http://127.0.0.1/\"", 1);
    [
        http,
        dual,
        split,
        cutover,
        SOUND.to_owned(),
        format!("{head}{stages}"),
        format!("{head}{search}"),
        repeated,
    ]
}

/// Every key path with a fixed default, and that default.
fn defaults(schema: &Json) -> Vec<(String, Json)> {
    let mut found = Vec::new();
    for (key, property) in schema["properties"].as_object().unwrap() {
        if !property["default"].is_null() {
            found.push((key.clone(), property["default"].clone()));
        }
        for (inner, property) in resolve(schema, property)["properties"].as_object().into_iter().flatten() {
            if !property["default"].is_null() {
                found.push((format!("{key}.{inner}"), property["default"].clone()));
            }
        }
    }
    found
}

#[test]
fn every_default_of_the_schema_is_the_one_that_is_taken() {
    let schema = Json::from(schema());
    let defaults = defaults(&schema);
    assert!(defaults.len() >= 18, "{defaults:?}");
    for (path, default) in defaults {
        let set = Overrides { set: vec![format!("{path}={default}")], ..Overrides::default() };
        let mut fitting = 0;
        for host in hosts() {
            let without = planned(&host);
            // Not where the host has a value of its own, nor where the key makes a scenario another one.
            let last = path.rsplit('.').next().unwrap();
            let section = path.split_once('.').map_or("", |(section, _)| section);
            let foreign = section == "search" && without.search.is_none();
            if host.contains(&format!("\n{last} = ")) || foreign {
                continue;
            }
            let Ok(with) = plan("host.toml", &host, &set) else { continue };
            let told = |plan: &crate::Plan| {
                let repeat = (plan.repeat, plan.sequential);
                format!("{:?} {:?} {repeat:?} {}", plan.points, plan.search, plan.seed)
            };
            assert_eq!(told(&with), told(&without), "`{path}` is not {default} by default");
            fitting += 1;
        }
        assert!(fitting > 0, "`{path}` could be set nowhere");
    }
}
