//! From the text of a scenario to its plan; every mistake is reported in one pass.

use super::document;
use super::error::{Finding, ScenarioErrors};
use super::explain::{offered, searched};
use super::overrides::Overrides;
use super::wire::schema;
use super::{secrets, sweep, validate};
use crate::Plan;

/// Checks the text of a scenario; `label` names its file in errors.
pub fn plan(label: &str, text: &str, overrides: &Overrides) -> Result<Plan, ScenarioErrors> {
    let mut findings = Vec::new();
    let mut document = match document::parse(text) {
        Ok(document) => document,
        Err(errors) => {
            let findings =
                errors.into_iter().map(|e| Finding::new(&document::Origin::File(e.span), e.message));
            let masked = secrets::masked_unread(text);
            return Err(ScenarioErrors::new(label, text, &masked, findings.collect()));
        }
    };
    let masked = secrets::masked(text, &document);
    let as_written = secrets::source(text, &document);
    let applied = overrides.apply(&mut document, &mut findings);
    secrets::hide_stray(&mut document);
    let source = if applied.any { secrets::shown(&document, &[]).to_toml() } else { as_written };
    let schema = serde_json::Value::from(schema());
    let mut points = Vec::new();
    let mut head = None;
    sweep::refuse_search(&document, &mut findings);
    for (point, document) in sweep::expand(document, &mut findings) {
        if let Some((point_head, point)) = validate::point(&document, &schema, point, &mut findings) {
            head = head.or(Some(point_head));
            points.push(point);
        }
    }
    overrides.complete(&mut points, &mut findings);
    match head {
        Some(head) if findings.is_empty() => {
            let searching = head.search.as_ref().zip(points.first());
            let mut plan = Plan {
                name: head.name,
                question: head.question,
                reading: head.reading,
                paths: head.paths,
                repeat: head.repeat,
                sequential: head.sequential,
                seed: head.seed,
                offered: points.first().map(offered).unwrap_or_default(),
                searched: searching.map(|(search, point)| searched(search, point)),
                points,
                search: head.search,
                source,
                changed: applied.changed,
            };
            if let Some(rule) = plan.sequential {
                plan.repeat = rule.most(plan.repetition_ns());
            }
            Ok(plan)
        }
        _ => Err(ScenarioErrors::new(label, text, &masked, findings)),
    }
}
