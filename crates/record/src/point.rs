//! A point of a sweep, and how it is told.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::format;

/// The values that one combination of a sweep sets, by key path; empty without a sweep.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Point(BTreeMap<String, serde_json::Value>);

impl Point {
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// `load.rate = 2 000, brokers.durability = os`, in words short enough for a heading; empty without a
    /// sweep.
    pub fn label(&self) -> String {
        let part = |(key, value)| format!("{key} = {}", value_text(value));
        self.iter().map(part).collect::<Vec<_>>().join(", ")
    }

    /// What is measured here, in words: `nats-core`, or `nats-core at load.rate = 2 000`.
    pub fn place(&self, what: impl std::fmt::Display) -> String {
        if self.is_empty() { what.to_string() } else { format!("{what} at {}", self.label()) }
    }
}

impl Deref for Point {
    type Target = BTreeMap<String, serde_json::Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Point {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<const N: usize> From<[(String, serde_json::Value); N]> for Point {
    fn from(values: [(String, serde_json::Value); N]) -> Self {
        Self(values.into())
    }
}

impl FromIterator<(String, serde_json::Value)> for Point {
    fn from_iter<I: IntoIterator<Item = (String, serde_json::Value)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

/// One swept value.
pub fn value_text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) => number.as_f64().map_or(number.to_string(), format::number),
        other => other.to_string(),
    }
}
