//! A figure as the pages show it: drawings, legend, data as tables.

use super::ReportError;
use super::charts::palette::swatch;
use super::charts::{Figure, Layout, Panel};
use super::charts::{ReadoutRow, hover_json};
use weighbridge_record::terms::Path;

/// One figure as `figure.html` fills it in; every page of charts is made of these.
pub struct FigureView {
    pub id: String,
    pub figure: Figure,
    pub legend: Vec<(Path, String)>,
    pub one_at_a_time: bool,
    /// The panel that is shown first.
    pub first: usize,
    pub panels: Vec<PanelView>,
    pub tables: Vec<TableView>,
}

pub struct PanelView {
    pub title: String,
    pub svg: String,
    pub hover: String,
}

pub struct TableView {
    pub caption: String,
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// `place` tells figures of one chart apart: the number of the point.
pub fn figure_view(mut figure: Figure, place: &str) -> Result<FigureView, ReportError> {
    let one_at_a_time = figure.layout != Layout::Grid;
    let same_data = figure.layout == Layout::Variants;
    let first = if let Layout::Tabs(first) = figure.layout { first } else { 0 };
    let panels = std::mem::take(&mut figure.panels);
    let mut tables: Vec<TableView> = std::mem::take(&mut figure.tables)
        .into_iter()
        .map(|table| TableView { caption: table.caption.to_owned(), head: table.head, rows: table.rows })
        .collect();
    // Variants show the same data, so one table stands for all.
    let told = if same_data { 1 } else { panels.len() };
    let read_out = |panel: &&Panel| !panel.drawing.readout.columns.is_empty();
    tables.extend(panels.iter().take(told).filter(read_out).map(|panel| {
        let caption = if same_data { figure.title } else { &panel.title };
        readout_table(panel, caption)
    }));
    let views: Result<Vec<_>, ReportError> = panels.into_iter().map(panel_view).collect();
    Ok(FigureView {
        id: format!("{}-{place}", figure.id),
        legend: figure.paths.iter().map(|path| (*path, swatch(*path))).collect(),
        one_at_a_time,
        first,
        panels: views?,
        tables,
        figure,
    })
}

fn panel_view(panel: Panel) -> Result<PanelView, ReportError> {
    let hover = hover_json(&panel.drawing).map_err(|source| ReportError::Json { source })?;
    Ok(PanelView { title: panel.title, svg: panel.drawing.svg, hover })
}

/// Columns of the readout become rows: there are many of them, and a page scrolls down more easily.
fn readout_table(panel: &Panel, caption: &str) -> TableView {
    let readout = &panel.drawing.readout;
    let head =
        std::iter::once(readout.heading.clone()).chain(readout.rows.iter().map(|row| row.name.clone()));
    let value = |row: &ReadoutRow, index: usize| row.values.get(index).cloned().unwrap_or_default();
    let rows = readout.columns.iter().enumerate().map(|(index, (_, label))| {
        std::iter::once(label.clone()).chain(readout.rows.iter().map(|row| value(row, index))).collect()
    });
    TableView { caption: caption.to_owned(), head: head.collect(), rows: rows.collect() }
}
