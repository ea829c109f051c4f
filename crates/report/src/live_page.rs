//! The page that shows a run while it goes on. It is whole as it is, and asks for nothing but the events of the run,
//! where it came from (`broadcast/` of the engine serves both).
//!
//! The one page that is not made of a record: it shows samples as they come, and is kept nowhere.

use askama::Template;

use super::ReportError;
use super::page::Frame;

#[derive(Template)]
#[template(path = "live.html")]
struct Page {
    frame: Frame,
    history: String,
    version: &'static str,
}

/// The page as HTML. `history` is a JSON list of samples that it begins with, the oldest first; events tell of more.
pub fn render(history: &str) -> Result<String, ReportError> {
    let mut frame = Frame::new().with_script(include_str!("../templates/live.js"));
    frame.styles.push(include_str!("../templates/live.css"));
    // Text of a scenario must not end the element that the samples stand in.
    let page = Page { frame, history: history.replace('<', "\\u003c"), version: env!("CARGO_PKG_VERSION") };
    page.render().map_err(|source| ReportError::Page { source })
}

#[cfg(test)]
mod tests {
    use super::render;

    #[test]
    fn no_sample_can_end_the_element_it_stands_in() {
        let page = render(r#"[{"scenario":"</script><b>"}]"#).unwrap();
        assert!(page.contains(r#"[{"scenario":"\u003c/script>\u003cb>"}]"#));
    }

    #[test]
    fn the_page_asks_for_no_address_but_its_events() {
        let page = render("[]").unwrap();
        let addresses = ["http://", "https://", "src=", "href=", "@import", "url("];
        let found: Vec<_> = addresses.into_iter().filter(|word| page.contains(word)).collect();
        // The name of the language of drawings is no address.
        assert_eq!(found, ["http://"]);
        assert_eq!(page.matches("http://").count(), page.matches("http://www.w3.org/2000/svg").count());
        assert_eq!(page.matches("EventSource(").count(), 1);
    }
}
