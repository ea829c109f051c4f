//! Requests that are delivered again for no fault but the settings.

use super::evidence::{Evidence, doubt};
use weighbridge_record::format;
use weighbridge_record::result::{Doubt, DoubtKind};
use weighbridge_record::terms::TransportKind;

/// Share of the deliveries that are repeated, from which on it is a storm.
const STORM_SHARE: f64 = 0.1;

/// What a worker takes ahead waits longer than the broker waits for its acknowledgement.
pub fn redelivery_storm(evidence: &Evidence<'_>) -> Option<Doubt> {
    let (ledger, point) = (evidence.ledger, evidence.point);
    if (ledger.redelivered as f64) < STORM_SHARE * ledger.delivered as f64 || ledger.redelivered == 0 {
        return None;
    }
    let work = point.workers.work()?;
    let prefetches = evidence.path.legs().any(|leg| leg == TransportKind::NatsJetstream);
    let ahead = match work.prefetch.filter(|_| prefetches) {
        Some(prefetch) => prefetch.max(work.concurrency),
        None => work.concurrency,
    };
    let service_ns = work.service_time.mean_ns();
    let held_ns = service_ns.saturating_mul(u64::from(ahead.div_ceil(work.concurrency)));
    if held_ns <= point.brokers.ack_wait_ns {
        return None;
    }
    let detail = format!(
        "{} deliveries of {} requests were repeats: a worker takes {ahead} requests and scores {} at a time, {} each, \
         so the last waits {}, longer than brokers.ack_wait ({}); take fewer ahead (workers.prefetch) or wait longer",
        format::count(ledger.redelivered),
        format::count(ledger.delivered),
        work.concurrency,
        format::latency(service_ns as f64),
        format::latency(held_ns as f64),
        format::latency(point.brokers.ack_wait_ns as f64),
    );
    doubt(DoubtKind::RedeliveryStorm, detail)
}
