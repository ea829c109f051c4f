//! The broker and the connections to it.

use super::evidence::{Evidence, doubt, seconds};
use weighbridge_record::result::{Doubt, DoubtKind, GapKind};
use weighbridge_record::terms::{BrokerKind, Durability};

/// A lazy tier syncs once a second; fewer syncs than this in a window show nothing.
const LAZY_WINDOW_MIN_S: f64 = 3.0;
/// No disk that keeps what it says it has takes less to sync.
const FSYNC_MIN_NS: u64 = 10_000;
/// Share of a core from which on one thread was busy all the time.
const CORE_FULL: f64 = 0.95;

pub fn broker_gone(evidence: &Evidence<'_>) -> Option<Doubt> {
    let gone = evidence.gaps.iter().find(|gap| gap.end_s.is_none())?;
    let detail = format!(
        "{} s into the window the {} noticed: {}; that was not over when the trial ended",
        seconds(gone.start_s),
        gone.side.name(),
        gone.detail
    );
    doubt(DoubtKind::BrokerGone, detail)
}

pub fn access_lost(evidence: &Evidence<'_>) -> Option<Doubt> {
    let refusal = evidence.refusal?;
    doubt(DoubtKind::AccessLost, format!("the broker refused what it had allowed before: {refusal}"))
}

pub fn disconnected(evidence: &Evidence<'_>) -> Option<Doubt> {
    let first = evidence.gaps.first()?;
    let last_s = evidence
        .gaps
        .iter()
        .filter_map(|gap| gap.end_s)
        .fold(None, |last: Option<f64>, end_s| Some(last.map_or(end_s, |last_s| last_s.max(end_s))))?;
    let lost_data = evidence.gaps.iter().any(|gap| gap.kind == GapKind::Epoch);
    let detail = format!(
        "connections were lost between {} s and {} s of the window{}; what was in flight and what was due \
         meanwhile is in the figures",
        seconds(first.start_s),
        seconds(last_s),
        if lost_data { ", and the broker came back without its data" } else { "" }
    );
    doubt(DoubtKind::Disconnected, detail)
}

/// One for each thing that is wrong or unknown.
pub fn tier_unverified(evidence: &Evidence<'_>) -> Vec<Doubt> {
    if !evidence.path.stores() {
        return Vec::new();
    }
    let doubts = evidence.tier_doubts.iter();
    doubts.map(|detail| Doubt { kind: DoubtKind::TierUnverified, detail: detail.clone() }).collect()
}

pub fn lazy_tier_too_short(evidence: &Evidence<'_>) -> Option<Doubt> {
    let tier = evidence.path.durability(evidence.point.brokers.durability);
    let window_s = evidence.point.load.duration_ns as f64 / 1e9;
    if tier != Durability::Lazy || window_s >= LAZY_WINDOW_MIN_S {
        return None;
    }
    let detail =
        format!("tier lazy syncs once a second; a window of {window_s} s sees fewer than three syncs");
    doubt(DoubtKind::LazyTierTooShort, detail)
}

/// A tier that syncs, on what does not.
pub fn weak_storage(evidence: &Evidence<'_>) -> Option<Doubt> {
    let tier = evidence.path.durability(evidence.point.brokers.durability);
    let stored = evidence.brokers.iter().filter_map(|broker| Some((broker.kind, broker.storage?)));
    let (kind, storage) = stored.into_iter().find(|(_, storage)| {
        tier.reaches_disk() && (storage.in_memory || storage.fsync_ns_p50 < FSYNC_MIN_NS)
    })?;
    let where_ = if storage.in_memory { "lies in memory (tmpfs)" } else { "syncs faster than disks do" };
    let fsync_us = storage.fsync_ns_p50 as f64 / 1e3;
    if storage.forgets_unsynced {
        let detail = format!(
            "{} stores its data on a file system in memory, for the faults that are asked for: what is lost there is \
             lost on a disk as well, but writing and syncing 4 KiB takes {fsync_us:.1} us, so tier {tier} costs not \
             what it costs on a disk",
            kind.name()
        );
        return doubt(DoubtKind::WeakStorage, detail);
    }
    let detail = format!(
        "the data directory of {} {where_}: writing and syncing 4 KiB takes {fsync_us:.1} us, so tier {tier} costs nothing here; \
         set TMPDIR to a folder on a disk",
        kind.name()
    );
    doubt(DoubtKind::WeakStorage, detail)
}

/// Redis runs commands on one thread: when that has a core full, more load only makes requests wait.
pub fn broker_core_full(evidence: &Evidence<'_>) -> Option<Doubt> {
    let used = evidence.brokers.iter().zip(&evidence.cost.broker_cores);
    let redis = used.filter(|(broker, _)| broker.kind == BrokerKind::RedisServer);
    let cores = redis.filter_map(|(_, cores)| *cores).reduce(f64::max).filter(|cores| *cores >= CORE_FULL)?;
    let detail = format!(
        "redis-server used {cores:.2} cores in its worst second; it runs commands on one thread, so that was the limit"
    );
    doubt(DoubtKind::BrokerCoreFull, detail)
}
