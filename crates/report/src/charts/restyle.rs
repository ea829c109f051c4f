//! The drawings of plotters without colours, fonts and sizes of their own: classes instead, and shorter.

use std::fmt::Write;

use super::palette::class_of;

/// Turns the output of plotters into markup without colours, fonts, sizes or a name-space address.
/// Works on one tag a line, which is how plotters writes; text is escaped there and left alone here.
pub fn restyle(svg: &str) -> String {
    let mut text = String::with_capacity(svg.len());
    let mut cells = Cells::default();
    for line in svg.lines() {
        if let Some(cell) = heat_cell(line) {
            cells.add(cell, &mut text);
            continue;
        }
        cells.close(&mut text);
        if let Some(rest) = line.strip_prefix("<svg ") {
            let view_box = rest.split("viewBox=").nth(1).and_then(|rest| rest.split('"').nth(1));
            let _ = write!(text, "<svg viewBox=\"{}\" aria-hidden=\"true\">", view_box.unwrap_or("0 0 1 1"));
        } else if line.starts_with('<') {
            push_tag(&mut text, line);
        } else {
            text.push_str(line);
        }
    }
    text
}

/// Cells of one shade, one after the other, as one path: a heatmap has thousands.
#[derive(Default)]
struct Cells {
    class: String,
}

impl Cells {
    fn add(&mut self, (class, [x, y, width, height]): (String, [&str; 4]), text: &mut String) {
        if self.class != class {
            self.close(text);
            let _ = write!(text, "<path class=\"{class}\" d=\"");
            self.class = class;
        }
        let _ = write!(text, "M{x} {y}h{width}v{height}h-{width}z");
    }

    fn close(&mut self, text: &mut String) {
        if !self.class.is_empty() {
            text.push_str("\"/>");
            self.class.clear();
        }
    }
}

/// Class, x, y, width and height of a heatmap's cell; none for other tags.
fn heat_cell(tag: &str) -> Option<(String, [&str; 4])> {
    let rest = tag.strip_prefix("<rect ")?;
    let value = |key: &str| rest.split(key).nth(1).and_then(|rest| rest.split('"').next());
    let code = u32::from_str_radix(value(" fill=\"#01")?, 16).ok()? | 1 << 24;
    let class = class_of(code).filter(|class| class.starts_with("heat "))?;
    Some((class, [value("x=\"")?, value(" y=\"")?, value(" width=\"")?, value(" height=\"")?]))
}

/// Attributes that the style sheet decides.
const STYLED: [&str; 6] =
    ["opacity", "font-family", "font-size", "stroke-width", "font-weight", "font-style"];

fn push_tag(text: &mut String, tag: &str) {
    let Some((name, mut rest)) = tag.split_once(' ') else {
        text.push_str(tag);
        return;
    };
    text.push_str(name);
    while let Some((key, after)) = rest.split_once("=\"") {
        let Some((value, after)) = after.split_once('"') else { break };
        let key = key.trim();
        let code = value.strip_prefix("#01").and_then(|_| u32::from_str_radix(&value[1..], 16).ok());
        match (key, code.and_then(class_of)) {
            ("fill" | "stroke", Some(class)) => {
                let _ = write!(text, " class=\"{class}\"");
            }
            ("fill" | "stroke", None) => {}
            (key, _) if STYLED.contains(&key) => {}
            ("points", _) => {
                let _ = write!(text, " points=\"{}\"", value.trim_end());
            }
            (key, _) => {
                let _ = write!(text, " {key}=\"{value}\"");
            }
        }
        rest = after;
    }
    text.push_str(rest.trim_start());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_in_colours_become_classes() {
        let tag = r##"<line opacity="1" stroke="#010002" stroke-width="3" x1="0" y1="1" x2="2" y2="3"/>"##;
        assert_eq!(restyle(tag), r#"<line class="line s-nats-core" x1="0" y1="1" x2="2" y2="3"/>"#);
    }

    #[test]
    fn cells_of_one_shade_become_one_path() {
        let cell = |x: u32, row: &str| {
            format!(
                r##"<rect x="{x}" y="5" width="8" height="6" opacity="1" fill="#01{row}02" stroke="none"/>"##
            )
        };
        let svg = [cell(10, "08"), cell(18, "08"), cell(26, "09"), cell(30, "00")].join("\n");
        assert_eq!(
            restyle(&svg),
            concat!(
                r#"<path class="heat h0 s-nats-core" d="M10 5h8v6h-8zM18 5h8v6h-8z"/>"#,
                r#"<path class="heat h1 s-nats-core" d="M26 5h8v6h-8z"/>"#,
                r#"<rect x="30" y="5" width="8" height="6" class="line s-nats-core"/>"#
            )
        );
    }

    #[test]
    fn no_address_is_left_in_a_drawing() {
        let svg = r#"<svg width="4" height="3" viewBox="0 0 4 3" xmlns="http://www.w3.org/2000/svg">"#;
        assert_eq!(restyle(svg), r#"<svg viewBox="0 0 4 3" aria-hidden="true">"#);
    }
}
