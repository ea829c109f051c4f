//! Each check finds the defect that it is for, planted into a page that is right otherwise.

use crate::checks::{self, Check};
use crate::pool::{self, Lent};
use crate::{fixtures, pages};

/// An address that no name server knows: `.invalid` is reserved by RFC 2606.
const NOWHERE: &str = "http://planted.invalid/";

/// A browser for planted pages. `every_page` sees to it that the checks are silent where nothing is planted.
struct Trap(Lent);

impl Trap {
    fn set() -> Self {
        Self(pool::lend())
    }

    fn silent(&self, check: Check, page: &str) {
        self.0.open(page);
        assert_eq!(check(&self.0), Vec::<String>::new());
    }

    /// One finding of the check on the planted page says all of `words`.
    fn finds(&self, check: Check, planted: &str, words: &[&str]) {
        self.0.open(planted);
        expect(&check(&self.0), words);
    }
}

/// For a single finding.
fn finds(check: Check, planted: &str, words: &[&str]) {
    Trap::set().finds(check, planted, words);
}

#[test]
fn nothing_is_found_where_nothing_is_planted() {
    let trap = Trap::set();
    for check in checks::ALL {
        trap.silent(check, &pages::PLAIN);
    }
}

fn expect(findings: &[String], words: &[&str]) {
    let told = findings.iter().any(|finding| words.iter().all(|word| finding.contains(word)));
    assert!(told, "no finding says {words:?}: {findings:#?}");
}

/// Replaces the first `old`, which must be there.
fn replaced(page: &str, old: &str, new: &str) -> String {
    assert!(page.contains(old), "{old} is not on the page");
    page.replacen(old, new, 1)
}

/// The plain page with the first `old` replaced.
fn with(old: &str, new: &str) -> String {
    replaced(&pages::PLAIN, old, new)
}

/// The plain page with a script that runs after the page's own.
fn doing(script: &str) -> String {
    with("</body>", &format!("<script>{script}</script></body>"))
}

#[test]
fn a_label_outside_its_frame_is_found() {
    let script = "document.querySelector('figure .axis-title').setAttribute('x', 9000);";
    finds(checks::labels, &doing(script), &["text.axis-title", "outside its frame"]);
}

/// Moves the second of the labels that `all` selects onto the first.
fn onto_another(all: &str) -> String {
    doing(&format!(
        "const [a, b] = {all}; for (const key of ['x', 'y', 'dy', 'text-anchor']) \
         b.setAttribute(key, a.getAttribute(key) || '0');"
    ))
}

#[test]
fn a_label_over_another_is_found() {
    let page = onto_another("document.querySelectorAll('figure svg .tick')");
    finds(checks::labels, &page, &["text.tick", "px over text.tick"]);
}

#[test]
fn a_label_over_another_on_a_panel_that_is_not_shown_is_found() {
    let page =
        onto_another("document.querySelectorAll('figure.variants .panel')[1].querySelectorAll('svg .tick')");
    finds(checks::labels, &page, &["text.tick", "px over text.tick"]);
}

#[test]
fn an_outside_picture_is_found_in_the_page_and_on_the_network() {
    let trap = Trap::set();
    let page = with("<main>", &format!("<main><img alt=\"\" src=\"{NOWHERE}\">"));
    trap.finds(checks::inert, &page, &["outside address src"]);
    trap.finds(checks::requests, &page, &[NOWHERE]);
}

#[test]
fn an_outside_style_sheet_is_found_in_the_page_and_on_the_network() {
    let trap = Trap::set();
    let page = with("</head>", &format!("<link rel=\"stylesheet\" href=\"{NOWHERE}\"></head>"));
    trap.finds(checks::inert, &page, &["outside address href"]);
    trap.finds(checks::requests, &page, &[NOWHERE]);
}

#[test]
fn an_address_in_a_style_sheet_is_found_in_the_page_and_on_the_network() {
    let trap = Trap::set();
    let page = with("</style>", &format!("body{{background-image:url({NOWHERE})}}</style>"));
    trap.finds(checks::inert, &page, &["address in a style sheet"]);
    trap.finds(checks::requests, &page, &[NOWHERE]);
}

/// The page of a run with this error, before and after what the template escapes is taken as markup.
fn unescaped(message: &str) -> String {
    let mut result = fixtures::failed();
    result.trials[0].errors[0].message = message.to_owned();
    let page = pages::report(&result);
    let escaped = message
        .replace('&', "&#38;")
        .replace('<', "&#60;")
        .replace('>', "&#62;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;");
    replaced(&page, &escaped, message)
}

#[test]
fn an_unescaped_script_is_found() {
    let trap = Trap::set();
    let page = unescaped("<script>window.planted='script'</script>");
    trap.finds(checks::inert, &page, &["unexpected script", "window.planted"]);
    trap.finds(checks::inert, &page, &["a script of the record ran", "script"]);
}

#[test]
fn an_unescaped_handler_is_found() {
    let trap = Trap::set();
    let page = unescaped("<img src=x onerror=\"window.planted='handler'\">");
    trap.finds(checks::inert, &page, &["unexpected element", "<img"]);
    trap.finds(checks::inert, &page, &["handler onerror"]);
    trap.finds(checks::inert, &page, &["a script of the record ran", "handler"]);
    trap.finds(checks::console, &page, &["console", "ERR_FILE_NOT_FOUND"]);
}

#[test]
fn pale_text_is_found() {
    let page = with("<p class=\"takeaway\"", "<p style=\"color:#8a8a8a\" class=\"takeaway\"");
    finds(checks::contrast, &page, &["light system: p", ".takeaway", "contrast of 3.4"]);
}

#[test]
fn text_that_is_pale_in_the_dark_only_is_found() {
    let trap = Trap::set();
    let page = with("<p class=\"takeaway\"", "<p style=\"color:#3c4248\" class=\"takeaway\"");
    trap.finds(checks::contrast, &page, &["dark system: p", ".takeaway", "contrast of"]);
    trap.finds(checks::contrast, &page, &["light system, after the button: p", ".takeaway"]);
}

#[test]
fn text_that_shines_through_is_found() {
    let page = with("<p class=\"takeaway\"", "<p style=\"opacity:.5\" class=\"takeaway\"");
    finds(checks::contrast, &page, &["light system: p", ".takeaway", "contrast of"]);
}

#[test]
fn a_label_on_a_shape_of_its_colour_is_found() {
    let script = "const text = document.querySelector('figure .tick'), box = text.getBBox(); \
        const rect = document.createElementNS(text.namespaceURI, 'rect'); \
        for (const key of ['x', 'y', 'width', 'height']) rect.setAttribute(key, box[key]); \
        rect.setAttribute('fill', getComputedStyle(text).fill); text.before(rect);";
    finds(checks::contrast, &doing(script), &["text.tick", "contrast of 1.00:1"]);
}

#[test]
fn a_button_that_tab_passes_by_is_found() {
    let page =
        with("<button type=\"button\" data-series", "<button tabindex=\"-1\" type=\"button\" data-series");
    finds(checks::keyboard, &page, &["Tab does not reach button"]);
}

#[test]
fn a_focus_that_does_not_show_is_found() {
    let page = with("</style>", ":focus-visible{outline:none}</style>");
    finds(checks::keyboard, &page, &["no outline shows the focus on summary"]);
}

#[test]
fn a_scrolled_frame_that_tab_passes_by_is_found() {
    let page = with(
        "<main>",
        "<main><div class=\"planted\" tabindex=\"-1\" style=\"overflow-x:auto;width:90px\"><p style=\"width:900px\">wide</p></div>",
    );
    finds(checks::keyboard, &page, &["Tab does not reach the scrolled div.planted"]);
}

#[test]
fn a_chart_without_takeaway_label_or_data_is_found() {
    let trap = Trap::set();
    let page = &*pages::PLAIN;
    let start = page.find("<p class=\"takeaway\"").expect("a takeaway");
    let end = start + page[start..].find("</p>").expect("its end");
    let inside = start + page[start..end].find('>').expect("its text") + 1;
    let empty = format!("{}{}", &page[..inside], &page[end..]);
    trap.finds(checks::charts, &empty, &["chart #percentiles-0 has no takeaway"]);
    trap.finds(checks::charts, &empty, &["has no text for its label #percentiles-0-takeaway"]);
    let bare = "document.querySelector('details.data').remove();";
    trap.finds(checks::charts, &doing(bare), &["chart #percentiles-0 has no table with rows"]);
}

#[test]
fn two_elements_of_one_id_are_found() {
    finds(
        checks::charts,
        &with("id=\"fairness\"", "id=\"percentiles-0\""),
        &["more than one", "#percentiles-0"],
    );
}

#[test]
fn values_that_do_not_show_on_hovering_or_stay_are_found() {
    let trap = Trap::set();
    let page = with("drawing.addEventListener(\"pointerleave\", hide);", "");
    trap.finds(checks::hover, &page, &["#percentiles-0", "stay when the pointer has left"]);
    let page = with("drawing.addEventListener(\"pointermove\"", "drawing.addEventListener(\"nothing\"");
    trap.finds(checks::hover, &page, &["no drawing shows values"]);
}

#[test]
fn a_chart_without_size_is_found() {
    let page = with("</style>", "#rates-0 svg{height:0!important}</style>");
    finds(checks::charts, &page, &["chart #rates-0: a drawing has no size"]);
}

#[test]
fn words_on_the_console_are_found() {
    let trap = Trap::set();
    trap.finds(checks::console, &doing("console.error('planted words');"), &["SEVERE", "planted words"]);
    trap.finds(checks::console, &doing("console.warn('planted words');"), &["WARNING", "planted words"]);
    trap.finds(checks::console, &doing("throw new Error('planted words');"), &["SEVERE", "planted words"]);
}

#[test]
fn a_legend_that_hides_too_much_or_nothing_is_found() {
    let trap = Trap::set();
    let page = with("all(figure, \".s-\" + CSS", "all(document, \".s-\" + CSS");
    trap.finds(checks::toggles, &page, &["legend", "changes another chart"]);
    let page = with(".s-\" + CSS.escape(press.dataset.series)", ".s-nobody\"");
    trap.finds(checks::toggles, &page, &["legend", "does not hide its marks"]);
}

#[test]
fn a_switch_that_shows_all_panels_is_found() {
    let page = with(
        "panel.classList.toggle(\"off\", index !== chosen)",
        "panel.classList.toggle(\"of\", index !== chosen)",
    );
    finds(checks::variants, &page, &["#percentiles-0", "does not show its panel alone"]);
}

#[test]
fn a_table_that_sorts_wrongly_is_found() {
    let trap = Trap::set();
    let page = with("return up ? compare(a, b) : compare(b, a);", "return 0;");
    trap.finds(checks::sorting, &page, &["table comparison", "p50 is not ascending"]);
    let page = with("aria-sort\", up ? \"ascending\" : \"descending\"", "aria-sort\", \"ascending\"");
    trap.finds(checks::sorting, &page, &["table comparison", "p50 does not say descending"]);
}

#[test]
fn a_table_that_puts_blanks_first_is_found() {
    let trap = Trap::set();
    let blank = "const cell = document.querySelector('.comparison tbody').rows[1].cells[1]; \
        cell.removeAttribute('data-v'); cell.innerHTML = '<span class=blank>·</span>';";
    trap.silent(checks::sorting, &doing(blank));
    let page = replaced(&doing(blank), "(a === null) - (b === null)", "(b === null) - (a === null)");
    trap.finds(checks::sorting, &page, &["table comparison", "offered is not ascending"]);
}

#[test]
fn a_figure_that_sorts_as_a_word_is_found() {
    let trap = Trap::set();
    for printed in ["'900\u{a0}µs','1.1\u{a0}ms'", "'1.04×','1.1×'"] {
        let figures = format!(
            "document.querySelectorAll('#thresholds tbody tr').forEach((row, index) => \
             {{ row.cells[2].textContent = [{printed}][index % 2]; }});"
        );
        trap.silent(checks::sorting, &doing(&figures));
        let page = replaced(&doing(&figures), "return figure ?", "return false ?");
        trap.finds(checks::sorting, &page, &["table thresholds", "observed is not ascending"]);
    }
}

#[test]
fn a_page_that_scrolls_sideways_is_found() {
    let page = with("<main>", "<main><p class=\"planted\" style=\"width:700px\">wide</p>");
    finds(checks::narrow, &page, &["p.planted", "ends at"]);
}

#[test]
fn what_paper_hides_cuts_or_darkens_is_found() {
    let page = with(
        "</style>",
        "@media print{.planted{overflow:hidden;width:50px}.variants .off{display:none!important}body{background:#111!important}}</style>",
    );
    let page = replaced(
        &page,
        "<main>",
        "<main><p class=\"planted\"><span style=\"white-space:nowrap\">far too long for its frame</span></p>",
    );
    let page = replaced(&page, "node.open = true;", "");
    let trap = Trap::set();
    for words in [
        ["p.planted", "is cut off at its side"],
        ["#percentiles-0: panel", "is not printed"],
        ["the paper is dark", "17"],
        ["folded", "summary"],
    ] {
        trap.finds(checks::print, &page, &words);
    }
}

#[test]
fn a_panel_that_needs_a_script_is_found() {
    let page = with("<div class=\"panel\"", "<div hidden class=\"panel\"");
    finds(checks::unscripted, &page, &["panel", "is not shown"]);
}
