//! What a crew has to say when its work is done.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What went wrong with workers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrewReport {
    /// Errors by their wording.
    pub errors: BTreeMap<String, u64>,
    /// Workers that ended before they were told to.
    pub ended_early: u32,
    /// Deliveries that a client dropped because they were read too slowly.
    pub dropped: u64,
}

impl CrewReport {
    /// Of a worker that ended by itself.
    pub(super) fn ended(error: impl ToString) -> Self {
        Self { errors: BTreeMap::from([(error.to_string(), 1)]), ended_early: 1, dropped: 0 }
    }

    pub fn merge(&mut self, other: Self) {
        for (error, count) in other.errors {
            *self.errors.entry(error).or_default() += count;
        }
        self.ended_early += other.ended_early;
        self.dropped += other.dropped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_two_reports_adds_every_count() {
        let report = CrewReport { dropped: 3, ..CrewReport::ended("gone") };
        let mut merged = report.clone();
        merged.merge(report);
        let errors = BTreeMap::from([("gone".to_string(), 2)]);
        assert_eq!(merged, CrewReport { errors, ended_early: 2, dropped: 6 });
        let sent = serde_json::to_string(&merged).unwrap();
        assert_eq!(serde_json::from_str::<CrewReport>(&sent).unwrap(), merged);
    }
}
