//! `[route]`: what is taken, and what is refused with its reason.

use super::planned;
use crate::RoutePlan;
use crate::route::Asked;
use crate::scenario::{Overrides, explain, plan};

fn scenario(route: &str) -> String {
    format!(
        "name = \"route\"\nquestion = \"Which leg?\"\n[route]\n{route}\n[load]\n\
         executor = \"constant-arrival-rate\"\nrate = 10\nduration = \"10s\"\n"
    )
}

const LEGS: &str = "legs = [[\"redis-pubsub\", \"nats-core\"]]\n";

fn refused(text: &str) -> String {
    plan("route.toml", text, &Overrides::default()).expect_err(text).summary()
}

#[test]
fn a_route_is_measured_for_each_pair_of_legs() {
    let legs = "kind = \"split\"\npercent = 25\nlegs = [[\"redis-pubsub\", \"nats-core\"], [\"redis-streams\", \"nats-jetstream\"]]";
    let plan = planned(&scenario(legs));
    let names: Vec<_> = plan.paths.iter().map(|path| path.name()).collect();
    assert_eq!(names, ["redis-pubsub+nats-core", "redis-streams+nats-jetstream"]);
    assert_eq!(plan.transports().len(), 4);
    let explained = explain(&plan);
    assert!(explained.contains("1 point x 2 routes x 1 repetition = 2 trials"), "{explained}");
    assert!(
        explained.contains("route       split: 25 % from 0 s to the second leg, exact over every hundred"),
        "{explained}"
    );
}

#[test]
fn a_share_may_be_swept() {
    let text = format!(
        "{}[sweep]\n\"route.percent\" = [1, 50]\n",
        scenario(&format!("{LEGS}kind = \"split\"\npercent = 5"))
    );
    let shares = planned(&text).points.into_iter().map(|point| match point.route {
        Some(RoutePlan::Shares { stages, .. }) => stages[0].asked,
        other => panic!("{other:?}"),
    });
    assert_eq!(shares.collect::<Vec<_>>(), [1, 50].map(Asked::Percent));
}

#[test]
fn what_does_not_fit_is_refused_with_its_reason() {
    for (route, why) in [
        ("kind = \"split\"", "a route of kind split needs `percent`"),
        ("kind = \"split\"\npercent = 101", "percent"),
        ("kind = \"shift\"", "needs `stages`"),
        ("kind = \"cutover\"", "needs `at`"),
        ("kind = \"dual\"\npercent = 5", "`percent` means nothing to a route of kind dual"),
        ("kind = \"cutover\"\nat = \"10s\"", "`at` must lie within the measured window"),
        ("kind = \"cutover\"\nat = \"5s\"\nback_at = \"4s\"", "`back_at` must be later than `at`"),
        (
            "kind = \"shift\"\nstages = [{ percent = 1, duration = \"11s\" }]",
            "must not last longer than the measured window",
        ),
        ("kind = \"shift\"\nstages = [{ duration = \"1s\" }]", "a stage has a `percent`, or `both = true`"),
        (
            "kind = \"shift\"\nstages = [{ percent = 1, both = true, duration = \"1s\" }]",
            "a stage has a `percent`",
        ),
        ("kind = \"sideways\"", "kind"),
    ] {
        let summary = refused(&scenario(&format!("{LEGS}{route}")));
        assert!(summary.contains(why), "{route}: {summary}");
    }
    let same = scenario("kind = \"dual\"\nlegs = [[\"nats-core\", \"nats-core\"]]");
    assert!(refused(&same).contains("from one transport to another"));
    let twice = scenario(
        "kind = \"dual\"\nlegs = [[\"nats-core\", \"nats-request\"], [\"nats-core\", \"nats-request\"]]",
    );
    assert!(refused(&twice).contains("stands twice in `route.legs`"));
    let both = scenario(&format!("{LEGS}kind = \"dual\""))
        .replace("[route]", "transports = [\"nats-core\"]\n[route]");
    assert!(refused(&both).contains("not both"));
    let nobody = format!("{}[workers]\ncount = 0\n", scenario(&format!("{LEGS}kind = \"dual\"")));
    assert!(refused(&nobody).contains("a route needs workers that answer"));
}
