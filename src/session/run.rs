//! A run: all trials of a plan, one after the other, summed up.

use super::error::RunError;
use super::gathered::{Finished, Found, Gathered};
use super::keeper::Keeper;
use super::preflight::preflight;
use super::progress::Progress;
use super::settings::Settings;
use super::spec::TrialSpec;
use super::{ceiling, thresholds};
use weighbridge_plan::Plan;
use weighbridge_record::pairs;

/// Carries out all trials of a plan. Needs a current-thread runtime.
pub async fn run(
    plan: &Plan,
    settings: &Settings,
    progress: &dyn Progress,
    keeper: &mut dyn Keeper,
) -> Result<Finished, RunError> {
    preflight(plan, settings).await?;
    let ceiling_per_s = ceiling::measure(plan, settings).await?;
    let mut gathered = Gathered::start(plan, &plan.offered, settings, keeper)?;
    for spec in order(plan, ceiling_per_s) {
        if settings.was_stopped() || !gathered.measure(&spec, settings, progress).await? {
            break;
        }
    }
    let trials = &gathered.trials;
    let ratios = pairs::between_paths(trials);
    let thresholds = thresholds::hold(plan, trials);
    let verdict = thresholds::verdict(trials, &thresholds);
    let found = Found { verdict, ratios, thresholds, searches: Vec::new(), pair: None };
    Ok(gathered.finish(settings, found))
}

/// The plan's trials in the order in which they are measured: A B C, C B A, ... so that a drift of the
/// machine does not favour one transport.
fn order(plan: &Plan, ceiling_per_s: Option<f64>) -> Vec<TrialSpec<'_>> {
    let trials = plan.points.len() as u32 * plan.transports.len() as u32 * plan.repeat;
    let mut specs = Vec::new();
    for point in &plan.points {
        for repetition in 1..=plan.repeat {
            // Each repetition has arrivals and payloads of its own, the same on every transport.
            let seed = plan.seed.wrapping_add(u64::from(repetition - 1));
            let mut transports = plan.transports.clone();
            if repetition % 2 == 0 {
                transports.reverse();
            }
            for transport in transports {
                let order = specs.len() as u32 + 1;
                let alone = TrialSpec::alone(point, transport, seed);
                specs.push(TrialSpec { repetition, order, trials, ceiling_per_s, ..alone });
            }
        }
    }
    specs
}
