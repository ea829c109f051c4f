//! One drawing: axes, grid, bands, lines, direct labels; and the same values to read out.
//!
//! Draws with plotters in twice the size that a page shows, because its coordinates are whole numbers.
//! Knows no latency, rate or transport beyond its look: a chart's own file decides what is drawn.

use plotters::coord::Shift;
use plotters::prelude::{
    Circle, DrawingArea, IntoDrawingArea, IntoFont, PathElement, Polygon, Rectangle, SVGBackend, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, TextStyle};

use super::axis::Axis;
use super::palette::{Marker, Role, look_of, restyle};
use super::readout::Readout;
use crate::report::ReportError;
use crate::terms::TransportKind;

/// Size of a drawing in its own units; two of them are one pixel of a wide page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// The width of the page, with room for labels at the lines' ends.
    Wide,
    /// One of several side by side.
    Small,
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
pub struct Band {
    pub from: f64,
    pub to: f64,
    pub label: String,
}

pub struct Plot {
    pub size: Size,
    pub x: Axis,
    pub y: Axis,
    pub bands: Vec<Band>,
    pub lines: Vec<Line>,
    pub marks: Vec<Mark>,
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

struct Area<'a> {
    root: DrawingArea<SVGBackend<'a>, Shift>,
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
}

const LABEL_GAP: i32 = 30;
/// Radius of a ring around a marker.
const RING: i32 = 20;

impl Size {
    fn dimensions(self) -> (u32, u32) {
        match self {
            Self::Wide => (2080, 872),
            Self::Small => (1020, 572),
            Self::Rows(count) => (2080, 130 + 56 * count),
        }
    }

    /// Left, right, top, bottom.
    fn margins(self) -> [i32; 4] {
        match self {
            Self::Wide => [130, 264, 62, 100],
            Self::Small => [130, 30, 62, 96],
            Self::Rows(_) => [310, 60, 24, 106],
        }
    }
}

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
        for band in &self.bands {
            area.band(&self.x, band)?;
        }
        area.y_axis(&self.y)?;
        area.x_axis(&self.x)?;
        for line in &self.lines {
            area.line(self, line)?;
        }
        for mark in &self.marks {
            area.mark(self, mark)?;
        }
        if self.size == Size::Wide {
            area.end_labels(self)?;
        }
        area.root.present().map_err(|error| error.to_string())
    }
}

impl Area<'_> {
    fn x(&self, axis: &Axis, value: f64) -> i32 {
        self.left + (axis.place(value) * f64::from(self.right - self.left)).round() as i32
    }

    fn y(&self, axis: &Axis, value: f64) -> i32 {
        self.bottom - (axis.place(value) * f64::from(self.bottom - self.top)).round() as i32
    }

    fn path(&self, points: Vec<(i32, i32)>, role: Role) -> Result<(), String> {
        let path = PathElement::new(points, role.stand_in().stroke_width(1));
        self.root.draw(&path).map_err(|error| error.to_string())
    }

    fn text(&self, text: &str, at: (i32, i32), role: Role, pos: (HPos, VPos)) -> Result<(), String> {
        // Family and size are the style sheet's; plotters only needs to be given some.
        let color = role.stand_in();
        let style = TextStyle::from(("sans-serif", 24).into_font()).color(&color).pos(Pos::new(pos.0, pos.1));
        self.root.draw(&Text::new(text.to_owned(), at, style)).map_err(|error| error.to_string())
    }

    fn y_axis(&self, axis: &Axis) -> Result<(), String> {
        for (value, label) in &axis.ticks {
            let y = self.y(axis, *value);
            self.path(vec![(self.left, y), (self.right, y)], Role::Grid)?;
            self.text(label, (self.left - 14, y), Role::Tick, (HPos::Right, VPos::Center))?;
        }
        // Over the axis and level, because a title on its side is hard to read.
        self.text(&axis.title, (10, self.top - 38), Role::AxisTitle, (HPos::Left, VPos::Center))
    }

    fn x_axis(&self, axis: &Axis) -> Result<(), String> {
        self.path(vec![(self.left, self.bottom), (self.right, self.bottom)], Role::Axis)?;
        let mut label_end = i32::MIN;
        for (value, label) in &axis.ticks {
            let x = self.x(axis, *value);
            self.path(vec![(x, self.bottom), (x, self.bottom + 8)], Role::Axis)?;
            // 13 units a character is more than any digit takes at the style sheet's size.
            let half = label.chars().count() as i32 * 13 / 2;
            if x - half > label_end {
                self.text(label, (x, self.bottom + 16), Role::Tick, (HPos::Center, VPos::Top))?;
                label_end = x + half + 12;
            }
        }
        let middle = (self.left + self.right) / 2;
        self.text(&axis.title, (middle, self.bottom + 58), Role::AxisTitle, (HPos::Center, VPos::Top))
    }

    fn band(&self, x: &Axis, band: &Band) -> Result<(), String> {
        let (from, to) = (self.x(x, band.from), self.x(x, band.to));
        let shade = Rectangle::new([(from, self.top), (to, self.bottom)], Role::Band.stand_in().filled());
        self.root.draw(&shade).map_err(|error| error.to_string())?;
        let wide_enough = to - from > band.label.chars().count() as i32 * 12;
        if wide_enough {
            let at = ((from + to) / 2, self.top + 10);
            self.text(&band.label, at, Role::BandLabel, (HPos::Center, VPos::Top))?;
        }
        Ok(())
    }

    fn line(&self, plot: &Plot, line: &Line) -> Result<(), String> {
        let at = |(x, y): (f64, f64)| (self.x(&plot.x, x), self.y(&plot.y, y));
        let mut points: Vec<(i32, i32)> = line.points.iter().map(|point| at(*point)).collect();
        points.dedup();
        if let [only] = points.as_slice()
            && let Role::Line(transport) | Role::SecondLine(transport) = line.role
        {
            return self.marker(*only, transport, Role::Mark(transport));
        }
        if points.len() > 1 {
            self.path(points, line.role)?;
        }
        if let Role::Line(transport) = line.role {
            for x in &line.markers_at {
                if let Some(point) = line.points.iter().find(|(at_x, _)| (at_x - x).abs() < 1e-9) {
                    self.marker(at(*point), transport, Role::Mark(transport))?;
                }
            }
        }
        Ok(())
    }

    fn mark(&self, plot: &Plot, mark: &Mark) -> Result<(), String> {
        let (x, y) = (self.x(&plot.x, mark.at.0), self.y(&plot.y, mark.at.1));
        match mark.kind {
            MarkKind::Plain => self.marker((x, y), mark.transport, Role::Mark(mark.transport)),
            MarkKind::Hollow => self.marker((x, y), mark.transport, Role::Hollow(mark.transport)),
            MarkKind::Ring => {
                if y + RING < self.bottom {
                    self.path(vec![(x, y + RING), (x, self.bottom)], Role::Leader(mark.transport))?;
                }
                let style = Role::Ring(mark.transport).stand_in().stroke_width(1);
                self.root.draw(&Circle::new((x, y), RING, style)).map_err(|error| error.to_string())
            }
        }
    }

    fn marker(&self, (x, y): (i32, i32), transport: TransportKind, role: Role) -> Result<(), String> {
        let style = role.stand_in().filled();
        let polygon = |corners: &[(i32, i32)]| {
            let corners: Vec<_> = corners.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
            self.root.draw(&Polygon::new(corners, style)).map_err(|error| error.to_string())
        };
        match look_of(transport).marker {
            Marker::Circle => {
                self.root.draw(&Circle::new((x, y), 9, style)).map_err(|error| error.to_string())
            }
            Marker::Square => polygon(&[(-8, -8), (8, -8), (8, 8), (-8, 8)]),
            Marker::TriangleUp => polygon(&[(0, -11), (10, 8), (-10, 8)]),
            Marker::Diamond => polygon(&[(0, -12), (11, 0), (0, 12), (-11, 0)]),
            Marker::TriangleDown => polygon(&[(0, 11), (10, -8), (-10, -8)]),
            Marker::Cross => polygon(&CROSS),
        }
    }

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

const CROSS: [(i32, i32); 12] = [
    (-10, -6),
    (-6, -10),
    (0, -4),
    (6, -10),
    (10, -6),
    (4, 0),
    (10, 6),
    (6, 10),
    (0, 4),
    (-6, 10),
    (-10, 6),
    (-4, 0),
];

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
