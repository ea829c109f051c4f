//! `[route]`: which keys belong to which kind, and what must hold between them.

use super::check::Check;
use crate::route::{Asked, RoutePlan, Share};
use crate::scenario::wire;
use crate::{Load, Workers};
use weighbridge_record::terms::{Path, RouteKind};

/// Key, the kinds that it is for, and whether those need it.
const KEYS: [(&str, &[RouteKind], bool); 7] = [
    ("percent", &[RouteKind::Split], true),
    ("draw", &[RouteKind::Split, RouteKind::Shift], false),
    ("stages", &[RouteKind::Shift], true),
    ("at", &[RouteKind::Cutover], true),
    ("back_at", &[RouteKind::Cutover], false),
    ("seam", &[RouteKind::Cutover], false),
    ("on_failure", &[RouteKind::Dual, RouteKind::Shift], false),
];

/// The paths of a route. None without one.
pub fn paths(check: &mut Check<'_>, route: Option<&wire::Route>) -> Option<Vec<Path>> {
    let mut paths = Vec::new();
    for (index, [from, to]) in route?.legs.iter().flatten().enumerate() {
        let at = ["route", "legs", &index.to_string()];
        if from == to {
            check.report(
                &at,
                format!("a route leads from one transport to another, not from {from} to itself"),
            );
        }
        let path = Path::between(*from, *to);
        if paths.contains(&path) {
            check.report(&at, format!("`{path}` stands twice in `route.legs`"));
        }
        paths.push(path);
    }
    Some(paths)
}

/// How requests are shared out. None if anything was reported.
pub fn plan(check: &mut Check<'_>, route: &wire::Route, load: &Load, workers: &Workers) -> Option<RoutePlan> {
    let before = check.findings.len();
    let kind = route.kind?;
    for (key, kinds, needed) in KEYS {
        let stands = check.wrote(&["route", key]);
        if stands && !kinds.contains(&kind) {
            check.report(&["route", key], format!("`{key}` means nothing to a route of kind {kind}"));
        } else if needed && kinds.contains(&kind) && check.lacks(&["route", key]) {
            check.report(&["route"], format!("a route of kind {kind} needs `{key}`"));
        }
    }
    if workers.work().is_none_or(|work| !work.results) {
        let why = "a route needs workers that answer: set `workers.count` and leave `workers.results` on";
        check.report(&["route"], why.to_owned());
    }
    if workers.external().is_some() {
        let why = "a route needs workers of ours: others don't tell over which leg they have a request";
        check.report(&["route"], why.to_owned());
    }
    within_the_window(check, route, load);
    if check.findings.len() > before {
        return None;
    }
    let draw = route.draw.unwrap_or_default();
    let on_failure = route.on_failure.unwrap_or_default();
    let shares = |stages| RoutePlan::Shares { kind, draw, on_failure, stages };
    Some(match kind {
        RouteKind::Dual => RoutePlan::Dual { on_failure },
        RouteKind::Split => {
            let asked = Asked::Percent(route.percent?);
            shares(vec![Share { asked, lasting_ns: load.duration_ns }])
        }
        RouteKind::Shift => {
            let share = |stage: &wire::ShareStage| Share {
                asked: stage.percent.map_or(Asked::Both, Asked::Percent),
                lasting_ns: stage.duration.ns,
            };
            shares(route.stages.as_ref()?.iter().map(share).collect())
        }
        RouteKind::Cutover => RoutePlan::Cutover {
            at_ns: route.at?.ns,
            back_at_ns: route.back_at.map(|at| at.ns),
            seam: route.seam.unwrap_or_default(),
        },
    })
}

fn within_the_window(check: &mut Check<'_>, route: &wire::Route, load: &Load) {
    for (key, at) in [("at", route.at), ("back_at", route.back_at)] {
        if at.is_some_and(|at| at.ns >= load.duration_ns) {
            check.report(&["route", key], format!("`{key}` must lie within the measured window"));
        }
    }
    if let (Some(at), Some(back_at)) = (route.at, route.back_at)
        && back_at.ns <= at.ns
    {
        check.report(&["route", "back_at"], "`back_at` must be later than `at`".to_owned());
    }
    for (index, stage) in route.stages.iter().flatten().enumerate() {
        if stage.percent.is_some() == (stage.both == Some(true)) {
            let at = ["route", "stages", &index.to_string()];
            check.report(&at, "a stage has a `percent`, or `both = true`".to_owned());
        }
    }
    let stages = route.stages.iter().flatten();
    let sum_ns = stages.fold(0_u64, |sum_ns, stage| sum_ns.saturating_add(stage.duration.ns));
    if sum_ns > load.duration_ns {
        let why = "the stages together must not last longer than the measured window";
        check.report(&["route", "stages"], why.to_owned());
    }
    if route.kind == Some(RouteKind::Cutover) && !load.is_scheduled() {
        let why =
            "a cutover needs a schedule: a load that waits for answers stops by itself while a leg drains";
        check.report(&["route", "kind"], why.to_owned());
    }
}
