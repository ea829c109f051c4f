//! `weighbridge schema`: the JSON Schema of a document, for editors and for programs that read results.

use super::{CommandError, Outcome, print};
use crate::cli::{Schema, SchemaKind};
use crate::compare::RunComparison;
use crate::result::RunResult;
use crate::scenario;
use crate::schema::{PriorityRequest, PriorityResult};

pub fn run(arguments: &Schema) -> Result<Outcome, CommandError> {
    let schema = match arguments.kind {
        SchemaKind::Scenario => scenario::schema(),
        SchemaKind::Result => schemars::schema_for!(RunResult),
        SchemaKind::Comparison => schemars::schema_for!(RunComparison),
        SchemaKind::Request => schemars::schema_for!(PriorityRequest<'static>),
        SchemaKind::Reply => schemars::schema_for!(PriorityResult<'static>),
    };
    print(&format!("{:#}\n", schema.as_value()))?;
    Ok(Outcome::Good)
}
