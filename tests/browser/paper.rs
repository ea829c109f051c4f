//! What comes out of a printer.

use crate::{fixtures, pages, pool};

/// Chromium writes its page objects in clear.
fn sheets(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    text.match_indices("/Type /Page").filter(|(at, word)| !text[at + word.len()..].starts_with('s')).count()
}

#[test]
fn a_report_prints_on_several_sheets() {
    let browser = pool::lend();
    browser.open(&pages::PLAIN);
    let pdf = browser.printed();
    assert!(pdf.starts_with(b"%PDF-"), "a PDF");
    assert!(sheets(&pdf) > 1, "{} sheets", sheets(&pdf));
}

#[test]
fn what_is_folded_is_printed() {
    let browser = pool::lend();
    browser.open(&pages::report(&fixtures::measured("durability-tiers")));
    let told = sheets(&browser.printed());
    browser.run("all('details').forEach((node) => node.remove());");
    let rest = sheets(&browser.printed());
    assert!(told > rest + 1, "{told} sheets, {rest} without what is folded");
}

#[test]
fn printing_leaves_the_page_folded_as_it_was() {
    let browser = pool::lend();
    browser.open(&pages::PLAIN);
    let folded = "return all('details').map((node) => node.open).join();";
    let before = browser.run(folded);
    browser.printed();
    assert_eq!(browser.run(folded), before);
}
