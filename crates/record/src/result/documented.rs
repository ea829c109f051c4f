//! Every type, field and word of the record says what it means: its schema is its documentation.

use serde_json::{Map, Value};

use super::RunResult;

/// Whether the schema of a field says what it means, itself or through the types that it refers to.
fn is_told(field: &Value, types: &Map<String, Value>) -> bool {
    let Some(field) = field.as_object() else { return false };
    let refers = |reference: &Value| {
        let name = reference.as_str().and_then(|path| path.rsplit('/').next());
        name.and_then(|name| types.get(name)).is_some_and(|named| is_told(named, types))
    };
    field.contains_key("description")
        || field.get("$ref").is_some_and(refers)
        || ["items", "additionalProperties"]
            .iter()
            .any(|key| field.get(*key).is_some_and(|of| is_told(of, types)))
        || field
            .get("anyOf")
            .and_then(Value::as_array)
            .is_some_and(|of| of.iter().any(|of| is_told(of, types)))
}

/// What is not told in a type: itself, its fields, its words.
fn untold(name: &str, of: &Value, types: &Map<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    if of.get("description").is_none() {
        found.push(name.to_owned());
    }
    for (field, schema) in of.get("properties").and_then(Value::as_object).into_iter().flatten() {
        // The word of a variant is told by the variant.
        if schema.get("const").is_none() && !is_told(schema, types) {
            found.push(format!("{name}.{field}"));
        }
    }
    for variant in of.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
        let word = variant.get("const").or_else(|| variant.pointer("/properties/kind/const"));
        let word = word.and_then(Value::as_str).unwrap_or("a variant");
        found.extend(untold(&format!("{name}::{word}"), variant, types));
    }
    found
}

fn untold_in(schema: &Value) -> Vec<String> {
    let none = Map::new();
    let types = schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
    let all = types.iter().flat_map(|(name, of)| untold(name, of, types));
    all.chain(untold("RunResult", schema, types)).collect()
}

#[test]
fn every_type_of_the_record_and_every_field_says_what_it_means() {
    let untold = untold_in(&schemars::schema_for!(RunResult).to_value());
    // Words that say all there is to say.
    let plain = ["Phase::", "Stage::", "Unit::", "Verdict::", "Side::", "BrokerKind"];
    let untold: Vec<_> =
        untold.into_iter().filter(|name| !plain.iter().any(|word| name.starts_with(word))).collect();
    assert!(untold.is_empty(), "{}", untold.join("\n"));
}

#[test]
fn a_field_without_meaning_is_found() {
    let schema = serde_json::json!({
        "description": "All.",
        "properties": { "told": { "description": "x" }, "referred": { "$ref": "#/$defs/Told" }, "bare": {} },
        "$defs": { "Told": { "description": "y" }, "Silent": { "oneOf": [{ "const": "word" }] } },
    });
    assert_eq!(untold_in(&schema), ["Silent", "Silent::word", "RunResult.bare"]);
}
