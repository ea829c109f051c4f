//! Stretches of a trial in which a side of it had no connection, or in which stored data turned out to be gone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One such stretch. What several connections of a side went through at the same time is one gap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    pub side: Side,
    /// What was missing.
    pub kind: GapKind,
    /// Connections that it befell.
    pub connections: u32,
    /// What was noticed first, in words.
    pub detail: String,
    /// When it was noticed, in seconds since the start of the measured window; negative in the warm-up.
    pub start_s: f64,
    /// When all was well again, in seconds since the start of the measured window; null if it never was.
    pub end_s: Option<f64>,
}

/// Whose connections they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Publishes requests.
    Generator,
    /// Reads results.
    Collector,
    /// Takes requests and publishes results.
    Worker,
}

/// What was missing in a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
    /// The connection was lost; it ends when the connection is there again.
    Disconnected,
    /// The broker answers and has lost its data: a stream, a group or a consumer is gone. It ends when that has
    /// been created anew, empty.
    Epoch,
}

impl Side {
    pub fn name(self) -> &'static str {
        match self {
            Self::Generator => "generator",
            Self::Collector => "collector",
            Self::Worker => "worker",
        }
    }
}

impl Gap {
    /// Makes one of all that belong together: gaps of one side and kind that overlap. In the order of their start.
    pub fn merged(mut gaps: Vec<Self>) -> Vec<Self> {
        gaps.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        let mut merged: Vec<Self> = Vec::new();
        for gap in gaps {
            let same = |known: &&mut Self| known.side == gap.side && known.kind == gap.kind;
            match merged.iter_mut().rev().find(same) {
                Some(known) if known.end_s.is_none_or(|end_s| gap.start_s <= end_s) => {
                    known.connections += gap.connections;
                    known.end_s = known.end_s.zip(gap.end_s).map(|(a, b)| a.max(b));
                }
                _ => merged.push(gap),
            }
        }
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(side: Side, start_s: f64, end_s: Option<f64>) -> Gap {
        Gap { side, kind: GapKind::Disconnected, connections: 1, detail: "reset".to_owned(), start_s, end_s }
    }

    #[test]
    fn overlapping_gaps_of_one_side_are_one() {
        let worker = |start_s, end_s| gap(Side::Worker, start_s, end_s);
        let gaps = vec![
            worker(2.0, Some(4.5)),
            worker(2.1, Some(4.0)),
            gap(Side::Collector, 2.0, Some(4.0)),
            worker(9.0, Some(9.5)),
        ];
        let merged = Gap::merged(gaps);
        assert_eq!(merged.len(), 3, "{merged:?}");
        assert_eq!((merged[0].connections, merged[0].end_s), (2, Some(4.5)));
    }

    #[test]
    fn a_gap_that_never_ended_takes_in_all_that_follow() {
        let merged = Gap::merged(vec![gap(Side::Worker, 1.0, None), gap(Side::Worker, 3.0, Some(4.0))]);
        assert_eq!((merged.len(), merged[0].connections, merged[0].end_s), (1, 2, None));
    }
}
