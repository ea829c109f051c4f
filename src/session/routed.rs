//! What a route did, for the record.

use crate::load::LegsSummary;
use weighbridge_plan::route::{Asked, Stage};
use weighbridge_plan::{PointPlan, RoutePlan};
use weighbridge_record::recovery::stretch_of;
use weighbridge_record::result::{RouteRecord, RouteStage, SeriesRow, TwinAnswers};
use weighbridge_record::terms::Path;

/// The stages of a route with what became of their requests.
pub fn route(
    plan: &RoutePlan,
    path: Path,
    point: &PointPlan,
    legs: &LegsSummary,
    series: &[SeriesRow],
) -> RouteRecord {
    let window_ns = point.load.duration_ns;
    let stages = plan.stages();
    let ends = stages.iter().skip(1).map(|stage| stage.start_ns).chain([window_ns]);
    let between = |(index, (stage, end_ns)): (usize, (&Stage, u64))| {
        let counts = legs.seams.stages[index];
        let (start_s, end_s) = (stage.start_ns as f64 / 1e9, end_ns as f64 / 1e9);
        let share = counts.second as f64 / counts.attempted as f64;
        let whole = |row: &&SeriesRow| row.t_s >= start_s && row.t_s + row.duration_s <= end_s;
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
    }
}

/// The pairs of answers; none where requests take one leg each.
pub fn twins(plan: &RoutePlan, legs: &LegsSummary) -> Option<TwinAnswers> {
    let counts = legs.twins.counts;
    plan.on_failure().map(|_| TwinAnswers {
        compared: counts.compared,
        equal: counts.equal,
        different: counts.different,
        missing_from: counts.missing_first,
        missing_to: counts.missing_second,
        from_ahead: counts.first_ahead,
        lag_ns: legs.twins.lag.figures(),
    })
}
