//! What a plan measures where: paths at points.

use crate::load::Load;
use crate::plan::{Plan, PointPlan};
use weighbridge_record::terms::Path;

impl Plan {
    /// The paths that are measured at a point: but for those that store nothing all, at each durability tier of
    /// a sweep; and those once for all tiers.
    pub fn paths_at<'a>(&'a self, point: &PointPlan) -> impl Iterator<Item = Path> + use<'a> {
        let tells_tiers_apart = self.is_another_tier(point);
        self.paths.iter().copied().filter(move |path| path.stores() || !tells_tiers_apart)
    }

    /// Whether a point differs from one before it by the durability tier alone.
    fn is_another_tier(&self, point: &PointPlan) -> bool {
        const TIER: &str = "brokers.durability";
        let but_for_tier = |point: &PointPlan| {
            let mut values = point.point.clone();
            values.remove(TIER);
            values
        };
        let mut before = self.points.iter().take_while(|other| other.point != point.point);
        point.point.contains_key(TIER) && before.any(|other| but_for_tier(other) == but_for_tier(point))
    }

    /// Places that are measured in each repetition.
    pub fn places(&self) -> usize {
        self.points.iter().map(|point| self.paths_at(point).count()).sum()
    }

    /// How long the load of one repetition is on, over all points and paths: a repetition takes longer.
    pub fn repetition_ns(&self) -> u64 {
        self.sum_over_places(Load::on_ns)
    }

    /// The sum of a time over all places.
    pub fn sum_over_places(&self, time_ns: impl Fn(&Load) -> u64) -> u64 {
        let of_point =
            |point: &PointPlan| time_ns(&point.load).saturating_mul(self.paths_at(point).count() as u64);
        self.points.iter().map(of_point).fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use crate::Plan;
    use crate::scenario::{Overrides, plan};
    use weighbridge_record::terms::Path;
    use weighbridge_record::terms::TransportKind::{NatsCore, RedisStreams};

    fn swept(tiers: &str) -> Plan {
        let text = format!(
            "name = \"tiers\"\nquestion = \"Which?\"\ntransports = [\"redis-streams\", \"nats-core\"]\n\
             [load]\nexecutor = \"constant-arrival-rate\"\nrate = 10\nwarmup = \"0s\"\nduration = \"1s\"\n\
             cooldown = \"0s\"\n[sweep]\n\"brokers.durability\" = {tiers}\n\"load.rate\" = [10, 20]\n"
        );
        plan("tiers.toml", &text, &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"))
    }

    #[test]
    fn what_stores_nothing_is_measured_once_for_all_tiers() {
        let plan = swept("[\"memory\", \"sync\"]");
        let at = |index: usize| plan.paths_at(&plan.points[index]).map(Path::last).collect::<Vec<_>>();
        assert_eq!((at(0), at(1)), (vec![RedisStreams, NatsCore], vec![RedisStreams, NatsCore]));
        assert_eq!((at(2), at(3)), (vec![RedisStreams], vec![RedisStreams]));
        assert_eq!((plan.places(), plan.repetition_ns()), (6, 6_000_000_000));
    }

    #[test]
    fn at_one_tier_everything_is_measured_at_every_point() {
        let plan = swept("[\"memory\"]");
        assert_eq!(plan.places(), 4);
    }
}
