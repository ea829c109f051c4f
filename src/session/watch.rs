//! Shows how a trial gets on until its load is done.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::progress::{Glance, Progress};
use super::spec::TrialSpec;
use crate::clock::now_ns;
use crate::load::Generators;
use crate::metrics::Timeline;

const LOOK: Duration = Duration::from_millis(20);
/// Nobody reads faster, and a glance sorts.
const LOOKS_A_GLANCE: u32 = 5;

/// Returns when all generators are done.
pub async fn watch_over(
    spec: &TrialSpec<'_>,
    load: &Generators,
    progress: &dyn Progress,
    timeline: Timeline,
) {
    let mut looks = 0;
    while !load.are_finished() {
        tokio::time::sleep(LOOK).await;
        looks += 1;
        if looks % LOOKS_A_GLANCE == 0 {
            progress.glance(spec, &glance(load, timeline));
        }
    }
}

fn glance(load: &Generators, timeline: Timeline) -> Glance {
    let mut glance = Glance {
        elapsed: Duration::from_nanos(now_ns().saturating_sub(timeline.start_ns())),
        planned: Duration::from_nanos(timeline.load_end_ns() - timeline.start_ns()),
        ..Glance::default()
    };
    for live in load.live() {
        glance.attempted += live.attempted.load(Ordering::Relaxed);
        glance.completed += live.completed.load(Ordering::Relaxed);
        glance.in_flight += live.in_flight.load(Ordering::Relaxed);
        live.recent.collect(&mut glance.recent_ns);
    }
    glance.recent_ns.sort_unstable();
    glance
}
