//! A run: all trials of a plan, one after the other, summed up.

use super::error::RunError;
use super::gathered::{Finished, Found, Gathered};
use super::keeper::Keeper;
use super::looking::Looking;
use super::preflight::preflight;
use super::progress::Progress;
use super::settings::Settings;
use super::spec::TrialSpec;
use super::{ceiling, thresholds};
use crate::clock::now_ns;
use weighbridge_plan::Plan;
use weighbridge_record::enough::look_at_paths;
use weighbridge_record::{change, pairs};

/// Carries out all trials of a plan. Needs a current-thread runtime.
pub async fn run(
    plan: &Plan,
    settings: &Settings,
    progress: &dyn Progress,
    keeper: &mut dyn Keeper,
) -> Result<Finished, RunError> {
    preflight(plan, settings).await?;
    let ceiling_per_s = ceiling::measure(plan, settings).await?;
    let mut looking = plan.sequential.map(|rule| Looking::begin(rule, plan.repetition_ns(), now_ns()));
    let rule = looking.as_ref().map(Looking::record);
    let mut gathered = Gathered::start(plan, &plan.offered, rule, settings, keeper)?;
    for Round { repetition, trials } in rounds(plan, ceiling_per_s) {
        if !gathered.measure_all(trials, settings, progress).await? {
            break;
        }
        if let Some(looking) = &mut looking {
            let (looks, margin) = (looking.looks_max(), looking.margin());
            let look = || look_at_paths(&gathered.trials, looks, margin);
            if !looking.goes_on(repetition, now_ns(), gathered.any_invalid(), look) {
                break;
            }
        }
    }
    if let Some(looking) = looking {
        gathered.repeated(looking.record());
    }
    let trials = &gathered.trials;
    let ratios = pairs::between_paths_at_look(trials, gathered.looks());
    let thresholds = thresholds::hold(plan, trials);
    let verdict = thresholds::verdict(trials, &thresholds);
    let costs = change::costs(trials, gathered.looks());
    let found = Found { verdict, ratios, thresholds, searches: Vec::new(), costs, pair: None };
    Ok(gathered.finish(settings, found))
}

/// One repetition: of a point, or of all points where it is decided after each whether another is measured.
struct Round<'a> {
    repetition: u32,
    trials: Vec<TrialSpec<'a>>,
}

/// The plan's trials in the order in which they are measured: A B C, C B A, ... so that a drift of the
/// machine does not favour one path.
fn rounds(plan: &Plan, ceiling_per_s: Option<f64>) -> Vec<Round<'_>> {
    // Those who may stop after any repetition must have all points by then; settings are held against each other, so a
    // drift of the machine must not favour one.
    let settings = change::weighs_settings(plan.points.iter().map(|point| &point.point));
    let points_together = if plan.sequential.is_some() || settings { plan.points.len() } else { 1 };
    let trials = plan.places() as u32 * plan.repeat;
    let mut order = 0;
    let mut rounds = Vec::new();
    for points in plan.points.chunks(points_together) {
        for repetition in 1..=plan.repeat {
            // Each repetition has arrivals and payloads of its own, the same on every transport.
            let seed = plan.seed.wrapping_add(u64::from(repetition - 1));
            let places = points.iter().flat_map(|point| {
                let mut paths: Vec<_> = plan.paths_at(point).collect();
                if repetition % 2 == 0 {
                    paths.reverse();
                }
                paths.into_iter().map(move |path| (point, path))
            });
            let specs = places.map(|(point, path)| {
                order += 1;
                TrialSpec {
                    repetition,
                    repetitions_max: plan.sequential.map(|_| plan.repeat),
                    order,
                    trials,
                    ceiling_per_s,
                    ..TrialSpec::alone(point, path, seed)
                }
            });
            rounds.push(Round { repetition, trials: specs.collect() });
        }
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use weighbridge_plan::scenario::{Overrides, load};

    /// `repetition transport rate` of each trial, in their order.
    fn order(repeat: &str) -> Vec<String> {
        order_over(repeat, "load.rate", "[10,20]")
    }

    /// The same over the values of a key.
    fn order_over(repeat: &str, key: &str, values: &str) -> Vec<String> {
        let sweep = format!("sweep.{key}={values}");
        let set = ["load.duration=1s", &sweep, &format!("repeat={repeat}")];
        let set = set.map(str::to_owned).into();
        let overrides = Overrides { set, ..Overrides::default() };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let mut plan =
            load("baseline-latency", &folder, &overrides).unwrap_or_else(|error| panic!("{error}"));
        plan.paths.truncate(2);
        plan.repeat = 2;
        let rounds = rounds(&plan, None);
        let trials = rounds.iter().flat_map(|round| &round.trials);
        assert!(trials.clone().map(|trial| trial.order).eq(1..=8));
        let words = |trial: &TrialSpec<'_>| {
            let place = plan.paths.iter().position(|path| *path == trial.path);
            format!("{} {} {}", trial.repetition, place.unwrap_or(9), trial.point.point[key])
        };
        trials.map(words).collect()
    }

    #[test]
    fn counted_repetitions_are_measured_point_by_point() {
        let expected = ["1 0 10", "1 1 10", "2 1 10", "2 0 10", "1 0 20", "1 1 20", "2 1 20", "2 0 20"];
        assert_eq!(order("2"), expected);
    }

    #[test]
    fn settings_that_are_weighed_take_turns() {
        let expected = [
            r#"1 0 "off""#,
            r#"1 1 "off""#,
            r#"1 0 "tls""#,
            r#"1 1 "tls""#,
            r#"2 1 "off""#,
            r#"2 0 "off""#,
            r#"2 1 "tls""#,
            r#"2 0 "tls""#,
        ];
        assert_eq!(order_over("2", "brokers.tls", r#"["off","tls"]"#), expected);
    }

    #[test]
    fn repetitions_as_needed_take_all_points_in_turn() {
        let expected = ["1 0 10", "1 1 10", "1 0 20", "1 1 20", "2 1 10", "2 0 10", "2 1 20", "2 0 20"];
        assert_eq!(order("auto"), expected);
    }
}
