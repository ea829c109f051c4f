//! What every page has: themes out of the palette, the style sheet, the script.
//!
//! `templates/page.html` puts it around a page's own blocks. What a page says stands in the page's file.

use super::charts::palette;

/// Style sheets and scripts, inserted as they are; the template reads them as `frame`.
pub struct Frame {
    pub light: String,
    pub dark: String,
    pub classes: String,
    pub styles: Vec<&'static str>,
    pub scripts: Vec<&'static str>,
}

impl Frame {
    /// What the report needs.
    pub fn new() -> Self {
        Self {
            light: palette::variables(false),
            dark: palette::variables(true),
            classes: palette::classes(),
            styles: vec![include_str!("../../templates/report.css")],
            scripts: vec![include_str!("../../templates/report.js")],
        }
    }
}
