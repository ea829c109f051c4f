//! The reference of scenario files in Markdown, made from their JSON Schema, so that it can't go stale.
//!
//! Pure. What it says of a key stands in the schema, and so in the wire types' doc comments; only the
//! introduction, `reference.md`, is written by hand. `docs/SCENARIOS.md` is what this prints.

use std::fmt::Write;

use serde_json::Value as Json;

use super::pattern;
use super::prose::number;
use super::structure::{known_values, resolve, type_of};

/// Keys in the order in which a scenario is written; JSON Schema knows none. A key that is missing here
/// comes last, and a test asks for its place.
#[rustfmt::skip] // A line for each table.
const ORDER: [&str; 95] = [
    "name", "question", "reading", "transports", "repeat", "seed",
    "route", "legs", "percent", "both", "draw", "back_at", "seam", "on_failure",
    "load", "executor", "rate", "arrivals", "start_rate", "stages", "target", "in_flight", "warmup", "duration",
    "cooldown", "drain", "timeout", "max_in_flight", "generators", "connections", "pool", "batch", "linger", "flush",
    "payload", "description_bytes", "categories", "requester_roles",
    "workers", "kind", "command", "url", "format", "model", "retries", "count", "concurrency", "results", "prefetch", "service_time", "distribution", "value", "mean", "median", "sigma",
    "brokers", "durability", "redis_url", "nats_url", "prefix", "ack_wait", "max_deliver", "delivery", "subjects",
    "request_subject", "result_subject", "sync_subject", "jetstream_domain", "jetstream_max_memory", "jetstream_max_storage",
    "tls", "auth",
    "faults", "action", "at", "every", "down_for", "for", "moment", "factor", "delay", "jitter", "bytes_per_s",
    "thresholds", "sweep", "repetitions", "margin_percent", "budget", "max",
    "search", "objective", "low", "high", "precision", "confirm",
];

/// The whole document; `schema` is that of [`super::schema`].
pub fn markdown(schema: &Json) -> String {
    let mut reference = Reference { schema, out: include_str!("reference.md").trim_end().to_owned() };
    reference.out.push_str("\n\n## Every key\n\n");
    reference.line(&format!("{} A key that stands in no table below is an error.", description(schema)));
    reference.head();
    for (key, section) in in_order(schema) {
        if is_table(resolve(schema, section)) {
            reference.section(key, section);
        }
    }
    reference.out.truncate(reference.out.trim_end().len());
    reference.out.push('\n');
    reference.out
}

struct Reference<'a> {
    /// The whole schema, for its `$defs`.
    schema: &'a Json,
    out: String,
}

impl<'a> Reference<'a> {
    fn line(&mut self, text: &str) {
        // Writing to a string can't fail.
        let _ = writeln!(self.out, "{text}\n");
    }

    fn heading(&mut self, marks: &str, id: &str, text: &str) {
        self.line(&format!("<a id=\"{}\"></a>\n{marks} {text}", id.replace(['.', '_'], "-")));
    }

    /// The keys that stand above all tables.
    fn head(&mut self) {
        let root = self.schema;
        let plain: Vec<_> =
            in_order(root).into_iter().filter(|(_, schema)| !is_table(resolve(root, schema))).collect();
        self.heading("###", "head", "Head of the file");
        self.keys("", &plain, root);
        self.details("", &plain);
    }

    fn section(&mut self, key: &str, section: &'a Json) {
        let schema = resolve(self.schema, section);
        self.heading("###", key, &format!("`[{key}]`"));
        let text = [description(section), description(schema)].into_iter().find(|text| !text.is_empty());
        self.line(&text.unwrap_or_default());
        if schema["properties"].is_object() {
            self.table(key, schema);
        } else {
            self.line(&format!("A {}.", self.words(schema)));
        }
        self.names(key, schema);
    }

    /// The keys of a table, then what needs more room than a row.
    fn table(&mut self, path: &str, schema: &'a Json) {
        let keys = in_order(schema);
        self.keys(path, &keys, schema);
        self.details(path, &keys);
    }

    fn keys(&mut self, path: &str, keys: &[(&'a str, &'a Json)], table: &Json) {
        self.out.push_str("| Key | Value | Default | Meaning |\n|---|---|---|---|\n");
        for (key, property) in keys {
            let schema = resolve(self.schema, property);
            let id = join(path, key).replace(['.', '_'], "-");
            let meaning =
                [description(property), description(schema)].into_iter().find(|text| !text.is_empty());
            let cells = [
                format!("<a id=\"{id}\"></a>`{key}`"),
                self.words(schema),
                default(key, property, table),
                meaning.unwrap_or_default(),
            ];
            let cells = cells.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
            let _ = writeln!(self.out, "| {} |", cells.join(" | "));
        }
        self.out.push('\n');
    }

    /// Words with a meaning of their own, and tables inside of values.
    fn details(&mut self, path: &str, keys: &[(&'a str, &'a Json)]) {
        for (key, property) in keys {
            let (path, schema) = (join(path, key), resolve(self.schema, property));
            self.variants(&path, schema);
            let choices = schema["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
            for choice in choices.iter().map(|choice| resolve(self.schema, choice)).filter(|c| is_table(c)) {
                self.heading("####", &format!("{path}-table"), &format!("`{path}` as a table"));
                self.table(&path, choice);
            }
            let item = resolve(self.schema, &schema["items"]);
            if is_table(item) {
                self.heading("####", &format!("{path}-item"), &format!("Each table of `{path}`"));
                self.table(&path, item);
            }
            self.variants(&path, item);
        }
    }

    /// The words of an enum, where they have descriptions.
    fn variants(&mut self, path: &str, schema: &Json) {
        let variants = schema["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        if variants.len() < 2 {
            return;
        }
        self.heading("####", &format!("{path}-values"), &format!("Values of `{path}`"));
        self.out.push_str("| Value | Meaning |\n|---|---|\n");
        for variant in variants {
            let word = variant["const"].as_str().unwrap_or_default();
            let _ = writeln!(self.out, "| `{word}` | {} |", description(variant));
        }
        self.out.push('\n');
    }

    /// The names that the keys of a table may have, by the group before the dot.
    fn names(&mut self, key: &str, schema: &Json) {
        let names = schema["propertyNames"]["enum"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
        for (group, name) in names.iter().filter_map(|name| name.as_str()?.split_once('.')) {
            match groups.last_mut().filter(|(known, _)| *known == group) {
                Some((_, known)) => known.push(format!("`{name}`")),
                None => groups.push((group, vec![format!("`{name}`")])),
            }
        }
        if groups.is_empty() {
            return;
        }
        self.heading("####", &format!("{key}-names"), &format!("Names in `[{key}]`"));
        self.out.push_str("| Before the dot | After it |\n|---|---|\n");
        for (group, names) in groups {
            let _ = writeln!(self.out, "| `{group}` | {} |", names.join(", "));
        }
        self.out.push('\n');
    }

    /// What may be written, in words.
    fn words(&self, schema: &Json) -> String {
        let schema = resolve(self.schema, schema);
        if let Some(choices) = schema["anyOf"].as_array() {
            let choices: Vec<_> = choices.iter().map(|choice| self.words(choice)).collect();
            return choices.join(", or ");
        }
        if let Some(words) = known_values(schema) {
            let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
            return words.join(", ");
        }
        match type_of(schema) {
            "string" => text_words(schema),
            "integer" => format!("whole number{}", range_words(schema)),
            "number" => format!("number{}", range_words(schema)),
            "boolean" => "`true`, `false`".to_owned(),
            "array" => {
                let length = length_words(schema, "minItems", "maxItems");
                match &schema["items"] {
                    Json::Bool(_) => format!("list of {length} values"),
                    items => format!("list of {length}, each: {}", self.words(items)),
                }
            }
            "object" if schema["properties"].is_object() => "table".to_owned(),
            "object" => {
                let length = length_words(schema, "minProperties", "maxProperties");
                let by_name = schema["patternProperties"].as_object().and_then(|forms| forms.iter().next());
                match by_name {
                    Some((form, value)) => format!(
                        "table of {length} words ({}), each with a {}",
                        pattern::words(form),
                        self.words(value)
                    ),
                    None => format!(
                        "table of {length} keys in quotes, each with a {}",
                        self.words(&schema["additionalProperties"])
                    ),
                }
            }
            _ => "value".to_owned(),
        }
    }
}

/// The keys of a table in the order of writing.
fn in_order(schema: &Json) -> Vec<(&str, &Json)> {
    let mut keys: Vec<_> =
        schema["properties"].as_object().into_iter().flatten().map(|(k, v)| (&**k, v)).collect();
    keys.sort_by_key(|(key, _)| ORDER.iter().position(|known| known == key).unwrap_or(ORDER.len()));
    keys
}

fn is_table(schema: &Json) -> bool {
    type_of(schema) == "object" && (schema["properties"].is_object() || schema["propertyNames"].is_object())
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn description(schema: &Json) -> String {
    schema["description"].as_str().unwrap_or_default().replace('\n', " ")
}

fn default(key: &str, property: &Json, table: &Json) -> String {
    let required = table["required"].as_array().is_some_and(|keys| keys.iter().any(|known| known == key));
    match (&property["default"], property["x-default"].as_str()) {
        _ if required => "required".to_owned(),
        (Json::Null, Some(words)) => words.to_owned(),
        (Json::Null, None) => "none".to_owned(),
        (value, _) => format!("`{value}`"),
    }
}

fn text_words(schema: &Json) -> String {
    let form = schema["pattern"].as_str();
    if form == Some(pattern::DURATION) {
        return "[duration](#durations)".to_owned();
    }
    let length = length_words(schema, "minLength", "maxLength");
    let length = if length.is_empty() { length } else { format!(", {length} characters") };
    format!("{}{length}", form.map_or("text", pattern::words))
}

/// `1 to 64`, `at most 8`; empty where nothing is said.
fn length_words(schema: &Json, min: &str, max: &str) -> String {
    match (schema[min].as_f64().filter(|min| *min > 0.0), schema[max].as_f64()) {
        (Some(min), Some(max)) => format!("{} to {}", number(min), number(max)),
        (None, Some(max)) => format!("at most {}", number(max)),
        (Some(min), None) => format!("at least {}", number(min)),
        (None, None) => String::new(),
    }
}

fn range_words(schema: &Json) -> String {
    let limit = |name: &str| schema[name].as_f64().map(number);
    let low = limit("exclusiveMinimum").map(|min| format!("above {min}"));
    let high = limit("exclusiveMaximum").map(|max| format!("below {max}"));
    match (limit("minimum"), limit("maximum")) {
        (Some(min), Some(max)) => format!(", {min} to {max}"),
        (min, max) => {
            let low = low.or(min.map(|min| format!("at least {min}")));
            let high = high.or(max.map(|max| format!("at most {max}")));
            [low, high].into_iter().flatten().fold(String::new(), |text, limit| format!("{text}, {limit}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::schema;

    fn all_tables(schema: &Json) -> Vec<&Json> {
        let sections = schema["properties"].as_object().unwrap().values();
        let named = schema["$defs"].as_object().unwrap().values();
        std::iter::once(schema).chain(sections).chain(named).filter(|s| s["properties"].is_object()).collect()
    }

    #[test]
    fn every_key_has_a_place_a_meaning_and_a_row() {
        let schema = Json::from(schema());
        let text = markdown(&schema);
        for table in all_tables(&schema) {
            for (key, property) in in_order(table) {
                assert!(ORDER.contains(&key), "`{key}` has no place in ORDER");
                let meant =
                    !description(property).is_empty() || !description(resolve(&schema, property)).is_empty();
                assert!(meant, "`{key}` has no description");
                let told =
                    text.contains(&format!("</a>`{key}` |")) || text.contains(&format!("### `[{key}]`"));
                assert!(told, "`{key}` is not told");
            }
        }
    }

    #[test]
    fn every_anchor_stands_once() {
        let text = markdown(&Json::from(schema()));
        let mut anchors: Vec<_> =
            text.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let count = anchors.len();
        anchors.sort_unstable();
        anchors.dedup();
        assert_eq!(anchors.len(), count);
    }

    #[test]
    fn values_are_told_in_words() {
        let schema = Json::from(schema());
        let reference = Reference { schema: &schema, out: String::new() };
        let load = |key: &str| reference.words(&schema["properties"]["load"]["properties"][key]);
        assert_eq!(load("rate"), "number, above 0, at most 100 000 000");
        assert_eq!(load("in_flight"), "whole number, 1 to 1 000 000");
        assert_eq!(load("warmup"), "[duration](#durations)");
        assert_eq!(load("stages"), "list of 1 to 100, each: table");
        assert_eq!(load("arrivals"), "`uniform`, `poisson`");
    }
}
