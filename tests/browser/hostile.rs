//! A record whose every text is hostile: the page is inert, and whole.
//!
//! `every_page` runs all other checks on it as well.

use crate::driver::View;
use crate::{checks, fixtures, pages, pool};

#[test]
fn hostile_texts_are_shown_and_nothing_of_them_runs() {
    let browser = pool::lend();
    browser.open(&pages::report(&fixtures::hostile()));
    // Handlers that need a pointer or a pass of time get their chance.
    browser.run("all('details').forEach((node) => { node.open = true; }); all('*').forEach((element) => element.dispatchEvent(new Event('mouseover')));");
    assert_eq!(checks::inert(&browser), Vec::<String>::new());
    let shown = browser.run("return document.body.innerText;");
    assert!(shown.as_str().expect("a text").contains("<script>window.planted='script'</script>"));
}

#[test]
fn long_words_do_not_widen_a_page_of_any_width() {
    let browser = pool::lend();
    browser.open(&pages::report(&fixtures::hostile()));
    for width in [360, 800, 1920] {
        browser.show(View { width, ..View::default() });
        let findings = browser.findings(include_str!("checks/width.js"));
        assert!(findings.is_empty(), "at {width} px: {findings:?}");
    }
}

#[test]
fn text_that_turns_its_direction_does_not_turn_the_page() {
    let browser = pool::lend();
    browser.open(&pages::report(&fixtures::hostile()));
    assert_eq!(browser.run("return getComputedStyle(document.querySelector('main')).direction;"), "ltr");
    // Each text of a record stands in an element of its own, and a turn ends with the block it is in.
    let footer = browser.run("return document.querySelector('footer').innerText.startsWith('Made by');");
    assert_eq!(footer, true);
}
