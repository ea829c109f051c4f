//! Single requests of which something is to be told: which, and when. The ledger has the counts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Findings of each class that are kept, the earliest.
pub const FINDINGS_MAX: usize = 100;

/// Something that befell one request or message. Times are seconds since the start of the measured window,
/// negative in the warm-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    pub class: FindingClass,
    /// Number of the request in the trial, from 0; null where the message names none.
    pub sequence: Option<u64>,
    /// Whether the broker had confirmed the request by then.
    pub acknowledged: bool,
    /// When it was to be sent; null where that is no longer known.
    pub intended_s: Option<f64>,
    /// When it was handed to the client library; null where that is no longer known.
    pub sent_s: Option<f64>,
    /// When the broker confirmed it; left out where that is not known, or where it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_s: Option<f64>,
    /// When a worker first received it; left out where that is not known, or where none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_s: Option<f64>,
    /// That worker, such as `worker.1`; left out where it is not known, or where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_to: Option<String>,
    /// When this happened; null for a loss, which is only known at the end.
    pub at_s: Option<f64>,
}

/// What befell it, in the words of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingClass {
    /// No worker ever had it.
    LostRequest,
    /// A worker had it, and its result never arrived.
    LostResult,
    /// Lost, and nobody told whether a worker had it.
    Lost,
    /// A result beyond the first.
    Duplicated,
    /// A delivery beyond the first.
    Redelivered,
    /// First delivered after a later request of the same ordering key.
    Reordered,
    /// Refused for certain.
    Rejected,
    /// What became of the send was not known at this time.
    Indeterminate,
    /// Given up by the broker, and still stored.
    Parked,
    /// A message that belongs to no request of the trial.
    Unexpected,
}

impl FindingClass {
    /// How many there are.
    pub const COUNT: usize = Self::Unexpected as usize + 1;
}

impl Finding {
    /// When it happened, or else when the request went out: what findings are ordered by.
    fn time_s(&self) -> f64 {
        self.at_s.or(self.sent_s).or(self.intended_s).unwrap_or(f64::INFINITY)
    }

    /// By class and time, the earliest of each class.
    pub fn earliest(mut findings: Vec<Self>) -> Vec<Self> {
        findings.sort_by(|a, b| (a.class.cmp(&b.class)).then(a.time_s().total_cmp(&b.time_s())));
        let mut kept: Vec<Self> = Vec::new();
        let mut of_class = 0;
        for finding in findings {
            let same = kept.last().is_some_and(|last| last.class == finding.class);
            of_class = if same { of_class + 1 } else { 1 };
            if of_class <= FINDINGS_MAX {
                kept.push(finding);
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(class: FindingClass, at_s: f64) -> Finding {
        let (sequence, sent_s) = (Some(1), Some(at_s - 1.0));
        Finding {
            class,
            sequence,
            acknowledged: false,
            intended_s: sent_s,
            sent_s,
            accepted_s: None,
            delivered_s: None,
            delivered_to: None,
            at_s: Some(at_s),
        }
    }

    #[test]
    fn the_earliest_of_each_class_are_kept_over_all_generators() {
        let mut findings: Vec<_> = (0..150).map(|n| at(FindingClass::Duplicated, f64::from(n))).collect();
        findings.extend((0..150).map(|n| at(FindingClass::Duplicated, f64::from(n) + 0.5)));
        findings.push(at(FindingClass::Parked, 1.0));
        let kept = Finding::earliest(findings);
        assert_eq!(kept.len(), FINDINGS_MAX + 1);
        assert_eq!((kept[0].at_s, kept[99].at_s), (Some(0.0), Some(49.5)));
        assert_eq!(kept[100].class, FindingClass::Parked);
    }
}
