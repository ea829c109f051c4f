//! Subjects, channels, streams and keys of a trial.

use serde::{Deserialize, Serialize};

/// Names on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// Set on external brokers, so that a run never meets anyone else's messages.
    prefix: String,
    categories: Vec<String>,
}

impl Names {
    pub fn new(prefix: &str, categories: impl IntoIterator<Item = String>) -> Self {
        Self { prefix: prefix.to_string(), categories: categories.into_iter().collect() }
    }

    /// `prioritization.request`
    pub fn request(&self) -> String {
        format!("{}prioritization.request", self.prefix)
    }

    /// `prioritization.result`
    pub fn result(&self) -> String {
        format!("{}prioritization.result", self.prefix)
    }

    /// `prioritization.sync`
    pub fn sync(&self) -> String {
        format!("{}prioritization.sync", self.prefix)
    }

    /// `prioritization.request.{category}`, by key.
    pub fn request_subjects(&self) -> Vec<String> {
        self.by_category(&self.request())
    }

    /// `prioritization.result.{category}`, by key.
    pub fn result_subjects(&self) -> Vec<String> {
        self.by_category(&self.result())
    }

    /// Name of a stream, group or durable consumer, which may hold no dots.
    pub fn stored(&self, name: &str) -> String {
        format!("{}{name}", self.prefix.replace('.', "_"))
    }

    fn by_category(&self, base: &str) -> Vec<String> {
        self.categories.iter().map(|category| format!("{base}.{category}")).collect()
    }
}
