//! From a scenario file to a [`Plan`]: finds it, reads it, refuses nonsense, explains it.
//!
//! ```text
//! file -> document -> overrides -> sweep -> structure -> validate -> plan
//! ```
//!
//! Every mistake of a file is reported in one pass. Knows TOML; runs nothing, and knows neither the
//! command line's parser nor any broker.

mod document;
mod duration;
mod error;
mod explain;
mod nearest;
mod overrides;
mod pattern;
mod prose;
mod reference;
mod shelf;
mod structure;
mod sweep;
#[cfg(test)]
mod tests;
mod validate;
mod warnings;
mod wire;

use std::path::Path;

use document::{Node, Origin, Value};
use error::Finding;

pub use duration::{format as format_duration, parse as parse_duration};
pub use error::{ScenarioError, ScenarioErrors};
pub use explain::{explain, offered, searched};
pub use overrides::Overrides;
pub use reference::markdown;
pub use shelf::{Listed, LoadError, Place, Summary, list};
pub use wire::schema;

use crate::credentials;
use crate::plan::Plan;

/// Finds a scenario by path or by name, applies the flags and checks it.
///
/// `reference` is a path if it contains `/` or ends in `.toml`; else a name in `folder`, or of a
/// scenario that is built in.
pub fn load(reference: &str, folder: &Path, overrides: &Overrides) -> Result<Plan, LoadError> {
    let found = shelf::find(reference, folder)?;
    plan(&found.label, &found.text, overrides).map_err(|errors| LoadError::Invalid(Box::new(errors)))
}

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
