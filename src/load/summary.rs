//! What a generator's account comes to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::legs::LegsSummary;
use crate::metrics::Recorder;
use crate::transport::{Break, Noted};
use weighbridge_record::result::{Finding, LedgerTotals};

#[derive(Serialize, Deserialize)]
pub struct AccountSummary {
    pub totals: LedgerTotals,
    pub recorder: Recorder,
    /// How often, by wording.
    pub errors: BTreeMap<String, u64>,
    /// The earliest of each class.
    pub findings: Vec<Finding>,
    /// What befell the generator's connections.
    pub breaks: Vec<Break>,
    /// What the broker said when it refused the generator what it had allowed before.
    pub refusal: Option<String>,
    /// Results that the client dropped because they were read too slowly.
    pub dropped: u64,
    /// The collector ended before the trial did.
    pub collector_ended: bool,
    /// Of a route: what its legs came to.
    pub legs: Option<LegsSummary>,
}

impl AccountSummary {
    /// Adds what another generator's account came to.
    pub fn merge(&mut self, other: Self) {
        for (error, count) in other.errors {
            *self.errors.entry(error).or_default() += count;
        }
        self.totals.merge(&other.totals);
        self.recorder.merge(other.recorder);
        self.findings.extend(other.findings);
        self.breaks.extend(other.breaks);
        self.refusal = self.refusal.take().or(other.refusal);
        self.dropped += other.dropped;
        self.collector_ended |= other.collector_ended;
        if let (Some(own), Some(other)) = (&mut self.legs, &other.legs) {
            own.merge(other);
        }
    }

    /// Adds what the generator's connections went through.
    pub fn note(&mut self, noted: Noted) {
        for (error, count) in noted.errors {
            *self.errors.entry(error).or_default() += count;
        }
        self.refusal = self.refusal.take().or(noted.refusal);
        self.dropped += noted.dropped;
        self.breaks.extend(noted.breaks);
    }
}
