//! One figure of the page: what a chart answers with.

use super::drawing::Drawing;
use crate::claim::Claim;
use weighbridge_record::terms::Path;

/// How finely charts are drawn, so that a long sweep stays within the size of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detail {
    /// Intervals on a time axis; finer series are merged.
    pub intervals_max: usize,
}

/// One figure of the page.
pub struct Figure {
    pub id: &'static str,
    pub title: &'static str,
    /// What the data says, in one line.
    pub takeaway: Claim,
    /// How to read it, where that isn't plain.
    pub note: String,
    pub paths: Vec<Path>,
    /// Kinds of line beside the transports: class and name.
    pub kinds: Vec<(&'static str, &'static str)>,
    pub layout: Layout,
    pub panels: Vec<Panel>,
    pub tables: Vec<Table>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Side by side.
    Grid,
    /// The same data in different ways; one is shown at a time where scripts run.
    Variants,
    /// One at a time as well, but each with data of its own; the panel with this index comes first.
    Tabs(usize),
}

pub struct Panel {
    pub title: String,
    pub drawing: Drawing,
}

/// A table that belongs to a figure and isn't a readout.
pub struct Table {
    pub caption: &'static str,
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}
