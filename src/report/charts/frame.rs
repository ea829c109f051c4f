//! One drawing: axes, grid, bands, lines, direct labels; and the same values to read out.
//!
//! Draws with plotters in twice the size that a page shows, because its coordinates are whole numbers.
//! Knows no latency, rate or transport beyond its look: a chart's own file decides what is drawn.

use plotters::prelude::{IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, VPos};

use super::area::Area;
use super::axis::Axis;
use super::palette::Role;
use super::readout::Readout;
use super::restyle::restyle;
use crate::report::ReportError;
use crate::terms::TransportKind;

/// Size of a drawing in its own units; two of them are one pixel of a wide page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// The width of the page, with room for labels at the lines' ends.
    Wide,
    /// One of several side by side.
    Small,
    /// The same with names instead of figures on the y axis.
    SmallRows,
    /// The width of the page, with that many rows and room for their names on the left.
    Rows(u32),
}

/// A line through values in the axes' units.
pub struct Line {
    pub role: Role,
    pub points: Vec<(f64, f64)>,
    /// Where markers stand, in x values.
    pub markers_at: Vec<f64>,
    /// Written at the end of the line, on wide drawings.
    pub label: Option<TransportKind>,
}

/// A point marked by itself.
pub struct Mark {
    pub transport: TransportKind,
    pub at: (f64, f64),
    pub kind: MarkKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkKind {
    /// The transport's marker.
    Plain,
    /// The same in outline.
    Hollow,
    /// A ring, and a line down to the x axis.
    Ring,
}

/// A shaded stretch of the x axis.
#[derive(Debug, Clone)]
pub struct Band {
    pub from: f64,
    pub to: f64,
    pub label: String,
    pub kind: BandKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BandKind {
    /// A phase of the trial; named where there is room.
    Phase,
    /// Something done to a broker or a worker; always named, so its name must be short.
    Fault,
}

/// A filled rectangle: a cell of a heatmap, a part of a bar.
pub struct Cell {
    pub x: (f64, f64),
    pub y: (f64, f64),
    pub role: Role,
}

/// A word to the right of a point.
pub struct Note {
    pub at: (f64, f64),
    pub text: String,
}

pub struct Plot {
    pub size: Size,
    pub x: Axis,
    pub y: Axis,
    pub bands: Vec<Band>,
    pub cells: Vec<Cell>,
    pub lines: Vec<Line>,
    pub marks: Vec<Mark>,
    pub notes: Vec<Note>,
    pub readout: Readout,
}

/// A drawing ready for the page.
pub struct Drawing {
    pub svg: String,
    pub readout: Readout,
    /// Left, right, top and bottom of the plotted area, and the width of the drawing.
    pub bounds: [i32; 5],
    /// Places of the readout's columns on the x axis.
    pub columns_x: Vec<i32>,
}

const LABEL_GAP: i32 = 30;

impl Size {
    fn dimensions(self) -> (u32, u32) {
        match self {
            Self::Wide => (2080, 872),
            Self::Small => (1020, 572),
            Self::SmallRows => (1020, 470),
            Self::Rows(count) => (2080, 130 + 56 * count),
        }
    }

    /// Left, right, top, bottom.
    fn margins(self) -> [i32; 4] {
        match self {
            Self::Wide => [130, 264, 62, 100],
            Self::Small => [130, 46, 62, 96],
            Self::SmallRows => [216, 46, 20, 96],
            Self::Rows(_) => [310, 60, 24, 106],
        }
    }
}

impl Plot {
    /// Axes with nothing between them.
    pub fn new(size: Size, x: Axis, y: Axis) -> Self {
        Self {
            size,
            x,
            y,
            bands: Vec::new(),
            cells: Vec::new(),
            lines: Vec::new(),
            marks: Vec::new(),
            notes: Vec::new(),
            readout: Readout::default(),
        }
    }

    pub fn draw(self) -> Result<Drawing, ReportError> {
        let mut svg = String::new();
        let (width, height) = self.size.dimensions();
        let [left, right, top, bottom] = self.size.margins();
        let (right, bottom) = (width as i32 - right, height as i32 - bottom);
        let root = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        let area = Area { root, left, right, top, bottom };
        self.draw_on(&area).map_err(|detail| ReportError::Chart { detail })?;
        let columns_x = self.readout.columns.iter().map(|(x, _)| area.x(&self.x, *x)).collect();
        drop(area);
        Ok(Drawing {
            svg: restyle(&svg),
            readout: self.readout,
            bounds: [left, right, top, bottom, width as i32],
            columns_x,
        })
    }

    fn draw_on(&self, area: &Area<'_>) -> Result<(), String> {
        area.bands(&self.x, &self.bands)?;
        area.y_axis(&self.y)?;
        area.x_axis(&self.x)?;
        for cell in &self.cells {
            area.cell(self, cell)?;
        }
        area.band_labels(&self.x, &self.bands)?;
        for line in &self.lines {
            area.line(self, line)?;
        }
        for mark in &self.marks {
            area.mark(self, mark)?;
        }
        for note in &self.notes {
            area.note(self, note)?;
        }
        if self.size == Size::Wide {
            area.end_labels(self)?;
        }
        area.root.present().map_err(|error| error.to_string())
    }
}

impl Area<'_> {
    /// Names at the right edge, moved apart where lines end close together, tied to their ends by leaders.
    fn end_labels(&self, plot: &Plot) -> Result<(), String> {
        let mut ends: Vec<(TransportKind, (i32, i32))> = Vec::new();
        for line in &plot.lines {
            if let (Some(transport), Some((x, y))) = (line.label, line.points.last()) {
                ends.push((transport, (self.x(&plot.x, *x), self.y(&plot.y, *y))));
            }
        }
        ends.sort_by_key(|(_, (_, y))| *y);
        let wanted: Vec<i32> = ends.iter().map(|(_, (_, y))| *y).collect();
        let places = spread(&wanted, self.top, self.bottom, LABEL_GAP);
        for ((transport, (x, y)), label_y) in ends.into_iter().zip(places) {
            let elbow = vec![(x + 12, y), (self.right + 14, label_y), (self.right + 28, label_y)];
            self.path(elbow, Role::Leader(transport))?;
            let at = (self.right + 36, label_y);
            self.text(transport.name(), at, Role::Label(transport), (HPos::Left, VPos::Center))?;
        }
        Ok(())
    }
}

/// Moves sorted places apart until no two are closer than the gap, staying within the edges if they fit.
fn spread(wanted: &[i32], top: i32, bottom: i32, gap: i32) -> Vec<i32> {
    let mut places = wanted.to_vec();
    let mut floor = top;
    for place in &mut places {
        *place = (*place).max(floor);
        floor = *place + gap;
    }
    let mut ceiling = bottom;
    for place in places.iter_mut().rev() {
        *place = (*place).min(ceiling);
        ceiling = *place - gap;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_would_overlap_are_moved_apart() {
        assert_eq!(spread(&[100, 101, 102, 300], 0, 400, 30), [100, 130, 160, 300]);
        assert_eq!(spread(&[390, 395, 399], 0, 400, 30), [340, 370, 400]);
    }
}
