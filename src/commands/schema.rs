//! `weighbridge schema`: the JSON Schema of a document, for editors and for programs that read results; that
//! of scenarios as a reference for people, too.

use clap::ValueEnum;

use super::{CommandError, Outcome, print};
use crate::cli::{Schema, SchemaKind};
use crate::schema::{PriorityRequest, PriorityResult};
use weighbridge_plan::scenario;
use weighbridge_record::compare::RunComparison;
use weighbridge_record::result::RunResult;

pub fn run(arguments: &Schema) -> Result<Outcome, CommandError> {
    if arguments.markdown {
        return reference(arguments.kind);
    }
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

/// The same for people, where it is made.
fn reference(kind: SchemaKind) -> Result<Outcome, CommandError> {
    let SchemaKind::Scenario = kind else {
        let kind = kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        return Err(CommandError::NoReference { kind });
    };
    print(&scenario::markdown(scenario::schema().as_value()))?;
    Ok(Outcome::Good)
}
