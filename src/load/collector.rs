//! Reads results and settles the requests they answer.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::account::Account;
use super::defect::Defect;
use crate::clock::now_ns;
use crate::mailbox::{Event, Mailboxes, Post};
use crate::schedule::Stripe;
use crate::schema::{Correlation, ErrorReply, PriorityResult};
use crate::transport::{Arrival, Collector};
use weighbridge_plan::route::Leg;

/// Results taken at a time.
const BATCH_MAX: usize = 1024;

/// For whom results are read.
pub struct Collecting {
    pub account: Rc<RefCell<Account>>,
    pub correlation: Correlation,
    pub stripe: Stripe,
    pub mailboxes: Arc<Mailboxes>,
    pub freed: Rc<tokio::sync::Notify>,
    pub defect: Defect,
    /// The leg that they come over.
    pub leg: Leg,
    /// Whether the answers of two legs are held against each other.
    pub compares: bool,
}

/// What something that arrived says.
#[derive(Debug, PartialEq, Eq)]
enum Reading {
    Completed(u64),
    Refused(u64, String),
    Unexpected,
}

/// Collects until the transport ends; an end before the trial's is noted as an error.
pub async fn collect(mut collector: Box<dyn Collector>, for_whom: Collecting) {
    let Collecting { account, correlation, stripe, mailboxes, freed, defect, leg, compares } = for_whom;
    let mut arrivals = Vec::new();
    let mut elsewhere = Vec::new();
    loop {
        if let Err(error) = collector.receive(BATCH_MAX, &mut arrivals).await {
            account.borrow_mut().collector_ended(&format!("the collector stopped: {error}"));
            return;
        }
        if let Some(wait) = defect.collector_waits() {
            tokio::time::sleep(wait).await;
        }
        let at_ns = now_ns() + defect.late_stamp_ns();
        let mut account = account.borrow_mut();
        account.read_mailbox();
        for arrival in arrivals.drain(..) {
            match read(&arrival, correlation) {
                Reading::Completed(sequence) => {
                    let content = if compares { content(&arrival) } else { 0 };
                    match stripe.local(sequence) {
                        Some(_) => account.completed_over(leg, sequence, at_ns, content),
                        None => elsewhere.push(Event::Completed { sequence, at_ns, over: leg, content }),
                    }
                }
                Reading::Refused(sequence, reason) => {
                    account.rejected_over(leg, sequence, &reason, at_ns);
                }
                Reading::Unexpected => account.unexpected(at_ns),
            }
        }
        drop(account);
        if !elsewhere.is_empty() {
            mailboxes.post(&mut elsewhere);
        }
        freed.notify_one();
    }
}

/// Books what workers report as soon as they do, for a load that waits for it.
pub async fn read_mailbox(
    mailboxes: Arc<Mailboxes>,
    index: u32,
    account: Rc<RefCell<Account>>,
    freed: Rc<tokio::sync::Notify>,
) {
    loop {
        mailboxes.filled(index).await;
        account.borrow_mut().read_mailbox();
        freed.notify_one();
    }
}

/// What two answers to one request must have in common: level and score, to the bit.
fn content(arrival: &Arrival) -> u64 {
    serde_json::from_slice::<PriorityResult<'_>>(&arrival.body)
        .map_or(0, |result| result.priority_score.to_bits().rotate_left(8) ^ result.urgency_level as u64)
}

fn read(arrival: &Arrival, correlation: Correlation) -> Reading {
    if let (Some(sequence), Some(reason)) = (arrival.sequence, arrival.refusal) {
        return Reading::Refused(sequence, reason.to_string());
    }
    match serde_json::from_slice::<PriorityResult<'_>>(&arrival.body) {
        Ok(result) => match (correlation.read(&result.correlation_id), arrival.sequence) {
            (Some(sequence), None) => Reading::Completed(sequence),
            (Some(sequence), Some(asked)) if sequence == asked => Reading::Completed(sequence),
            _ => Reading::Unexpected,
        },
        Err(_) => match (serde_json::from_slice::<ErrorReply<'_>>(&arrival.body), arrival.sequence) {
            (Ok(reply), Some(sequence)) => Reading::Refused(sequence, format!("worker: {}", reply.error)),
            _ => Reading::Unexpected,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn arrival(body: &str, sequence: Option<u64>) -> Arrival {
        Arrival { body: Bytes::copy_from_slice(body.as_bytes()), sequence, refusal: None }
    }

    fn result(correlation_id: &str) -> String {
        format!(
            r#"{{"request_id":"task_1","correlation_id":"{correlation_id}","urgency_level":"LOW","priority_score":1.5,"processing_time_ms":0,"timestamp":"2025-06-27T14:30:01Z"}}"#
        )
    }

    #[test]
    fn results_of_this_trial_complete_and_all_else_is_unexpected() {
        let correlation = Correlation::new(0xabcd_ef01);
        let ours = result("req_abcdef01_000000000042");
        assert_eq!(read(&arrival(&ours, None), correlation), Reading::Completed(42));
        assert_eq!(read(&arrival(&ours, Some(42)), correlation), Reading::Completed(42));
        assert_eq!(read(&arrival(&ours, Some(43)), correlation), Reading::Unexpected, "another's inbox");
        for stranger in [&result("req_123456"), &result("req_00000000_000000000042"), "", "{", "\u{0}garbage"]
        {
            assert_eq!(read(&arrival(stranger, None), correlation), Reading::Unexpected, "{stranger}");
        }
    }

    #[test]
    fn an_error_reply_refuses_the_request_of_its_inbox() {
        let reply = arrival(r#"{"error":"no such category"}"#, Some(7));
        let expected = Reading::Refused(7, "worker: no such category".to_string());
        assert_eq!(read(&reply, Correlation::new(1)), expected);
    }
}
