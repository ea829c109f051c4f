//! What the servers of a path store: asked at the seams of a route, and when a trial is over.

use std::time::Duration;

use crate::clock::now_ns;
use crate::load::Generators;
use crate::metrics::Timeline;
use crate::path::Leg;
use crate::route::Route;
use crate::transport::{bare_client, client};
use weighbridge_plan::PointPlan;
use weighbridge_record::result::Held;

/// Longest that a server may take to say what it stores.
const SAID_WITHIN: Duration = Duration::from_secs(5);
/// Longest wait without a look at whether the load has ended early.
const LOOK: Duration = Duration::from_millis(20);

/// What the server of each leg stores now, with whole commands.
pub async fn now(legs: &[Leg], point: &PointPlan) -> Vec<Vec<Held>> {
    let whole =
        |(leg, held): (&Leg, Vec<Held>)| held.into_iter().map(|held| with_client(held, leg, point)).collect();
    legs.iter().zip(asked(legs).await).map(whole).collect()
}

async fn asked(legs: &[Leg]) -> Vec<Vec<Held>> {
    let mut all = Vec::new();
    for leg in legs {
        all.push(tokio::time::timeout(SAID_WITHIN, leg.transport.held()).await.unwrap_or_default());
    }
    all
}

/// A server that was started for the trial is gone when somebody reads the commands: they are for a server of his own.
fn with_client(held: Held, leg: &Leg, point: &PointPlan) -> Held {
    let Some(kind) = leg.wiring.transport.broker() else { return held };
    let external = point.brokers.endpoint(kind).map(client);
    let client = external.unwrap_or_else(|| bare_client(kind).to_owned());
    Held { show: format!("{client} {}", held.show), remove: format!("{client} {}", held.remove), ..held }
}

/// What they store at the end of each stage, in their order; fewer if the load ends before.
pub async fn at_seams(
    legs: &[Leg],
    route: Option<&Route>,
    (load, timeline): (&Generators, Timeline),
) -> Vec<Vec<Vec<Held>>> {
    let starts =
        route.into_iter().flat_map(|route| route.stages().iter().skip(1).map(|stage| stage.start_ns));
    let ends = starts.map(|start_ns| timeline.window_start_ns() + start_ns);
    let ends = ends.chain(route.map(|_| timeline.window_end_ns()));
    let mut seen = Vec::new();
    for end_ns in ends {
        loop {
            let left = Duration::from_nanos(end_ns.saturating_sub(now_ns()));
            if left.is_zero() {
                break;
            }
            if load.are_finished() {
                return seen;
            }
            tokio::time::sleep(left.min(LOOK)).await;
        }
        let held = asked(legs).await;
        seen.push(held.into_iter().map(|held| held.into_iter().map(Held::counts).collect()).collect());
    }
    seen
}
