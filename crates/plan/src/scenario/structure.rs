//! Checks a document against the JSON Schema of the wire types: unknown and missing keys, types, ranges,
//! enum values, forms of strings.
//!
//! The schema that `weighbridge schema scenario` prints is the one that is enforced, so the two can't
//! drift apart. Unlike serde, which stops at the first mistake, it reports them all and hands on the
//! sound parts. Rules between keys belong to `validate`.

use serde_json::{Map, Value as Json};

use super::document::{Entry, Node, Origin, Value};
use super::error::Finding;
use super::nearest::nearest;
use super::pattern;

/// The sound parts of `root` as JSON; mistakes go to `findings`.
pub fn check(root: &Node, schema: &Json, findings: &mut Vec<Finding>) -> Json {
    let mut checker = Checker { schema, findings, path: Vec::new() };
    checker.node(root, schema).unwrap_or_else(|| Json::Object(Map::new()))
}

struct Checker<'a> {
    /// The whole schema, for its `$defs`.
    schema: &'a Json,
    findings: &'a mut Vec<Finding>,
    path: Vec<String>,
}

impl<'a> Checker<'a> {
    fn report(&mut self, origin: &Origin, message: String) {
        self.findings.push(Finding::new(origin, message));
    }

    /// The key path for people: `load.stages[1].target`.
    fn path_text(&self) -> String {
        self.path.iter().fold(String::new(), |text, step| match step.parse::<usize>() {
            Ok(index) => format!("{text}[{index}]"),
            Err(_) if text.is_empty() => step.clone(),
            Err(_) => format!("{text}.{step}"),
        })
    }

    /// None means: reported, and not to be used.
    fn node(&mut self, node: &Node, schema: &'a Json) -> Option<Json> {
        let schema = resolve(self.schema, schema);
        if schema == &Json::Bool(true) {
            return Some(to_json(node));
        }
        if let Some(variants) = schema["anyOf"].as_array() {
            return self.one_of_several_types(node, variants);
        }
        if let Some(known) = known_values(schema) {
            return self.enum_value(node, &known);
        }
        match (type_of(schema), &node.value) {
            ("object", Value::Table(entries)) => self.table(node, entries, schema),
            ("array", Value::List(items)) => self.list(node, items, schema),
            ("string", Value::Text(text)) => self.string(node, text, schema),
            ("integer" | "number", Value::Integer(integer)) => {
                self.in_range(node, *integer as f64, schema).then(|| json_integer(*integer))
            }
            ("number", Value::Float(float)) => {
                self.in_range(node, *float, schema).then(|| Json::from(*float))
            }
            ("boolean", Value::Boolean(boolean)) => Some(Json::from(*boolean)),
            (expected, _) => {
                let message = self.wrong_type(node, expected, schema);
                self.report(&node.origin, message);
                None
            }
        }
    }

    /// The variants of an untagged type differ in their TOML type, so the value itself chooses.
    fn one_of_several_types(&mut self, node: &Node, variants: &'a [Json]) -> Option<Json> {
        let is_other_word = |schema: &Json| {
            known_values(schema).zip(node.text()).is_some_and(|(known, text)| !known.contains(&text))
        };
        let fits = |schema: &Json| {
            !is_other_word(schema)
                && matches!(
                    (type_of(schema), &node.value),
                    ("object", Value::Table(_))
                        | ("array", Value::List(_))
                        | ("string", Value::Text(_))
                        | ("integer" | "number", Value::Integer(_))
                        | ("number", Value::Float(_))
                        | ("boolean", Value::Boolean(_))
                )
        };
        let resolved: Vec<&'a Json> = variants.iter().map(|variant| resolve(self.schema, variant)).collect();
        if let Some(variant) = resolved.iter().find(|variant| fits(variant)) {
            return self.node(node, variant);
        }
        let words = |schema: &Json| match known_values(schema) {
            Some(known) => format!("\"{}\"", known.join("\" or \"")),
            None => expected_words(type_of(schema), schema).to_owned(),
        };
        let mut messages: Vec<_> = resolved.iter().map(|schema| words(schema)).collect();
        messages.dedup();
        let word = node.text().filter(|_| resolved.iter().any(|schema| is_other_word(schema)));
        let given = word.map_or_else(|| shown(node), |word| format!("`{word}`"));
        let message = format!("`{}` must be {}, not {given}", self.path_text(), messages.join(" or "));
        self.report(&node.origin, message);
        None
    }

    fn enum_value(&mut self, node: &Node, known: &[&str]) -> Option<Json> {
        let path = self.path_text();
        let Some(text) = node.text() else {
            self.report(
                &node.origin,
                format!("`{path}` must be one of {}, not {}", known.join(", "), node.kind()),
            );
            return None;
        };
        if known.contains(&text) {
            return Some(Json::from(text));
        }
        let hint = nearest(text, known.iter().copied())
            .map(|near| format!("did you mean `{near}`? "))
            .unwrap_or_default();
        let message = format!("`{path}` can't be `{text}`; {hint}known: {}", known.join(", "));
        self.report(&node.origin, message);
        None
    }

    fn table(&mut self, node: &Node, entries: &[Entry], schema: &'a Json) -> Option<Json> {
        self.in_length(node, entries.len(), ["minProperties", "maxProperties"], "entries", schema);
        let mut out = Map::new();
        let mut meant = Vec::new();
        for entry in entries {
            match self.schema_of(&entry.key, schema) {
                Some(schema) => {
                    self.path.push(entry.key.clone());
                    let json = self.node(&entry.node, schema);
                    self.path.pop();
                    out.extend(json.map(|json| (entry.key.clone(), json)));
                }
                None => meant.extend(self.unknown_key(entry, schema)),
            }
        }
        let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        for key in required.iter().filter_map(Json::as_str) {
            // A misspelt key is told once, not as unknown and as missing.
            if !entries.iter().any(|entry| entry.key == key) && !meant.iter().any(|near| near == key) {
                let place =
                    if self.path.is_empty() { String::new() } else { format!(" in `{}`", self.path_text()) };
                self.report(&node.origin, format!("missing key `{key}`{place}"));
            }
        }
        // An element of a list can't do without its required keys; a section is judged key by key.
        let whole = required.iter().filter_map(Json::as_str).all(|key| out.contains_key(key));
        (whole || self.path.len() <= 1).then_some(Json::Object(out))
    }

    fn schema_of(&self, key: &str, table: &'a Json) -> Option<&'a Json> {
        if let Some(schema) = table["properties"].get(key) {
            return Some(schema);
        }
        if let Some(patterns) = table["patternProperties"].as_object() {
            return patterns
                .iter()
                .find(|(form, _)| pattern::check(form, key).is_ok())
                .map(|(_, schema)| schema);
        }
        table.get("additionalProperties").filter(|schema| schema.is_object())
    }

    /// Reports the key; gives back the key that was probably meant.
    fn unknown_key(&mut self, entry: &Entry, table: &'a Json) -> Option<String> {
        let key = &entry.key;
        let place = if self.path.is_empty() { String::new() } else { format!(" in `{}`", self.path_text()) };
        if let Some(patterns) = table["patternProperties"].as_object() {
            let wish = patterns.keys().find_map(|form| pattern::check(form, key).err()).unwrap_or_default();
            self.report(&entry.key_origin, format!("key `{key}`{place} {wish}"));
            return None;
        }
        let known: Vec<&str> =
            table["properties"].as_object().into_iter().flatten().map(|(k, _)| &**k).collect();
        if let Some(near) = nearest(key, known.iter().copied()) {
            let message = format!("unknown key `{key}`{place}; did you mean `{near}`?");
            let meant = Some(near.to_owned());
            self.findings.push(Finding { meant, ..Finding::new(&entry.key_origin, message) });
            return Some(near.to_owned());
        }
        let hint = match self.section_of(key) {
            Some(section) if self.path.first() != Some(&section) => format!("; it belongs in [{section}]"),
            _ => format!("; known: {}", known.join(", ")),
        };
        self.report(&entry.key_origin, format!("unknown key `{key}`{place}{hint}"));
        None
    }

    /// The section that has this key, for keys that stand in the wrong one.
    fn section_of(&self, key: &str) -> Option<String> {
        let sections = self.schema["properties"].as_object()?;
        let has_key = |schema| resolve(self.schema, schema)["properties"].get(key).is_some();
        sections.iter().find(|(_, schema)| has_key(schema)).map(|(name, _)| name.clone())
    }

    /// A list with a bad element is dropped whole: its other elements would move up.
    fn list(&mut self, node: &Node, items: &[Node], schema: &'a Json) -> Option<Json> {
        let fits = self.in_length(node, items.len(), ["minItems", "maxItems"], "elements", schema);
        let mut out = Vec::new();
        for (index, item) in items.iter().enumerate() {
            self.path.push(index.to_string());
            out.extend(self.node(item, &schema["items"]));
            self.path.pop();
        }
        (fits && out.len() == items.len()).then_some(Json::Array(out))
    }

    fn string(&mut self, node: &Node, text: &str, schema: &'a Json) -> Option<Json> {
        let length = text.trim().chars().count();
        if !self.in_length(node, length, ["minLength", "maxLength"], "characters", schema) {
            return None;
        }
        let Some(Err(wish)) = schema["pattern"].as_str().map(|form| pattern::check(form, text)) else {
            return Some(Json::from(text));
        };
        let path = self.path_text();
        let message =
            if is_duration(schema) { format!("`{path}`: {wish}") } else { format!("`{path}` {wish}") };
        self.report(&node.origin, message);
        None
    }

    fn in_range(&mut self, node: &Node, number: f64, schema: &Json) -> bool {
        let limit = |name: &str| schema[name].as_f64();
        let wish = if !number.is_finite() {
            "must be a finite number".to_owned()
        } else if limit("exclusiveMinimum").is_some_and(|min| number <= min) {
            "must be greater than 0".to_owned()
        } else if let Some(max) = limit("exclusiveMaximum").filter(|max| number >= *max) {
            format!("must be less than {max}")
        } else if let Some(min) = limit("minimum").filter(|min| number < *min) {
            format!("must be at least {min}")
        } else if let Some(max) = limit("maximum").filter(|max| number > *max) {
            format!("must be at most {max}")
        } else {
            return true;
        };
        let message = format!("`{}` {wish}, not {}", self.path_text(), shown(node));
        self.report(&node.origin, message);
        false
    }

    fn in_length(
        &mut self,
        node: &Node,
        length: usize,
        limits: [&str; 2],
        unit: &str,
        schema: &Json,
    ) -> bool {
        let [min, max] = limits.map(|name| schema[name].as_u64());
        let length = length as u64;
        let wish = match (min, max) {
            (Some(1), _) if length == 0 => "must not be empty".to_owned(),
            (Some(min), _) if length < min => format!("must have at least {min} {unit}, not {length}"),
            (_, Some(max)) if length > max => format!("must have at most {max} {unit}, not {length}"),
            _ => return true,
        };
        let message = format!("`{}` {wish}", self.path_text());
        self.report(&node.origin, message);
        false
    }

    fn wrong_type(&self, node: &Node, expected: &str, schema: &Json) -> String {
        let path = self.path_text();
        match &node.value {
            Value::Integer(integer) if is_duration(schema) => {
                format!(
                    "`{path}` has no unit: write \"{integer}s\" for seconds or \"{integer}ms\" for milliseconds"
                )
            }
            Value::Float(float) if is_duration(schema) && float.is_finite() => {
                format!(
                    "`{path}` has no unit: write \"{float}s\" for seconds or \"{float}ms\" for milliseconds"
                )
            }
            // A password may be a number.
            _ if is_url(schema) => format!("`{path}` must be a string, not {}", node.kind()),
            _ => format!("`{path}` must be {}, not {}", expected_words(expected, schema), shown(node)),
        }
    }
}

/// Follows `$ref`s into the `$defs` of `root`, and drops the null of optional keys, for which TOML has no word.
pub fn resolve<'a>(root: &'a Json, mut schema: &'a Json) -> &'a Json {
    loop {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
            schema = &root["$defs"][name];
            continue;
        }
        let variants = schema["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        match variants {
            [one, null] if null["type"] == "null" => schema = one,
            _ => return schema,
        }
    }
}

fn is_duration(schema: &Json) -> bool {
    schema["pattern"] == pattern::DURATION
}

fn is_url(schema: &Json) -> bool {
    schema["pattern"] == pattern::REDIS_URL || schema["pattern"] == pattern::NATS_URL
}

/// The one type of a schema that isn't null.
pub fn type_of(schema: &Json) -> &str {
    match &schema["type"] {
        Json::String(name) => name,
        Json::Array(names) => {
            names.iter().filter_map(Json::as_str).find(|name| *name != "null").unwrap_or("")
        }
        _ => "",
    }
}

/// The words of an enum, with or without descriptions.
pub fn known_values(schema: &Json) -> Option<Vec<&str>> {
    if let Some(values) = schema["enum"].as_array() {
        return Some(values.iter().filter_map(Json::as_str).collect());
    }
    let variants = schema["oneOf"].as_array()?;
    Some(variants.iter().filter_map(|variant| variant["const"].as_str()).collect())
}

fn expected_words(expected: &str, schema: &Json) -> &'static str {
    match expected {
        "string" if is_duration(schema) => "a duration with its unit, such as \"5s\"",
        "string" => "a string",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a table",
        _ => "something else",
    }
}

/// The value if it is short, else what it is.
fn shown(node: &Node) -> String {
    match &node.value {
        Value::Integer(integer) => integer.to_string(),
        Value::Float(float) => toml::Value::Float(*float).to_string(),
        Value::Boolean(flag) => flag.to_string(),
        _ => node.kind().to_owned(),
    }
}

/// Every integer of a document fits into one of the two.
fn json_integer(integer: i128) -> Json {
    u64::try_from(integer).map_or_else(|_| Json::from(i64::try_from(integer).ok()), Json::from)
}

/// A value as JSON, unchecked; what JSON can't tell becomes null.
pub fn to_json(node: &Node) -> Json {
    match &node.value {
        Value::Text(text) | Value::Datetime(text) => Json::from(text.as_str()),
        Value::Integer(integer) => json_integer(*integer),
        Value::Float(float) => Json::from(*float),
        Value::Boolean(flag) => Json::from(*flag),
        Value::List(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Table(entries) => {
            Json::Object(entries.iter().map(|entry| (entry.key.clone(), to_json(&entry.node))).collect())
        }
    }
}
