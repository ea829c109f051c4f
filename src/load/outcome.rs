//! What a generator brings home. It can be sent between processes, and two of them merge into one.

use serde::{Deserialize, Serialize};

use super::summary::AccountSummary;
use crate::metrics::Bursts;
use crate::publishing::PublishingOutcome;
use crate::scheduling::Grant;
use weighbridge_record::latency::Latency;

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
    /// What a pool or batches came to, where either was asked for.
    pub publishing: Option<PublishingOutcome>,
}

impl GeneratorOutcome {
    pub fn merge(&mut self, other: Self) {
        self.summary.merge(other.summary);
        self.bursts.merge(&other.bursts);
        self.markers += other.markers;
        self.scheduling = self.scheduling.min(other.scheduling);
        self.timer_lateness.merge(&other.timer_lateness);
        if let (Some(own), Some(other)) = (&mut self.publishing, &other.publishing) {
            own.merge(other);
        }
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
        let publishing = Some(PublishingOutcome { republished: requests, ..PublishingOutcome::default() });
        GeneratorOutcome { summary, bursts, markers: requests / 4, scheduling, timer_lateness, publishing }
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
        let told = (told, legs, outcome.bursts, outcome.markers, outcome.scheduling, outcome.publishing);
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
        assert_eq!(merged.publishing.as_ref().unwrap().republished, 500);
        let AccountSummary { totals, recorder, errors, findings, breaks, dropped, .. } = merged.summary;
        // Of each generator one request is lost and one answered twice.
        assert_eq!((findings.len(), breaks.len(), dropped), (4, 2, 4));
        assert_eq!((totals.attempted, totals.completed, totals.lost, totals.duplicated), (500, 498, 2, 2));
        assert_eq!(totals.check(), Ok(()));
        assert_eq!((errors["error of 0"], errors["error of 1"], errors["error of both"]), (1, 1, 2));
        assert_eq!(recorder.finish().window_counts().completed, 498);
    }
}
