//! What a generator brings home. It can be sent between processes, and two of them merge into one.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::summary::AccountSummary;
use crate::scheduling::Grant;
use weighbridge_record::histogram::{Damaged, decode_like, encode};
use weighbridge_record::latency::Latency;
use weighbridge_record::result::BurstSizes;

#[derive(Serialize, Deserialize)]
pub struct GeneratorOutcome {
    pub summary: AccountSummary,
    pub bursts: Bursts,
    /// Messages published beside the requests.
    pub markers: u64,
    /// The worst that the scheduler granted any generator thread.
    pub scheduling: Grant,
    /// How late the timers of their threads woke them.
    pub timer_lateness: Latency,
}

impl GeneratorOutcome {
    pub fn merge(&mut self, other: Self) {
        self.summary.merge(other.summary);
        self.bursts.merge(&other.bursts);
        self.markers += other.markers;
        self.scheduling = self.scheduling.min(other.scheduling);
        self.timer_lateness.merge(&other.timer_lateness);
    }
}

/// Sizes of the batches that were handed to the transport.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bursts(Histogram<u64>);

impl Bursts {
    pub fn new() -> Self {
        // From one to more than any batch holds: constant bounds that satisfy `new_with_bounds`.
        Self(Histogram::new_with_bounds(1, 1_000_000, 3).expect("constant bounds"))
    }

    #[inline]
    pub fn record(&mut self, size: u64) {
        self.0.saturating_record(size);
    }

    pub fn merge(&mut self, other: &Self) {
        // All are made with the same bounds, or were refused when they were read.
        self.0.add(&other.0).expect("same bounds");
    }

    pub fn sizes(&self) -> BurstSizes {
        if self.0.is_empty() {
            return BurstSizes::default();
        }
        BurstSizes {
            wakes: self.0.len(),
            mean: self.0.mean(),
            p50: self.0.value_at_quantile(0.5),
            p99: self.0.value_at_quantile(0.99),
            max: self.0.max(),
        }
    }
}

impl Default for Bursts {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Bursts> for String {
    fn from(bursts: Bursts) -> Self {
        encode(&bursts.0)
    }
}

impl TryFrom<String> for Bursts {
    type Error = Damaged;

    fn try_from(text: String) -> Result<Self, Damaged> {
        decode_like(&text, &Self::new().0, "burst sizes").map(Self)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::account::Account;
    use super::*;
    use crate::load::Legs;
    use crate::mailbox::Mailboxes;
    use crate::metrics::Timeline;
    use crate::route::Route;
    use crate::schedule::Stripe;
    use crate::transport::{Break, Noted};
    use weighbridge_plan::RoutePlan;
    use weighbridge_plan::route::Leg;
    use weighbridge_record::result::{GapKind, Side};
    use weighbridge_record::terms::{CompletedBy, OnFailure};

    const SECOND_NS: u64 = 1_000_000_000;

    fn both_legs() -> Arc<Route> {
        Arc::new(Route::new(RoutePlan::Dual { on_failure: OnFailure::Both }, 1, 1))
    }

    /// A generator of two that sent some requests, of which the last is lost and one is answered twice.
    fn outcome(index: u32, requests: u64) -> GeneratorOutcome {
        let timeline = Timeline::new(SECOND_NS, 0, 20 * SECOND_NS, 0);
        let mailboxes = Arc::new(Mailboxes::new(2, None));
        let stripe = Stripe { index, count: 2 };
        let mut account =
            Account::new(stripe, timeline, mailboxes, Arc::default(), SECOND_NS, CompletedBy::Result, 1)
                .with_legs(Some(Legs::new(both_legs(), timeline)));
        let mut bursts = Bursts::new();
        for request in 0..requests {
            let intended_ns = SECOND_NS + request * 10_000_000;
            let sequence = account.attempt(intended_ns);
            account.sent(sequence, intended_ns, intended_ns + 1_000);
            account.shared_out(sequence, intended_ns, intended_ns + 1_000);
            Leg::ALL.iter().for_each(|leg| account.goes_over(*leg, [sequence].into_iter()));
            bursts.record(request + 1);
            if request + 1 < requests {
                account.completed_over(Leg::First, sequence, intended_ns + 1_000_000 + request, 7);
            }
            if request == 0 {
                account.completed_over(Leg::First, sequence, intended_ns + 2_000_000, 7);
            }
        }
        account.error(&format!("error of {index}"));
        account.error("error of both");
        let scheduling = if index == 0 { Grant::RealTime } else { Grant::ShortSlices };
        let mut summary = account.close();
        let (side, kind) = (Side::Generator, GapKind::Disconnected);
        let cut = Break { side, kind, detail: "reset".to_string(), start_ns: 5, end_ns: Some(7) };
        summary.note(Noted {
            breaks: vec![cut],
            dropped: 2,
            refusal: Some("no right".to_string()),
            ..Noted::default()
        });
        let mut timer_lateness = Latency::new();
        timer_lateness.record(50_000);
        GeneratorOutcome { summary, bursts, markers: requests / 4, scheduling, timer_lateness }
    }

    fn sent(outcome: &GeneratorOutcome) -> GeneratorOutcome {
        serde_json::from_str(&serde_json::to_string(outcome).unwrap()).unwrap()
    }

    /// Everything that a record is made of.
    fn figures(outcome: GeneratorOutcome) -> impl PartialEq + std::fmt::Debug {
        let AccountSummary {
            totals,
            recorder,
            errors,
            findings,
            breaks,
            refusal,
            dropped,
            collector_ended,
            legs,
        } = outcome.summary;
        let recording = recorder.finish();
        let told = (totals, errors, findings, breaks, refusal, dropped, collector_ended);
        let told = (told, legs, outcome.bursts, outcome.markers, outcome.scheduling);
        (told, recording.latencies, recording.rows, recording.breakdown, recording.timeline)
    }

    #[test]
    fn what_arrives_is_what_was_sent() {
        assert_eq!(figures(sent(&outcome(0, 400))), figures(outcome(0, 400)));
    }

    #[test]
    fn merging_two_that_were_sent_gives_what_merging_two_that_were_not_gives() {
        let mut here = outcome(0, 300);
        here.merge(outcome(1, 200));
        let mut there = sent(&outcome(0, 300));
        there.merge(sent(&outcome(1, 200)));
        assert_eq!(figures(there), figures(here));
    }

    #[test]
    fn merging_two_adds_ledgers_histograms_and_errors() {
        let mut merged = outcome(0, 300);
        merged.merge(outcome(1, 200));
        assert_eq!(merged.bursts.sizes().wakes, 500);
        assert_eq!(merged.scheduling, Grant::ShortSlices, "the worst is told");
        let AccountSummary { totals, recorder, errors, findings, breaks, dropped, .. } = merged.summary;
        // Of each generator one request is lost and one answered twice.
        assert_eq!((findings.len(), breaks.len(), dropped), (4, 2, 4));
        assert_eq!((totals.attempted, totals.completed, totals.lost, totals.duplicated), (500, 498, 2, 2));
        assert_eq!(totals.check(), Ok(()));
        assert_eq!((errors["error of 0"], errors["error of 1"], errors["error of both"]), (1, 1, 2));
        assert_eq!(recorder.finish().window_counts().completed, 498);
    }

    #[test]
    fn a_histogram_with_other_bounds_is_refused_when_it_is_read() {
        let foreign = encode(&Histogram::<u64>::new_with_bounds(1, 10, 2).unwrap());
        assert!(Bursts::try_from(foreign).unwrap_err().detail.contains("bounds"));
        assert!(Bursts::try_from("no histogram".to_string()).is_err());
    }
}
