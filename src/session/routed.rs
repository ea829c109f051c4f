//! What a route did, for the record.

use crate::load::{LegsSummary, UnderWay};
use weighbridge_plan::route::{Asked, Leg, Stage};
use weighbridge_plan::{PointPlan, RoutePlan};
use weighbridge_record::recovery::stretch_of;
use weighbridge_record::result::{
    Held, LegAtSeam, PublishWaits, RouteRecord, RouteStage, SeamCheck, SeriesRow, TakenBy, TwinAnswers,
};
use weighbridge_record::terms::{Path, TransportKind};

/// What was looked at on the servers of a route.
#[derive(Default)]
pub struct RouteSeen {
    /// Before the load.
    pub seam: Vec<SeamCheck>,
    /// At the end of each stage, leg by leg.
    pub held: Vec<Vec<Vec<Held>>>,
}

/// The stages of a route with what became of their requests.
pub fn route(
    plan: &RoutePlan,
    path: Path,
    point: &PointPlan,
    legs: &LegsSummary,
    series: &[SeriesRow],
    seen: &RouteSeen,
) -> RouteRecord {
    let window_ns = point.load.duration_ns;
    let stages = plan.stages();
    let ends = stages.iter().skip(1).map(|stage| stage.start_ns).chain([window_ns]);
    let between = |(index, (stage, end_ns)): (usize, (&Stage, u64))| {
        let counts = legs.seams.stages[index];
        let (start_s, end_s) = (stage.start_ns as f64 / 1e9, end_ns as f64 / 1e9);
        let share = counts.second as f64 / counts.attempted as f64;
        let whole = |row: &&SeriesRow| row.lies_within(start_s, end_s);
        RouteStage {
            asked_percent: match stage.asked {
                Asked::Percent(percent) => Some(percent),
                Asked::Both => None,
            },
            observed_percent: (counts.attempted > 0).then_some(share * 100.0),
            start_s,
            end_s,
            attempted: counts.attempted,
            unanswered: counts.attempted - counts.answered,
            duplicated: counts.duplicated,
            reordered: counts.reordered,
            legs: at_seam(path, legs, index, end_ns, seen.held.get(index)),
            silence_s: legs.seams.answers.silence_s(stage.start_ns, end_ns),
            turnaround: stretch_of(series.iter().filter(whole)),
        }
    };
    RouteRecord {
        kind: plan.kind(),
        from: path.first(),
        to: path.last(),
        stages: stages.iter().zip(ends).enumerate().map(between).collect(),
        silence_s_max: legs.seams.answers.silence_s(0, window_ns),
        seam: seen.seam.clone(),
    }
}

/// How each leg stood at the end of a stage.
fn at_seam(
    path: Path,
    legs: &LegsSummary,
    stage: usize,
    end_ns: u64,
    held: Option<&Vec<Vec<Held>>>,
) -> Vec<LegAtSeam> {
    let leg = |(leg, transport): (Leg, TransportKind)| {
        let UnderWay { requests, drained_ns } = legs.seams.under_way(stage, leg, end_ns);
        LegAtSeam {
            transport,
            under_way: requests,
            drained_s: drained_ns.map(|drained_ns| drained_ns as f64 / 1e9),
            held: held.and_then(|held| held.get(leg as usize)).cloned().unwrap_or_default(),
        }
    };
    Leg::ALL.into_iter().zip(path.legs()).map(leg).collect()
}

/// The pairs of answers; none where requests take one leg each.
pub fn twins(plan: &RoutePlan, legs: &LegsSummary) -> Option<TwinAnswers> {
    let (counts, taken, waits) = (legs.twins.counts, legs.twins.counts.taken, legs.twins.waits());
    plan.on_failure().map(|_| TwinAnswers {
        compared: counts.compared,
        equal: counts.equal,
        different: counts.different,
        missing_from: counts.missing_first,
        missing_to: counts.missing_second,
        from_ahead: counts.first_ahead,
        lag_ns: legs.twins.lag.figures(),
        second_ns: legs.twins.second.figures(),
        publish_ns: waits.map(|[from, to, any, both]| PublishWaits { from, to, any, both }),
        taken: Some(TakenBy {
            both: taken.both,
            from_alone: taken.one[0],
            to_alone: taken.one[1],
            neither: taken.neither,
            alone_answered: taken.one_answered,
            neither_answered: taken.neither_answered,
        }),
    })
}
