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
mod planning;
mod prose;
mod reference;
mod secrets;
mod shelf;
mod structure;
mod sweep;
#[cfg(test)]
mod tests;
mod validate;
mod warnings;
mod wire;

use std::path::Path;

pub use duration::{format as format_duration, parse as parse_duration};
pub use error::{ScenarioError, ScenarioErrors};
pub use explain::explain;
pub use overrides::{Overrides, VARIABLES, shown_assignment};
pub use planning::plan;
pub use reference::markdown;
pub use shelf::{Listed, LoadError, Place, Summary, list};
pub use wire::schema;

use crate::Plan;

/// Finds a scenario by path or by name, applies the flags and checks it.
///
/// `reference` is a path if it contains `/` or ends in `.toml`; else a name in `folder`, or of a
/// scenario that is built in.
pub fn load(reference: &str, folder: &Path, overrides: &Overrides) -> Result<Plan, LoadError> {
    let found = shelf::find(reference, folder)?;
    plan(&found.label, &found.text, overrides).map_err(|errors| LoadError::Invalid(Box::new(errors)))
}
