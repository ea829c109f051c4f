//! The paper of one drawing: puts axes, bands, lines, cells, markers and text where their values lie.

use plotters::coord::Shift;
use plotters::prelude::{Circle, DrawingArea, IntoFont, PathElement, Polygon, Rectangle, SVGBackend, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, TextStyle};

use super::axis::Axis;
use super::palette::{Marker, Role, look_of};
use super::plot::{Band, BandKind, Cell, Line, Mark, MarkKind, Note, Plot};
use weighbridge_record::terms::Path;

/// Radius of a ring around a marker.
const RING: i32 = 20;
/// Half the length of what a point alone is drawn as, on a line without markers.
const DASH: i32 = 6;

/// Between the lines of a name, in units of the drawing.
const LINE_GAP: i32 = 26;

pub(super) struct Area<'a> {
    pub root: DrawingArea<SVGBackend<'a>, Shift>,
    pub left: i32,
    pub right: i32,
    pub top: i32,
    pub bottom: i32,
}

impl Area<'_> {
    pub fn x(&self, axis: &Axis, value: f64) -> i32 {
        self.left + (axis.place(value) * f64::from(self.right - self.left)).round() as i32
    }

    pub fn y(&self, axis: &Axis, value: f64) -> i32 {
        self.bottom - (axis.place(value) * f64::from(self.bottom - self.top)).round() as i32
    }

    pub fn path(&self, points: Vec<(i32, i32)>, role: Role) -> Result<(), String> {
        let path = PathElement::new(points, role.stand_in().stroke_width(1));
        self.root.draw(&path).map_err(|error| error.to_string())
    }

    pub fn text(&self, text: &str, at: (i32, i32), role: Role, pos: (HPos, VPos)) -> Result<(), String> {
        // Family and size are the style sheet's; plotters only needs to be given some.
        let color = role.stand_in();
        let style = TextStyle::from(("sans-serif", 24).into_font()).color(&color).pos(Pos::new(pos.0, pos.1));
        self.root.draw(&Text::new(text.to_owned(), at, style)).map_err(|error| error.to_string())
    }

    /// A name around that height, a leg of a route on each line.
    pub fn name(&self, name: &str, (x, y): (i32, i32), role: Role, side: HPos) -> Result<(), String> {
        let lines: Vec<_> = name.split_inclusive('+').collect();
        let first_y = y - (lines.len() as i32 - 1) * LINE_GAP / 2;
        for (line, text) in (0..).zip(lines) {
            self.text(text, (x, first_y + line * LINE_GAP), role, (side, VPos::Center))?;
        }
        Ok(())
    }

    pub fn y_axis(&self, axis: &Axis) -> Result<(), String> {
        for (value, label) in &axis.ticks {
            let y = self.y(axis, *value);
            self.path(vec![(self.left, y), (self.right, y)], Role::Grid)?;
            self.name(label, (self.left - 14, y), Role::Tick, HPos::Right)?;
        }
        if axis.title.is_empty() {
            return Ok(());
        }
        // Over the axis and level, because a title on its side is hard to read.
        self.text(&axis.title, (10, self.top - 38), Role::AxisTitle, (HPos::Left, VPos::Center))
    }

    pub fn x_axis(&self, axis: &Axis) -> Result<(), String> {
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

    pub fn bands(&self, x: &Axis, bands: &[Band]) -> Result<(), String> {
        for band in bands {
            let (from, to) = (self.x(x, band.from), self.x(x, band.to));
            let (to, role) = match band.kind {
                BandKind::Phase => (to, Role::Band),
                BandKind::Fault => (to, Role::Fault),
                BandKind::Stage => (from, Role::Seam),
            };
            self.rectangle((from, self.top), (to.max(from + 2), self.bottom), role)?;
        }
        Ok(())
    }

    /// Names of bands along the upper edge; a name that would meet another goes below it.
    pub fn band_labels(&self, x: &Axis, bands: &[Band]) -> Result<(), String> {
        let mut taken: Vec<(i32, i32, i32)> = Vec::new();
        for band in bands {
            let (from, to) = (self.x(x, band.from), self.x(x, band.to));
            let half = band.label.chars().count() as i32 * 6;
            if band.label.is_empty() || (band.kind != BandKind::Fault && to - from <= 2 * half) {
                continue;
            }
            let middle = ((from + to) / 2).clamp(self.left + half, self.right - half);
            let (left, right) = (middle - half - 4, middle + half + 4);
            let meets = |row: i32| taken.iter().any(|(l, r, used)| *used == row && left < *r && *l < right);
            let row = (0..).find(|row| !meets(*row)).unwrap_or(0);
            taken.push((left, right, row));
            let at = (middle, self.top + 10 + 26 * row);
            self.text(&band.label, at, Role::BandLabel, (HPos::Center, VPos::Top))?;
        }
        Ok(())
    }

    fn rectangle(&self, from: (i32, i32), to: (i32, i32), role: Role) -> Result<(), String> {
        let filled = Rectangle::new([from, to], role.stand_in().filled());
        self.root.draw(&filled).map_err(|error| error.to_string())
    }

    pub fn cell(&self, plot: &Plot, cell: &Cell) -> Result<(), String> {
        let (left, right) = (self.x(&plot.x, cell.x.0), self.x(&plot.x, cell.x.1));
        let (bottom, top) = (self.y(&plot.y, cell.y.0), self.y(&plot.y, cell.y.1));
        if right > left && bottom > top {
            self.rectangle((left, top), (right, bottom), cell.role)
        } else {
            Ok(())
        }
    }

    pub fn note(&self, plot: &Plot, note: &Note) -> Result<(), String> {
        let at = (self.x(&plot.x, note.at.0) + 12, self.y(&plot.y, note.at.1));
        self.text(&note.text, at, Role::Tick, (HPos::Left, VPos::Center))
    }

    pub fn line(&self, plot: &Plot, line: &Line) -> Result<(), String> {
        let at = |(x, y): (f64, f64)| (self.x(&plot.x, x), self.y(&plot.y, y));
        let mut points: Vec<(i32, i32)> = line.points.iter().map(|point| at(*point)).collect();
        points.dedup();
        if let Role::Ribbon(_) = line.role {
            let filled = Polygon::new(points, line.role.stand_in().filled());
            return self.root.draw(&filled).map_err(|error| error.to_string());
        }
        match (points.as_slice(), line.role) {
            ([only], Role::Line(path) | Role::SecondLine(path)) => {
                return self.marker(*only, path, Role::Mark(path));
            }
            // Alone between two gaps.
            (&[(x, y)], role) => self.path(vec![(x - DASH, y), (x + DASH, y)], role)?,
            ([], _) => {}
            _ => self.path(points, line.role)?,
        }
        if let Role::Line(path) = line.role {
            for x in &line.markers_at {
                if let Some(point) = line.points.iter().find(|(at_x, _)| (at_x - x).abs() < 1e-9) {
                    self.marker(at(*point), path, Role::Mark(path))?;
                }
            }
        }
        Ok(())
    }

    pub fn mark(&self, plot: &Plot, mark: &Mark) -> Result<(), String> {
        let (x, y) = (self.x(&plot.x, mark.at.0), self.y(&plot.y, mark.at.1));
        match mark.kind {
            MarkKind::Plain => self.marker((x, y), mark.path, Role::Mark(mark.path)),
            MarkKind::Hollow => self.marker((x, y), mark.path, Role::Hollow(mark.path)),
            MarkKind::Ring => {
                if y + RING < self.bottom {
                    self.path(vec![(x, y + RING), (x, self.bottom)], Role::Leader(mark.path))?;
                }
                let style = Role::Ring(mark.path).stand_in().stroke_width(1);
                self.root.draw(&Circle::new((x, y), RING, style)).map_err(|error| error.to_string())
            }
        }
    }

    pub fn marker(&self, (x, y): (i32, i32), path: Path, role: Role) -> Result<(), String> {
        let style = role.stand_in().filled();
        let polygon = |corners: &[(i32, i32)]| {
            let corners: Vec<_> = corners.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
            self.root.draw(&Polygon::new(corners, style)).map_err(|error| error.to_string())
        };
        match look_of(path).marker {
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
