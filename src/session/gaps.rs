//! What befell the connections of all threads, as the record tells it.

use crate::metrics::Timeline;
use crate::transport::Break;
use weighbridge_record::result::Gap;

/// One gap for all that belong together.
pub(super) fn of(breaks: impl Iterator<Item = Break>, timeline: &Timeline) -> Vec<Gap> {
    let gaps = breaks.map(|noted| Gap {
        side: noted.side,
        kind: noted.kind,
        connections: 1,
        detail: noted.detail,
        start_s: timeline.since_window_s(noted.start_ns),
        end_s: noted.end_ns.map(|end_ns| timeline.since_window_s(end_ns)),
    });
    Gap::merged(gaps.collect())
}
