//! A drawing ready for the page, and its values for the page's script.

use serde::Serialize;

use super::readout::Readout;
use weighbridge_record::terms::Path;

/// A drawing ready for the page.
pub struct Drawing {
    pub svg: String,
    pub readout: Readout,
    /// Left, right, top and bottom of the plotted area, and the width of the drawing.
    pub bounds: [i32; 5],
    /// Places of the readout's columns on the x axis.
    pub columns_x: Vec<i32>,
}

#[derive(Serialize)]
struct Hover<'a> {
    /// Left, right, top, bottom, width of the drawing.
    bounds: [i32; 5],
    x: &'a [i32],
    labels: Vec<&'a str>,
    series: Vec<HoverSeries<'a>>,
}

#[derive(Serialize)]
struct HoverSeries<'a> {
    name: &'a str,
    class: Option<&'static str>,
    values: &'a [String],
}

/// JSON for the page's script, safe inside a script element.
pub fn hover_json(drawing: &Drawing) -> Result<String, serde_json::Error> {
    let hover = Hover {
        bounds: drawing.bounds,
        x: &drawing.columns_x,
        labels: drawing.readout.columns.iter().map(|(_, label)| label.as_str()).collect(),
        series: drawing
            .readout
            .rows
            .iter()
            .map(|row| HoverSeries { name: &row.name, class: row.path.map(Path::name), values: &row.values })
            .collect(),
    };
    Ok(inside_script(&serde_json::to_string(&hover)?))
}

/// `<` would let `</script>` or `<!--` end or change the element; U+2028 and U+2029 end lines in old parsers.
fn inside_script(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_cannot_leave_its_script_element() {
        let json = serde_json::to_string("</script><!-- \u{2028}").unwrap();
        let safe = inside_script(&json);
        assert!(!safe.contains('<'), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), "</script><!-- \u{2028}");
    }
}
