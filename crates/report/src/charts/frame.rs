//! One drawing: axes, grid, bands, lines, direct labels; and the same values to read out.
//!
//! Draws with plotters in twice the size that a page shows, because its coordinates are whole numbers.
//! Knows no latency, rate or transport beyond its look: a chart's own file decides what is drawn.

use plotters::prelude::{IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::HPos;

use super::area::Area;
use super::drawing::Drawing;
use super::palette::Role;
use super::plot::{Plot, Size};
use super::restyle::restyle;
use crate::ReportError;
use weighbridge_record::terms::Path;

const LABEL_GAP: i32 = 30;

impl Plot {
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
        let mut ends: Vec<(Path, (i32, i32))> = Vec::new();
        for line in &plot.lines {
            if let (Some(path), Some((x, y))) = (line.label, line.points.last()) {
                ends.push((path, (self.x(&plot.x, *x), self.y(&plot.y, *y))));
            }
        }
        ends.sort_by_key(|(_, (_, y))| *y);
        let wanted: Vec<i32> = ends.iter().map(|(_, (_, y))| *y).collect();
        let lines = ends.iter().map(|(path, _)| path.legs().count() as i32).max().unwrap_or(1);
        let places = spread(&wanted, self.top, self.bottom, lines * LABEL_GAP);
        for ((path, (x, y)), label_y) in ends.into_iter().zip(places) {
            let elbow = vec![(x + 12, y), (self.right + 14, label_y), (self.right + 28, label_y)];
            self.path(elbow, Role::Leader(path))?;
            self.name(path.name(), (self.right + 36, label_y), Role::Label(path), HPos::Left)?;
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
