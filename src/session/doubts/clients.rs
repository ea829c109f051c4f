//! Clients and threads of ours that could do no more.

use super::evidence::{Evidence, doubt, scheduled};
use weighbridge_record::result::{Doubt, DoubtKind};

/// A thread that keeps more than this of a core busy is taken to be at its limit.
const THREAD_CORES_MAX: f64 = 0.95;

/// Where nothing is scheduled, a thread of ours that is always busy sets the rate, not the path. Under a schedule the
/// lateness of sends tells it.
pub fn client_limited(evidence: &Evidence<'_>) -> Option<Doubt> {
    if scheduled(evidence) {
        return None;
    }
    let pegged = evidence.busiest_threads.iter().filter(|thread| thread.cores > THREAD_CORES_MAX);
    let said =
        pegged.map(|thread| format!("the busiest {} thread used {:.2} of a core", thread.kind, thread.cores));
    let said: Vec<String> = said.collect();
    if said.is_empty() {
        return None;
    }
    doubt(DoubtKind::ClientLimited, format!("{}: the rate is a lower bound of the path's", said.join(", ")))
}
