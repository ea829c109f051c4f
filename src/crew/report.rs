//! What a crew has to say when its work is done.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::transport::Break;
use weighbridge_record::latency::Latency;
use weighbridge_record::result::ScorerCalls;

/// What went wrong with workers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CrewReport {
    /// Errors by their wording.
    pub errors: BTreeMap<String, u64>,
    /// Workers that ended before they were told to.
    pub ended_early: u32,
    /// Deliveries that a client dropped because they were read too slowly.
    pub dropped: u64,
    /// What befell the workers' connections.
    pub breaks: Vec<Break>,
    /// What the broker said when it refused a worker what it had allowed before.
    pub refusal: Option<String>,
    /// Processes of somebody else's that were started.
    pub started: u32,
    /// CPU time that they used, in seconds; none where it could not be read.
    pub cpu_seconds: Option<f64>,
    /// What came of the calls of a scoring service; none where none was asked.
    pub calls: Option<ScorerCalls>,
    /// What they wrote, by the names of files.
    pub logs: Vec<(String, Vec<u8>)>,
    /// How late the timers of their threads woke them.
    pub timer_lateness: Latency,
}

impl CrewReport {
    /// Of workers that are stopped all at once, as each takes a moment to end.
    pub(super) fn of_stopping<W: Send + 'static>(
        workers: impl IntoIterator<Item = W>,
        stop: impl Fn(&W) -> Self + Copy + Send + 'static,
    ) -> Self {
        let stopping: Vec<_> =
            workers.into_iter().map(|worker| std::thread::spawn(move || stop(&worker))).collect();
        let mut all = Self::default();
        for worker in stopping {
            match worker.join() {
                Ok(report) => all.merge(report),
                Err(_) => all.merge(Self::ended("a thread that stops a worker panicked")),
            }
        }
        all
    }

    /// Of a worker that ended by itself.
    pub(super) fn ended(error: impl ToString) -> Self {
        Self { errors: BTreeMap::from([(error.to_string(), 1)]), ended_early: 1, ..Self::default() }
    }

    pub fn merge(&mut self, other: Self) {
        for (error, count) in other.errors {
            *self.errors.entry(error).or_default() += count;
        }
        self.ended_early += other.ended_early;
        self.refusal = self.refusal.take().or(other.refusal);
        self.dropped += other.dropped;
        self.started += other.started;
        self.cpu_seconds = match (self.cpu_seconds, other.cpu_seconds) {
            (Some(ours), Some(theirs)) => Some(ours + theirs),
            (ours, theirs) => ours.or(theirs),
        };
        self.logs.extend(other.logs);
        if let Some(theirs) = other.calls {
            self.calls.get_or_insert_default().merge(&theirs);
        }
        self.breaks.extend(other.breaks);
        self.timer_lateness.merge(&other.timer_lateness);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::result::{GapKind, Side};

    #[test]
    fn merging_two_reports_adds_every_count() {
        let (side, kind, detail) = (Side::Worker, GapKind::Disconnected, "reset".to_owned());
        let lost = Break { side, kind, detail, start_ns: 1, end_ns: None };
        let refusal = Some("no right".to_owned());
        let breaks = vec![lost.clone()];
        let late = |wakes| {
            let mut late = Latency::new();
            late.record_n(50_000, wakes);
            late
        };
        let refused = refusal.clone();
        let report = CrewReport {
            dropped: 3,
            breaks,
            refusal: refused,
            timer_lateness: late(2),
            started: 2,
            cpu_seconds: Some(0.5),
            calls: Some(ScorerCalls { calls: 3, ..ScorerCalls::default() }),
            logs: vec![("worker.1".to_owned(), vec![7])],
            ..CrewReport::ended("gone")
        };
        let mut merged = report.clone();
        merged.merge(report);
        let errors = BTreeMap::from([("gone".to_string(), 2)]);
        assert_eq!(
            merged,
            CrewReport {
                errors,
                ended_early: 2,
                dropped: 6,
                breaks: vec![lost.clone(), lost],
                refusal,
                started: 4,
                cpu_seconds: Some(1.0),
                calls: Some(ScorerCalls { calls: 6, ..ScorerCalls::default() }),
                logs: vec![("worker.1".to_owned(), vec![7]); 2],
                timer_lateness: late(4),
            }
        );
        let sent = serde_json::to_string(&merged).unwrap();
        assert_eq!(serde_json::from_str::<CrewReport>(&sent).unwrap(), merged);
    }
}
