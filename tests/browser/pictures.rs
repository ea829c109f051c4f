//! The pictures of README and docs, taken from the committed example, so that they show what readers get.
//!
//! `make pictures` takes them; the tests hold the table against the files and against what is referred to.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use crate::driver::{Area, Browser, View};
use crate::pool;

/// One PNG in `docs/images`.
struct Picture {
    name: &'static str,
    /// From the root of the checkout.
    page: &'static str,
    /// From the top of the first element that this selects,
    from: &'static str,
    /// to the foot of the first that this does,
    to: &'static str,
    /// without what this selects; empty for nothing.
    without: &'static str,
    /// Of the window, in pixels of the page.
    width: u32,
    /// Pixels of the picture for one of the page.
    scale: f64,
    /// Whether the parts that `docs/READING.md` numbers are framed and numbered.
    numbered: bool,
}

const EXAMPLE: &str = "reports/example/report.html";

const PICTURES: [Picture; 3] = [
    Picture {
        name: "report.png",
        page: EXAMPLE,
        from: ".top",
        to: "#percentiles-0 .note",
        without: "#thresholds, .ratios, .reading, .own-lateness, .scroll ~ .scroll ~ .scroll",
        width: 1100,
        scale: 2.0,
        numbered: false,
    },
    Picture {
        name: "percentiles.png",
        page: EXAMPLE,
        from: "#percentiles-0",
        to: "#percentiles-0 .note",
        without: "",
        width: 960,
        scale: 2.0,
        numbered: false,
    },
    Picture {
        name: "report-annotated.png",
        page: EXAMPLE,
        from: ".top",
        to: "#fairness .rules",
        without: "article.chart:not(#percentiles-0):not(#stages-0), .chart .data, #thresholds tr:nth-child(n+5), .ratios details",
        width: 1100,
        scale: 1.0,
        numbered: true,
    },
];

/// The guide whose table numbers the parts of a report.
const GUIDE: &str = "docs/READING.md";

/// More would be noticed by those who clone.
const PICTURE_BYTES_MAX: u64 = 300_000;

/// Enough for the shades at the edges of letters.
const COLORS_MAX: usize = 64;

/// Around a picture, in pixels of the page.
const MARGIN: f64 = 8.0;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn file(name: &str) -> PathBuf {
    root().join("docs/images").join(name)
}

/// Number and selector of each row of the guide's table of parts, as JSON.
fn callouts() -> serde_json::Value {
    let text = std::fs::read_to_string(root().join(GUIDE)).expect("the guide");
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let number: u32 = cells.next()?.parse().ok()?;
        // Exit codes stand in a table as well, with words beside them.
        let selector = cells.next()?.strip_prefix('`')?.strip_suffix('`')?.to_owned();
        Some(serde_json::json!([number, selector]))
    });
    rows.collect()
}

/// Light.
fn take(browser: &Browser, picture: &Picture) -> Vec<u8> {
    browser.open_file(&root().join(picture.page));
    browser.show(View { width: picture.width, scale: picture.scale, scrollbars: false, ..View::default() });
    let selectors = serde_json::json!([picture.from, picture.to, picture.without]);
    let area = browser.run(&format!("const SELECTORS = {selectors};\n{}", include_str!("checks/area.js")));
    let area: Area = serde_json::from_value(area).expect("an area");
    if picture.numbered {
        let script = format!("const CALLOUTS = {};\n{}", callouts(), include_str!("checks/callouts.js"));
        let missing = browser.findings(&script);
        assert!(missing.is_empty(), "{}: {missing:?}", picture.name);
    }
    let (x, y) = ((area.x - MARGIN).max(0.0), (area.y - MARGIN).max(0.0));
    let width = (area.width + 2.0 * MARGIN).min(f64::from(picture.width) - x);
    browser.pictured(Area { x, y, width, height: area.y + area.height + MARGIN - y })
}

/// The same with few colours: the most frequent ones as they are, each other one as the nearest of those. A
/// page has few colours, and edges of letters between them.
fn smaller(png: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a PNG that fits into memory")];
    let info = reader.next_frame(&mut pixels).expect("its pixels");
    let pixels = &pixels[..info.buffer_size()];
    let colors =
        || pixels.chunks_exact(info.color_type.samples()).map(|pixel| [pixel[0], pixel[1], pixel[2]]);
    let mut counts: HashMap<[u8; 3], usize> = HashMap::new();
    for color in colors() {
        *counts.entry(color).or_default() += 1;
    }
    let mut palette: Vec<[u8; 3]> = counts.keys().copied().collect();
    palette.sort_unstable_by_key(|color| (Reverse(counts[color]), *color));
    palette.truncate(COLORS_MAX);
    let nearest = |color: [u8; 3]| {
        let distance =
            |other: &[u8; 3]| (0..3).map(|c| u32::from(color[c].abs_diff(other[c])).pow(2)).sum::<u32>();
        (0..palette.len()).min_by_key(|index| distance(&palette[*index])).unwrap_or(0) as u8
    };
    let places: HashMap<[u8; 3], u8> = counts.keys().map(|color| (*color, nearest(*color))).collect();
    let indices: Vec<u8> = colors().map(|color| places[&color]).collect();
    let mut small = Vec::new();
    let mut encoder = png::Encoder::new(&mut small, info.width, info.height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    encoder.write_header().expect("writing to memory").write_image_data(&indices).expect("writing to memory");
    small
}

/// `make pictures`.
#[test]
#[ignore = "writes docs/images"]
fn take_the_pictures() {
    let browser = pool::lend();
    for picture in &PICTURES {
        let png = smaller(&take(&browser, picture));
        assert!(png.len() as u64 <= PICTURE_BYTES_MAX, "{} has {} bytes", picture.name, png.len());
        std::fs::write(file(picture.name), png).expect("writing the picture");
        println!("docs/images/{}", picture.name);
    }
}

/// Files below `docs/images` that a text shows, in Markdown or in HTML.
fn shown_in(text: &str) -> Vec<String> {
    let ends = |c: char| matches!(c, '"' | '\'' | ')' | '>' | '#') || c.is_whitespace();
    let names = text.match_indices("images/").filter_map(|(at, word)| {
        let name = text[at + word.len()..].split(ends).next()?;
        name.contains('.').then(|| name.to_owned())
    });
    names.collect()
}

/// README.md and docs/*.md.
fn texts() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(root().join("docs")).expect("docs");
    let docs = docs.map(|entry| entry.expect("an entry").path());
    let mut texts: Vec<PathBuf> =
        docs.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect();
    texts.push(root().join("README.md"));
    texts
}

#[test]
fn every_picture_that_is_shown_exists_and_is_renewed_with_the_others() {
    let mut shown = 0;
    for path in texts() {
        let text = std::fs::read_to_string(&path).expect("a text");
        for name in shown_in(&text) {
            let known = PICTURES.iter().any(|picture| picture.name == name);
            assert!(known, "{} shows {name}, which is not in PICTURES", path.display());
            assert!(file(&name).is_file(), "{} shows {name}, which does not exist", path.display());
            shown += 1;
        }
    }
    assert!(shown > 0, "README.md shows a picture");
}

#[test]
fn no_picture_is_left_that_nobody_renews() {
    for entry in std::fs::read_dir(root().join("docs/images")).expect("the pictures") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(PICTURES.iter().any(|picture| picture.name == name), "{name} is not in PICTURES");
        assert!(entry.metadata().expect("its size").len() <= PICTURE_BYTES_MAX, "{name} is too large");
    }
}

#[test]
fn every_number_of_the_guide_is_in_its_table() {
    let callouts = callouts();
    let numbers: Vec<u64> =
        callouts.as_array().expect("rows").iter().filter_map(|row| row[0].as_u64()).collect();
    assert!(numbers.len() > 5 && numbers.iter().copied().eq(1..=numbers.len() as u64), "{numbers:?}");
}

#[test]
fn references_to_pictures_are_found() {
    let text = "![a](docs/images/one.png) <img src=\"docs/images/two.png\" width=\"9\"> images/ alone";
    assert_eq!(shown_in(text), ["one.png", "two.png"]);
}
