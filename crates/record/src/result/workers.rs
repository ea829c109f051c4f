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
    /// Of kind `http`: the service that they asked, and what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scorer: Option<ScorerRecord>,
}

/// A scoring service of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScorerRecord {
    /// Where it was asked, without credentials.
    pub url: String,
    /// The model that was asked, in OpenAI's format; left out where the request went as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Longest that one answer was waited for, in seconds.
    pub timeout_s: f64,
    /// How often a request was asked again at most.
    pub retries: u32,
    pub calls: ScorerCalls,
}

/// What came of the calls of a scoring service, in the whole trial.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScorerCalls {
    /// Calls, those that asked again included.
    pub calls: u64,
    /// Calls that asked again.
    pub retried: u64,
    /// Without a whole answer in time.
    pub timeout: u64,
    /// Whose connection was refused or broke.
    pub connection: u64,
    /// Answered with a status from 300 to 499.
    pub client_error: u64,
    /// Answered with a status of 500 or above.
    pub server_error: u64,
    /// Whose answer was no score.
    pub malformed: u64,
    /// Requests that got no score in the end, and were refused.
    pub unscored: u64,
}

impl ScorerCalls {
    pub fn merge(&mut self, other: &Self) {
        self.calls += other.calls;
        self.retried += other.retried;
        self.timeout += other.timeout;
        self.connection += other.connection;
        self.client_error += other.client_error;
        self.server_error += other.server_error;
        self.malformed += other.malformed;
        self.unscored += other.unscored;
    }

    /// `10 calls, 2 of them again: 1 without an answer in time, 1 with a server's error; 0 requests without a score`.
    fn words(&self) -> String {
        let classes = [
            (self.timeout, "without an answer in time"),
            (self.connection, "over a lost connection"),
            (self.client_error, "refused by status"),
            (self.server_error, "with an error of the server"),
            (self.malformed, "with an answer that is no score"),
        ];
        let failed: Vec<String> = classes
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let failed = if failed.is_empty() { "none failed".to_owned() } else { failed.join(", ") };
        format!(
            "{} calls, {} of them again: {failed}; {} requests without a score",
            self.calls, self.retried, self.unscored
        )
    }
}

/// What the workers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OthersKind {
    /// Processes of somebody else's. They don't tell what they receive: deliveries, service and transit are not measured.
    External,
    /// Threads of the harness that ask a scoring service behind HTTP.
    Http,
}

impl WorkersRecord {
    /// `4 external workers, each started with "python3 worker.py"`.
    pub fn words(&self) -> String {
        let plural = if self.count == 1 { "" } else { "s" };
        if let Some(ScorerRecord { url, model, timeout_s, retries, calls }) = &self.scorer {
            let model = model.as_ref().map_or(String::new(), |model| format!(" for the model {model}"));
            let (count, calls) = (self.count, calls.words());
            return format!(
                "{count} worker{plural} that ask {url}{model}, for at most {timeout_s} s, again {retries} times at most: {calls}"
            );
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_two_adds_every_count_and_words_name_what_failed() {
        let one = ScorerCalls {
            calls: 9,
            retried: 2,
            timeout: 1,
            connection: 3,
            client_error: 4,
            server_error: 5,
            malformed: 6,
            unscored: 7,
        };
        let mut both = one;
        both.merge(&one);
        let counts = |calls: &ScorerCalls| -> Vec<u64> {
            let fields = serde_json::to_value(calls).unwrap();
            fields.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).collect()
        };
        let doubled: Vec<u64> = counts(&one).into_iter().map(|count| 2 * count).collect();
        assert_eq!(counts(&both), doubled);
        let words = ScorerCalls { calls: 3, timeout: 1, ..ScorerCalls::default() }.words();
        assert_eq!(
            words,
            "3 calls, 0 of them again: 1 without an answer in time; 0 requests without a score"
        );
    }
}
