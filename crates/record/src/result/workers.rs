//! Workers of a trial that are not threads or processes of the harness alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who answered the requests of a trial, where the harness did not do it by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkersRecord {
    pub kind: OthersKind,
    /// Workers at a time.
    pub count: u32,
    /// Program and arguments that each was started with, URLs in them without credentials; left out where somebody else
    /// runs them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Processes that were started, those after a fault included; left out where somebody else runs them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<u32>,
    /// CPU time of the started processes, without that of processes which they started and left, in seconds; null where
    /// it could not be read.
    #[serde(default)]
    pub cpu_seconds: Option<f64>,
}

/// What the workers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OthersKind {
    /// Processes of somebody else's. They don't tell what they receive: deliveries, service and transit are not measured.
    External,
}

impl WorkersRecord {
    /// `4 external workers, each started with "python3 worker.py"`.
    pub fn words(&self) -> String {
        let plural = if self.count == 1 { "" } else { "s" };
        match self.command.is_empty() {
            true => format!("{} external worker{plural}, run by somebody else", self.count),
            false => {
                format!(
                    "{} external worker{plural}, each started with `{}`",
                    self.count,
                    self.command.join(" ")
                )
            }
        }
    }
}
