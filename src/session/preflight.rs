//! What is looked at before the first trial.

use super::error::RunError;
use super::settings::Settings;
use crate::site;
use weighbridge_plan::Plan;

/// All brokers are looked for before the first trial: one that is missing must not cost the others' time. Before
/// that, what killed runs left is deleted.
pub async fn preflight(plan: &Plan, settings: &Settings) -> Result<(), RunError> {
    site::clear_abandoned();
    // A sweep may move over brokers, but seldom does.
    let mut seen = Vec::new();
    for point in &plan.points {
        for kind in plan.transports.iter().filter_map(|transport| transport.broker()) {
            let asked = (kind, point.brokers.endpoint(kind));
            if !seen.contains(&asked) {
                seen.push(asked);
                site::preflight(kind, &point.brokers, &settings.brokers).await?;
            }
        }
    }
    Ok(())
}
