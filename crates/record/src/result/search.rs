//! What a search found: the highest rate that a transport sustained, and every probe on the way there.
//! How it is worded stands in `report/`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Doubt;
use crate::terms::{Objective, Path};

/// The search of one transport.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SearchRecord {
    pub path: Path,
    pub objective: Objective,
    /// How the search ended.
    pub outcome: SearchOutcome,
    /// The answer, confirmed by a longer run; null where there is none.
    pub rate_per_s: Option<f64>,
    /// Lower end of the bracket: the highest rate that still counts as sustained.
    pub low_per_s: Option<f64>,
    /// Upper end of the bracket: the lowest rate that was not sustained; null where none failed.
    pub high_per_s: Option<f64>,
    /// Relative width of the bracket at which the search was to stop.
    pub precision: f64,
    /// Rates that the search was to stay between.
    pub from_per_s: f64,
    /// The highest rate it was to try.
    pub to_per_s: f64,
    /// In the order in which they were measured.
    pub probes: Vec<Probe>,
}

impl SearchRecord {
    /// The probes that confirmed the answer, in the order in which they were measured.
    pub fn confirmations(&self) -> impl DoubleEndedIterator<Item = &Probe> {
        let answers = |probe: &&Probe| Some(probe.rate_per_s) == self.rate_per_s;
        self.probes.iter().filter(answers).filter(|probe| probe.confirmation && probe.passed)
    }

    /// The last probe that confirmed the answer.
    pub fn confirming(&self) -> Option<&Probe> {
        self.confirmations().next_back()
    }

    /// The probe that speaks for the transport: the one that confirmed its answer, else the one that forbade
    /// it.
    pub fn deciding(&self) -> Option<&Probe> {
        self.confirming().or_else(|| self.limiting())
    }

    /// The probe at the upper end of the bracket.
    pub fn limiting(&self) -> Option<&Probe> {
        let high_per_s = self.high_per_s?;
        self.probes.iter().rev().find(|probe| !probe.passed && probe.rate_per_s == high_per_s)
    }
}

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchOutcome {
    /// The rate was sustained and confirmed, the upper end of the bracket was not sustained.
    Found,
    /// The rate was sustained and confirmed, and no higher one failed.
    AtLeast,
    /// No rate was confirmed: the objective isn't met at the lowest, or every confirmation failed.
    None,
    /// The instrument failed above the rate, so the path may sustain more. Without a rate the lowest
    /// measurement was invalid.
    InstrumentLimited,
    /// Stopped by a signal or a failure before its end.
    Stopped,
}

/// One rate tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Probe {
    /// The rate that was tried, in requests per second.
    pub rate_per_s: f64,
    /// Whether this was the longer run that confirms an answer.
    pub confirmation: bool,
    /// Which time it was asked in a row, from 1: a rate that was not sustained is asked again, and two of three
    /// decide. 1 in records of versions that asked once.
    #[serde(default = "once")]
    pub asked: u32,
    /// Whether the rate was sustained.
    pub passed: bool,
    /// Why it did not pass; empty if it did.
    pub reasons: Vec<Reason>,
    /// Index in `trials`.
    pub trial: usize,
}

fn once() -> u32 {
    1
}

/// Why a rate is not sustained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// A threshold does not hold.
    Threshold {
        /// The threshold as it was written.
        expression: String,
        /// As in `thresholds`: null where there were too few samples.
        observed: Option<f64>,
        /// Samples behind the observed figure.
        samples: u64,
    },
    /// Requests were sent and never came back.
    Lost {
        /// Requests lost.
        lost: u64,
        /// Requests that the schedule asked for.
        attempted: u64,
    },
    /// Requests were shed because `max_in_flight` were outstanding.
    Unsent {
        /// Requests shed.
        unsent: u64,
        /// Requests that the schedule asked for.
        attempted: u64,
    },
    /// Requests were refused.
    Rejected {
        /// Requests refused.
        rejected: u64,
        /// Requests that the schedule asked for.
        attempted: u64,
    },
    /// The number of requests in flight grows.
    BacklogGrows(BacklogGrowth),
    /// The measurement is invalid, so nothing is known of the path at this rate.
    Instrument { doubt: Doubt },
}

/// How the requests in flight grow over the measured window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BacklogGrowth {
    /// Least-squares slope, in requests in flight a second, with its 95 % interval.
    pub slope_per_s: f64,
    /// Lower end of the interval.
    pub slope_low_per_s: f64,
    /// Upper end of the interval.
    pub slope_high_per_s: f64,
    /// Median of the window's last third less that of its first.
    pub rise_requests: f64,
    /// The rise that is put up with.
    pub tolerated_requests: f64,
}
