//! How a path looks wherever it is drawn: colour, dash, marker; and the roles that marks have.
//!
//! plotters writes fixed colours. Every mark is therefore drawn in a stand-in colour that encodes its
//! role, and [`super::restyle`] replaces it by a class, so that the style sheet alone decides in light and dark.

use std::fmt::Write;

use plotters::style::RGBColor;

use weighbridge_record::terms::{Path, TransportKind};

/// Colours after Okabe and Ito (2008), darkened for white and lightened for black paper until they
/// hold 4.5:1 against it. Redis is warm, NATS is cool.
pub struct Look {
    transport: TransportKind,
    pub light: u32,
    pub dark: u32,
    /// Lengths of `stroke-dasharray`; empty is solid.
    pub dash: &'static str,
    pub marker: Marker,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    Circle,
    Square,
    TriangleUp,
    Diamond,
    TriangleDown,
    Cross,
}

const LOOKS: [Look; 6] = [
    look(TransportKind::RedisPubsub, 0xB8_4A00, 0xF5_8A4B, "14 6", Marker::Square),
    look(TransportKind::RedisStreams, 0x8A_6100, 0xE6_B23C, "", Marker::TriangleUp),
    look(TransportKind::NatsCore, 0x00_66A6, 0x56_B4E9, "", Marker::Circle),
    look(TransportKind::NatsJetstream, 0x00_7355, 0x2F_C49A, "18 5 4 5", Marker::Diamond),
    look(TransportKind::NatsRequest, 0xA0_4678, 0xE3_93C2, "5 6", Marker::TriangleDown),
    look(TransportKind::InProcess, 0x5C_6166, 0xA9_AFB5, "3 5", Marker::Cross),
];

const fn look(transport: TransportKind, light: u32, dark: u32, dash: &'static str, marker: Marker) -> Look {
    Look { transport, light, dark, dash, marker }
}

pub const PAPER_LIGHT: u32 = 0xFF_FFFF;
pub const PAPER_DARK: u32 = 0x16_191D;

/// A route looks like the leg that it leads to.
pub fn look_of(path: Path) -> &'static Look {
    // A unit test holds LOOKS to the order and length of `TransportKind::ALL`.
    &LOOKS[path.last() as usize]
}

/// What a mark is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Tick,
    AxisTitle,
    Grid,
    Axis,
    /// Warm-up, cool-down and drain on time charts.
    Band,
    BandLabel,
    /// Something done to a broker or a worker, on time charts.
    Fault,
    /// Where a stage of a route begins, on time charts.
    Seam,
    /// The maximum on a heatmap.
    MaxLine,
    /// A line that belongs to no transport: the offered rate.
    Reference,
    Line(Path),
    /// Beside the main line of the same transport: sent, uncorrected.
    SecondLine(Path),
    /// Further repetitions.
    FaintLine(Path),
    /// From the lowest to the highest of the repetitions, a closed line that is filled.
    Ribbon(Path),
    Mark(Path),
    Label(Path),
    Leader(Path),
    /// A marker of something that doesn't count: an invalid trial.
    Hollow(Path),
    /// Around a marker that is pointed out.
    Ring(Path),
    /// A cell of a heatmap, from 0 (few) to `HEAT_LEVELS - 1`.
    Heat(Path, u8),
    /// A part of a bar, from 0 (the first) to `PARTS - 1`.
    Part(Path, u8),
}

/// Shades of a heatmap.
pub const HEAT_LEVELS: u8 = 7;
/// Shades of the parts of a bar.
pub const PARTS: u8 = 5;

const PLAIN: [(Role, &str); 10] = [
    (Role::Tick, "tick"),
    (Role::AxisTitle, "axis-title"),
    (Role::Grid, "grid"),
    (Role::Axis, "axis"),
    (Role::Band, "band"),
    (Role::BandLabel, "band-label"),
    (Role::Fault, "fault"),
    (Role::Seam, "seam"),
    (Role::MaxLine, "max-line"),
    (Role::Reference, "reference"),
];

const OF_TRANSPORT: [&str; 21] = [
    "line",
    "line second",
    "line faint",
    "mark",
    "label",
    "leader",
    "hollow",
    "ring",
    "heat h0",
    "heat h1",
    "heat h2",
    "heat h3",
    "heat h4",
    "heat h5",
    "heat h6",
    "part p0",
    "part p1",
    "part p2",
    "part p3",
    "part p4",
    "ribbon",
];
const FIRST_HEAT: u8 = 8;
const FIRST_PART: u8 = FIRST_HEAT + HEAT_LEVELS;
const RIBBON: u8 = FIRST_PART + PARTS;

/// First byte of every stand-in colour.
const STAND_IN: u8 = 1;

impl Role {
    /// The colour to draw with; it never reaches the reader.
    pub fn stand_in(self) -> RGBColor {
        let (row, path) = match self {
            Self::Line(path) => (0, path),
            Self::SecondLine(path) => (1, path),
            Self::FaintLine(path) => (2, path),
            Self::Mark(path) => (3, path),
            Self::Label(path) => (4, path),
            Self::Leader(path) => (5, path),
            Self::Hollow(path) => (6, path),
            Self::Ring(path) => (7, path),
            Self::Heat(path, level) => (FIRST_HEAT + level.min(HEAT_LEVELS - 1), path),
            Self::Part(path, part) => (FIRST_PART + part.min(PARTS - 1), path),
            Self::Ribbon(path) => (RIBBON, path),
            plain => {
                let index = PLAIN.iter().position(|(role, _)| *role == plain).unwrap_or(0);
                return RGBColor(STAND_IN, 0xF0, index as u8);
            }
        };
        RGBColor(STAND_IN, row, path.index() as u8)
    }
}

pub(super) fn class_of(code: u32) -> Option<String> {
    let [_, _, row, index] = code.to_be_bytes();
    if row == 0xF0 {
        return PLAIN.get(usize::from(index)).map(|(_, class)| (*class).to_owned());
    }
    let class = OF_TRANSPORT.get(usize::from(row))?;
    let path = Path::all().nth(usize::from(index))?;
    Some(format!("{class} s-{path}"))
}

/// A short piece of the transport's line with its marker, for legends.
pub fn swatch(path: Path) -> String {
    let shape = match look_of(path).marker {
        Marker::Circle => "<circle cx=\"30\" cy=\"12\" r=\"8\"",
        Marker::Square => "<rect x=\"23\" y=\"5\" width=\"14\" height=\"14\"",
        Marker::TriangleUp => "<polygon points=\"30,2 39,19 21,19\"",
        Marker::Diamond => "<polygon points=\"30,1 40,12 30,23 20,12\"",
        Marker::TriangleDown => "<polygon points=\"30,22 39,5 21,5\"",
        Marker::Cross => "<path d=\"M22 7 25 4 30 9 35 4 38 7 33 12 38 17 35 20 30 15 25 20 22 17 27 12Z\"",
    };
    format!(
        "<svg viewBox=\"0 0 60 24\" aria-hidden=\"true\"><path class=\"line s-{path}\" d=\"M0 12H60\"/>{shape} class=\"mark s-{path}\"/></svg>"
    )
}

/// Style-sheet variables of one theme: `--nats-core:#0066a6;`.
pub fn variables(dark: bool) -> String {
    let mut text = String::new();
    for look in &LOOKS {
        let color = if dark { look.dark } else { look.light };
        let _ = write!(text, "--{}:#{color:06x};", look.transport);
    }
    let _ = write!(text, "--paper:#{:06x};", if dark { PAPER_DARK } else { PAPER_LIGHT });
    text
}

/// Classes that give each path its colour and dash.
pub fn classes() -> String {
    let mut text = String::new();
    for path in Path::all() {
        let (class, look) = (path.name().replace('+', "\\+"), look_of(path));
        let _ = write!(text, ".s-{class}{{--c:var(--{})}}", look.transport);
        if !look.dash.is_empty() {
            let _ = write!(text, ".line.s-{class}{{stroke-dasharray:{}}}", look.dash);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast ratio of WCAG 2.2.
    fn contrast(a: u32, b: u32) -> f64 {
        let luminance = |color: u32| {
            let channel = |shift: u32| {
                let c = f64::from((color >> shift) & 0xFF) / 255.0;
                if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
        };
        let (x, y) = (luminance(a), luminance(b));
        (x.max(y) + 0.05) / (x.min(y) + 0.05)
    }

    #[test]
    fn every_transport_is_legible_in_both_themes() {
        for look in &LOOKS {
            let (light, dark) = (contrast(look.light, PAPER_LIGHT), contrast(look.dark, PAPER_DARK));
            assert!(light >= 4.5, "{} {light:.2} on white", look.transport);
            assert!(dark >= 4.5, "{} {dark:.2} on black", look.transport);
        }
    }

    #[test]
    fn every_transport_has_a_look_of_its_own() {
        assert!(LOOKS.iter().map(|look| look.transport).eq(TransportKind::ALL));
        for (index, look) in LOOKS.iter().enumerate() {
            for other in &LOOKS[index + 1..] {
                assert_ne!((look.light, look.dark), (other.light, other.dark));
                assert_ne!(look.marker, other.marker);
            }
        }
    }
}
