//! The account fed by hand.

use super::*;
use crate::mailbox::Post;
use crate::transport::Unknown;
use weighbridge_plan::route::Leg;

const SECOND_NS: u64 = 1_000_000_000;

fn account() -> (Account, Timeline) {
    let timeline = Timeline::new(SECOND_NS, 0, 20 * SECOND_NS, 0);
    let mailboxes = Arc::new(Mailboxes::new(1, None));
    let account = Account::new(
        Stripe::WHOLE,
        timeline,
        mailboxes,
        Arc::default(),
        5 * SECOND_NS,
        CompletedBy::Result,
        1,
    );
    (account, timeline)
}

fn send(account: &mut Account, at_ns: u64) -> u64 {
    let sequence = account.attempt(at_ns);
    account.sent(sequence, at_ns, at_ns);
    sequence
}

#[test]
fn an_overdue_request_frees_the_window_and_a_late_result_still_counts() {
    let (mut account, timeline) = account();
    let sequence = send(&mut account, SECOND_NS);
    account.tick(7 * SECOND_NS, &timeline);
    assert_eq!((account.in_flight(), account.open()), (0, 1));
    account.completed_over(Leg::First, sequence, 8 * SECOND_NS, 0);
    assert_eq!((account.in_flight(), account.open()), (0, 0));
    let summary = account.close();
    assert_eq!((summary.totals.completed, summary.totals.indeterminate), (1, 1));
    let turnaround = &summary.recorder.finish().latencies[&Stage::Turnaround];
    assert!(turnaround.max.unwrap() >= 7 * SECOND_NS, "the stall is in the figures");
}

#[test]
fn a_delivery_in_the_mailbox_is_booked_with_its_latency() {
    let (mut account, _) = account();
    let sequence = send(&mut account, 2 * SECOND_NS);
    let at_ns = 2 * SECOND_NS + 1_000_000;
    let mut events = vec![
        Event::Received { sequence, at_ns, worker: 0 },
        Event::Scored { sequence, received_ns: at_ns, at_ns: at_ns + 500_000 },
    ];
    account.mailboxes.clone().post(&mut events);
    account.read_mailbox();
    account.completed_over(Leg::First, sequence, at_ns + 600_000, 0);
    let recording = account.close().recorder.finish();
    let expected = [
        (Stage::Delivery, 1_000_000),
        (Stage::Service, 500_000),
        (Stage::Transit, 1_100_000),
        (Stage::Turnaround, 1_600_000),
    ];
    for (stage, expected_ns) in expected {
        let max = recording.latencies[&stage].max.unwrap();
        assert!(max.abs_diff(expected_ns) < expected_ns / 500, "{stage:?} {max}");
    }
}

#[test]
fn a_request_spends_its_turnaround_on_its_parts() {
    let (mut account, _) = account();
    let intended_ns = 2 * SECOND_NS;
    let sequence = account.attempt(intended_ns);
    let [sent_ns, accepted_ns, received_ns, scored_ns, completed_ns] =
        [3_200, 9_600, 32_000, 96_000, 128_000].map(|after_ns| intended_ns + after_ns);
    account.sent(sequence, intended_ns, sent_ns);
    account.accepted(sequence, accepted_ns);
    let mut events = vec![
        Event::Received { sequence, at_ns: received_ns, worker: 0 },
        Event::Scored { sequence, received_ns, at_ns: scored_ns },
        // Delivered again; the first delivery is the one that was answered.
        Event::Received { sequence, at_ns: scored_ns, worker: 0 },
        Event::Scored { sequence, received_ns: scored_ns, at_ns: completed_ns },
    ];
    account.mailboxes.clone().post(&mut events);
    account.read_mailbox();
    account.completed_over(Leg::First, sequence, completed_ns, 0);
    let unseen = send(&mut account, intended_ns);
    account.completed_over(Leg::First, unseen, completed_ns, 0);
    let rows = account.close().recorder.finish().breakdown;
    assert_eq!(rows.len(), 1, "nobody saw the second one scored");
    let row = &rows[0];
    assert_eq!((row.send_lag_ns_sum, row.publish_ns_sum), (3_200, Some(6_400)));
    assert_eq!((row.queue_ns_sum, row.service_ns_sum, row.return_ns_sum), (22_400, 64_000, 32_000));
}

#[test]
fn errors_beyond_fifty_kinds_are_counted_together() {
    let (mut account, _) = account();
    for kind in 0..60 {
        account.error(&format!("error {kind}"));
    }
    let errors = account.close().errors;
    assert_eq!(errors.len(), 51);
    assert_eq!(errors["other errors"], 10);
}

#[test]
fn a_broken_connection_leaves_unknown_what_the_broker_had_not_confirmed_or_does_not_store() {
    let (mut account, _) = account();
    let [bare, confirmed, done] = [1, 2, 3].map(|second| send(&mut account, second * SECOND_NS));
    account.accepted(confirmed, 3 * SECOND_NS);
    account.completed_over(Leg::First, done, 3 * SECOND_NS, 0);
    account.broken(Leg::First, &|sequence| sequence != bare, Unknown::Unconfirmed, 4 * SECOND_NS);
    assert_eq!(account.in_flight(), 2, "the one that went over another connection is under way");
    account.broken(Leg::First, &|_| true, Unknown::Unconfirmed, 4 * SECOND_NS);
    assert_eq!((account.in_flight(), account.open()), (1, 2));
    account.broken(Leg::First, &|_| true, Unknown::All, 4 * SECOND_NS);
    assert_eq!((account.in_flight(), account.open()), (0, 2));
    account.completed_over(Leg::First, bare, 5 * SECOND_NS, 0);
    assert_eq!((account.in_flight(), account.open()), (0, 1));
    let totals = account.close().totals;
    assert_eq!((totals.completed, totals.indeterminate, totals.lost), (2, 2, 1));
    assert_eq!(totals.check(), Ok(()));
}

#[test]
fn what_befell_a_request_is_found_with_its_times() {
    let (mut account, _) = account();
    let at = |second: u64| second * SECOND_NS;
    let [twice, lost, refused] = [2, 3, 4].map(|second| send(&mut account, at(second)));
    account.completed_over(Leg::First, twice, at(5), 0);
    account.completed_over(Leg::First, twice, at(6), 0);
    account.accepted(lost, at(4));
    let mut events = vec![
        Event::Received { sequence: refused, at_ns: at(5), worker: 0 },
        Event::Received { sequence: lost, at_ns: at(5), worker: 0 },
        Event::Received { sequence: lost, at_ns: at(6), worker: 0 },
        Event::Unexpected { at_ns: at(7) },
    ];
    account.mailboxes.clone().post(&mut events);
    account.read_mailbox();
    account.rejected(refused, "refused", at(8));
    let findings = account.close().findings;
    let found = |class| findings.iter().find(|finding| finding.class == class).expect("a finding");
    // The window starts at one second.
    let duplicated = found(FindingClass::Duplicated);
    assert_eq!(
        (duplicated.sequence, duplicated.sent_s, duplicated.at_s),
        (Some(twice), Some(1.0), Some(5.0))
    );
    let gone = found(FindingClass::LostResult);
    assert_eq!((gone.sequence, gone.intended_s, gone.at_s), (Some(lost), Some(2.0), None));
    assert!(gone.acknowledged);
    assert_eq!(found(FindingClass::Reordered).at_s, Some(4.0));
    assert_eq!(found(FindingClass::Redelivered).at_s, Some(5.0));
    assert_eq!(
        (found(FindingClass::Unexpected).sequence, found(FindingClass::Unexpected).at_s),
        (None, Some(6.0))
    );
    assert_eq!(found(FindingClass::Rejected).at_s, Some(7.0));
    assert_eq!(findings.len(), 6, "{findings:?}");
}

#[test]
fn a_request_to_which_nothing_happened_is_not_found() {
    let (mut account, _) = account();
    let sequence = send(&mut account, SECOND_NS);
    account.accepted(sequence, SECOND_NS + 1);
    account.completed_over(Leg::First, sequence, SECOND_NS + 2, 0);
    assert!(account.close().findings.is_empty());
}

#[test]
fn a_number_that_was_never_sent_is_unexpected_and_puts_nothing_behind() {
    let (mut account, _) = account();
    let [first, second, third] = [1, 2, 3].map(|second| send(&mut account, second * SECOND_NS));
    let received = |sequence| Event::Received { sequence, at_ns: 4 * SECOND_NS, worker: 0 };
    let forged = 999_999_999_999;
    let mut events = vec![
        received(forged),
        Event::Scored { sequence: forged, received_ns: 4 * SECOND_NS, at_ns: 4 * SECOND_NS },
        // The next number, whose block is there already.
        received(third + 1),
        Event::Scored { sequence: third + 1, received_ns: 4 * SECOND_NS, at_ns: 4 * SECOND_NS },
        Event::Parked { sequence: forged, at_ns: 4 * SECOND_NS, worker: 0 },
        received(first),
        received(third),
        received(second),
    ];
    account.mailboxes.clone().post(&mut events);
    account.read_mailbox();
    let summary = account.close();
    let totals = summary.totals;
    assert_eq!((totals.delivered, totals.unexpected), (3, 3));
    assert_eq!(totals.reordered, 1, "only the second came behind a request that was sent");
    let unexpected = summary.findings.iter().filter(|finding| finding.class == FindingClass::Unexpected);
    assert!(
        unexpected.clone().count() == 3 && unexpected.clone().all(|finding| finding.intended_s.is_none())
    );
    assert!(!summary.recorder.finish().latencies.contains_key(&Stage::Service), "nobody's time was recorded");
}

#[test]
fn a_tally_says_at_each_look_what_was_counted_and_late_events_at_the_next_interval() {
    let timeline = Timeline::new(SECOND_NS, 0, 20 * SECOND_NS, 0);
    let live = Arc::new(Live::tallied(true));
    let (mailboxes, seen) = (Arc::new(Mailboxes::new(1, None)), Arc::clone(&live));
    let mut account =
        Account::new(Stripe::WHOLE, timeline, mailboxes, live, 5 * SECOND_NS, CompletedBy::Result, 1);
    let tally = seen.tally.as_ref().unwrap();
    let told = || {
        let totals = tally.totals();
        (totals.attempted, totals.sent, totals.acknowledged, totals.completed)
    };
    let [first, second] = [0, 1].map(|ms| send(&mut account, SECOND_NS + ms * 1_000_000));
    account.completed_over(Leg::First, first, SECOND_NS + 9_000_000, 0);
    account.tick(SECOND_NS + 10_000_000, &timeline);
    assert_eq!((told(), tally.unknown()), ((2, 2, 0, 1), 0));
    // An acknowledgement of the first interval, heard of in the next.
    account.tick(5 * SECOND_NS, &timeline);
    account.accepted(second, SECOND_NS + 11_000_000);
    account.tick(5 * SECOND_NS, &timeline);
    assert_eq!(told(), (2, 2, 0, 1));
    account.tick(8 * SECOND_NS, &timeline);
    assert_eq!((told(), tally.unknown()), ((2, 2, 1, 1), 1));
    account.completed_over(Leg::First, second, 9 * SECOND_NS, 0);
    account.close();
    let turnarounds = tally.turnarounds();
    assert_eq!((turnarounds.count(), turnarounds.sum_ns), (2, 9_000_000 + 8 * SECOND_NS - 1_000_000));
}
