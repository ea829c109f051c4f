//! What befell the connections of all threads, as the record tells it.

use crate::metrics::Timeline;
use crate::transport::Break;
use weighbridge_record::result::Gap;

/// One gap for all that belong together.
pub(super) fn of(breaks: impl Iterator<Item = Break>, timeline: &Timeline) -> Vec<Gap> {
    let since_window_s = |at_ns: u64| (at_ns as f64 - timeline.window_start_ns() as f64) / 1e9;
    let gaps = breaks.map(|noted| Gap {
        side: noted.side,
        kind: noted.kind,
        connections: 1,
        detail: noted.detail,
        start_s: since_window_s(noted.start_ns),
        end_s: noted.end_ns.map(since_window_s),
    });
    Gap::merged(gaps.collect())
}
