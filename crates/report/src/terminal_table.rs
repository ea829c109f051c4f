//! The tables of the terminal's summary: without borders, names at the left, figures at the right.

use comfy_table::{Attribute, Cell, CellAlignment, Color, Table, presets};

use super::capacity;
use super::groups::Group;
use super::paths_table::{self, COLUMNS, NOT_ANSWERED};
use super::printable::printable;
use weighbridge_record::point::value_text;

/// Columns of the comparison that fit a terminal, with their headings here.
const SHOWN: [(&str, &str); 12] = [
    ("completed", "rate/s"),
    ("p50", "p50"),
    ("p99", "p99"),
    ("p99.9", "p99.9"),
    ("max", "max"),
    ("transit p50", "path p50"),
    ("lost", "lost"),
    ("rejected", "refused"),
    ("parked", "parked"),
    ("indeterminate", "unknown"),
    ("unsent", "shed"),
    ("duplicated", "dup"),
];

/// The same where a column names the point of a sweep.
const SHOWN_OF_SWEEP: [(&str, &str); 6] = [
    ("completed", "rate/s"),
    ("p50", "p50"),
    ("p99", "p99"),
    ("unanswered", "no answer"),
    ("lost", "lost"),
    ("duplicated", "dup"),
];

/// Statistics among the columns.
pub const STATISTICS_SHOWN: [&str; 4] = ["p50", "p99", "p999", "max"];

/// Columns of the terminal.
pub const WIDTH: usize = 80;

/// Columns that go, one after the other, where the table is wider; the report has them.
const LEAST_MISSED: [&str; 3] = ["max", "p99.9", "transit p50"];

/// More points than this make one table, without a sentence and ratios for each.
const POINTS_APART_MAX: usize = 4;
/// What the other columns leave of the line.
const POINT_WIDTH_MAX: usize = 24;

/// Whether there are so many points that one table shows them better than many.
pub fn as_one_table(groups: &[Group<'_>]) -> bool {
    groups.len() > POINTS_APART_MAX && short_points(groups).is_some()
}

/// One row for each transport, of several points with the point before its first.
pub fn comparison(groups: &[Group<'_>], color: bool) -> String {
    let points = if groups.len() > 1 { short_points(groups) } else { None };
    let rows: Vec<Vec<paths_table::Row>> = groups.iter().map(paths_table::rows).collect();
    let shown: &[(&str, &str)] = if points.is_some() { &SHOWN_OF_SWEEP } else { &SHOWN };
    let said = |(column, _): &&(&str, &str)| paths_table::says(rows.iter().flatten(), column);
    let mut shown: Vec<(&str, &str)> = shown.iter().filter(said).copied().collect();
    for least in LEAST_MISSED {
        let plain = compared(&rows, points.as_ref(), &shown, false);
        if plain.lines().all(|line| line.chars().count() <= WIDTH) {
            break;
        }
        shown.retain(|(column, _)| *column != least);
    }
    compared(&rows, points.as_ref(), &shown, color)
}

/// The table of these columns.
fn compared(
    rows: &[Vec<paths_table::Row>],
    points: Option<&ShortPoints>,
    shown: &[(&str, &str)],
    color: bool,
) -> String {
    let mut table = Table::new();
    if color {
        table.enforce_styling();
    }
    let point_heading = points.map(|points| points.heading.as_str());
    let heading =
        point_heading.into_iter().chain(["transport"]).chain(shown.iter().map(|(_, heading)| *heading));
    table.set_header(heading.map(|text| Cell::new(text).add_attribute(Attribute::Dim)));
    for (index, rows) in rows.iter().enumerate() {
        let point = points.map(|points| points.labels[index].as_str());
        for (place, row) in rows.iter().enumerate() {
            let point = point.map(|label| Cell::new(if place == 0 { label } else { "" }));
            table.add_row(point.into_iter().chain(cells(row, shown)));
        }
    }
    set(table, 1 + usize::from(points.is_some()))
}

/// The rate that each transport sustains.
pub fn capacity(rows: &[capacity::Row]) -> String {
    let mut table = Table::new();
    table.set_header(["transport", "sustains", "bracket", "p99", "limited by"]);
    for row in rows {
        let shown = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        let figures = [&row.rate, &row.bracket, &row.p99, &row.limit].map(|text| shown(text));
        table.add_row(std::iter::once(row.path.name().to_owned()).chain(figures));
    }
    set(table, 1)
}

/// The text of a table whose first columns are words.
fn set(mut table: Table, words: usize) -> String {
    table.load_style(presets::NOTHING).force_no_tty();
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if index >= words {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string().lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn cells(row: &paths_table::Row, shown: &[(&str, &str)]) -> Vec<Cell> {
    let mut name = row.path.name().to_owned();
    if !row.valid {
        name.push_str(" (!)");
    }
    let mut cells = vec![Cell::new(name)];
    for (column, _) in shown {
        let index = COLUMNS.iter().position(|(known, _)| known == column);
        let figure = index.and_then(|index| row.cells.get(index));
        let text = figure.map_or_else(String::new, paths_table::Cell::signed);
        let mut cell = Cell::new(match text.as_str() {
            "" => "-",
            // Four columns of the whole words would not fit.
            NOT_ANSWERED => "never",
            figure => figure,
        });
        if figure.is_some_and(|figure| figure.alarming) {
            cell = cell.fg(Color::Red);
        }
        cells.push(cell);
    }
    cells
}

/// Points as a column: the last words of their keys, and their values.
struct ShortPoints {
    heading: String,
    labels: Vec<String>,
}

/// None where they are too long for a column.
fn short_points(groups: &[Group<'_>]) -> Option<ShortPoints> {
    let joined = |parts: &mut dyn Iterator<Item = String>| parts.collect::<Vec<_>>().join(", ");
    let short = |key: &String| key.rsplit('.').next().unwrap_or(key).to_owned();
    let heading = joined(&mut groups.first()?.point.keys().map(short));
    let label = |group: &Group<'_>| printable(&joined(&mut group.point.values().map(value_text)));
    let labels: Vec<String> = groups.iter().map(label).collect();
    let fits = |text: &String| text.chars().count() <= POINT_WIDTH_MAX;
    (fits(&heading) && labels.iter().all(fits)).then_some(ShortPoints { heading, labels })
}
