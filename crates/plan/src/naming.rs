//! What messages are called on the wire, and what JetStream is given.

use serde::{Deserialize, Serialize};

/// The subjects of the engine, without prefix and category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseSubjects {
    /// `prioritization.request`
    pub request: String,
    /// `prioritization.result`
    pub result: String,
    /// `prioritization.sync`
    pub sync: String,
}

impl Default for BaseSubjects {
    fn default() -> Self {
        let of = |last: &str| format!("prioritization.{last}");
        Self { request: of("request"), result: of("result"), sync: of("sync") }
    }
}

impl BaseSubjects {
    pub fn all(&self) -> [&str; 3] {
        [&self.request, &self.result, &self.sync]
    }

    /// Two of them of which one takes what is meant for the other.
    pub fn clash(&self) -> Option<[&str; 2]> {
        let [request, result, sync] = self.all();
        let below = |one: &str, other: &str| {
            one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let pairs = [[request, result], [request, sync], [result, sync]];
        pairs.into_iter().find(|[one, other]| below(one, other) || below(other, one))
    }
}

/// How JetStream is reached, and what one of ours may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JetStream {
    pub domain: Option<String>,
    /// As `nats-server` writes sizes.
    pub max_memory: String,
    pub max_storage: String,
}

impl Default for JetStream {
    fn default() -> Self {
        Self { domain: None, max_memory: "4GB".to_owned(), max_storage: "16GB".to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_that_hear_each_other_clash() {
        let clash = |request: &str, result: &str| {
            BaseSubjects { request: request.to_owned(), result: result.to_owned(), ..BaseSubjects::default() }
                .clash()
                .is_some()
        };
        assert_eq!(BaseSubjects::default().clash(), None);
        assert!(clash("a", "a") && clash("a", "a.result") && clash("a.request", "a"));
        assert!(!clash("a.request", "a.requests"));
        assert!(clash("prioritization.sync.x", "b"));
    }
}
