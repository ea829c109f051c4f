//! From the text of a scenario to its plan; every mistake is reported in one pass.

use super::document::{self, Node, Origin, Value};
use super::error::{Finding, ScenarioErrors};
use super::explain::{offered, searched};
use super::overrides::Overrides;
use super::wire::schema;
use super::{sweep, validate};
use crate::Plan;
use crate::credentials;

/// Checks the text of a scenario; `label` names its file in errors.
pub fn plan(label: &str, text: &str, overrides: &Overrides) -> Result<Plan, ScenarioErrors> {
    let mut findings = Vec::new();
    let mut document = match document::parse(text) {
        Ok(document) => document,
        Err(errors) => {
            let finding = |e: document::SyntaxError| Finding::new(&Origin::File(e.span), e.message);
            return Err(ScenarioErrors::new(label, text, errors.into_iter().map(finding).collect()));
        }
    };
    let overridden = overrides.apply(&mut document, &mut findings);
    let source = if overridden { document.to_toml() } else { source_as_written(text, &document) };
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
    match head {
        Some(head) if findings.is_empty() => Ok(Plan {
            name: head.name,
            question: head.question,
            reading: head.reading,
            transports: head.transports,
            repeat: head.repeat,
            seed: head.seed,
            offered: points.first().map(offered).unwrap_or_default(),
            searched: head.search.as_ref().zip(points.first()).map(|(search, point)| searched(search, point)),
            points,
            search: head.search,
            source,
        }),
        _ => Err(ScenarioErrors::new(label, text, findings)),
    }
}

/// The author's text with its comments, but without credentials.
fn source_as_written(text: &str, document: &Node) -> String {
    let mut secrets = Vec::new();
    for node in document.texts() {
        if let (Origin::File(span), Value::Text(text)) = (&node.origin, &node.value)
            && credentials::redact(text) != *text
        {
            secrets.push((span.clone(), document::toml_text(text)));
        }
    }
    // From the end, so that the offsets of those before stay true.
    secrets.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut out = text.to_owned();
    for (span, redacted) in secrets {
        out.replace_range(span, &redacted);
    }
    // Comments are no values, and may hold a URL that was in use before.
    credentials::redact(&out)
}
