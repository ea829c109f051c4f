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
            styles: vec![include_str!("../templates/report.css")],
            scripts: vec![include_str!("../templates/report.js")],
        }
    }

    /// The same with the style sheet of the pages about several runs.
    pub fn of_several_runs() -> Self {
        let mut frame = Self::new();
        frame.styles.push(include_str!("../templates/pages.css"));
        frame
    }

    pub fn with_script(mut self, script: &'static str) -> Self {
        self.scripts.push(script);
        self
    }
}
