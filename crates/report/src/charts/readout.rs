//! The values of a drawing as text. The table under it and what hovering shows come from the same cells, so
//! that they can't disagree.

use weighbridge_record::terms::Path;

/// Values already formatted, column by column.
#[derive(Debug, Clone, Default)]
pub struct Readout {
    /// What the columns are: `percentile`, `time`.
    pub heading: String,
    /// Place on the x axis, and its name.
    pub columns: Vec<(f64, String)>,
    pub rows: Vec<ReadoutRow>,
}

#[derive(Debug, Clone)]
pub struct ReadoutRow {
    pub name: String,
    pub path: Option<Path>,
    /// One for each column; empty where there is none.
    pub values: Vec<String>,
}
