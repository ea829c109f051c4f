//! The charts: one file each, listed in the order of the page.
//!
//! A chart takes one group of trials, or all groups of a sweep, and answers with a `Figure`, or with none if
//! the record has nothing for it. A new chart is a new file and a line in `CHARTS` or `SWEEP_CHARTS`. Nothing
//! here knows of HTML beyond SVG.

mod area;
mod asking;
pub(super) mod axis;
mod backlog;
mod behind;
mod corrected;
mod distribution;
mod drawing;
mod figure;
pub(super) mod forest;
mod frame;
mod heatmap;
mod hockey_stick;
mod inside;
pub(super) mod overlay;
pub(super) mod palette;
mod percentile_curve;
pub(super) mod percentile_lines;
mod percentiles_over_time;
mod plot;
mod rates_over_time;
mod readout;
mod repetitions;
mod resources;
mod restyle;
mod send_lag;
mod stages;
mod sweep;
mod time;
mod transit;
pub(super) mod trend;
mod whose;

pub use drawing::{Drawing, hover_json};
pub use figure::{Detail, Figure, Layout, Panel};
pub use readout::ReadoutRow;

use super::ReportError;
use super::groups::Group;
use weighbridge_record::result::SearchRecord;

type Draw = fn(&Group<'_>, Detail) -> Result<Option<Figure>, ReportError>;

/// Every chart of the page: an identifier for links, and what draws it.
const CHARTS: [(&str, Draw); 14] = [
    ("percentiles", percentile_curve::draw),
    ("stages", stages::draw),
    ("transit", transit::draw),
    ("distribution", distribution::draw),
    ("heatmap", heatmap::draw),
    ("over-time", percentiles_over_time::draw),
    ("rates", rates_over_time::draw),
    ("backlog", backlog::draw),
    ("behind", behind::draw),
    ("corrected", corrected::draw),
    ("send-lag", send_lag::draw),
    ("resources", resources::draw),
    ("inside", inside::draw),
    ("repetitions", repetitions::draw),
];

type DrawSweep = fn(&[Group<'_>], &[SearchRecord]) -> Result<Option<Figure>, ReportError>;

/// Charts over the points of a sweep; they come before those of a single point.
const SWEEP_CHARTS: [(&str, DrawSweep); 2] = [("hockey-stick", hockey_stick::draw), ("sweep", sweep::draw)];

/// Which charts of a point are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Every,
    /// The first, which needs no time axis.
    PercentileCurve,
    None,
}

/// Draws the charts of the scope that the group has data for.
pub fn draw_all(group: &Group<'_>, detail: Detail, scope: Scope) -> Result<Vec<Figure>, ReportError> {
    let wanted = match scope {
        Scope::Every => &CHARTS[..],
        Scope::PercentileCurve => &CHARTS[..1],
        Scope::None => &[],
    };
    let mut figures = Vec::new();
    for (id, draw) in wanted.iter().copied() {
        if let Some(mut figure) = draw(group, detail)? {
            figure.id = id;
            figures.push(figure);
        }
    }
    Ok(figures)
}

/// Draws every chart over the points of a sweep; none where nothing is swept.
pub fn draw_sweep(groups: &[Group<'_>], searches: &[SearchRecord]) -> Result<Vec<Figure>, ReportError> {
    let mut figures = Vec::new();
    for (id, draw) in SWEEP_CHARTS {
        if let Some(mut figure) = draw(groups, searches)? {
            figure.id = id;
            figures.push(figure);
        }
    }
    Ok(figures)
}
