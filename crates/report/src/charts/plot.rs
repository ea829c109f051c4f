//! What is drawn: axes, and what stands between them in the axes' units.

use super::axis::Axis;
use super::palette::Role;
use super::readout::Readout;
use weighbridge_record::terms::Path;

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
    pub label: Option<Path>,
}

impl Line {
    /// A line that breaks where there is no value; the name stands at its last piece.
    pub fn broken(
        role: Role,
        points: impl IntoIterator<Item = Option<(f64, f64)>>,
        label: Option<Path>,
    ) -> Vec<Self> {
        let mut pieces: Vec<Self> = Vec::new();
        let mut goes_on = false;
        for point in points {
            match (point, pieces.last_mut().filter(|_| goes_on)) {
                (Some(point), Some(piece)) => piece.points.push(point),
                (Some(point), None) => {
                    pieces.push(Self { role, points: vec![point], markers_at: Vec::new(), label: None });
                }
                (None, _) => {}
            }
            goes_on = point.is_some();
        }
        if let Some(last) = pieces.last_mut() {
            last.label = label;
        }
        pieces
    }
}

/// A point marked by itself.
pub struct Mark {
    pub path: Path,
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
    /// A stage of a route: a line at its start; named where there is room.
    Stage,
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

impl Size {
    pub(super) fn dimensions(self) -> (u32, u32) {
        match self {
            Self::Wide => (2080, 872),
            Self::Small => (1020, 572),
            Self::SmallRows => (1020, 470),
            Self::Rows(count) => (2080, 130 + 56 * count),
        }
    }

    /// Left, right, top, bottom.
    pub(super) fn margins(self) -> [i32; 4] {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::terms::TransportKind;

    #[test]
    fn a_line_breaks_where_there_is_no_value_and_is_named_once() {
        let path = Path::from(TransportKind::NatsCore);
        let at = |x: u32| Some((f64::from(x), 1.0));
        let points = [None, at(1), at(2), None, None, at(5), None, at(7), at(8), None];
        let pieces = Line::broken(Role::Line(path), points, Some(path));
        let xs: Vec<Vec<f64>> =
            pieces.iter().map(|piece| piece.points.iter().map(|(x, _)| *x).collect()).collect();
        assert_eq!(xs, [vec![1.0, 2.0], vec![5.0], vec![7.0, 8.0]]);
        let labels: Vec<bool> = pieces.iter().map(|piece| piece.label.is_some()).collect();
        assert_eq!(labels, [false, false, true]);
        assert!(Line::broken(Role::Line(path), [None, None], Some(path)).is_empty());
    }
}
